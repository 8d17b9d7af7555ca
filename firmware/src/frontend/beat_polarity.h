/* Which way a patient's usual R peak points, so that features with a sign need not have the lead's.
 *
 * Of the QRS of a beat or of the template, h is the largest and l the least sample. It points down if h + l < 0, and clearly so, or up, if
 * 8 |h + l| > h - l. A stream is turned: if its first beat points down, every beat of it is taken with the other sign, before anything is
 * measured. The running polarity is that of the turned stream's template before each beat where that is clear, and else stays as it is.
 * scl/frontend/beat_polarity.py is the same. */
#ifndef SCL_BEAT_POLARITY_H
#define SCL_BEAT_POLARITY_H

#include <stdint.h>

#include "beat_shape.h"

typedef struct {
    int8_t turned;           /* 1, or -1: beats are taken with the other sign */
    int8_t running;          /* 1, or -1: the usual R peak of the turned stream points down */
} scl_beat_polarity;

/* Nothing is turned. */
void scl_beat_polarity_reset(scl_beat_polarity *p);

/* Turns the stream whose first beat has these extremes. */
void scl_beat_polarity_start(scl_beat_polarity *p, const scl_extremes *first);

/* Follows the template before a beat, of which these are the extremes. */
void scl_beat_polarity_follow(scl_beat_polarity *p, const scl_extremes *usual);

#endif
