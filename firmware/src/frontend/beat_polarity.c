#include "beat_polarity.h"

#define CLEAR INT32_C(8)      /* times |h + l| exceed h - l */

void scl_beat_polarity_reset(scl_beat_polarity *p)
{
    p->turned = 1;
    p->running = 1;
}

void scl_beat_polarity_start(scl_beat_polarity *p, const scl_extremes *first)
{
    p->turned = ((first->high + first->low) < 0) ? -1 : 1;
}

void scl_beat_polarity_follow(scl_beat_polarity *p, const scl_extremes *usual)
{
    const int32_t tilt = CLEAR * (usual->high + usual->low);
    const int32_t extent = usual->high - usual->low;
    if (tilt > extent) {
        p->running = 1;
    } else if (tilt < -extent) {
        p->running = -1;
    } else {
        /* undecided: it stays as it is */
    }
}
