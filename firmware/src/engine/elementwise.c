/* What joins two tensors of one scale or of two, value by value; with Helium, four values at a time. */
#include "fixed_point.h"
#include "kernels.h"
#include "narrow.h"
#include "target.h"

#include <stddef.h>

enum { LANES = SCL_USE_MVE ? 4 : 1 };

#if SCL_USE_MVE

typedef int32x4_t value; /* + - * by lanes */

static inline value loaded(const int8_t *x, int32_t left)
{
    return vldrbq_z_s32(x, vctp32q((uint32_t)left));
}

static inline void stored(int8_t *x, value v, int32_t left)
{
    vstrbq_p_s32(x, v, vctp32q((uint32_t)left));
}

static inline value requantized(const scl_op *op, value x, int32_t factor)
{
    return scl_requantized_four(x, op->multiplier[factor], op->shift[factor]);
}

static inline value larger(const scl_op *op, value a, value b)
{
    (void)op;
    return vmaxq_s32(a, b);
}

static inline value smaller(const scl_op *op, value a, value b)
{
    (void)op;
    return vminq_s32(a, b);
}

static inline value within_limits(const scl_op *op, value x)
{
    return vminq_s32(vmaxq_s32(x, vdupq_n_s32(op->act_min)), vdupq_n_s32(op->act_max));
}

#else

typedef int32_t value;

static inline value loaded(const int8_t *x, int32_t left)
{
    (void)left;
    return *x;
}

static inline void stored(int8_t *x, value v, int32_t left)
{
    (void)left;
    *x = (int8_t)v;
}

static inline value requantized(const scl_op *op, value x, int32_t factor)
{
    return scl_requantize(x, op->multiplier[factor], op->shift[factor]);
}

static inline value larger(const scl_op *op, value a, value b)
{
    (void)op;
    return (a > b) ? a : b;
}

static inline value smaller(const scl_op *op, value a, value b)
{
    (void)op;
    return (a < b) ? a : b;
}

static inline value within_limits(const scl_op *op, value x)
{
    return scl_clamp(x, op->act_min, op->act_max);
}

#endif

typedef value (*combination)(const scl_op *op, value a, value b);

/* A term of a sum, shifted up by 20 bits before it is brought to the sum's scale. */
static inline value term(const scl_op *op, value x, int32_t factor)
{
    return requantized(op, x * 1048576, factor);
}

static inline value rescaled(const scl_op *op, value x, int32_t factor)
{
    return within_limits(op, requantized(op, x, factor) + op->out_zero_point);
}

static inline value sum(const scl_op *op, value a, value b)
{
    return rescaled(op, term(op, a - op->in_zero_point, 0) + term(op, b - op->second_zero_point, 1), 2);
}

static inline value difference(const scl_op *op, value a, value b)
{
    return rescaled(op, term(op, a - op->in_zero_point, 0) - term(op, b - op->second_zero_point, 1), 2);
}

static inline value product(const scl_op *op, value a, value b)
{
    return rescaled(op, (a - op->in_zero_point) * (b - op->second_zero_point), 0);
}

static inline value sloped(const scl_op *op, value a, value b)
{
    const value x = a - op->in_zero_point;
#if SCL_USE_MVE
    return vpselq_s32(rescaled(op, x * (b - op->second_zero_point), 1), rescaled(op, x, 0), vcmpltq_n_s32(x, 0));
#else
    return (x < 0) ? rescaled(op, x * (b - op->second_zero_point), 1) : rescaled(op, x, 0);
#endif
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
        for (int32_t c = 0; c < channels; c += LANES) {
            const int32_t left = channels - c;
            stored(&out[c], combine(op, loaded(&a[c], left), loaded(&b[c], left)), left);
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
