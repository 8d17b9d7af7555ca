#include "kernels.h"

#include "fixed_point.h"

/* The part of a kernel that lies on real samples: kernel positions [first, first + count), the first of them over in[sample]. */
typedef struct {
    int32_t first;
    int32_t sample;
    int32_t count;
} span;

static span window_at(const scl_op *op, int32_t t)
{
    const int32_t start = t * op->stride - op->pad_left;
    const int32_t end = start + op->kernel < op->in_length ? start + op->kernel : op->in_length;
    const int32_t sample = start > 0 ? start : 0;
    return (span){sample - start, sample, end - sample};
}

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
    sum[0] = s0;
    sum[1] = s1;
    sum[2] = s2;
    sum[3] = s3;
}

static int32_t dot1(const int8_t *x, int32_t n, int32_t zero_point, const int8_t *w)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < n; i++) {
        sum += (x[i] - zero_point) * w[i];
    }
    return sum;
}

void scl_conv(const scl_op *op, const int8_t *in, int8_t *out)
{
    const int32_t channels = op->in_channels;
    const int32_t row = op->kernel * channels;
    for (int32_t t = 0; t < op->out_length; t++) {
        const span s = window_at(op, t);
        const int8_t *x = in + s.sample * channels;
        const int32_t n = s.count * channels;
        for (int32_t o = 0; o < op->out_channels;) {
            const int8_t *w = op->weights + o * row + s.first * channels;
            const int32_t block = op->out_channels - o >= 4 ? 4 : 1;
            int32_t sum[4];
            if (block == 4) {
                dot4(x, n, op->in_zero_point, w, row, sum);
            } else {
                sum[0] = dot1(x, n, op->in_zero_point, w);
            }
            for (int32_t b = 0; b < block; b++, o++) {
                const int32_t scaled = scl_requantize(sum[b] + op->bias[o], op->multiplier[o], op->shift[o]);
                *out++ = (int8_t)scl_clamp(scaled + op->out_zero_point, op->act_min, op->act_max);
            }
        }
    }
}

void scl_average_pool(const scl_op *op, const int8_t *in, int8_t *out)
{
    const int32_t channels = op->in_channels;
    for (int32_t t = 0; t < op->out_length; t++) {
        const span s = window_at(op, t);
        for (int32_t c = 0; c < channels; c++) {
            const int8_t *x = in + s.sample * channels + c;
            int32_t sum = 0;
            for (int32_t k = 0; k < s.count; k++, x += channels) {
                sum += *x;
            }
            const int32_t half = sum > 0 ? s.count / 2 : -(s.count / 2);
            *out++ = (int8_t)scl_clamp((sum + half) / s.count, op->act_min, op->act_max);
        }
    }
}
