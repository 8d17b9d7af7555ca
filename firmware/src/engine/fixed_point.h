/* TensorFlow Lite's requantization: an int32 accumulator times a real scale, in integers only.
 *
 * The scale is multiplier * 2^(shift - 31) with multiplier in [2^30, 2^31), or 0. The product is rounded twice, as TFLite Micro's
 * reference kernels do: to Q31 (half up), then by the right shift (half away from zero). Single rounding differs at negative ties.
 * Right shifts of negative numbers are taken to be arithmetic, which C99 leaves to the compiler: gcc and clang say so. */
#ifndef SCL_FIXED_POINT_H
#define SCL_FIXED_POINT_H

#include <stdint.h>

/* round(a * b / 2^31), b >= 0. */
static inline int32_t scl_multiply_high(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b + (INT64_C(1) << 30)) >> 31);
}

/* round(x / 2^exponent), exponent 0..31. */
static inline int32_t scl_divide_by_power(int32_t x, int exponent)
{
    const int32_t mask = (int32_t)((UINT32_C(1) << exponent) - 1);
    const int32_t remainder = x & mask;
    const int32_t threshold = (mask >> 1) + (x < 0);
    return (x >> exponent) + (remainder > threshold);
}

/* x * multiplier * 2^(shift - 31), rounded. A left shift that overflows wraps. */
static inline int32_t scl_requantize(int32_t x, int32_t multiplier, int shift)
{
    const int left = shift > 0 ? shift : 0;
    return scl_divide_by_power(scl_multiply_high((int32_t)((uint32_t)x << left), multiplier), left - shift);
}

static inline int32_t scl_clamp(int32_t x, int32_t low, int32_t high)
{
    return x < low ? low : x > high ? high : x;
}

#endif
