#include "beat_template.h"

#include "integer_math.h"

#define ALIKE ((SCL_ONE * 3) / 4)
#define LEARNING 8u           /* beats */
#define LONGEST_MEMORY 16u    /* beats */
#define OTHER_RR INT32_C(6)            /* times slower */
#define UNLIKE INT32_C(12)

void scl_beat_template_reset(scl_beat_template *t)
{
    t->beats = 0;
}

void scl_beat_template_start(scl_beat_template *t, const int32_t *cut)
{
    for (uint32_t i = 0; i < (uint32_t)SCL_CUT; i++) {
        t->samples[i] = cut[i] * SCL_FRACTION;
    }
}

bool scl_beat_template_alike(int32_t correlation)
{
    return correlation > ALIKE;
}

void scl_beat_template_add(scl_beat_template *t, const int32_t *cut, bool alike, int32_t rr, int32_t median)
{
    const bool usual_rr = ((85 * median) < (200 * rr)) && ((200 * rr) < (130 * median));
    int32_t slower = 1;
    if ((t->beats >= LEARNING) && !(alike && usual_rr)) {
        slower = alike ? OTHER_RR : UNLIKE;
    }
    if (t->beats < LONGEST_MEMORY) {
        t->beats++;
    }
    for (uint32_t i = 0; i < (uint32_t)SCL_CUT; i++) {
        t->samples[i] += (int32_t)scl_quotient((cut[i] * SCL_FRACTION) - t->samples[i], (int64_t)t->beats * slower);
    }
}
