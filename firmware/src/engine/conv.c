#include "conv.h"
#include "fixed_point.h"
#include "kernels.h"
#include "span.h"

/* Four rows of weights against one run of input: each input is loaded and offset once for four products. */
static void dot4(const int8_t *x, int32_t n, int32_t zero_point, const int8_t *w, int32_t row, int32_t sum[4])
{
    const int8_t *w0 = w, *w1 = w0 + row, *w2 = w1 + row, *w3 = w2 + row;
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (int32_t i = 0; i < n; i++) {
        const int32_t value = x[i] - zero_point;
        s0 += value * w0[i];
        s1 += value * w1[i];
        s2 += value * w2[i];
        s3 += value * w3[i];
    }
    sum[0] += s0;
    sum[1] += s1;
    sum[2] += s2;
    sum[3] += s3;
}

static int32_t dot1(const int8_t *x, int32_t n, int32_t zero_point, const int8_t *w)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < n; i++) {
        sum += (x[i] - zero_point) * w[i];
    }
    return sum;
}

/* Without dilation the samples under a kernel are one run of the input; with it, each tap has its own. */
void scl_conv_from(const scl_op *op, int8_t *arena, int32_t from)
{
    const int8_t *in = arena + op->in_offset;
    int8_t *out = arena + op->out_offset + from * op->out_channels;
    const int32_t channels = op->in_channels, row = op->kernel * channels, step = op->dilation * channels;
    for (int32_t t = from; t < op->out_length; t++) {
        const scl_span s = scl_span_at(op, t);
        const int32_t runs = op->dilation == 1 ? 1 : s.count;
        const int32_t n = op->dilation == 1 ? s.count * channels : channels;
        for (int32_t o = 0; o < op->out_channels;) {
            const int8_t *x = in + s.sample * channels;
            const int8_t *w = op->weights + o * row + s.first * channels;
            const int32_t block = op->out_channels - o >= 4 ? 4 : 1;
            int32_t sum[4];
            sum[0] = sum[1] = sum[2] = sum[3] = 0;
            for (int32_t run = 0; run < runs; run++, x += step, w += channels) {
                if (block == 4) {
                    dot4(x, n, op->in_zero_point, w, row, sum);
                } else {
                    sum[0] += dot1(x, n, op->in_zero_point, w);
                }
            }
            for (int32_t b = 0; b < block; b++, o++) {
                const int32_t scaled = scl_requantize(sum[b] + op->bias[o], op->multiplier[o], op->shift[o]);
                *out++ = (int8_t)scl_clamp(scaled + op->out_zero_point, op->act_min, op->act_max);
            }
        }
    }
}

void scl_conv(const scl_op *op, int8_t *arena)
{
    scl_conv_from(op, arena, 0);
}
