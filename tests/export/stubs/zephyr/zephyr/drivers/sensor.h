#pragma once

#include <stdint.h>
#include <zephyr/device.h>

struct sensor_value {
    int32_t val1; /* whole */
    int32_t val2; /* millionths */
};
enum sensor_channel { SENSOR_CHAN_ACCEL_XYZ = 3, SENSOR_CHAN_GYRO_XYZ = 7 };
enum sensor_attribute { SENSOR_ATTR_SAMPLING_FREQUENCY = 0, SENSOR_ATTR_FULL_SCALE = 5 };

int sensor_sample_fetch(const struct device *dev);
int sensor_channel_get(const struct device *dev, enum sensor_channel chan, struct sensor_value *val);
int sensor_attr_set(const struct device *dev, enum sensor_channel chan, enum sensor_attribute attr, const struct sensor_value *val);
void sensor_g_to_ms2(int32_t g, struct sensor_value *ms2);
void sensor_degrees_to_rad(int32_t d, struct sensor_value *rad);
