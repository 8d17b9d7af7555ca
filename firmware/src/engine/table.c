#include "kernels.h"

void scl_table(const scl_op *op, int8_t *arena)
{
    const int8_t *x = arena + op->in_offset;
    const int8_t *values = op->weights;
    int8_t *out = arena + op->out_offset;
    const int32_t size = op->out_length * op->out_channels;
    for (int32_t i = 0; i < size; i++) {
        out[i] = values[x[i] - INT8_MIN];
    }
}
