#include "decision.h"

#include <stddef.h>

#define FRACTION_BITS 16u
#define CERTAIN (UINT32_C(1) << FRACTION_BITS) /* a probability of 1 */
#define UNIFORM (UINT32_C(1) << 31)   /* the belief of each class before any evidence */
#define HEADROOM 6u                   /* bits: a prior has less than 56, and keeps 32 when evidence against it comes */
#define LONGEST_SHIFT 63u

bool scl_decision_fits(const scl_decision_settings *settings)
{
    const bool one_fits = (settings->slope >= 1u) && (settings->slope <= SCL_MOST_SLOPE);
    const bool later_fits = (settings->evidence >= 1u) && (settings->evidence <= SCL_MOST_SLOPE);
    return one_fits && later_fits && (settings->unsure <= SCL_DECISION_ONE);
}

void scl_decider_reset(scl_decider *d, uint32_t *belief)
{
    for (uint16_t i = 0; i < d->classes; i++) {
        belief[i] = UNIFORM;
    }
    d->fresh = true;
}

static uint64_t sum_of(const scl_decider *d, const uint32_t *belief)
{
    uint64_t sum = 0;
    for (uint16_t i = 0; i < d->classes; i++) {
        sum += belief[i];
    }
    return sum;
}

static int8_t largest_of(const scl_decider *d, const int8_t *logits)
{
    int8_t largest = INT8_MIN;
    for (uint16_t i = 0; i < d->classes; i++) {
        largest = (logits[i] > largest) ? logits[i] : largest;
    }
    return largest;
}

/* What is expected of a class in the next window, before it is seen: below 2^62. */
static uint64_t prior_of(const scl_decider *d, uint32_t belief, uint64_t sum)
{
    const uint64_t stay = (uint64_t)d->settings.stay * ((uint64_t)d->classes - 1u);
    const uint64_t change = (uint64_t)CERTAIN - d->settings.stay;
    return ((stay * belief) + (change * (sum - belief))) << HEADROOM;
}

/* value times 2^-(exponent / 2^16) times 2^-1, rounded down; value is below 2^62. */
static uint64_t times_power(uint64_t value, uint32_t exponent)
{
    /* 2^31 times 2^-(1/2), 2^-(1/4), ... 2^-(2^-16): the factors of 2^-f for the bits of a fraction f. */
    static const uint32_t roots[FRACTION_BITS] = {
        1518500250u, 1805811301u, 1969251188u, 2056437387u, 2101467502u, 2124350982u, 2135885998u, 2141676973u,
        2144578345u, 2146030505u, 2146756953u, 2147120270u, 2147301951u, 2147392798u, 2147438222u, 2147460935u
    };
    uint64_t mantissa = UINT64_C(1) << 31;
    const uint32_t whole = exponent >> FRACTION_BITS;
    for (uint32_t bit = 0; bit < FRACTION_BITS; bit++) {
        if (((exponent >> (FRACTION_BITS - 1u - bit)) & 1u) != 0u) {
            mantissa = ((mantissa * roots[bit]) + (UINT64_C(1) << 30)) >> 31;
        }
    }
    const uint64_t product = ((value >> 32) * mantissa) + (((value & UINT32_MAX) * mantissa) >> 32);
    return product >> ((whole < LONGEST_SHIFT) ? whole : LONGEST_SHIFT);
}

/* How far a logit is below the largest one; 0 where there are none. */
static uint32_t steps_below(const int8_t *logits, uint16_t i, int8_t largest)
{
    const int32_t steps = (logits != NULL) ? ((int32_t)largest - (int32_t)logits[i]) : 0;
    return (uint32_t)steps;
}

/* Multiplies each prior by its evidence: slope for each step that a logit is below the largest one. */
static void weigh(const scl_decider *d, uint32_t *belief, const int8_t *logits, uint32_t slope)
{
    const uint64_t sum = sum_of(d, belief);
    const int8_t top = (logits != NULL) ? largest_of(d, logits) : (int8_t)0;
    uint64_t largest = 0;
    uint32_t shift = 0;
    for (uint16_t i = 0; i < d->classes; i++) {
        const uint64_t value = times_power(prior_of(d, belief[i], sum), slope * steps_below(logits, i, top));
        largest = (value > largest) ? value : largest;
    }
    while ((largest >> shift) > UINT32_MAX) {
        shift++;
    }
    for (uint16_t i = 0; i < d->classes; i++) { /* once more rather than in 8 bytes for each class */
        const uint64_t value = times_power(prior_of(d, belief[i], sum), slope * steps_below(logits, i, top));
        belief[i] = (uint32_t)(value >> shift);
    }
}

/* part / total in 2^-15, rounded half up. */
static uint16_t share(uint32_t part, uint64_t total)
{
    return (uint16_t)((((uint64_t)part * SCL_DECISION_ONE) + (total / 2u)) / total);
}

static scl_decision decision_of(const scl_decider *d, const uint32_t *belief)
{
    const uint64_t total = sum_of(d, belief);
    uint16_t best = 0;
    uint32_t second = 0;
    for (uint16_t i = 1; i < d->classes; i++) {
        if (belief[i] > belief[best]) {
            second = belief[best];
            best = i;
        } else if (belief[i] > second) {
            second = belief[i];
        } else {
            /* neither of the two largest */
        }
    }
    scl_decision decision;
    decision.answer = (share(belief[best] - second, total) < d->settings.unsure) ? SCL_UNSURE : best;
    decision.confidence = share(belief[best], total);
    return decision;
}

scl_decision scl_decider_step(scl_decider *d, uint32_t *belief, const int8_t *logits)
{
    if (d->settings.stay == 0u) {
        scl_decider_reset(d, belief);
    }
    weigh(d, belief, logits, d->fresh ? d->settings.slope : d->settings.evidence);
    scl_decision decision = {SCL_ABSTAIN, 0};
    if (logits != NULL) {
        d->fresh = false;
        decision = decision_of(d, belief);
    }
    return decision;
}
