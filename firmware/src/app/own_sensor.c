#include "own_sensor.h"

#include "port.h"

void scl_own_sensor_init(scl_own_sensor *sensor)
{
    sensor->running = false;
    sensor->next = 0;
    sensor->dropped = 0;
}

bool scl_own_sensor_start(scl_own_sensor *sensor)
{
    scl_own_sensor_init(sensor);
    sensor->running = (SCL_INPUT_KIND != SCL_INPUT_TENSOR) && port_sensor_start();
    return sensor->running;
}

void scl_own_sensor_stop(scl_own_sensor *sensor)
{
    if (sensor->running) {
        port_sensor_stop();
        sensor->running = false;
    }
}

uint32_t scl_own_sensor_read(scl_own_sensor *sensor, int16_t *counts)
{
    const uint32_t taken = sensor->running ? port_sensor_read(counts) : 0u;
    if (taken > 0u) {
        sensor->next += taken;
        sensor->dropped += taken - 1u;
    }
    return taken;
}
