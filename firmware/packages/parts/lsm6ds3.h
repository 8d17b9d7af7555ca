/* LSM6DS3, LSM6DSL or LSM6DSO at Wire. */
#include <scl/lsm6ds3.h>

#include "wire_bus.h"

static uint8_t part_address = 0x6A; /* 0x6B where its pin SA0 is high */
static const scl_bus part_bus = {wire_read, wire_write, wire_wait_us, &part_address};
static scl_lsm6ds3 part;

static scl_part_error part_start()
{
    const scl_imu_settings settings = {$rate_hz, $g, $dps}; /* of $sensor */
    wire_begin();
    return scl_lsm6ds3_start(&part, &part_bus, settings);
}

static void part_stop()
{
    scl_lsm6ds3_stop(&part);
}

static scl_part_error part_read(int16_t *counts, uint32_t *taken)
{
    return scl_lsm6ds3_read(&part, counts, taken);
}
