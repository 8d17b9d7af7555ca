#include "native.h"

#include <stdio.h>

#include "bytes.h"
#include "input.h"
#include "port.h"

static FILE *file;
static int64_t period;   /* ns; 0: no pace */
static bool running;
static int64_t due;      /* ns: when the next sample is there */
static long loses;       /* every so many-th sample; 0: none */
static long number;      /* of the next one, from 1 */

bool native_sensor_open(const char *path, double rate_hz, long every)
{
    file = fopen(path, "rb");
    loses = every;
    period = rate_hz > 0 ? (int64_t)(1e9 / rate_hz) : 0;
    return file != NULL;
}

int64_t native_sensor_wait(void)
{
    if (!running) {
        return INT64_MAX;
    }
    const int64_t left = due - native_clock();
    return left > 0 ? left : 0;
}

bool port_sensor_start(void)
{
    if (file == NULL) {
        return false;
    }
    rewind(file);
    due = native_clock() + period;
    number = 1;
    running = true;
    return true;
}

void port_sensor_stop(void)
{
    running = false;
}

bool port_sensor_waits(void)
{
    return native_sensor_wait() == 0;
}

uint32_t port_sensor_read(int16_t *counts)
{
    uint8_t bytes[2 * SCL_SENSOR_CHANNELS];
    const uint32_t lost = loses > 0 && number % loses == 0;
    if (!port_sensor_waits()) {
        return 0;
    }
    for (uint32_t i = 0; i <= lost; i++) {
        if (fread(bytes, sizeof bytes, 1, file) != 1) { /* played to its end: from now on it is silent */
            running = false;
            return 0;
        }
        number++;
    }
    for (int channel = 0; channel < SCL_SENSOR_CHANNELS; channel++) {
        counts[channel] = (int16_t)scl_load_u16(bytes + 2 * channel);
    }
    due += period * (1 + lost);
    return 1 + lost;
}
