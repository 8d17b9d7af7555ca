/* What is taken over time: pools over windows, and the mean over all samples. */
#include "fixed_point.h"
#include "kernels.h"
#include "span.h"
#include "sums.h"

/* Rounded half away from zero. */
static int32_t divided(int32_t sum, int32_t count)
{
    return (sum + (sum > 0 ? count / 2 : -(count / 2))) / count;
}

void scl_average_pool(const scl_op *op, int8_t *arena)
{
    const int32_t channels = op->in_channels;
    int8_t *out = arena + op->out_offset;
    for (int32_t t = 0; t < op->out_length; t++) {
        const scl_span s = scl_span_at(op, t);
        const int8_t *const x = arena + op->in_offset + s.sample * channels;
        for (int32_t c = 0; c < channels;) {
            int32_t sums[4];
            const int32_t n = scl_sums(x + c, channels, s.count, channels - c, sums);
            for (int32_t i = 0; i < n; i++, c++) {
                *out++ = (int8_t)scl_clamp(divided(sums[i], s.count), op->act_min, op->act_max);
            }
        }
    }
}

static int32_t largest(const int8_t *x, int32_t step, int32_t count)
{
    int32_t most = INT8_MIN;
    for (int32_t k = 0; k < count; k++, x += step) {
        most = *x > most ? *x : most;
    }
    return most;
}

void scl_max_pool(const scl_op *op, int8_t *arena)
{
    const int32_t channels = op->in_channels;
    int8_t *out = arena + op->out_offset;
    for (int32_t t = 0; t < op->out_length; t++) {
        const scl_span s = scl_span_at(op, t);
        for (int32_t c = 0; c < channels; c++) {
            const int32_t value = largest(arena + op->in_offset + s.sample * channels + c, channels, s.count);
            *out++ = (int8_t)scl_clamp(value, op->act_min, op->act_max);
        }
    }
}

void scl_mean(const scl_op *op, int8_t *arena)
{
    const int32_t channels = op->in_channels, zero_points = op->in_length * op->in_zero_point;
    const int8_t *const x = arena + op->in_offset;
    int8_t *out = arena + op->out_offset;
    for (int32_t c = 0; c < channels;) {
        int32_t sums[4];
        const int32_t n = scl_sums(x + c, channels, op->in_length, channels - c, sums);
        for (int32_t i = 0; i < n; i++, c++) {
            const int32_t mean = scl_requantize(sums[i] - zero_points, op->multiplier[0], op->shift[0]) + op->out_zero_point;
            *out++ = (int8_t)scl_clamp(mean, op->act_min, op->act_max);
        }
    }
}
