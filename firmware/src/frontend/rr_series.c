#include "rr_series.h"

#include "integer_math.h"

#define FEWEST_NN 4u
#define IRREGULAR 328u        /* Q12 */
#define ERRATIC 40             /* |difference| > .05 of the median: so many times it exceeds twice the median */
#define LARGEST_CHANGE (SCL_ONE / 2)

void scl_rr_series_reset(scl_rr_series *s)
{
    s->previous[0] = 0;
    s->previous[1] = 0;
    s->previous[2] = 0;
    s->alike = false;
    s->rr_count = 0;
    s->nn_count = 0;
    s->alike_count = 0;
    s->rr_head = 0;
    s->nn_head = 0;
    s->alike_head = 0;
}

static int32_t apart(uint16_t a, uint16_t b)
{
    return (a > b) ? ((int32_t)a - (int32_t)b) : ((int32_t)b - (int32_t)a);
}

/* The latest values (count) of a ring of `size`, the oldest of them first. */
static void latest(const uint16_t *ring, uint32_t size, uint32_t head, uint32_t count, uint16_t *values)
{
    uint32_t at = ((head + size) - count) % size;
    for (uint32_t i = 0; i < count; i++) {
        values[i] = ring[at];
        at = (at + 1u) % size;
    }
}

static int32_t quantile(uint16_t *values, uint32_t count)
{
    scl_sort(values, count);
    return (int32_t)values[(9u * count) / 10u];
}

/* Of intervals (count), which are sorted for it. */
static scl_usual usual_of(uint16_t *intervals, uint32_t count)
{
    uint16_t changes[SCL_NN_INTERVALS];
    scl_usual usual;
    usual.change = 0;
    for (uint32_t i = 1; i < count; i++) {
        changes[i - 1u] = (uint16_t)apart(intervals[i], intervals[i - 1u]);
    }
    if (count > 1u) {
        scl_sort(changes, count - 1u);
        usual.change = scl_twice_median(changes, count - 1u);
    }
    usual.quantile = quantile(intervals, count);
    usual.median = scl_twice_median(intervals, count);
    usual.long_quantile = usual.quantile;
    return usual;
}

scl_usual scl_rr_series_usual(const scl_rr_series *s, uint16_t rr)
{
    uint16_t intervals[SCL_NN_LONG];
    scl_usual usual;
    if (s->nn_count >= FEWEST_NN) {
        const uint32_t few = (s->nn_count < (uint32_t)SCL_NN_INTERVALS) ? s->nn_count : (uint32_t)SCL_NN_INTERVALS;
        latest(s->nn, SCL_NN_LONG, s->nn_head, few, intervals);
        usual = usual_of(intervals, few);
        latest(s->nn, SCL_NN_LONG, s->nn_head, s->nn_count, intervals);
        usual.long_quantile = quantile(intervals, s->nn_count);
    } else {
        uint32_t count = s->rr_count;
        latest(s->rr, SCL_RR_INTERVALS, s->rr_head, count, intervals);
        if (count == 0u) {
            intervals[0] = rr;
            count = 1;
        }
        usual = usual_of(intervals, count);
    }
    return usual;
}

/* Whether RR differs from each of the three before it by more than .05 of the median, of which twice is given. */
static bool is_erratic(const scl_rr_series *s, uint16_t rr, int32_t median)
{
    bool erratic = s->previous[2] > 0u;
    for (uint32_t k = 0; k < 3u; k++) {
        erratic = erratic && ((ERRATIC * apart(rr, s->previous[k])) > median);
    }
    return erratic;
}

void scl_rr_series_add(scl_rr_series *s, uint16_t rr, int32_t median, bool alike, int32_t p_correlation)
{
    const bool first = s->previous[0] == 0u;
    const int32_t difference = first ? 0 : apart(rr, s->previous[0]);
    if (!first) {
        s->rr[s->rr_head] = rr;
        s->rr_head = (uint8_t)((s->rr_head + 1u) % (uint32_t)SCL_RR_INTERVALS);
        s->rr_count = (uint8_t)(s->rr_count + ((s->rr_count < (uint32_t)SCL_RR_INTERVALS) ? 1u : 0u));
        if (alike && s->alike) {
            s->nn[s->nn_head] = rr;
            s->nn_head = (uint8_t)((s->nn_head + 1u) % (uint32_t)SCL_NN_LONG);
            s->nn_count = (uint8_t)(s->nn_count + ((s->nn_count < (uint32_t)SCL_NN_LONG) ? 1u : 0u));
        }
    }
    if (alike) {
        const int64_t change = scl_quotient((int64_t)2 * SCL_ONE * difference, median);
        s->change[s->alike_head] = (uint16_t)((change < LARGEST_CHANGE) ? change : LARGEST_CHANGE);
        s->p_correlation[s->alike_head] = (int16_t)p_correlation;
        s->erratic[s->alike_head] = is_erratic(s, rr, median);
        s->alike_head = (uint8_t)((s->alike_head + 1u) % (uint32_t)SCL_LOOK_ALIKES);
        s->alike_count = (uint8_t)(s->alike_count + ((s->alike_count < (uint32_t)SCL_LOOK_ALIKES) ? 1u : 0u));
    }
    s->previous[2] = s->previous[1];
    s->previous[1] = s->previous[0];
    s->previous[0] = rr;
    s->alike = alike;
}

scl_irregularity scl_rr_series_irregularity(const scl_rr_series *s)
{
    scl_irregularity mean = {0, SCL_ONE / 2, 0, 0};
    const int32_t count = (int32_t)s->alike_count;
    int32_t irregular = 0;
    int32_t p_correlation = 0;
    int32_t change = 0;
    int32_t erratic = 0;
    for (uint32_t i = 0; i < s->alike_count; i++) {
        irregular += (s->change[i] >= IRREGULAR) ? SCL_ONE : 0;
        p_correlation += s->p_correlation[i];
        change += 4 * (int32_t)s->change[i];
        erratic += s->erratic[i] ? SCL_ONE : 0;
    }
    if (count > 0) {
        mean.irregular = (int32_t)scl_quotient(irregular, count);
        mean.p_correlation = (int32_t)scl_quotient(p_correlation, count);
        mean.change = (int32_t)scl_quotient(change, count);
        mean.erratic = (int32_t)scl_quotient(erratic, count);
    }
    return mean;
}
