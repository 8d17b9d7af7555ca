/* The latest heartbeats of a stream, as records that BEATS asks for. Without SCL_BEATS there are none, and no memory for them. */
#ifndef SCL_KEPT_BEATS_H
#define SCL_KEPT_BEATS_H

#include <stdint.h>

#include "model.h"
#include "protocol.h"

#define SCL_KEPT_BEATS 8u
#define SCL_BEAT_FIXED 32 /* bytes of a record before inputs, features and logits */
#define SCL_BEAT_RECORD (SCL_BEAT_FIXED + SCL_INPUTS + SCL_FEATURES + SCL_CLASSES)

typedef struct {
    uint32_t total;          /* beats since scl_kept_beats_forget */
#ifdef SCL_BEATS
    uint8_t records[SCL_KEPT_BEATS][SCL_BEAT_RECORD]; /* ring: beat n in place n modulo SCL_KEPT_BEATS */
#endif
} scl_kept_beats;

/* Of no stream's. */
void scl_kept_beats_forget(scl_kept_beats *k);

/* Takes the beat that a model has classified: `origin` is the number of the stream's first sample since its front end began, `end` that
 * of the next one. */
void scl_kept_beats_add(scl_kept_beats *k, const scl_model *m, const scl_result *result, uint32_t origin, uint32_t end);

/* Answers a BEATS frame, whose payload has 4 bytes, the first beat that is wanted, in answer[SCL_MAX_PAYLOAD]; refuses it without beats. */
void scl_kept_beats_answer(const scl_kept_beats *k, const scl_frame *frame, uint8_t *answer);

#endif
