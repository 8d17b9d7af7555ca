#include "model.h"

#include "kernels.h"
#include "target.h"

void scl_model_run(const scl_model *model, int8_t *arena)
{
    for (uint16_t i = 0; i < model->op_count; i++) {
        const scl_op *op = &model->ops[i];
        const int8_t *in = arena + op->in_offset;
        int8_t *out = arena + op->out_offset;
#if SCL_USE_MVE
        if (op->scratch_bytes > 0 && 3 * op->stride <= 7 * op->kernel) {
            scl_conv_mve(op, in, out, arena + op->scratch_offset);
            continue;
        }
#elif SCL_USE_DSP
        if (op->scratch_bytes > 0) {
            scl_conv_dsp(op, in, out, arena + op->scratch_offset);
            continue;
        }
#endif
        if (op->kind == SCL_OP_CONV) {
            scl_conv(op, in, out);
        } else {
            scl_average_pool(op, in, out);
        }
    }
}

uint8_t scl_model_class(const scl_model *model, const int8_t *arena)
{
    const int8_t *logits = arena + model->logits_offset;
    uint8_t best = 0;
    if (model->thresholds) {
        for (uint16_t i = 0; i < model->classes; i++) {
            best = (uint8_t)(best | (logits[i] >= model->thresholds[i]) << i);
        }
        return best;
    }
    for (uint16_t i = 1; i < model->classes; i++) {
        if (logits[i] > logits[best]) {
            best = (uint8_t)i;
        }
    }
    return best;
}
