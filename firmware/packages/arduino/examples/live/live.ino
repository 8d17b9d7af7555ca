/* The link over Serial, with the board's own sensor: the host asks for its classes hop by hop, for its samples, or for both.
 *
 *   python -m firmware_host.live BUNDLE --port /dev/ttyACM0
 *   python -m firmware_host.capture BUNDLE --port /dev/ttyACM0 --seconds 60 --out mine.csv */
#include <Arduino.h>
#include <$name.h>
#include <scl/main.h>
#include <scl/serial_port.h>

#include "part.h"

static bool runs;

extern "C" {

bool port_sensor_start(void)
{
    runs = part_start() == SCL_PART_OK;
    return runs;
}

void port_sensor_stop(void)
{
    part_stop();
    runs = false;
}

/* Only the part knows, and its bus needs interrupts. */
bool port_sensor_waits(void)
{
    return runs;
}

/* A part that does not answer has no sample; what its FIFO loses meanwhile it says later. */
uint32_t port_sensor_read(int16_t *counts)
{
    int16_t newest[6];
    uint32_t taken = 0;
    if (!runs || part_read(newest, &taken) != SCL_PART_OK) {
        return 0;
    }
    for (size_t i = 0; taken > 0 && i < SCL_CHANNELS; i++) {
        counts[i] = newest[i];
    }
    return taken;
}

}

void setup()
{
    scl_main(); /* does not return */
}

void loop()
{
}
