/* Depthwise convolution. Narrow, it takes four neighbouring channels at a time. */
#include "dsp.h"
#include "fixed_point.h"
#include "kernels.h"
#include "narrow.h"
#include "span.h"
#include "target.h"

void scl_depthwise(const scl_op *op, int8_t *arena)
{
    const int32_t channels = op->in_channels, multiplicity = op->out_channels / channels, step = op->dilation * channels;
    int8_t *out = arena + op->out_offset;
    for (int32_t t = 0; t < op->out_length; t++) {
        const scl_span s = scl_span_at(op, t);
        for (int32_t o = 0; o < op->out_channels; o++) {
            const int8_t *x = arena + op->in_offset + s.sample * channels + o / multiplicity;
            const int8_t *w = op->weights + s.first * op->out_channels + o;
            int32_t sum = op->bias[o];
            for (int32_t k = 0; k < s.count; k++, x += step, w += op->out_channels) {
                sum += (*x - op->in_zero_point) * *w;
            }
            const int32_t scaled = scl_requantize(sum, op->multiplier[o], op->shift[o]);
            *out++ = (int8_t)scl_clamp(scaled + op->out_zero_point, op->act_min, op->act_max);
        }
    }
}

#if SCL_USE_MVE

/* Factors are loaded anew for each output. What no output changes is copied, since the compiler must take every store of a byte for one into
 * *op. */
void scl_depthwise_narrow(const scl_op *op, int8_t *arena)
{
    const int32_t channels = op->out_channels, length = op->out_length, zero_point = op->in_zero_point;
    const int8_t *const in = arena + op->in_offset, *const weights = op->weights;
    const scl_channels all = scl_channels_of(op);
    int8_t *to = arena + op->out_offset;
    for (int32_t t = 0; t < length; t++) {
        const scl_span s = scl_span_at(op, t);
        for (int32_t c = 0; c < channels; c += 4, to += 4) {
            const int8_t *x = in + s.sample * channels + c, *w = weights + s.first * channels + c;
            int32x4_t sum = vld1q_s32(all.bias + c);
            for (int32_t k = s.count; k > 0; k--, x += channels, w += channels) {
                sum = vaddq_s32(sum, vmulq_s32(vsubq_n_s32(vldrbq_s32(x), zero_point), vldrbq_s32(w)));
            }
            vstrbq_s32(to, scl_scaled_four(sum, vld1q_s32(all.multiplier + c), vldrbq_s32(all.shift + c), all));
        }
    }
}

#else

/* Where the outputs of one sample go, and the scales of the channels that come next. */
typedef struct {
    int8_t *to;
    const int8_t *scales;
} place;

/* Four channels of one output: w are the first tap's weights, unless there is none, and its sample lies `apart` bytes behind them. By
 * hand, so that one register walks along both and a channel's four numbers are loaded at once: 13 instructions for 4 products, 7 for an
 * output. */
static inline place four_channels(const int8_t *w, intptr_t apart, int32_t row, const int8_t *end, uint32_t minus, place at)
{
    int8_t *to = at.to;
    const int8_t *scales = at.scales;
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
#ifdef SCL_ASSEMBLY
    __asm volatile("cmp %[w], %[end]\n\t"
                   "bcs 2f\n"
                   "1:\n\t"
                   "ldr r8, [%[w]]\n\t"
                   "ldr r9, [%[w], %[apart]]\n\t"
                   "sxtb16 r10, r8\n\t"
                   "sxtb16 r8, r8, ror #8\n\t"
                   "sxtab16 r11, %[minus], r9\n\t"
                   "sxtab16 r9, %[minus], r9, ror #8\n\t"
                   "add %[w], %[w], %[row]\n\t"
                   "smlabb %[s0], r11, r10, %[s0]\n\t"
                   "smlatt %[s2], r11, r10, %[s2]\n\t"
                   "smlabb %[s1], r9, r8, %[s1]\n\t"
                   "smlatt %[s3], r9, r8, %[s3]\n\t"
                   "cmp %[w], %[end]\n\t"
                   "bcc 1b\n"
                   "2:"
                   : [w] "+r"(w), [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3)
                   : [apart] "r"(apart), [row] "r"(row), [end] "r"(end), [minus] "r"(minus)
                   : "r8", "r9", "r10", "r11", "cc", "memory");
#define SCL_ONE_OUTPUT(sum)                   \
    "ldmia %[scales]!, {r8, r9, r10, r11}\n\t" \
    "add r8, r8, " sum ", lsl #1\n\t"         \
    "smmlar r9, r8, r9, r10\n\t"              \
    "add r8, r9, r8, asr #31\n\t"             \
    "asr r8, r8, r11\n\t"                     \
    "ssat r8, #8, r8\n\t"                     \
    "strb r8, [%[to]], #1\n\t"
    __asm volatile(SCL_ONE_OUTPUT("%[s0]") SCL_ONE_OUTPUT("%[s1]") SCL_ONE_OUTPUT("%[s2]") SCL_ONE_OUTPUT("%[s3]")
                   : [scales] "+r"(scales), [to] "+r"(to)
                   : [s0] "r"(s0), [s1] "r"(s1), [s2] "r"(s2), [s3] "r"(s3)
                   : "r8", "r9", "r10", "r11", "cc", "memory");
#else
#if SCL_USE_DSP
    for (; w < end; w += row) {
        const uint32_t weights = scl_load4(w), bytes = scl_load4((const int8_t *)((intptr_t)w + apart));
        const uint32_t w_even = scl_even(weights), w_odd = scl_odd(weights);
        const uint32_t even = scl_add_even(minus, bytes), odd = scl_add_odd(minus, bytes);
        s0 = scl_smlabb(even, w_even, s0);
        s1 = scl_smlabb(odd, w_odd, s1);
        s2 = scl_smlatt(even, w_even, s2);
        s3 = scl_smlatt(odd, w_odd, s3);
    }
#else
    const int32_t without = scl_low(minus);
    for (; w < end; w += row) {
        const int8_t *const x = (const int8_t *)((intptr_t)w + apart);
        s0 += (x[0] + without) * w[0];
        s1 += (x[1] + without) * w[1];
        s2 += (x[2] + without) * w[2];
        s3 += (x[3] + without) * w[3];
    }
#endif
    scl_scale scale[4];
    __builtin_memcpy(scale, __builtin_assume_aligned(scales, 4), sizeof scale);
    to[0] = scl_scaled(s0, scale[0]);
    to[1] = scl_scaled(s1, scale[1]);
    to[2] = scl_scaled(s2, scale[2]);
    to[3] = scl_scaled(s3, scale[3]);
    to += 4;
    scales += sizeof scale;
#endif
    return (place){to, scales};
}

void scl_depthwise_narrow(const scl_op *op, int8_t *arena)
{
    const int32_t channels = op->out_channels;
    int8_t *scales = arena + op->scratch_offset, *to = arena + op->out_offset;
    const scl_scales all = scl_scales_of(op);
    for (int32_t c = 0; c < channels; c++) {
        const scl_scale scale = scl_scale_of(all, c);
        __builtin_memcpy(__builtin_assume_aligned(scales + c * (int32_t)sizeof scale, 4), &scale, sizeof scale);
    }
    const uint32_t minus = scl_pair(-op->in_zero_point);
    for (int32_t t = 0; t < op->out_length; t++, to += channels) {
        const scl_span s = scl_span_at(op, t);
        const int8_t *w = op->weights + s.first * channels;
        const int8_t *const end = w + s.count * channels, *const last = w + channels;
        const intptr_t apart = (intptr_t)(arena + op->in_offset + s.sample * channels) - (intptr_t)w;
        for (place at = {to, scales}; w < last; w += 4) {
            at = four_channels(w, apart, channels, end, minus, at);
        }
        scl_clamp_row(op, to);
    }
}

#endif
