/* BMI270 at Wire.
 *
 * Put bmi270_config_file[] of Bosch's bmi270.c (https://github.com/boschsensortec/BMI270_SensorAPI), which is under Bosch's licence, into a
 * file bmi270_config.c beside this sketch: const uint8_t bmi270_config_file[8192] = {...}; */
#include <scl/bmi270.h>

#include "wire_bus.h"

extern "C" const uint8_t bmi270_config_file[];

static uint8_t part_address = 0x68; /* 0x69 where its pin SDO is high */
static const scl_bus part_bus = {wire_read, wire_write, wire_wait_us, &part_address};
static scl_bmi270 part;

static scl_part_error part_start()
{
    const scl_imu_settings settings = {$rate_hz, $g, $dps}; /* of $sensor */
    wire_begin();
    return scl_bmi270_start(&part, &part_bus, settings, bmi270_config_file, SCL_BMI270_CONFIGURATION);
}

static void part_stop()
{
    scl_bmi270_stop(&part);
}

static scl_part_error part_read(int16_t *counts, uint32_t *taken)
{
    return scl_bmi270_read(&part, counts, taken);
}
