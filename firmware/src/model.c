#include "model.h"

void scl_model_run(const scl_model *model, int8_t *arena)
{
    for (uint16_t i = 0; i < model->op_count; i++) {
        model->ops[i].run(&model->ops[i], arena);
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
