"""What the makers of the shipped sensors publish."""

import numpy as np

MG, MDPS = 9.80665e-3, np.pi / 180e3  # SI per milli-g and per milli-degree per second
# Rate, and what a count means at +-4 g and +-2000 dps: BST-BMI270-DS000, DocID026899, DS12140, DocID025715.
PUBLISHED = {
    "bmi270": (100, 1000 / 8192 * MG, 1000 / 16.384 * MDPS),
    "lsm6ds3": (104, 0.122 * MG, 70 * MDPS),
    "lsm6dso": (104, 0.122 * MG, 70 * MDPS),
    "lsm9ds1": (119, 0.122 * MG, 70 * MDPS),
    "replay-imu": (20, 1000 / 8192 * MG, 1000 / 16.384 * MDPS),
}
# Rate, mV per count, mV at count 0, rails, dropped bits, lead-off. MIT-BIH: its headers (200 adu/mV, 11 bits, zero
# 1024). AD8232: gain 100 around 1.65 V, 12 bits over 3.3 V. MAX30003: 18 bits, 1 V reference, gain 20, two bits
# dropped. Polar H10: microvolts. The replay is ours.
PUBLISHED_ECG = {
    "mitdb": (360, 1 / 200, 1024 / 200, (0, 2047), 0, 1.0),
    "ad8232": (250, 3300 / 4096 / 100, 1650 / 100, (0, 4095), 0, 1.0),
    "max30003": (512, 4 * 1000 / (2**17 * 20), 0, (-32768, 32767), 2, 1.0),
    "replay-ecg": (180, 1 / 1000, 0, (-32768, 32767), 0, 1.0),
    "polar-h10": (130, 1 / 1000, 0, (-32768, 32767), 0, 0.0),
}
