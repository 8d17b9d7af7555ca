/* Softmax in fixed point, by TFLite's own approximations: numbers are int32, "Qm" has m integer bits and 31 - m fractional ones. With
 * Helium four exponentials at a time. */
#include "fixed_point.h"
#include "kernels.h"
#include "target.h"

#if SCL_USE_MVE
#include <arm_mve.h>
#endif

enum { DIFFERENCE_BITS = 5, SUM_BITS = 12, QUARTER = 1 << (31 - DIFFERENCE_BITS - 2), LANES = SCL_USE_MVE ? 4 : 1 };

/* exp(-2^(i - 2)), Q0. */
static const int32_t exp_of_powers[] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};

static int32_t shifted_left(int32_t x, int bits)
{
    const int64_t wide = (int64_t)x * (INT64_C(1) << bits);
    return (int32_t)(wide > INT32_MAX ? INT32_MAX : wide < INT32_MIN ? INT32_MIN : wide);
}

#if SCL_USE_MVE

typedef int32x4_t values;

/* round(a * b / 2^31), as scl_multiply_high. */
static inline values product_high(values a, values b)
{
    return vqrdmulhq_s32(a, b);
}

/* scl_divide_by_power, exponent 1 at least. */
static inline values divided(values x, int32_t exponent)
{
    return vrshlq_s32(vaddq_s32(x, vshrq_n_s32(x, 31)), vdupq_n_s32(-exponent));
}

/* As exp_of_fraction below. */
static inline values exponentials_of(values a)
{
    const values at_eighth = vdupq_n_s32(1895147668), third = vdupq_n_s32(715827883);
    const values x = vaddq_n_s32(a, 1 << 28);
    const values x2 = product_high(x, x), x3 = product_high(x2, x), x4 = product_high(x2, x2);
    const values high = vaddq_s32(product_high(vaddq_s32(divided(x4, 2), x3), third), x2);
    return vaddq_s32(at_eighth, product_high(at_eighth, vaddq_s32(x, divided(high, 1))));
}

/* Of four inputs: exp(x - largest), Q0; 0 where it is too small to count, and behind the last one. */
static inline values exponentials(const scl_op *op, const int8_t *in, int32_t largest, int32_t left)
{
    const mve_pred16_t inside = vctp32q((uint32_t)left);
    const values difference = vsubq_n_s32(vldrbq_z_s32(in, inside), largest);
    const values a = vqrdmulhq_n_s32(vshlq_r_s32(difference, op->shift[0]), op->multiplier[0]);
    const values fraction = vsubq_n_s32(vandq_s32(a, vdupq_n_s32(QUARTER - 1)), QUARTER);
    const values quarters = vsubq_s32(fraction, a), none = vdupq_n_s32(0); /* times QUARTER */
    values result = exponentials_of(vshlq_n_s32(fraction, DIFFERENCE_BITS));
    for (int32_t i = 0; i < 7; i++) {
        const mve_pred16_t set = vcmpneq_s32(vandq_s32(quarters, vdupq_n_s32(QUARTER << i)), none); /* gcc 12 fails on a scalar 0 */
        result = vqrdmulhq_m_n_s32(result, result, exp_of_powers[i], set);
    }
    result = vdupq_m_n_s32(result, INT32_MAX, vcmpeqq_n_s32(a, 0));
    return vpselq_s32(result, none, vcmpgeq_m_n_s32(difference, op->bias[0], inside));
}

static inline int32_t added_up(values terms)
{
    return vaddvq_s32(divided(terms, SUM_BITS));
}

/* Shares of the sum, as int8 of scale 1/256. */
static inline void put_shares(values terms, int32_t scale, int32_t exponent, int8_t *out, int32_t left)
{
    const values shares = divided(vqrdmulhq_n_s32(terms, scale), exponent);
    const values shifted = vminq_s32(vaddq_n_s32(shares, INT8_MIN), vdupq_n_s32(INT8_MAX));
    vstrbq_p_s32(out, shifted, vctp32q((uint32_t)left));
}

#else

typedef int32_t values;

/* exp(a) for a in [-1/4, 0), Q0: Taylor's series of order 4 around -1/8. */
static int32_t exp_of_fraction(int32_t a)
{
    const int32_t at_eighth = 1895147668, third = 715827883;
    const int32_t x = a + (1 << 28);
    const int32_t x2 = scl_multiply_high(x, x), x3 = scl_multiply_high(x2, x), x4 = scl_multiply_high(x2, x2);
    const int32_t high = scl_multiply_high(scl_divide_by_power(x4, 2) + x3, third) + x2;
    return at_eighth + scl_multiply_high(at_eighth, x + scl_divide_by_power(high, 1));
}

/* exp(a) for a <= 0 in Q5, as Q0: what is left of whole quarters, times the exponentials of the powers of two in those. */
static int32_t exp_of_negative(int32_t a)
{
    if (a == 0) {
        return INT32_MAX;
    }
    const int32_t fraction = (a & (QUARTER - 1)) - QUARTER;
    const int32_t quarters = (fraction - a) / QUARTER;
    int32_t result = exp_of_fraction(shifted_left(fraction, DIFFERENCE_BITS));
    for (int i = 0; i < 7; i++) {
        if ((quarters >> i & 1) != 0) {
            result = scl_multiply_high(result, exp_of_powers[i]);
        }
    }
    return result;
}

/* exp(x - largest), Q0; 0 where it is too small to count. */
static values exponentials(const scl_op *op, const int8_t *in, int32_t largest, int32_t left)
{
    const int32_t difference = *in - largest;
    (void)left;
    if (difference < op->bias[0]) {
        return 0;
    }
    return exp_of_negative(scl_multiply_high((int32_t)((uint32_t)difference << op->shift[0]), op->multiplier[0]));
}

static inline int32_t added_up(values exponential)
{
    return scl_divide_by_power(exponential, SUM_BITS);
}

/* Its share of the sum, as int8 of scale 1/256. */
static inline void put_shares(values exponential, int32_t scale, int32_t exponent, int8_t *out, int32_t left)
{
    const int32_t share = scl_divide_by_power(scl_multiply_high(scale, exponential), exponent);
    (void)left;
    *out = (int8_t)scl_clamp(share + INT8_MIN, INT8_MIN, INT8_MAX);
}

#endif

/* 1 / (1 + x) for x in [0, 1), Q0: Newton's method on half the denominator, three times. */
static int32_t reciprocal_of_one_plus(int32_t x)
{
    const int32_t half = (int32_t)(((int64_t)x + INT32_MAX + 1) / 2);
    int32_t guess = 1515870810 + scl_multiply_high(half, -1010580540); /* 48 / 17 - 32 / 17 * half, Q2 */
    for (int i = 0; i < 3; i++) {
        const int32_t rest = (1 << 29) - scl_multiply_high(half, guess);
        guess += shifted_left(scl_multiply_high(guess, rest), 2);
    }
    return shifted_left(guess, 1);
}

static int32_t leading_zeros(int32_t x)
{
    int32_t zeros = 0;
    for (; x > 0; x <<= 1) {
        zeros++;
        if ((x & (1 << 30)) != 0) {
            return zeros;
        }
    }
    return zeros;
}

static void one_sample(const scl_op *op, const int8_t *in, int8_t *out)
{
    const int32_t channels = op->in_channels;
    int32_t largest = INT8_MIN, sum = 0;
    for (int32_t c = 0; c < channels; c++) {
        largest = in[c] > largest ? in[c] : largest;
    }
    for (int32_t c = 0; c < channels; c += LANES) {
        sum += added_up(exponentials(op, &in[c], largest, channels - c));
    }
    const int32_t zeros = leading_zeros(sum);
    const int32_t scale = reciprocal_of_one_plus((int32_t)(((uint32_t)sum << zeros) - (UINT32_C(1) << 31)));
    for (int32_t c = 0; c < channels; c += LANES) {
        put_shares(exponentials(op, &in[c], largest, channels - c), scale, SUM_BITS - zeros + 31 - 8, &out[c], channels - c);
    }
}

void scl_softmax(const scl_op *op, int8_t *arena)
{
    for (int32_t t = 0; t < op->in_length; t++) {
        one_sample(op, arena + op->in_offset + t * op->in_channels, arena + op->out_offset + t * op->in_channels);
    }
}
