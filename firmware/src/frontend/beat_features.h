/* The features of a heartbeat, from microvolts and R peaks: integers, in Q12, with which push they are known, and which beats are dropped.
 * scl/frontend/beat_features.py says what each one is, and scl/frontend/beats.py when: they are the same, bit for bit. */
#ifndef SCL_BEAT_FEATURES_H
#define SCL_BEAT_FEATURES_H

#include <stdbool.h>
#include <stdint.h>

#include "beat_polarity.h"
#include "beat_template.h"
#include "rr_series.h"
#include "signal_ring.h"

#define SCL_BEAT_FEATURES 29 /* with and without the next beat's: the first ones are the same */
#define SCL_CAUSAL_FEATURES 25
#define SCL_BEATS_WAITING 8

typedef struct {
    uint32_t at;             /* model-rate sample of the R peak */
    uint16_t interval;       /* samples since the beat before; 0: there is none since the stream began or the lead came back */
    float *values;           /* the caller's: as many features as scl_beat_features_reset was given, then the samples, if any */
} scl_beat;

/* The samples of a beat that is not answered yet. */
typedef struct {
    int16_t uv[SCL_CUT];
    int32_t usual_size;      /* of its patient's beats, 256ths of a microvolt */
    int8_t sign;             /* with which they are answered */
} scl_beat_cut;

typedef struct {
    scl_rr_series series;
    scl_beat_template usual;
    scl_beat_polarity polarity; /* both 1 unless `corrected` */
    int32_t qrs[SCL_QRS];    /* of the beat before, microvolts */
    int32_t correlation;     /* of the beat before, Q12 */
    uint32_t waiting[SCL_BEATS_WAITING]; /* R peaks that are not measured yet, in order; a ring */
    uint8_t waiting_head;    /* the first of them */
    uint8_t waiting_count;
    uint32_t pushed;         /* samples of all streams */
    uint32_t latest;         /* R peak that was taken last */
    uint32_t before;         /* R peak that was measured last */
    bool any_taken;
    bool any_measured;
    bool pending;            /* the beat measured last waits for its next one */
    bool corrected;
    uint8_t count;           /* of features that are answered */
    scl_beat_cut *cut;       /* of the beat measured last; NULL: samples are not answered */
    int32_t values[SCL_BEAT_FEATURES]; /* of the beat measured last */
    int32_t quantile;        /* log2 of the usual one before it */
    int32_t rr;              /* log2 of its own */
    uint16_t interval;       /* its own */
} scl_beat_features;

/* Sample 0 of the first stream follows. Of a beat `features` are answered, SCL_BEAT_FEATURES (after the next one), SCL_CAUSAL_FEATURES or
 * 0, and behind them its samples, SCL_CUT, where there is memory for them: else `cut` is NULL. `corrected`: none has the lead's sign
 * (beat_polarity.h). */
void scl_beat_features_reset(scl_beat_features *f, uint8_t features, scl_beat_cut *cut, bool corrected);

/* Passes over a sample without a lead: the stream begins anew behind it. */
void scl_beat_features_skip(scl_beat_features *f);

/* Takes the sample that is the ring's latest; `known`: there is a beat, `ago` samples before it. True: a beat is answered, *beat. */
bool scl_beat_features_push(scl_beat_features *f, const scl_signal_ring *ring, bool known, uint16_t ago, scl_beat *beat);

#endif
