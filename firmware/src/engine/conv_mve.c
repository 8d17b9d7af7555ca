/* Convolution with Helium: 16 products an instruction. The samples under four windows are copied to the scratch with their padding, as
 * zero points; 16 weights are then loaded once for four windows. The input's zero point comes off by the sum of the weights. */
#include "kernels.h"
#include "narrow.h"
#include "target.h"

#if SCL_USE_MVE

#include <arm_mve.h>

enum { WINDOWS = 4, VECTOR = 16 };

static void copy(int8_t *to, const int8_t *from, int32_t n)
{
    for (; n > 0; n -= VECTOR, to += VECTOR, from += VECTOR) {
        const mve_pred16_t inside = vctp8q((uint32_t)n);
        vstrbq_p_s8(to, vldrbq_z_s8(from, inside), inside);
    }
}

static void fill(int8_t *to, int8_t value, int32_t n)
{
    for (; n > 0; n -= VECTOR, to += VECTOR) {
        vstrbq_p_s8(to, vdupq_n_s8(value), vctp8q((uint32_t)n));
    }
}

/* Samples [first, first + count) of the input; zero points where there are none. */
static void gather(const scl_op *op, const int8_t *in, int32_t first, int32_t count, int8_t *to)
{
    const int32_t channels = op->in_channels;
    const int32_t begin = scl_clamp(first, 0, op->in_length), end = scl_clamp(first + count, 0, op->in_length);
    fill(to, (int8_t)op->in_zero_point, (begin - first) * channels);
    copy(to + (begin - first) * channels, in + begin * channels, (end - begin) * channels);
    fill(to + (end - first) * channels, (int8_t)op->in_zero_point, (first + count - end) * channels);
}

void scl_conv_narrow(const scl_op *op, int8_t *arena)
{
    const int8_t *in = arena + op->in_offset;
    int8_t *out = arena + op->out_offset, *scratch = arena + op->scratch_offset;
    const int32_t row = op->kernel * op->in_channels, step = op->stride * op->in_channels;
    const int32_t centre = 2 * op->out_zero_point + 1, channels = op->out_channels;
    for (int32_t t = 0; t < op->out_length; t += WINDOWS) {
        /* What lies behind the last window is the last one again, written to the same place. */
        const int32_t last = op->out_length - 1 - t;
        const int32_t second = last < 1 ? last : 1, third = last < 2 ? last : 2, fourth = last < 3 ? last : 3;
        gather(op, in, t * op->stride - op->pad_left, fourth * op->stride + op->kernel, scratch);
        const int8_t *w = op->weights;
        for (int32_t channel = 0; channel < channels; channel++) {
            const int8_t *x0 = scratch, *x1 = x0 + second * step, *x2 = x0 + third * step, *x3 = x0 + fourth * step;
            /* These instructions add to registers of even number only. */
            register int32_t weights __asm("r0") = 0;
            register int32_t s0 __asm("r2") = 0;
            register int32_t s1 __asm("r4") = 0;
            register int32_t s2 __asm("r6") = 0;
            register int32_t s3 __asm("r8") = 0;
            register int32_t left __asm("lr") = row;
            const int8_t *from = w;
            /* By hand, since the compiler knows no loop that ends within a vector: 11 instructions for 64 products. */
            __asm volatile("dlstp.8 lr, lr\n"
                           "1:\n\t"
                           "vldrb.8 q0, [%[w]], #16\n\t"
                           "vaddva.s8 %[weights], q0\n\t"
                           "vldrb.8 q1, [%[x0]], #16\n\t"
                           "vmladava.s8 %[s0], q0, q1\n\t"
                           "vldrb.8 q2, [%[x1]], #16\n\t"
                           "vmladava.s8 %[s1], q0, q2\n\t"
                           "vldrb.8 q1, [%[x2]], #16\n\t"
                           "vmladava.s8 %[s2], q0, q1\n\t"
                           "vldrb.8 q2, [%[x3]], #16\n\t"
                           "vmladava.s8 %[s3], q0, q2\n\t"
                           "letp lr, 1b"
                           : [w] "+r"(from), [x0] "+r"(x0), [x1] "+r"(x1), [x2] "+r"(x2), [x3] "+r"(x3), [weights] "+r"(weights),
                             [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), "+r"(left)
                           :
                           : "q0", "q1", "q2", "memory");
            w += row;
            const scl_scale scale = scl_scale_of(op, channel, centre);
            const int32_t offset = op->in_zero_point * weights;
            int8_t *const to = out + channel;
            to[0] = scl_scaled(s0 - offset, scale);
            to[second * channels] = scl_scaled(s1 - offset, scale);
            to[third * channels] = scl_scaled(s2 - offset, scale);
            to[fourth * channels] = scl_scaled(s3 - offset, scale);
        }
        for (int32_t i = 0; i <= fourth; i++, out += channels) {
            scl_clamp_row(op, out);
        }
    }
}

#endif
