/* Convolution with Helium: 16 products an instruction. The samples under some windows are copied to the scratch with their padding, as
 * zero points. Four output channels at a time then go over those windows, two rows of weights against three windows: their sums of products
 * wait on the stack until the four channels are requantized at once. The input's zero point comes off by the sum of the weights. */
#include "kernels.h"
#include "narrow.h"
#include "target.h"

#if SCL_USE_MVE

#include <arm_mve.h>

/* Windows that are copied at once: the scratch holds as many for most kernels, and the sums of each take 16 bytes of stack. */
enum { WINDOWS = 12, CHANNELS = 4 };

/* Compilers know no loop that ends within a vector, so these are by hand. Sums are added to registers of even number only. */

static void copy(int8_t *to, const int8_t *from, int32_t n)
{
    register int32_t left __asm("lr") = n;
    __asm volatile("wlstp.8 lr, lr, 2f\n"
                   "1:\n\t"
                   "vldrb.8 q0, [%[from]], #16\n\t"
                   "vstrb.8 q0, [%[to]], #16\n\t"
                   "letp lr, 1b\n"
                   "2:"
                   : [to] "+r"(to), [from] "+r"(from), "+r"(left)
                   :
                   : "q0", "memory");
}

static void fill(int8_t *to, int8_t value, int32_t n)
{
    for (; n > 0; n -= 16, to += 16) {
        vstrbq_p_s8(to, vdupq_n_s8(value), vctp8q((uint32_t)n));
    }
}

/* Samples [first, first + count) of the input; zero points where there are none, be it nowhere. */
static void gather(const scl_op *op, const int8_t *in, int32_t first, int32_t count, int8_t *to)
{
    const int32_t channels = op->in_channels;
    const int32_t begin = scl_clamp(-first, 0, count), end = scl_clamp(op->in_length - first, begin, count);
    fill(to, (int8_t)op->in_zero_point, begin * channels);
    copy(to + begin * channels, in + (first + begin) * channels, (end - begin) * channels);
    fill(to + end * channels, (int8_t)op->in_zero_point, (count - end) * channels);
}

/* Sums of two rows of weights: 5 instructions for 32. */
static inline void row_sums(const int8_t *w0, const int8_t *w1, int32_t row, int32_t sums[2])
{
    register int32_t s0 __asm("r0") = 0;
    register int32_t s1 __asm("r2") = 0;
    register int32_t left __asm("lr") = row;
    __asm volatile("dlstp.8 lr, lr\n"
                   "1:\n\t"
                   "vldrb.8 q0, [%[w0]], #16\n\t"
                   "vaddva.s8 %[s0], q0\n\t"
                   "vldrb.8 q1, [%[w1]], #16\n\t"
                   "vaddva.s8 %[s1], q1\n\t"
                   "letp lr, 1b"
                   : [w0] "+r"(w0), [w1] "+r"(w1), [s0] "+r"(s0), [s1] "+r"(s1), "+r"(left)
                   :
                   : "q0", "q1", "memory");
    sums[0] = s0;
    sums[1] = s1;
}

/* Two rows against three windows `step` bytes apart: 12 instructions for 96 products. Sums of one window are CHANNELS apart. */
static inline void three_windows(const int8_t *w0, const int8_t *w1, int32_t row, const int8_t *x0, int32_t step, int32_t *sums)
{
    /* All by name: the compiler finds no place for the pointers by itself if it is to save bytes. r7 may be a frame pointer, r9 the data. */
    register const int8_t *from0 __asm("r1") = w0;
    register const int8_t *from1 __asm("r3") = w1;
    register const int8_t *window0 __asm("r5") = x0;
    register const int8_t *window1 __asm("r12") = x0 + step;
    register const int8_t *window2 __asm("r11") = x0 + 2 * step;
    register int32_t s00 __asm("r0") = 0;
    register int32_t s10 __asm("r2") = 0;
    register int32_t s01 __asm("r4") = 0;
    register int32_t s11 __asm("r6") = 0;
    register int32_t s02 __asm("r8") = 0;
    register int32_t s12 __asm("r10") = 0;
    register int32_t left __asm("lr") = row;
    __asm volatile("dlstp.8 lr, lr\n"
                   "1:\n\t"
                   "vldrb.8 q0, [%[w0]], #16\n\t"
                   "vldrb.8 q2, [%[x0]], #16\n\t"
                   "vmladava.s8 %[s00], q0, q2\n\t"
                   "vldrb.8 q1, [%[w1]], #16\n\t"
                   "vmladava.s8 %[s10], q1, q2\n\t"
                   "vldrb.8 q3, [%[x1]], #16\n\t"
                   "vmladava.s8 %[s01], q0, q3\n\t"
                   "vldrb.8 q2, [%[x2]], #16\n\t"
                   "vmladava.s8 %[s11], q1, q3\n\t"
                   "vmladava.s8 %[s02], q0, q2\n\t"
                   "vmladava.s8 %[s12], q1, q2\n\t"
                   "letp lr, 1b"
                   : [w0] "+r"(from0), [w1] "+r"(from1), [x0] "+r"(window0), [x1] "+r"(window1), [x2] "+r"(window2),
                     [s00] "+r"(s00), [s10] "+r"(s10), [s01] "+r"(s01), [s11] "+r"(s11), [s02] "+r"(s02), [s12] "+r"(s12), "+r"(left)
                   :
                   : "q0", "q1", "q2", "q3", "memory");
    sums[0] = s00;
    sums[1] = s10;
    sums[CHANNELS] = s01;
    sums[CHANNELS + 1] = s11;
    sums[2 * CHANNELS] = s02;
    sums[2 * CHANNELS + 1] = s12;
}

/* Two rows against one window: 6 instructions for 32 products. */
static inline void one_window(const int8_t *w0, const int8_t *w1, int32_t row, const int8_t *x, int32_t *sums)
{
    register int32_t s0 __asm("r0") = 0;
    register int32_t s1 __asm("r2") = 0;
    register int32_t left __asm("lr") = row;
    __asm volatile("dlstp.8 lr, lr\n"
                   "1:\n\t"
                   "vldrb.8 q0, [%[w0]], #16\n\t"
                   "vldrb.8 q2, [%[x]], #16\n\t"
                   "vmladava.s8 %[s0], q0, q2\n\t"
                   "vldrb.8 q1, [%[w1]], #16\n\t"
                   "vmladava.s8 %[s1], q1, q2\n\t"
                   "letp lr, 1b"
                   : [w0] "+r"(w0), [w1] "+r"(w1), [x] "+r"(x), [s0] "+r"(s0), [s1] "+r"(s1), "+r"(left)
                   :
                   : "q0", "q1", "q2", "memory");
    sums[0] = s0;
    sums[1] = s1;
}

/* Two rows against one window, and their own sums: 8 instructions for 32 products. */
static inline void two_rows(const int8_t *w0, const int8_t *w1, int32_t row, const int8_t *x, int32_t *sums, int32_t *weights)
{
    register const int8_t *from0 __asm("r1") = w0;
    register const int8_t *from1 __asm("r3") = w1;
    register int32_t s0 __asm("r0") = 0;
    register int32_t s1 __asm("r2") = 0;
    register int32_t own0 __asm("r4") = 0;
    register int32_t own1 __asm("r6") = 0;
    register int32_t left __asm("lr") = row;
    __asm volatile("dlstp.8 lr, lr\n"
                   "1:\n\t"
                   "vldrb.8 q0, [%[w0]], #16\n\t"
                   "vaddva.s8 %[own0], q0\n\t"
                   "vldrb.8 q2, [%[x]], #16\n\t"
                   "vmladava.s8 %[s0], q0, q2\n\t"
                   "vldrb.8 q1, [%[w1]], #16\n\t"
                   "vmladava.s8 %[s1], q1, q2\n\t"
                   "vaddva.s8 %[own1], q1\n\t"
                   "letp lr, 1b"
                   : [w0] "+r"(from0), [w1] "+r"(from1), [x] "+r"(x), [s0] "+r"(s0), [s1] "+r"(s1), [own0] "+r"(own0), [own1] "+r"(own1),
                     "+r"(left)
                   :
                   : "q0", "q1", "q2", "memory");
    sums[0] = s0;
    sums[1] = s1;
    weights[0] = own0;
    weights[1] = own1;
}

/* A single window, as in a fully connected layer: each row of weights is read once. Rows behind the last one are the last one again. */
static void dense(const scl_op *op, const int8_t *x, int8_t *out)
{
    const int32_t row = op->kernel * op->in_channels, minus = -op->in_zero_point;
    const scl_channels all = scl_channels_of(op);
    const int8_t *w0 = op->weights;
    for (int32_t channel = 0, left = op->out_channels; left > 0; channel += CHANNELS, left -= CHANNELS) {
        const int8_t *const w1 = left > 1 ? w0 + row : w0, *const w2 = left > 2 ? w1 + row : w1, *const w3 = left > 3 ? w2 + row : w2;
        int32_t weights[CHANNELS], sums[CHANNELS];
        two_rows(w0, w1, row, x, sums, weights);
        two_rows(w2, w3, row, x, sums + 2, weights + 2);
        const mve_pred16_t inside = vctp32q((uint32_t)left);
        const int32x4_t multiplier = vldrwq_z_s32(all.multiplier + channel, inside), shift = vldrbq_z_s32(all.shift + channel, inside);
        const int32x4_t sum = vmlaq_n_s32(vaddq_s32(vld1q_s32(sums), vldrwq_z_s32(all.bias + channel, inside)), vld1q_s32(weights), minus);
        vstrbq_p_s32(out + channel, scl_scaled_four(sum, multiplier, shift, all), inside);
        w0 = w3 + row;
    }
}

/* Output channels [channel, channel + 4), or up to the last, of windows that lie in x one behind the other. Rows behind the last one are
 * the last one again, and their lanes are not stored. */
static void four_channels(const scl_op *op, const int8_t *x, int32_t channel, int32_t windows, int8_t *out)
{
    const int32_t row = op->kernel * op->in_channels, step = op->stride * op->in_channels, last = op->out_channels - 1 - channel;
    int32_t weights[CHANNELS], products[WINDOWS * CHANNELS];
    for (int32_t pair = 0; pair < CHANNELS; pair += 2) {
        const int8_t *const w0 = op->weights + (channel + (pair < last ? pair : last)) * row, *const w1 = pair < last ? w0 + row : w0;
        row_sums(w0, w1, row, weights + pair);
        int32_t *sums = products + pair, *const end = sums + windows * CHANNELS;
        const int8_t *from = x;
        for (; sums + 2 * CHANNELS < end; sums += 3 * CHANNELS, from += 3 * step) {
            three_windows(w0, w1, row, from, step, sums);
        }
        for (; sums < end; sums += CHANNELS, from += step) {
            one_window(w0, w1, row, from, sums);
        }
    }
    const mve_pred16_t inside = vctp32q((uint32_t)last + 1u);
    const scl_channels all = scl_channels_of(op);
    const int32x4_t multiplier = vldrwq_z_s32(all.multiplier + channel, inside), shift = vldrbq_z_s32(all.shift + channel, inside);
    const int32x4_t bias = vmlaq_n_s32(vldrwq_z_s32(all.bias + channel, inside), vld1q_s32(weights), -op->in_zero_point);
    const int32_t apart = op->out_channels;
    int8_t *to = out + channel;
    for (int32_t i = 0; i < windows; i++, to += apart) {
        vstrbq_p_s32(to, scl_scaled_four(vaddq_s32(vld1q_s32(products + CHANNELS * i), bias), multiplier, shift, all), inside);
    }
}

void scl_conv_narrow(const scl_op *op, int8_t *arena)
{
    const int8_t *in = arena + op->in_offset;
    int8_t *out = arena + op->out_offset, *scratch = arena + op->scratch_offset;
    const int32_t fitting = 7 * op->kernel / op->stride + 1, most = fitting < WINDOWS ? fitting : WINDOWS;
    for (int32_t t = 0; t < op->out_length; t += most) {
        const int32_t left = op->out_length - t, windows = left < most ? left : most;
        gather(op, in, t * op->stride - op->pad_left, (windows - 1) * op->stride + op->kernel, scratch);
        if (windows == 1) {
            dense(op, scratch, out);
        } else {
            for (int32_t channel = 0; channel < op->out_channels; channel += CHANNELS) {
                four_channels(op, scratch, channel, windows, out);
            }
        }
        out += windows * op->out_channels;
    }
}

#endif
