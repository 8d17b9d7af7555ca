#include "beat_shape.h"

#include "integer_math.h"

scl_extremes scl_extremes_of(const int32_t *a, uint32_t count)
{
    scl_extremes e = {a[0], a[0]};
    for (uint32_t i = 1; i < count; i++) {
        e.high = (a[i] > e.high) ? a[i] : e.high;
        e.low = (a[i] < e.low) ? a[i] : e.low;
    }
    return e;
}

/* count * sum ab - sum a * sum b. */
static int64_t covariance(const int32_t *a, const int32_t *b, uint32_t count)
{
    int64_t products = 0;
    int64_t sum_a = 0;
    int64_t sum_b = 0;
    for (uint32_t i = 0; i < count; i++) {
        products += (int64_t)a[i] * b[i];
        sum_a += a[i];
        sum_b += b[i];
    }
    return ((int64_t)count * products) - (sum_a * sum_b);
}

uint32_t scl_spread(const int32_t *a, uint32_t count)
{
    return scl_isqrt64((uint64_t)covariance(a, a, count));
}

int32_t scl_correlation(const int32_t *a, const int32_t *b, uint32_t count)
{
    const int64_t scale = (int64_t)scl_spread(a, count) * (int64_t)scl_spread(b, count);
    int64_t r = 0;
    if (scale > 0) {
        r = scl_quotient(covariance(a, b, count) * SCL_ONE, scale);
        r = (r > SCL_ONE) ? SCL_ONE : r;
        r = (r < -SCL_ONE) ? -SCL_ONE : r;
    }
    return (int32_t)r;
}

int64_t scl_difference(const int32_t *a, const int32_t *b, uint32_t count)
{
    int64_t sum = 0;
    int64_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += (256 * (int64_t)a[i]) - b[i];
    }
    for (uint32_t i = 0; i < count; i++) {
        const int64_t d = ((int64_t)count * ((256 * (int64_t)a[i]) - b[i])) - sum;
        total += (d < 0) ? -d : d;
    }
    return total;
}

static int32_t step(const int32_t *a)
{
    return (a[1] > a[0]) ? (a[1] - a[0]) : (a[0] - a[1]);
}

int32_t scl_steep(const int32_t *a, uint32_t count)
{
    int32_t largest = 0;
    int32_t steep = 0;
    for (uint32_t i = 0; (i + 1u) < count; i++) {
        largest = (step(&a[i]) > largest) ? step(&a[i]) : largest;
    }
    for (uint32_t i = 0; (i + 1u) < count; i++) {
        steep += ((4 * step(&a[i])) > largest) ? 1 : 0;
    }
    return steep;
}
