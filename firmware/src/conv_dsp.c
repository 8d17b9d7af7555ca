/* Convolution with two products an instruction. Four windows at a time are widened to 16 bits, once for all output channels; a word of
 * weights is then widened once for four windows. */
#include "dsp.h"
#include "fixed_point.h"
#include "kernels.h"
#include "target.h"

#if SCL_USE_DSP

enum { WINDOWS = 4, GROUP = 8 * WINDOWS }; /* bytes of scratch for 4 inputs: for each window a word even, a word odd */

/* Where input i of a window lies among its 16-bit halves: even and odd words take turns. */
static void put(int8_t *x, int32_t i, int32_t value)
{
    const int16_t half = (int16_t)value;
    __builtin_memcpy(x + (i >> 2) * GROUP + ((i & 1) << 2) + (i & 2), &half, sizeof half);
}

/* The window of output t without its zero point. Padding is zero, and so is what fills the last group: the weights there are the next
 * row's. */
static void widen(const scl_op *op, const int8_t *in, int32_t t, int8_t *x)
{
    const int32_t channels = op->in_channels, zero_point = op->in_zero_point;
    const int32_t start = (t * op->stride - op->pad_left) * channels;
    const int32_t n = op->kernel * channels, samples = op->in_length * channels;
    int32_t i = 0;
    if (start >= 0 && start + n <= samples) {
        const uint32_t zero_points = ((uint32_t)zero_point & 0xFFFFu) | (uint32_t)zero_point << 16;
        const int8_t *from = in + start;
        int8_t *to = x;
        for (; i + 4 <= n; i += 4, from += 4, to += GROUP) {
            const uint32_t bytes = scl_load4(from);
            scl_store_aligned(to, scl_ssub16(scl_even(bytes), zero_points));
            scl_store_aligned(to + 4, scl_ssub16(scl_odd(bytes), zero_points));
        }
    }
    for (; i < n; i++) {
        const int32_t at = start + i;
        put(x, i, at >= 0 && at < samples ? in[at] - zero_point : 0);
    }
    for (; i & 3; i++) {
        put(x, i, 0);
    }
}

/* scl_requantize, for an accumulator that may be doubled and a right shift: the first rounding is the product's own; the second is half
 * away from zero, by adding half and, to what is negative, minus 1. The zero point is added before the shift. */
typedef struct {
    int32_t doubled_bias;
    int32_t multiplier;
    int32_t half; /* and the zero point */
    int32_t right;
} scale;

static inline scale scale_of(const scl_op *op, int32_t channel, int32_t centre)
{
    const int32_t right = -op->shift[channel];
    return (scale){2 * op->bias[channel], op->multiplier[channel], (centre * (1 << right)) >> 1, right};
}

static inline int8_t scaled(int32_t sum, scale s)
{
    const int32_t x = scl_smmulr(scl_add_doubled(s.doubled_bias, sum), s.multiplier);
    return scl_saturate((x + (x >> 31) + s.half) >> s.right);
}

/* An activation that ends short of int8's own limits, once the sample is there. */
static void clamp(const scl_op *op, int8_t *out)
{
    if (op->act_min > INT8_MIN || op->act_max < INT8_MAX) {
        for (int32_t i = 0; i < op->out_channels; i++) {
            out[i] = (int8_t)scl_clamp(out[i], op->act_min, op->act_max);
        }
    }
}

/* A single window, as in a fully connected layer. */
static void dense(const scl_op *op, const int8_t *x, int32_t row, int8_t *out)
{
    const int32_t centre = 2 * op->out_zero_point + 1;
    const int8_t *w = op->weights;
    for (int32_t channel = 0; channel < op->out_channels; channel++, w += row) {
        const int8_t *group = x;
        int32_t sum = 0;
        for (int32_t i = 0; i < row; i += 4, group += GROUP) {
            const uint32_t bytes = scl_load4(w + i);
            sum = scl_smlad(scl_load_aligned(group), scl_even(bytes), sum);
            sum = scl_smlad(scl_load_aligned(group + 4), scl_odd(bytes), sum);
        }
        out[channel] = scaled(sum, scale_of(op, channel, centre));
    }
    clamp(op, out);
}

void scl_conv_dsp(const scl_op *op, const int8_t *in, int8_t *out, int8_t *scratch)
{
    const int32_t row = op->kernel * op->in_channels, padded = (row + 3) & ~3;
    if (op->out_length == 1) {
        widen(op, in, 0, scratch);
        dense(op, scratch, row, out);
        return;
    }
    const int32_t centre = 2 * op->out_zero_point + 1;
    for (int32_t t = 0; t < op->out_length; t += WINDOWS) {
        /* What lies behind the last window is the last one again, written to the same place. */
        const int32_t last = op->out_length - 1 - t;
        int32_t at[WINDOWS];
        for (int32_t i = 0; i < WINDOWS; i++) {
            const int32_t window = i < last ? i : last;
            widen(op, in, t + window, scratch + 8 * i);
            at[i] = window * op->out_channels;
        }
        const int8_t *w = op->weights;
        for (int32_t channel = 0; channel < op->out_channels; channel++, w += row) {
            int32_t sums[WINDOWS];
            scl_dot_4(scratch, w, padded, sums);
            const scale s = scale_of(op, channel, centre);
            int8_t *const to = out + channel;
            to[0] = scaled(sums[0], s);
            to[at[1]] = scaled(sums[1], s);
            to[at[2]] = scaled(sums[2], s);
            to[at[3]] = scaled(sums[3], s);
        }
        for (int32_t i = 0; i < WINDOWS && i <= last; i++, out += op->out_channels) {
            clamp(op, out);
        }
    }
}

#endif
