#include "classifier.h"

#include "crc32.h"
#include "port.h"

void scl_classifier_init(scl_classifier *c)
{
    scl_frontend_init(&c->frontend, &scl_frontend_data);
    c->newest = 0;
    for (uint16_t t = 0; t < SCL_WINDOW; t++) {
        for (uint16_t channel = 0; channel < SCL_CHANNELS; channel++) {
            c->history[t][channel] = 0;
        }
    }
    scl_classifier_reset(c);
}

void scl_classifier_reset(scl_classifier *c)
{
    scl_frontend_reset(&c->frontend);
    c->clean = UINT32_MAX;
    c->attached = UINT32_MAX;
}

/* Samples since something was so. */
static uint32_t since(uint32_t before, uint8_t now)
{
    return now ? 0 : before < UINT32_MAX ? before + 1 : before;
}

uint8_t scl_classifier_push(scl_classifier *c, const int16_t *counts)
{
    const uint8_t made = scl_frontend_push(&c->frontend, counts, c->history[c->newest]);
    c->clean = since(c->clean, c->frontend.saturated);
    c->attached = since(c->attached, c->frontend.lead_off);
    if (made) {
        c->newest = (uint16_t)(c->newest + 1 < SCL_WINDOW ? c->newest + 1 : 0);
    }
    return made;
}

uint8_t scl_classifier_flags(const scl_classifier *c)
{
    const unsigned saturated = c->clean < SCL_RAW_SAMPLES ? SCL_SATURATED : 0;
    const unsigned lead_off = c->attached < SCL_RAW_SAMPLES ? SCL_LEAD_OFF : 0;
    return (uint8_t)(saturated | lead_off);
}

/* Copies the ring to the network's input, oldest sample first. */
static void unroll(scl_classifier *c)
{
    int8_t *input = c->arena + scl_model_data.input_offset;
    uint16_t at = c->newest;
    for (uint16_t t = 0; t < SCL_WINDOW; t++) {
        for (uint16_t channel = 0; channel < SCL_CHANNELS; channel++) {
            *input++ = c->history[at][channel];
        }
        at = (uint16_t)(at + 1 < SCL_WINDOW ? at + 1 : 0);
    }
}

scl_result scl_classifier_run(scl_classifier *c)
{
    scl_result result;
    unroll(c);
    result.input_crc32 = scl_crc32(0, c->arena + scl_model_data.input_offset, sizeof c->history);
    const uint32_t before = port_ticks();
    scl_model_run(&scl_model_data, c->arena);
    result.ticks = port_ticks() - before;
    result.class_index = scl_classifier_flags(c) & SCL_LEAD_OFF ? SCL_ABSTAIN : scl_model_class(&scl_model_data, c->arena);
    result.features = c->arena + scl_model_data.features_offset;
    result.logits = c->arena + scl_model_data.logits_offset;
    return result;
}
