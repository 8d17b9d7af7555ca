/* Heartbeats of a band-passed ECG of 180 Hz, one sample at a time: where they are (beat_detector.h), and the features of each
 * (beat_features.h). scl/frontend/beats.py is the same, bit for bit.
 *
 * The only steps in single precision are the first, to microvolts, clamp(rint(mV * 1000), -32767, 32767) with halves to even (NaN: the
 * lower limit), and the last, a feature's integer times 2^-12, which is exact. */
#ifndef SCL_BEATS_H
#define SCL_BEATS_H

#include <stdbool.h>
#include <stdint.h>

#include "beat_detector.h"
#include "beat_features.h"

typedef struct {
    scl_beat_detector detector;
    scl_beat_features features;
} scl_beats;

/* A new stream, sample 0; the others as scl_beat_features_reset has them. */
void scl_beats_reset(scl_beats *b, uint8_t features, scl_beat_cut *cut, bool corrected);

/* Takes one sample. One without a lead is not looked at, and the stream begins anew behind it. True: *beat is answered. */
bool scl_beats_push(scl_beats *b, float millivolts, bool lead_off, scl_beat *beat);

#endif
