#include "beat_shape.h"

#include "integer_math.h"

#define FURTHEST 6u           /* samples by which a QRS is moved to find its template */

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

static int32_t slope_at(const int32_t *a)
{
    return (a[1] > a[0]) ? (a[1] - a[0]) : (a[0] - a[1]);
}

int32_t scl_steepest(const int32_t *a, uint32_t count)
{
    int32_t largest = 0;
    for (uint32_t i = 0; (i + 1u) < count; i++) {
        largest = (slope_at(&a[i]) > largest) ? slope_at(&a[i]) : largest;
    }
    return largest;
}

int32_t scl_steep(const int32_t *a, uint32_t count, int32_t hundredths)
{
    const int64_t least = (int64_t)hundredths * scl_steepest(a, count);
    int32_t steep = 0;
    for (uint32_t i = 0; (i + 1u) < count; i++) {
        steep += ((100 * (int64_t)slope_at(&a[i])) > least) ? 1 : 0;
    }
    return steep;
}

int32_t scl_best_correlation(const int32_t *cut, const int32_t *usual)
{
    int32_t best = -SCL_ONE;
    for (uint32_t first = (uint32_t)SCL_QRS_FIRST - FURTHEST; first <= ((uint32_t)SCL_QRS_FIRST + FURTHEST); first += 2u) {
        const int32_t r = scl_correlation(&cut[first], &usual[SCL_QRS_FIRST], SCL_QRS);
        best = (r > best) ? r : best;
    }
    return best;
}

static int32_t total_of(const int32_t *a, uint32_t count)
{
    int32_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        total += a[i];
    }
    return total;
}

int32_t scl_level(const int32_t *cut)
{
    return (SCL_BASE * total_of(&cut[SCL_ST_FIRST], SCL_ST)) - (SCL_ST * total_of(&cut[SCL_BASE_FIRST], SCL_BASE));
}
