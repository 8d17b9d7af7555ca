/* Softmax in fixed point, by TFLite's own approximations: numbers are int32, "Qm" has m integer bits and 31 - m fractional ones. */
#include "fixed_point.h"
#include "kernels.h"

enum { DIFFERENCE_BITS = 5, SUM_BITS = 12, QUARTER = 1 << (31 - DIFFERENCE_BITS - 2) };

/* exp(-2^(i - 2)), Q0. */
static const int32_t exp_of_powers[] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};

static int32_t shifted_left(int32_t x, int bits)
{
    const int64_t wide = (int64_t)x * (INT64_C(1) << bits);
    return (int32_t)(wide > INT32_MAX ? INT32_MAX : wide < INT32_MIN ? INT32_MIN : wide);
}

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

/* exp(x - largest), Q0; 0 where it is too small to count. */
static int32_t exp_of_difference(const scl_op *op, int32_t difference)
{
    if (difference < op->bias[0]) {
        return 0;
    }
    return exp_of_negative(scl_multiply_high((int32_t)((uint32_t)difference << op->shift[0]), op->multiplier[0]));
}

static void one_sample(const scl_op *op, const int8_t *in, int8_t *out)
{
    int32_t largest = INT8_MIN, sum = 0;
    for (int32_t c = 0; c < op->in_channels; c++) {
        largest = in[c] > largest ? in[c] : largest;
    }
    for (int32_t c = 0; c < op->in_channels; c++) {
        sum += scl_divide_by_power(exp_of_difference(op, in[c] - largest), SUM_BITS);
    }
    const int32_t zeros = leading_zeros(sum);
    const int32_t scale = reciprocal_of_one_plus((int32_t)(((uint32_t)sum << zeros) - (UINT32_C(1) << 31)));
    for (int32_t c = 0; c < op->in_channels; c++) {
        const int32_t share = scl_multiply_high(scale, exp_of_difference(op, in[c] - largest));
        out[c] = (int8_t)scl_clamp(scl_divide_by_power(share, SUM_BITS - zeros + 31 - 8) + INT8_MIN, INT8_MIN, INT8_MAX);
    }
}

void scl_softmax(const scl_op *op, int8_t *arena)
{
    for (int32_t t = 0; t < op->in_length; t++) {
        one_sample(op, arena + op->in_offset + t * op->in_channels, arena + op->out_offset + t * op->in_channels);
    }
}
