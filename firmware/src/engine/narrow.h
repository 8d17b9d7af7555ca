/* The short way from accumulators to int8, for layers whose numbers allow it (kernels.h: shifts of -22 to -1, biases within 2^29). */
#ifndef SCL_NARROW_H
#define SCL_NARROW_H

#include "dsp.h"
#include "fixed_point.h"
#include "network.h"
#include "target.h"

#if SCL_USE_MVE
#include <arm_mve.h>
#endif

/* scl_requantize, for an accumulator that may be doubled and a right shift: the first rounding is the product's own; the second is half
 * away from zero, by adding half and, to what is negative, minus 1. The zero point is added before the shift. An accumulator tells the sign
 * of its product, but where that is rounded to 0: half less 1 is still 0 then. */
typedef struct {
    int32_t doubled_bias;
    int32_t multiplier;
    int32_t half; /* and the zero point */
    int32_t right;
} scl_scale;

/* Where those of all channels lie. Copied from scl_op, since the compiler must take every store of a byte for one into that. */
typedef struct {
    const int32_t *bias;
    const int32_t *multiplier;
    const int8_t *shift;
    int32_t centre; /* twice the output's zero point, and 1 */
} scl_scales;

static inline scl_scales scl_scales_of(const scl_op *op)
{
    return (scl_scales){op->bias, op->multiplier, op->shift, 2 * op->out_zero_point + 1};
}

static inline scl_scale scl_scale_of(scl_scales of, int32_t channel)
{
    const int32_t right = -of.shift[channel];
    return (scl_scale){2 * of.bias[channel], of.multiplier[channel], (of.centre * (1 << right)) >> 1, right};
}

static inline int8_t scl_scaled(int32_t sum, scl_scale s)
{
    const int32_t doubled = scl_add_doubled(s.doubled_bias, sum);
    return scl_saturate((scl_smmlar(doubled, s.multiplier, s.half) + (doubled >> 31)) >> s.right);
}

#if SCL_USE_MVE

/* The same for four channels at once. Of all channels: where their numbers lie, and what they share. */
typedef struct {
    const int32_t *bias;
    const int32_t *multiplier;
    const int8_t *shift;
    int32x4_t least;
    int32x4_t most;
    int32_t zero_point;
} scl_channels;

static inline scl_channels scl_channels_of(const scl_op *op)
{
    return (scl_channels){op->bias, op->multiplier, op->shift, vdupq_n_s32(op->act_min), vdupq_n_s32(op->act_max), op->out_zero_point};
}

/* The rounding shift takes half up; what is negative is made smaller by 1 before, so that its half goes away from zero. */
static inline int32x4_t scl_scaled_four(int32x4_t sums, int32x4_t multiplier, int32x4_t shift, scl_channels all)
{
    const int32x4_t high = vqrdmulhq_s32(sums, multiplier);
    const int32x4_t scaled = vrshlq_s32(vaddq_s32(high, vshrq_n_s32(high, 31)), shift);
    return vminq_s32(vmaxq_s32(vaddq_n_s32(scaled, all.zero_point), all.least), all.most);
}

/* scl_requantize of four numbers, for any shift. What is negative is made smaller by 1 before a shift to the right alone. */
static inline int32x4_t scl_requantized_four(int32x4_t x, int32_t multiplier, int32_t shift)
{
    const int32_t left = shift > 0 ? shift : 0;
    const int32x4_t right = vdupq_n_s32(shift - left), high = vqrdmulhq_n_s32(vshlq_r_s32(x, left), multiplier);
    return vrshlq_s32(vqaddq_s32(high, vshrq_n_s32(vandq_s32(high, right), 31)), right);
}

#endif

/* An activation that ends short of int8's own limits, once the sample is there. */
static inline void scl_clamp_row(const scl_op *op, int8_t *out)
{
    if (op->act_min > INT8_MIN || op->act_max < INT8_MAX) {
        for (int32_t i = 0; i < op->out_channels; i++) {
            out[i] = (int8_t)scl_clamp(out[i], op->act_min, op->act_max);
        }
    }
}

#endif
