/* Convolution with two products an instruction. Four windows at a time are widened to 16 bits, once for all output channels; a word of
 * weights is then widened once for four windows. */
#include "dsp.h"
#include "kernels.h"
#include "narrow.h"
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
        const uint32_t minus = scl_pair(-zero_point);
        const int8_t *from = in + start;
        int8_t *to = x;
        for (; i + 4 <= n; i += 4, from += 4, to += GROUP) {
            const uint32_t bytes = scl_load4(from);
            scl_store_aligned(to, scl_add_even(minus, bytes));
            scl_store_aligned(to + 4, scl_add_odd(minus, bytes));
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

/* A single window, as in a fully connected layer. */
static void dense(const scl_op *op, const int8_t *x, int32_t row, int8_t *out)
{
    const int32_t centre = 2 * op->out_zero_point + 1;
    const int8_t *w = op->weights;
    for (int32_t channel = 0; channel < op->out_channels; channel++, w += row) {
        out[channel] = scl_scaled(scl_dot_1(x, w, row), scl_scale_of(op, channel, centre));
    }
    scl_clamp_row(op, out);
}

void scl_conv_narrow(const scl_op *op, int8_t *arena)
{
    const int8_t *in = arena + op->in_offset;
    int8_t *out = arena + op->out_offset, *scratch = arena + op->scratch_offset;
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
            const scl_scale s = scl_scale_of(op, channel, centre);
            int8_t *const to = out + channel;
            to[0] = scl_scaled(sums[0], s);
            to[at[1]] = scl_scaled(sums[1], s);
            to[at[2]] = scl_scaled(sums[2], s);
            to[at[3]] = scl_scaled(sums[3], s);
        }
        for (int32_t i = 0; i < WINDOWS && i <= last; i++, out += op->out_channels) {
            scl_clamp_row(op, out);
        }
    }
}

#endif
