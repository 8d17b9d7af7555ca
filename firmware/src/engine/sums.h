/* Sums over time: of four neighbouring channels at once, with what the core has for it. */
#ifndef SCL_SUMS_H
#define SCL_SUMS_H

#include "dsp.h"
#include "target.h"

#if SCL_USE_MVE
#include <arm_mve.h>
#endif

static inline int32_t scl_sum_of_column(const int8_t *x, int32_t step, int32_t count)
{
    int32_t sum = 0;
    for (int32_t k = 0; k < count; k++, x += step) {
        sum += *x;
    }
    return sum;
}

#if SCL_USE_MVE

static inline void scl_sums_of_four(const int8_t *x, int32_t step, int32_t count, int32_t sums[4])
{
    int32x4_t total = vdupq_n_s32(0);
    for (int32_t k = 0; k < count; k++, x += step) {
        total = vaddq_s32(total, vldrbq_s32(x));
    }
    vst1q_s32(sums, total);
}

#elif SCL_USE_DSP

enum { SCL_HALF_SUMMANDS = 256 }; /* values of int8 whose sum fits into 16 bits */

/* Two channels in the halves of each of two words. */
static inline void scl_sums_of_four(const int8_t *x, int32_t step, int32_t count, int32_t sums[4])
{
    sums[0] = 0;
    sums[1] = 0;
    sums[2] = 0;
    sums[3] = 0;
    for (int32_t left = count; left > 0; left -= SCL_HALF_SUMMANDS) {
        uint32_t even = 0, odd = 0;
        for (int32_t k = left < SCL_HALF_SUMMANDS ? left : SCL_HALF_SUMMANDS; k > 0; k--, x += step) {
            const uint32_t bytes = scl_load4(x);
            even = scl_add_even(even, bytes);
            odd = scl_add_odd(odd, bytes);
        }
        sums[0] += scl_low(even);
        sums[1] += scl_low(odd);
        sums[2] += scl_high(even);
        sums[3] += scl_high(odd);
    }
}

#else

static inline void scl_sums_of_four(const int8_t *x, int32_t step, int32_t count, int32_t sums[4])
{
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (int32_t k = 0; k < count; k++, x += step) {
        s0 += x[0];
        s1 += x[1];
        s2 += x[2];
        s3 += x[3];
    }
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
}

#endif

/* Of as many of the `left` channels that begin at x as are taken at once; returns how many those are. */
static inline int32_t scl_sums(const int8_t *x, int32_t step, int32_t count, int32_t left, int32_t sums[4])
{
    if (left >= 4) {
        scl_sums_of_four(x, step, count, sums);
    } else {
        sums[0] = scl_sum_of_column(x, step, count);
    }
    return (left >= 4) ? 4 : 1;
}

#endif
