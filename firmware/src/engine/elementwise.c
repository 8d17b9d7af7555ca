/* What joins two tensors of one scale or of two, value by value. */
#include "fixed_point.h"
#include "kernels.h"

#include <stddef.h>

typedef int32_t (*combination)(const scl_op *op, int32_t a, int32_t b);

/* A term of a sum, shifted up by 20 bits before it is brought to the sum's scale. */
static inline int32_t term(const scl_op *op, int32_t x, int32_t factor)
{
    return scl_requantize(x * 1048576, op->multiplier[factor], op->shift[factor]);
}

static inline int32_t rescaled(const scl_op *op, int32_t x, int32_t factor)
{
    const int32_t value = scl_requantize(x, op->multiplier[factor], op->shift[factor]) + op->out_zero_point;
    return scl_clamp(value, op->act_min, op->act_max);
}

static inline int32_t sum(const scl_op *op, int32_t a, int32_t b)
{
    return rescaled(op, term(op, a - op->in_zero_point, 0) + term(op, b - op->second_zero_point, 1), 2);
}

static inline int32_t difference(const scl_op *op, int32_t a, int32_t b)
{
    return rescaled(op, term(op, a - op->in_zero_point, 0) - term(op, b - op->second_zero_point, 1), 2);
}

static inline int32_t product(const scl_op *op, int32_t a, int32_t b)
{
    return rescaled(op, (a - op->in_zero_point) * (b - op->second_zero_point), 0);
}

static inline int32_t larger(const scl_op *op, int32_t a, int32_t b)
{
    (void)op;
    return (a > b) ? a : b;
}

static inline int32_t smaller(const scl_op *op, int32_t a, int32_t b)
{
    (void)op;
    return (a < b) ? a : b;
}

static inline int32_t sloped(const scl_op *op, int32_t a, int32_t b)
{
    const int32_t x = a - op->in_zero_point;
    return (x < 0) ? rescaled(op, x * (b - op->second_zero_point), 1) : rescaled(op, x, 0);
}

/* Unfolded into each operator, so that the combination is no call. A second input of one sample serves all. */
static inline __attribute__((always_inline)) void each(const scl_op *op, int8_t *arena, combination combine)
{
    const int32_t length = op->out_length;
    const int32_t channels = op->out_channels;
    const int32_t samples = op->kernel;
    const int32_t step = (samples == 1) ? 0 : channels;
    const int8_t *a = arena + op->in_offset;
    const int8_t *b = (op->weights != NULL) ? op->weights : (arena + op->second_offset);
    int8_t *out = arena + op->out_offset;
    for (int32_t t = 0; t < length; t++) {
        for (int32_t c = 0; c < channels; c++) {
            out[c] = (int8_t)combine(op, a[c], b[c]);
        }
        a = &a[channels];
        b = &b[step];
        out = &out[channels];
    }
}

void scl_add(const scl_op *op, int8_t *arena)
{
    each(op, arena, sum);
}

void scl_sub(const scl_op *op, int8_t *arena)
{
    each(op, arena, difference);
}

void scl_mul(const scl_op *op, int8_t *arena)
{
    each(op, arena, product);
}

void scl_maximum(const scl_op *op, int8_t *arena)
{
    each(op, arena, larger);
}

void scl_minimum(const scl_op *op, int8_t *arena)
{
    each(op, arena, smaller);
}

void scl_prelu(const scl_op *op, int8_t *arena)
{
    each(op, arena, sloped);
}
