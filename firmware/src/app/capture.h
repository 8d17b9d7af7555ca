/* CAPTURE: the board's own sensor, sent in blocks. */
#ifndef SCL_CAPTURE_H
#define SCL_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "own_sensor.h"

enum {
    SCL_CAPTURE_SAMPLES = 16, /* largest block: at 5 Hz and more the host waits at most 3.2 s for one */
    SCL_CAPTURE_HEADER = 8    /* bytes: start, dropped */
};

typedef struct {
    bool active;
    uint16_t seq;            /* of the request */
    uint32_t left;           /* samples until it ends, lost ones included */
    uint32_t next;           /* number of the sensor's next sample */
    uint32_t dropped;        /* that the sensor has lost before it */
    uint32_t held;           /* samples in the block, the last of them number next - 1 */
    uint8_t block[SCL_CAPTURE_HEADER + SCL_CAPTURE_SAMPLES * 2 * SCL_SENSOR_CHANNELS];
} scl_capture;

void scl_capture_init(scl_capture *c);

/* Begins with the sensor's next sample; `samples` is 1 or more. */
void scl_capture_start(scl_capture *c, const scl_own_sensor *sensor, uint16_t seq, uint32_t samples);

/* Ends it and sends what is held, be it nothing, as the answer to `seq`. */
void scl_capture_stop(scl_capture *c, uint16_t seq);

/* Ends it and sends nothing. */
void scl_capture_drop(scl_capture *c);

/* Takes a sample counts[SCL_SENSOR_CHANNELS], before which taken - 1 were lost. */
void scl_capture_take(scl_capture *c, const int16_t *counts, uint32_t taken);

#endif
