#include "single.h"

#include "beats.h"

#define RAIL 32767.0f         /* uV */

#define TO_INTEGER 12582912.0f /* 1.5 * 2^23: beside it a float has no fraction bits, so adding it rounds to an integer, half to even */

static int16_t microvolts(float millivolts)
{
    const float uv = millivolts * 1000.0f;
    /* Written so that NaN takes the lower limit: converting it to an integer would be undefined. */
    const float clamped = (uv > -RAIL) ? ((uv < RAIL) ? uv : RAIL) : -RAIL;
    const float rounded = (clamped + TO_INTEGER) - TO_INTEGER;
    return (int16_t)rounded;
}

void scl_beats_reset(scl_beats *b, uint8_t features, scl_beat_cut *cut, bool corrected)
{
    scl_beat_detector_reset(&b->detector);
    scl_beat_features_reset(&b->features, features, cut, corrected);
}

bool scl_beats_push(scl_beats *b, float millivolts, bool lead_off, scl_beat *beat)
{
    uint16_t ago = 0;
    bool answered = false;
    if (lead_off) {
        scl_beat_detector_reset(&b->detector);
        scl_beat_features_skip(&b->features);
    } else {
        const bool known = scl_beat_detector_push(&b->detector, microvolts(millivolts), &ago);
        answered = scl_beat_features_push(&b->features, &b->detector.ring, known, ago, beat);
    }
    return answered;
}
