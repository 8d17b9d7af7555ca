#include "kernels.h"

void scl_concat(const scl_op *op, int8_t *arena)
{
    const int32_t passes = op->in_length;
    const int32_t parts = op->kernel;
    int8_t *out = arena + op->out_offset;
    for (int32_t pass = 0; pass < passes; pass++) {
        for (int32_t part = 0; part < parts; part++) {
            const int32_t size = op->bias[(2 * part) + 1];
            const int8_t *from = arena + op->bias[2 * part] + (pass * size);
            for (int32_t i = 0; i < size; i++) {
                out[i] = from[i];
            }
            out = &out[size];
        }
    }
}
