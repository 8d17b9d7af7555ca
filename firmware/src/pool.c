/* What is taken over time: pools over windows, and the mean over all samples. */
#include "fixed_point.h"
#include "kernels.h"
#include "span.h"

void scl_average_pool(const scl_op *op, int8_t *arena)
{
    const int32_t channels = op->in_channels;
    int8_t *out = arena + op->out_offset;
    for (int32_t t = 0; t < op->out_length; t++) {
        const scl_span s = scl_span_at(op, t);
        for (int32_t c = 0; c < channels; c++) {
            const int8_t *x = arena + op->in_offset + s.sample * channels + c;
            int32_t sum = 0;
            for (int32_t k = 0; k < s.count; k++, x += channels) {
                sum += *x;
            }
            const int32_t half = sum > 0 ? s.count / 2 : -(s.count / 2);
            *out++ = (int8_t)scl_clamp((sum + half) / s.count, op->act_min, op->act_max);
        }
    }
}

void scl_max_pool(const scl_op *op, int8_t *arena)
{
    const int32_t channels = op->in_channels;
    int8_t *out = arena + op->out_offset;
    for (int32_t t = 0; t < op->out_length; t++) {
        const scl_span s = scl_span_at(op, t);
        for (int32_t c = 0; c < channels; c++) {
            const int8_t *x = arena + op->in_offset + s.sample * channels + c;
            int32_t most = INT8_MIN;
            for (int32_t k = 0; k < s.count; k++, x += channels) {
                most = *x > most ? *x : most;
            }
            *out++ = (int8_t)scl_clamp(most, op->act_min, op->act_max);
        }
    }
}

void scl_mean(const scl_op *op, int8_t *arena)
{
    const int32_t channels = op->in_channels;
    int8_t *out = arena + op->out_offset;
    for (int32_t c = 0; c < channels; c++) {
        const int8_t *x = arena + op->in_offset + c;
        int32_t sum = 0;
        for (int32_t t = 0; t < op->in_length; t++, x += channels) {
            sum += *x - op->in_zero_point;
        }
        const int32_t mean = scl_requantize(sum, op->multiplier[0], op->shift[0]) + op->out_zero_point;
        *out++ = (int8_t)scl_clamp(mean, op->act_min, op->act_max);
    }
}
