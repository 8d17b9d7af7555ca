/* Where the heart beats in a band-passed ECG of 180 Hz, one sample at a time, in integers: scl/frontend/beat_detector.py says how, and
 * finds the same beats at the same samples. About 1.2 kB, of which the ring of samples takes 1 kB; others may read it. A beat is known at
 * most 381 samples behind its R peak, and beats come in order; two close ones may have one R peak. */
#ifndef SCL_BEAT_DETECTOR_H
#define SCL_BEAT_DETECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "signal_ring.h"

#define SCL_DETECTOR_LATEST 8u /* beats, peaks of noise and intervals that are kept, and peaks that wait; a power of two */

typedef struct {
    uint32_t place;          /* sample of the stream */
    int32_t height;
} scl_peak;

typedef struct {
    scl_signal_ring ring;
    int32_t sum;             /* s of the latest sample */
    int32_t before[2];       /* s of the one before it, and of the one before that */
    int32_t most;            /* the largest s of the first samples */
    scl_peak candidate;      /* height 0: there is none */
    scl_peak remembered;     /* height 0: there is none */
    scl_peak waiting[SCL_DETECTOR_LATEST]; /* ring */
    int32_t heights[SCL_DETECTOR_LATEST]; /* ring of the latest beats' */
    int32_t noise[SCL_DETECTOR_LATEST]; /* ring */
    uint16_t intervals[SCL_DETECTOR_LATEST]; /* ring */
    uint32_t beat;           /* sample of the beat before */
    int32_t slope;           /* of that beat; 0: there is none */
    uint8_t came;            /* peaks that waited, mod 256 */
    uint8_t went;            /* of them, those judged */
    uint8_t beats;           /* mod 256, as the next ones */
    uint8_t noises;
    uint8_t interval_count;
    int8_t lean;             /* polarity */
} scl_beat_detector;

/* A new stream. */
void scl_beat_detector_reset(scl_beat_detector *d);

/* Takes one sample, within -32767 and 32767; true: a beat is known, its R peak is *ago samples before this one. */
bool scl_beat_detector_push(scl_beat_detector *d, int16_t uv, uint16_t *ago);

#endif
