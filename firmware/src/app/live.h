/* LIVE: the class of the board's own sensor, hop by hop and unasked. The model is the session's, in the mode SCL_IN_LIVE: what gives the
 * session another mode ends it. */
#ifndef SCL_LIVE_H
#define SCL_LIVE_H

#include <stdint.h>

#include "own_sensor.h"
#include "session.h"

typedef struct {
    uint16_t seq;            /* of the request */
    uint32_t hops;           /* answers after which it ends */
    uint32_t number;         /* of the next answer */
    uint32_t end;            /* the sensor's samples that have passed, lost ones included */
    uint32_t dropped;        /* lost ones among them */
} scl_live;

void scl_live_init(scl_live *l);

/* Begins with the sensor's next sample and confirms it; `hop` and `hops` are 1 or more. */
void scl_live_start(scl_live *l, scl_session *s, const scl_own_sensor *sensor, const scl_frame *frame, uint16_t hop, uint32_t hops);

/* Answers a frame with how far it is, or was. */
void scl_live_answer(const scl_live *l, const scl_frame *frame);

/* Takes the sensor's latest sample counts[SCL_SENSOR_CHANNELS], before which taken - 1 were lost, and sends the answer that it completes,
 * written to payload[SCL_RESULT_SIZE]. */
void scl_live_take(scl_live *l, scl_session *s, const scl_own_sensor *sensor, const int16_t *counts, uint32_t taken, uint8_t *payload);

#endif
