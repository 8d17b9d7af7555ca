#include "rr_series.h"

#include "integer_math.h"

#define FEWEST_NN 4u
#define IRREGULAR 328u        /* Q12 */
#define LARGEST_CHANGE (SCL_ONE / 2)

void scl_rr_series_reset(scl_rr_series *s)
{
    s->previous = 0;
    s->alike = false;
    s->rr_count = 0;
    s->nn_count = 0;
    s->alike_count = 0;
    s->rr_head = 0;
    s->nn_head = 0;
    s->alike_head = 0;
}

/* A ring of `size` that holds `count`, the oldest first, to values (count). */
static void unrolled(const uint16_t *ring, uint32_t size, uint32_t head, uint32_t count, uint16_t *values)
{
    uint32_t at = (head + size - count) % size;
    for (uint32_t i = 0; i < count; i++) {
        values[i] = ring[at];
        at = (at + 1u) % size;
    }
}

scl_usual scl_rr_series_usual(const scl_rr_series *s, uint16_t rr)
{
    uint16_t values[SCL_NN_INTERVALS];
    uint16_t changes[SCL_NN_INTERVALS];
    uint32_t count = 1;
    scl_usual usual;
    if (s->nn_count >= FEWEST_NN) {
        count = s->nn_count;
        unrolled(s->nn, SCL_NN_INTERVALS, s->nn_head, count, values);
    } else if (s->rr_count > 0u) {
        count = s->rr_count;
        unrolled(s->rr, SCL_RR_INTERVALS, s->rr_head, count, values);
    } else {
        values[0] = rr;
    }
    for (uint32_t i = 1; i < count; i++) {
        changes[i - 1u] = (uint16_t)((values[i] > values[i - 1u]) ? (values[i] - values[i - 1u]) : (values[i - 1u] - values[i]));
    }
    usual.change = 0;
    if (count > 1u) {
        scl_sort(changes, count - 1u);
        usual.change = scl_twice_median(changes, count - 1u);
    }
    scl_sort(values, count);
    usual.median = scl_twice_median(values, count);
    usual.quantile = (int32_t)values[(9u * count) / 10u];
    return usual;
}

void scl_rr_series_add(scl_rr_series *s, uint16_t rr, int32_t median, bool alike, int32_t p_correlation)
{
    const bool first = s->previous == 0u;
    const int32_t difference = first ? 0 : ((int32_t)rr - (int32_t)s->previous);
    if (!first) {
        s->rr[s->rr_head] = rr;
        s->rr_head = (uint8_t)((s->rr_head + 1u) % (uint32_t)SCL_RR_INTERVALS);
        s->rr_count = (uint8_t)(s->rr_count + ((s->rr_count < (uint32_t)SCL_RR_INTERVALS) ? 1u : 0u));
        if (alike && s->alike) {
            s->nn[s->nn_head] = rr;
            s->nn_head = (uint8_t)((s->nn_head + 1u) % (uint32_t)SCL_NN_INTERVALS);
            s->nn_count = (uint8_t)(s->nn_count + ((s->nn_count < (uint32_t)SCL_NN_INTERVALS) ? 1u : 0u));
        }
    }
    if (alike) {
        const int64_t change = scl_quotient((int64_t)2 * SCL_ONE * ((difference < 0) ? -difference : difference), median);
        s->change[s->alike_head] = (uint16_t)((change < LARGEST_CHANGE) ? change : LARGEST_CHANGE);
        s->p_correlation[s->alike_head] = (int16_t)p_correlation;
        s->alike_head = (uint8_t)((s->alike_head + 1u) % (uint32_t)SCL_LOOK_ALIKES);
        s->alike_count = (uint8_t)(s->alike_count + ((s->alike_count < (uint32_t)SCL_LOOK_ALIKES) ? 1u : 0u));
    }
    s->previous = rr;
    s->alike = alike;
}

scl_irregularity scl_rr_series_irregularity(const scl_rr_series *s)
{
    scl_irregularity mean = {0, SCL_ONE / 2, 0};
    const int32_t count = (int32_t)s->alike_count;
    int32_t irregular = 0;
    int32_t p_correlation = 0;
    int32_t change = 0;
    for (uint32_t i = 0; i < s->alike_count; i++) {
        irregular += (s->change[i] >= IRREGULAR) ? SCL_ONE : 0;
        p_correlation += s->p_correlation[i];
        change += 4 * (int32_t)s->change[i];
    }
    if (count > 0) {
        mean.irregular = (int32_t)scl_quotient(irregular, count);
        mean.p_correlation = (int32_t)scl_quotient(p_correlation, count);
        mean.change = (int32_t)scl_quotient(change, count);
    }
    return mean;
}
