/* Convolution for cores with neither the DSP extension nor Helium. Four windows at a time are paired in scratch, once for all output
 * channels (window_pairs.h). Inputs keep their zero point, without which they would take 9 bits: the sum of a row's weights times the zero
 * point is taken off in the end. So padding is the zero point, and so is what fills a row's last turn. */
#include "conv.h"
#include "kernels.h"
#include "narrow.h"
#include "target.h"
#include "window_pairs.h"

#if !SCL_USE_MVE && !SCL_USE_DSP

enum { WINDOWS = 4 };

static int32_t whole_turns(int32_t inputs)
{
    return (inputs + SCL_PAIR_TURN - 1) & ~(SCL_PAIR_TURN - 1);
}

static inline void store_pair(int8_t *to, int32_t low, int32_t high)
{
    scl_store_aligned(to, (uint32_t)low + ((uint32_t)high << 16));
}

/* The windows of outputs t and t + 1. */
static void pair_windows(const scl_op *op, const int8_t *in, int32_t t, int8_t *x)
{
    const int32_t channels = op->in_channels, zero_point = op->in_zero_point, n = op->kernel * channels, next = op->stride * channels;
    const int32_t start = (t * op->stride - op->pad_left) * channels, stop = start + n, samples = op->in_length * channels;
    const int32_t end = start + whole_turns(n);
    int32_t at = start;
    if (start >= 0 && stop + next <= samples) {
        for (; at < stop; at++, x += SCL_PAIR_BYTES) {
            store_pair(x, in[at], in[at + next]);
        }
    }
    for (; at < end; at++, x += SCL_PAIR_BYTES) {
        const int32_t low = at >= 0 && at < samples && at < stop ? in[at] : zero_point;
        const int32_t high = at + next >= 0 && at + next < samples && at < stop ? in[at + next] : zero_point;
        store_pair(x, low, high);
    }
}

/* Three or four windows in scratch x; a fourth that is not there is written where the third goes after it. */
static void all_channels(const scl_op *op, const int8_t *x, int32_t windows, int8_t *out)
{
    const int32_t row = op->kernel * op->in_channels, n = whole_turns(row), channels = op->out_channels, zero_point = op->in_zero_point;
    const int32_t lower = n / 2 * SCL_PAIR_LOWER, upper = n / 2 * SCL_PAIR_UPPER, fourth = (windows - 1) * channels;
    const scl_scales scales = scl_scales_of(op);
    const int8_t *w = op->weights;
    for (int32_t c = 0; c < channels; c++, w += row, out++) {
        const scl_pair_sums s = scl_pairs(x, w, n);
        const scl_scale scale = scl_scale_of(scales, c);
        const int32_t off = zero_point * s.weights;
        const int32_t sum0 = (int32_t)(s.word0 - ((uint32_t)s.upper0 << 16));
        const int32_t sum2 = (int32_t)(s.word1 - ((uint32_t)s.upper1 << 16));
        out[fourth] = scl_scaled(s.upper1 - upper - off, scale);
        out[2 * channels] = scl_scaled(sum2 - lower - off, scale);
        out[channels] = scl_scaled(s.upper0 - upper - off, scale);
        out[0] = scl_scaled(sum0 - lower - off, scale);
    }
}

/* As many outputs as there are groups of three or four; returns how many. Not inlined, so that its frame is gone when the rest follows. */
__attribute__((noinline)) static int32_t groups(const scl_op *op, int8_t *arena)
{
    const int8_t *const in = arena + op->in_offset;
    int8_t *out = arena + op->out_offset, *const scratch = arena + op->scratch_offset;
    int32_t t = 0;
    while (op->out_length - t >= WINDOWS - 1) {
        const int32_t left = op->out_length - t, windows = left < WINDOWS ? left : WINDOWS;
        pair_windows(op, in, t, scratch);
        pair_windows(op, in, t + 2, scratch + 4);
        all_channels(op, scratch, windows, out);
        t += windows;
        for (int32_t i = 0; i < windows; i++) {
            scl_clamp_row(op, out);
            out += op->out_channels;
        }
    }
    return t;
}

void scl_conv_narrow(const scl_op *op, int8_t *arena)
{
    scl_conv_from(op, arena, groups(op, arena));
}

#endif
