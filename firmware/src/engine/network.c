#include "network.h"

#include <stddef.h>

void scl_network_run(const scl_network *network, int8_t *arena)
{
    for (uint16_t i = 0; i < network->op_count; i++) {
        network->ops[i].run(&network->ops[i], arena);
    }
}

uint16_t scl_network_class(const scl_network *network, const int8_t *arena)
{
    const int8_t *logits = arena + network->logits_offset;
    uint16_t best = 0;
    if (network->thresholds != NULL) {
        for (uint16_t i = 0; i < network->classes; i++) {
            best = (uint16_t)(best | (logits[i] >= network->thresholds[i]) << i);
        }
        return best;
    }
    for (uint16_t i = 1; i < network->classes; i++) {
        if (logits[i] > logits[best]) {
            best = i;
        }
    }
    return best;
}
