/* The link over Serial, with the board's own sensor: the host asks for its classes hop by hop, for its samples, or for both.
 *
 *   python -m firmware_host.live BUNDLE --port /dev/ttyACM0
 *   python -m firmware_host.capture BUNDLE --port /dev/ttyACM0 --seconds 60 --out mine.csv */
#include <Arduino.h>
#include <$name.h>
#include <scl/main.h>
#include <scl/serial_port.h>

#include "part.h"

static int16_t newest[6];
static uint32_t taken; /* of port_sensor_read, for the sample that waits; 0: none does */

extern "C" {

bool port_sensor_start(void)
{
    taken = 0;
    return part_start() == SCL_PART_OK;
}

void port_sensor_stop(void)
{
    part_stop();
    taken = 0;
}

/* A part that does not answer has no sample; what its FIFO loses meanwhile it says later. */
bool port_sensor_waits(void)
{
    if (taken == 0 && part_read(newest, &taken) != SCL_PART_OK) {
        taken = 0;
    }
    return taken > 0;
}

uint32_t port_sensor_read(int16_t *counts)
{
    const uint32_t given = port_sensor_waits() ? taken : 0;
    for (size_t i = 0; given > 0 && i < SCL_CHANNELS; i++) {
        counts[i] = newest[i];
    }
    taken = 0;
    return given;
}

}

void setup()
{
    scl_main(); /* does not return */
}

void loop()
{
}
