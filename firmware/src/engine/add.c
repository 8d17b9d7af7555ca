#include "fixed_point.h"
#include "kernels.h"

enum { HEADROOM = 20 }; /* bits by which both inputs are shifted up before they are brought to one scale */

void scl_add(const scl_op *op, int8_t *arena)
{
    const int8_t *a = arena + op->in_offset, *b = arena + op->second_offset;
    int8_t *out = arena + op->out_offset;
    for (int32_t i = op->out_length * op->out_channels; i > 0; i--) {
        const int32_t first = (*a++ - op->in_zero_point) * (1 << HEADROOM), second = (*b++ - op->second_zero_point) * (1 << HEADROOM);
        const int32_t sum =
            scl_requantize(first, op->multiplier[0], op->shift[0]) + scl_requantize(second, op->multiplier[1], op->shift[1]);
        const int32_t scaled = scl_requantize(sum, op->multiplier[2], op->shift[2]) + op->out_zero_point;
        *out++ = (int8_t)scl_clamp(scaled, op->act_min, op->act_max);
    }
}
