/* What is taken over time: pools over windows, and the mean over all samples. */
#include "fixed_point.h"
#include "kernels.h"
#include "span.h"

typedef int32_t (*reduction)(const int8_t *x, int32_t step, int32_t count);

/* Mean, rounded half away from zero. */
static inline int32_t average(const int8_t *x, int32_t step, int32_t count)
{
    int32_t sum = 0;
    for (int32_t k = 0; k < count; k++, x += step) {
        sum += *x;
    }
    return (sum + (sum > 0 ? count / 2 : -(count / 2))) / count;
}

static inline int32_t largest(const int8_t *x, int32_t step, int32_t count)
{
    int32_t most = INT8_MIN;
    for (int32_t k = 0; k < count; k++, x += step) {
        most = *x > most ? *x : most;
    }
    return most;
}

/* Unfolded into each pool, so that the reduction is no call. */
static inline __attribute__((always_inline)) void pool(const scl_op *op, int8_t *arena, reduction reduce)
{
    const int32_t channels = op->in_channels;
    int8_t *out = arena + op->out_offset;
    for (int32_t t = 0; t < op->out_length; t++) {
        const scl_span s = scl_span_at(op, t);
        for (int32_t c = 0; c < channels; c++) {
            const int32_t value = reduce(arena + op->in_offset + s.sample * channels + c, channels, s.count);
            *out++ = (int8_t)scl_clamp(value, op->act_min, op->act_max);
        }
    }
}

void scl_average_pool(const scl_op *op, int8_t *arena)
{
    pool(op, arena, average);
}

void scl_max_pool(const scl_op *op, int8_t *arena)
{
    pool(op, arena, largest);
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
