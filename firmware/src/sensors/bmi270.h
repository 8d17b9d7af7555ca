/* Bosch's BMI270. Registers as of the data sheet BST-BMI270-DS000, by heart: held neither against the sheet nor against a part
 * (docs/SENSORS.md). Counts: the accelerometer's axes x, y, z, then the gyroscope's, as the part has them in its FIFO.
 *
 * The part does nothing before it has been given its configuration, 8,192 bytes that Bosch publishes under its own licence and that are not
 * in this project: bmi270_config_file[] in bmi270.c of https://github.com/boschsensortec/BMI270_SensorAPI. The user's program hands them
 * over. */
#ifndef SCL_BMI270_H
#define SCL_BMI270_H

#include "bus.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { SCL_BMI270_CONFIGURATION = 8192 /* bytes */ };

typedef struct {
    const scl_bus *bus;
    uint32_t lost;           /* samples before the next one */
    uint32_t overruns;       /* so often the FIFO was full, or held what it should not */
} scl_bmi270;

/* Resets the part, hands over its configuration of `size` bytes (a multiple of 16), sets it and starts its FIFO; takes about 0.1 s, and the
 * time that the configuration takes on the bus. `bus` is kept. */
scl_part_error scl_bmi270_start(scl_bmi270 *part, const scl_bus *bus, scl_imu_settings settings, const uint8_t *configuration, size_t size);

/* Powers both sensors down. */
scl_part_error scl_bmi270_stop(scl_bmi270 *part);

/* Takes the oldest sample of the FIFO. `taken`: 0 if there is none, else 1 + the number of samples lost before it, which the part counts up to
 * 255 at a time. */
scl_part_error scl_bmi270_read(scl_bmi270 *part, int16_t counts[6], uint32_t *taken);

#ifdef __cplusplus
}
#endif

#endif
