/* The board's own sensor, which CAPTURE and LIVE read together: its samples have one numbering, from 0 at the request that started it. */
#ifndef SCL_OWN_SENSOR_H
#define SCL_OWN_SENSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "input.h"

typedef struct {
    bool running;
    uint32_t next;           /* number of the next sample; lost ones have numbers too */
    uint32_t dropped;        /* lost ones among those before it */
} scl_own_sensor;

void scl_own_sensor_init(scl_own_sensor *sensor);

/* Starts it anew from sample 0; false: the board has none, or the model takes none. */
bool scl_own_sensor_start(scl_own_sensor *sensor);

void scl_own_sensor_stop(scl_own_sensor *sensor);

/* Takes the oldest sample, counts[SCL_SENSOR_CHANNELS]. 0 if there is none, else 1 + the number of samples lost just before it. */
uint32_t scl_own_sensor_read(scl_own_sensor *sensor, int16_t *counts);

#endif
