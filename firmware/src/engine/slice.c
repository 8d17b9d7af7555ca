#include "kernels.h"

void scl_slice(const scl_op *op, int8_t *arena)
{
    const int32_t channels = op->out_channels;
    const int32_t row = op->in_channels;
    const int32_t stride = op->stride;
    const int32_t apart = stride * row;
    const int32_t length = op->out_length;
    const int8_t *from = &arena[op->in_offset + op->second_offset];
    int8_t *out = &arena[op->out_offset];
    for (int32_t t = 0; t < length; t++) {
        for (int32_t c = 0; c < channels; c++) {
            out[(t * channels) + c] = from[(t * apart) + c];
        }
    }
}
