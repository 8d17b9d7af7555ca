#include "single.h"

#include "beat_features.h"

#include <stddef.h>

#include "integer_math.h"

#define LATEST 380u           /* samples after which the ring no longer holds a beat's first ones, with some to spare */
#define SHORTEST 20u          /* samples between beats */
#define LONG_SINCE (UINT32_MAX / 2u) /* a larger distance is a negative one */
#define TIME_OUT ((uint32_t)SCL_RR_LONGEST + 79u)
#define SMALL 10              /* uV */
#define SMALL_STEP 5          /* uV */
#define LARGEST (32 * SCL_ONE)

enum { /* the order of scl/frontend/beat_features.py */
    INTERVAL, CHANGE, BEFORE, CORR, SIZE, DIFFERENCE, P_CORR, P_SIZE, WIDTH, WIDER, Q_CORR, HEIGHT, UPRIGHT, IRREGULAR, P_CORR_MEAN,
    CHANGE_MEAN, INTERVAL128, MEDIAN128, UPRIGHT_T, P_CORR_NEAR, WIDER_LOW, STEEPER, IRREGULAR3, ST, CORR_BEST,
    NEXT_INTERVAL, NEXT, NEXT_RATIO, NEXT_Q_CORR
};

static void restart(scl_beat_features *f)
{
    scl_rr_series_reset(&f->series);
    scl_beat_template_reset(&f->usual);
    scl_beat_polarity_reset(&f->polarity);
    f->waiting_head = 0;
    f->waiting_count = 0;
    f->any_taken = false;
    f->any_measured = false;
    f->pending = false;
}

void scl_beat_features_reset(scl_beat_features *f, uint8_t features, scl_beat_cut *cut, bool corrected)
{
    f->pushed = 0;
    f->count = features;
    f->cut = cut;
    f->corrected = corrected;
    restart(f);
}

void scl_beat_features_skip(scl_beat_features *f)
{
    f->pushed++;
    restart(f);
}

static int32_t log2_of(int32_t x)
{
    return scl_log2_q12((uint32_t)x);
}

static void intervals(scl_beat_features *f, int32_t rr, const scl_usual *usual)
{
    const int32_t median = log2_of(usual->median);
    const int32_t long_quantile = log2_of(usual->long_quantile);
    f->quantile = log2_of(usual->quantile);
    f->rr = log2_of(rr);
    f->values[INTERVAL] = f->rr - f->quantile;
    f->values[CHANGE] = log2_of(usual->median + (100 * usual->change)) - median;
    f->values[INTERVAL128] = f->rr - long_quantile;
    f->values[MEDIAN128] = (median - SCL_ONE) - long_quantile;
    f->values[BEFORE] = f->any_measured ? f->correlation : SCL_ONE;
}

static int32_t limited(int64_t ratio)
{
    return (int32_t)((ratio < -LARGEST) ? -LARGEST : ((ratio > LARGEST) ? LARGEST : ratio));
}

static int32_t upright(const scl_extremes *e, int32_t size)
{
    return limited(scl_quotient((int64_t)SCL_ONE * (e->high - ((e->low < 0) ? -e->low : e->low)), size));
}

/* Of the patient's beats, 256ths of a microvolt. */
static int32_t usual_extent(const scl_extremes *usual)
{
    return (usual->high - usual->low) + (SCL_FRACTION * SMALL);
}

static void qrs(scl_beat_features *f, const int32_t *cut)
{
    const int32_t *q = &cut[SCL_QRS_FIRST];
    const int32_t *usual = &f->usual.samples[SCL_QRS_FIRST];
    const scl_extremes e = scl_extremes_of(q, SCL_QRS);
    const scl_extremes u = scl_extremes_of(usual, SCL_QRS);
    const int32_t size = (e.high - e.low) + SMALL;
    const int32_t usual_size = usual_extent(&u);
    const int64_t apart = scl_difference(q, usual, SCL_QRS);
    if (f->corrected) {
        scl_beat_polarity_follow(&f->polarity, &u);
    }
    f->values[SIZE] = log2_of(SCL_FRACTION * size) - log2_of(usual_size);
    f->values[DIFFERENCE] = limited(scl_quotient(4 * (int64_t)SCL_ONE * apart, (int64_t)SCL_QRS * SCL_QRS * usual_size));
    f->values[HEIGHT] = log2_of(size);
    f->values[UPRIGHT] = f->polarity.running * upright(&e, size);
    f->values[UPRIGHT_T] = f->polarity.running * upright(&u, usual_size);
    f->values[ST] = f->polarity.running * limited(scl_quotient(2 * (int64_t)SCL_ONE * SCL_FRACTION * scl_level(cut), 80 * (int64_t)usual_size));
}

static void slopes(scl_beat_features *f, const int32_t *cut)
{
    const int32_t *near = &cut[SCL_STEEP_FIRST];
    const int32_t *usual = &f->usual.samples[SCL_STEEP_FIRST];
    const int32_t width = scl_steep(near, SCL_STEEP, 25);
    const int32_t steepest = scl_steepest(near, SCL_STEEP) + SMALL_STEP;
    f->values[WIDTH] = SCL_ONE * width;
    f->values[WIDER] = log2_of(width + 1) - log2_of(scl_steep(usual, SCL_STEEP, 25) + 1);
    f->values[WIDER_LOW] = log2_of(scl_steep(near, SCL_STEEP, 12) + 1) - log2_of(scl_steep(usual, SCL_STEEP, 12) + 1);
    f->values[STEEPER] = log2_of(SCL_FRACTION * steepest) - log2_of(scl_steepest(usual, SCL_STEEP) + (SCL_FRACTION * SMALL_STEP));
}

static void waves(scl_beat_features *f, const int32_t *cut)
{
    const int32_t *p = &cut[SCL_P_FIRST];
    const int32_t *usual = &f->usual.samples[SCL_P_FIRST];
    const int32_t small = SCL_FRACTION * SMALL * SCL_P;
    f->values[P_CORR] = scl_correlation(p, usual, SCL_P);
    f->values[P_SIZE] = log2_of((SCL_FRACTION * (int32_t)scl_spread(p, SCL_P)) + small) - log2_of((int32_t)scl_spread(usual, SCL_P) + small);
    f->values[P_CORR_NEAR] = scl_correlation(&cut[SCL_PR_FIRST], &f->usual.samples[SCL_PR_FIRST], SCL_PR);
    f->values[CORR_BEST] = scl_best_correlation(cut, f->usual.samples);
}

static void irregularity(scl_beat_features *f)
{
    const scl_irregularity mean = scl_rr_series_irregularity(&f->series);
    f->values[IRREGULAR] = mean.irregular;
    f->values[P_CORR_MEAN] = mean.p_correlation;
    f->values[CHANGE_MEAN] = mean.change;
    f->values[IRREGULAR3] = mean.erratic;
}

/* The last features of the beat measured last. */
static void next(scl_beat_features *f, int32_t rr, int32_t correlation, int32_t q_correlation)
{
    f->values[NEXT_INTERVAL] = log2_of(rr) - f->quantile;
    f->values[NEXT] = correlation;
    f->values[NEXT_RATIO] = log2_of(rr) - f->rr;
    f->values[NEXT_Q_CORR] = q_correlation;
}

/* Keeps the samples until the beat is answered, when the template is another. */
static void keep_cut(scl_beat_features *f, const int32_t *cut)
{
    if (f->cut != NULL) {
        const scl_extremes usual = scl_extremes_of(&f->usual.samples[SCL_QRS_FIRST], SCL_QRS);
        f->cut->usual_size = usual_extent(&usual);
        f->cut->sign = f->polarity.running;
        for (uint32_t i = 0; i < (uint32_t)SCL_CUT; i++) {
            f->cut->uv[i] = (int16_t)cut[i];
        }
    }
}

static float from_q12(int32_t value)
{
    return (float)value * (1.0f / 4096.0f);
}

/* The beat measured last, as it is answered. */
static void conclude(scl_beat_features *f, scl_beat *beat)
{
    beat->at = f->before;
    beat->interval = f->interval;
    for (uint32_t i = 0; i < f->count; i++) {
        beat->values[i] = from_q12(f->values[i]);
    }
    if (f->cut != NULL) {
        for (uint32_t i = 0; i < (uint32_t)SCL_CUT; i++) {
            const int64_t uv = (int64_t)SCL_ONE * SCL_FRACTION * f->cut->uv[i];
            beat->values[f->count + i] = from_q12(f->cut->sign * limited(scl_quotient(uv, f->cut->usual_size)));
        }
    }
    f->pending = false;
}

/* Measures the beat at `at`; the one before it is answered if it still waits. */
static bool measure(scl_beat_features *f, const scl_signal_ring *ring, uint32_t at, scl_beat *beat)
{
    const bool first = !f->any_measured;
    const uint32_t distance = first ? 0u : (at - f->before);
    int32_t cut[SCL_CUT];
    int32_t rr = SCL_RR_FIRST;
    bool answered = false;
    for (uint32_t i = 0; i < (uint32_t)SCL_CUT; i++) {
        cut[i] = scl_signal_ring_at(ring, ((f->pushed - at) + (uint32_t)SCL_CUT_BEFORE) - i);
    }
    if (first && f->corrected) {
        const scl_extremes e = scl_extremes_of(&cut[SCL_QRS_FIRST], SCL_QRS);
        scl_beat_polarity_start(&f->polarity, &e);
    }
    for (uint32_t i = 0; i < (uint32_t)SCL_CUT; i++) {
        cut[i] *= f->polarity.turned;
    }
    if (first) {
        scl_beat_template_start(&f->usual, cut);
    } else {
        rr = (int32_t)((distance < (uint32_t)SCL_RR_LONGEST) ? distance : (uint32_t)SCL_RR_LONGEST);
        rr = (rr > SCL_RR_SHORTEST) ? rr : SCL_RR_SHORTEST;
    }
    const int32_t correlation = scl_correlation(&cut[SCL_QRS_FIRST], &f->usual.samples[SCL_QRS_FIRST], SCL_QRS);
    const int32_t q_correlation = first ? SCL_ONE : scl_correlation(&cut[SCL_QRS_FIRST], f->qrs, SCL_QRS);
    if (f->pending) {
        next(f, rr, correlation, q_correlation);
        conclude(f, beat);
        answered = true;
    }
    const scl_usual usual = scl_rr_series_usual(&f->series, (uint16_t)rr);
    const bool alike = scl_beat_template_alike(correlation);
    intervals(f, rr, &usual);
    f->values[CORR] = correlation;
    f->values[Q_CORR] = q_correlation;
    qrs(f, cut);
    keep_cut(f, cut);
    slopes(f, cut);
    waves(f, cut);
    scl_rr_series_add(&f->series, (uint16_t)rr, usual.median, alike, f->values[P_CORR]);
    irregularity(f);
    scl_beat_template_add(&f->usual, cut, alike, rr, usual.median);
    for (uint32_t i = 0; i < (uint32_t)SCL_QRS; i++) {
        f->qrs[i] = cut[(uint32_t)SCL_QRS_FIRST + i];
    }
    f->correlation = correlation;
    f->before = at;
    f->interval = (uint16_t)((distance < UINT16_MAX) ? distance : UINT16_MAX);
    f->any_measured = true;
    f->pending = (f->count > (uint8_t)SCL_CAUSAL_FEATURES);
    if (!f->pending) {
        conclude(f, beat);
        answered = true;
    }
    return answered;
}

/* Whether a beat known now is not dropped. Fewer than SCL_BEATS_WAITING beats so far apart can wait: the last test is for safety alone. */
static bool taken(const scl_beat_features *f, uint32_t at, uint32_t ago)
{
    return (ago <= LATEST) && (!f->any_taken || ((at - (f->latest + SHORTEST)) <= LONG_SINCE)) && (f->waiting_count < (uint32_t)SCL_BEATS_WAITING);
}

bool scl_beat_features_push(scl_beat_features *f, const scl_signal_ring *ring, bool known, uint16_t ago, scl_beat *beat)
{
    const uint32_t now = f->pushed;
    const uint32_t at = now - ago;
    bool answered = false;
    if (known && taken(f, at, ago)) {
        f->waiting[(f->waiting_head + f->waiting_count) % (uint32_t)SCL_BEATS_WAITING] = at;
        f->waiting_count++;
        f->latest = at;
        f->any_taken = true;
    }
    if ((f->waiting_count > 0u) && ((now - f->waiting[f->waiting_head]) >= (uint32_t)SCL_CUT_BEHIND)) {
        const uint32_t peak = f->waiting[f->waiting_head];
        f->waiting_head = (uint8_t)((f->waiting_head + 1u) % (uint32_t)SCL_BEATS_WAITING);
        f->waiting_count--;
        answered = measure(f, ring, peak, beat);
    }
    if (f->pending && !answered && ((now - f->before) >= TIME_OUT)) {
        next(f, SCL_RR_LONGEST, SCL_ONE, SCL_ONE);
        conclude(f, beat);
        answered = true;
    }
    f->pushed++;
    return answered;
}
