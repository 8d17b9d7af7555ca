/* Convolution with two products an instruction. Four windows at a time are widened to 16 bits, once for all output channels; a word of
 * weights is then widened once for four windows. Of one or two windows that are left over, each meets four rows of weights at a time. */
#include "four_windows.h"
#include "kernels.h"
#include "narrow.h"
#include "target.h"
#include "widened.h"

#if SCL_USE_DSP

/* Word `at` of the input; zero points for what lies before the input or from `end` on. */
static uint32_t word_at(const int8_t *in, int32_t at, int32_t end, int32_t zero_point)
{
    uint32_t word = 0;
    for (int32_t i = 3; i >= 0; i--) {
        const int32_t value = at + i >= 0 && at + i < end ? in[at + i] : zero_point;
        word = word << 8 | ((uint32_t)value & 0xFFu);
    }
    return word;
}

/* The window of output t without its zero point; padding is zero, and so is what fills the last word. */
static void widen(const scl_op *op, const int8_t *in, int32_t t, int8_t *x)
{
    const int32_t channels = op->in_channels, zero_point = op->in_zero_point;
    const int32_t start = (t * op->stride - op->pad_left) * channels;
    const int32_t n = op->kernel * channels, samples = op->in_length * channels, tail = n & 3;
    const uint32_t minus = scl_pair(-zero_point);
    if (start >= 0 && start + ((n + 3) & ~3) <= samples) {
        int8_t *const to = scl_widen_words(in + start, n >> 2, minus, x);
        if (tail != 0) {
            const uint32_t bytes = scl_load4(in + start + n - tail);
            scl_store_aligned(to, scl_add_even(minus, bytes) & (tail == 3 ? 0xFFFFFFFFu : 0xFFFFu));
            scl_store_aligned(to + 4, tail == 1 ? 0 : scl_add_odd(minus, bytes) & 0xFFFFu);
        }
        return;
    }
    const int32_t end = start + n < samples ? start + n : samples;
    for (int32_t at = start; at < start + n; at += 4, x += SCL_GROUP) {
        const uint32_t bytes = at >= 0 && at + 4 <= end ? scl_load4(in + at) : word_at(in, at, end, zero_point);
        scl_store_aligned(x, scl_add_even(minus, bytes));
        scl_store_aligned(x + 4, scl_add_odd(minus, bytes));
    }
}

/* Three or four windows. */
static void four_windows(const scl_op *op, const int8_t *x, int32_t windows, int8_t *out)
{
    const int32_t row = op->kernel * op->in_channels;
    scl_four four = scl_four_of(scl_scales_of(op), op->out_channels, row, x, windows, out);
    scl_four_windows(&four, op->weights);
}

/* A single window, as in a fully connected layer. */
static void one_window(const scl_op *op, const int8_t *x, int8_t *out)
{
    const int32_t row = op->kernel * op->in_channels, channels = op->out_channels;
    const scl_scales scales = scl_scales_of(op);
    const int8_t *w = op->weights;
    int32_t channel = 0;
    for (; channel + 4 <= channels; channel += 4, w += 4 * row) {
        int32_t sums[4];
        scl_rows_4(x, w, row, sums);
        for (int32_t i = 0; i < 4; i++) {
            out[channel + i] = scl_scaled(sums[i], scl_scale_of(scales, channel + i));
        }
    }
    for (; channel < channels; channel++, w += row) {
        out[channel] = scl_scaled(scl_dot_1(x, w, row), scl_scale_of(scales, channel));
    }
}

void scl_conv_narrow(const scl_op *op, int8_t *arena)
{
    const int8_t *in = arena + op->in_offset;
    int8_t *out = arena + op->out_offset, *scratch = arena + op->scratch_offset;
    for (int32_t t = 0; t < op->out_length;) {
        const int32_t left = op->out_length - t, windows = left < 3 ? 1 : left < SCL_WINDOWS ? left : SCL_WINDOWS;
        for (int32_t i = 0; i < windows; i++, t++) {
            widen(op, in, t, scratch + 8 * i);
        }
        if (windows == 1) {
            one_window(op, scratch, out);
        } else {
            four_windows(op, scratch, windows, out);
        }
        for (int32_t i = 0; i < windows; i++, out += op->out_channels) {
            scl_clamp_row(op, out);
        }
    }
}

#endif
