/* What a heart's usual beat looks like: a running mean of its beats, which beats unlike it hardly move.
 *
 * The first beat is the template; then, with k = 1 / min(beats so far, 16), a beat moves it by
 *   k       while there are at most 8 beats, and for a look-alike whose RR is .85 to 1.3 of the median
 *   k / 6   for other look-alikes
 *   k / 12  for all others
 * of the way, rounded to the nearest integer, halves up. scl/frontend/beat_template.py is the same. */
#ifndef SCL_BEAT_TEMPLATE_H
#define SCL_BEAT_TEMPLATE_H

#include <stdbool.h>
#include <stdint.h>

#include "beat_shape.h"

#define SCL_FRACTION 256 /* of a microvolt */

typedef struct {
    int32_t samples[SCL_CUT]; /* 256ths of a microvolt */
    uint8_t beats;           /* that it was made of; stays at 16 */
} scl_beat_template;

void scl_beat_template_reset(scl_beat_template *t);

/* The stream's first cut[SCL_CUT] is its own template: called before it is compared with any. */
void scl_beat_template_start(scl_beat_template *t, const int32_t *cut);

/* Whether a beat with this correlation of the QRS is a look-alike. */
bool scl_beat_template_alike(int32_t correlation);

/* Moves it by a beat; `median` is twice the usual RR. */
void scl_beat_template_add(scl_beat_template *t, const int32_t *cut, bool alike, int32_t rr, int32_t median);

#endif
