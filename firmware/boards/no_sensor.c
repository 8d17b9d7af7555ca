/* For boards whose samples all come over the line. */
#include "port.h"

bool port_sensor_start(void)
{
    return false;
}

void port_sensor_stop(void)
{
}

uint32_t port_sensor_read(int16_t *counts)
{
    (void)counts;
    return 0;
}

bool port_sensor_waits(void)
{
    return false;
}
