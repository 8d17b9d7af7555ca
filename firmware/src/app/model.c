#include "model.h"

#include <stddef.h>

void scl_model_init(scl_model *m)
{
    scl_input_init(&m->input);
    m->newest = 0;
    for (uint16_t t = 0; t < SCL_WINDOW; t++) {
        for (uint16_t channel = 0; channel < SCL_INPUTS; channel++) {
            m->history[t][channel] = 0;
        }
    }
#ifdef SCL_DECISION
    m->decider.settings = scl_decision_data;
    m->decider.classes = SCL_CLASSES;
#endif
    scl_model_start(m, SCL_DEFAULT_HOP);
}

void scl_model_start(scl_model *m, uint16_t hop)
{
    m->hop = hop;
#ifdef SCL_BEATS
    scl_rhythm_reset(&m->rhythm);
#endif
    scl_model_gap(m);
}

void scl_model_gap(scl_model *m)
{
    scl_input_start(&m->input);
    m->until_class = SCL_WINDOW;
    m->step_due = false;
#ifdef SCL_BEATS
    m->beat_due = false;
#endif
#ifdef SCL_DECISION
    scl_decider_reset(&m->decider, m->belief);
#endif
}

#ifdef SCL_HOP

/* With kept columns the network takes one hop at a time, from the window's first: a step that nobody asked for is made up for before the
 * next sample. Columns from before the stream have left the window when the first class is due. */
static const scl_network *network_of(const scl_model *m)
{
    return m->hop == SCL_HOP ? &scl_stream_data : &scl_network_data;
}

static void step(scl_model *m)
{
    if (m->step_due) {
        scl_network_run(&scl_stream_data, m->arena);
        m->step_due = false;
    }
}

/* Takes the sample with `left` more to come until a class is due. */
static void keep(scl_model *m, const int8_t *sample, uint16_t left)
{
    const uint32_t missing = left % SCL_HOP;
    int8_t *input = m->arena + scl_stream_data.input_offset + (SCL_HOP - 1 - missing) * SCL_INPUTS;
    for (uint16_t channel = 0; channel < SCL_INPUTS; channel++) {
        input[channel] = sample[channel];
    }
    m->step_due = missing == 0;
}

#else

static const scl_network *network_of(const scl_model *m)
{
    (void)m;
    return &scl_network_data;
}

static void step(scl_model *m)
{
    (void)m;
}

static void keep(scl_model *m, const int8_t *sample, uint16_t left)
{
    (void)m;
    (void)sample;
    (void)left;
}

#endif

bool scl_model_keeps_columns(const scl_model *m)
{
    return network_of(m) != &scl_network_data;
}

bool scl_model_push_sample(scl_model *m, const scl_value *values)
{
    int8_t *sample = m->history[m->newest];
    step(m);
    if (!scl_input_push(&m->input, values, sample)) {
        return false;
    }
    m->newest = (uint16_t)(m->newest + 1 < SCL_WINDOW ? m->newest + 1 : 0);
    if (m->hop == 0) {
        return false;
    }
    m->until_class--;
    if (scl_model_keeps_columns(m)) {
        keep(m, sample, m->until_class);
    }
    if (m->until_class > 0) {
        return false;
    }
    m->until_class = m->hop;
#ifdef SCL_BEATS
    m->beat_due = true;
#endif
    return true;
}

uint8_t scl_model_flags(const scl_model *m)
{
    return scl_input_flags(&m->input);
}

const int8_t *scl_model_window(scl_model *m)
{
    int8_t *const input = m->arena + scl_network_data.input_offset;
    int8_t *to = input;
    uint16_t at = m->newest;
    for (uint16_t t = 0; t < SCL_WINDOW; t++) {
        for (uint16_t channel = 0; channel < SCL_INPUTS; channel++) {
            *to++ = m->history[at][channel];
        }
        at = (uint16_t)(at + 1 < SCL_WINDOW ? at + 1 : 0);
    }
    return input;
}

scl_result scl_model_run(scl_model *m)
{
    if (scl_model_keeps_columns(m)) {
        step(m);
    } else {
        (void)scl_model_window(m);
        scl_network_run(&scl_network_data, m->arena);
    }
    const scl_result result = scl_model_result(m);
#ifdef SCL_BEATS
    if (m->beat_due) {
        m->beat_due = false;
        scl_rhythm_push(&m->rhythm, m->input.beat.interval, result.class_index);
    }
#endif
    return result;
}

scl_result scl_model_result(scl_model *m)
{
    const scl_network *network = network_of(m);
    scl_result result;
    result.class_index = scl_model_flags(m) & SCL_LEAD_OFF ? (uint16_t)SCL_ABSTAIN : scl_network_class(network, m->arena);
    result.features = m->arena + network->features_offset;
    result.logits = m->arena + network->logits_offset;
#ifdef SCL_DECISION
    result.decision = scl_decider_step(&m->decider, m->belief, (result.class_index == SCL_ABSTAIN) ? NULL : result.logits);
#else
    result.decision.answer = result.class_index;
    result.decision.confidence = 0;
#endif
    return result;
}

#ifdef SCL_DECISION

void scl_model_decide_by(scl_model *m, const scl_decision_settings *settings)
{
    m->decider.settings = *settings;
    scl_decider_reset(&m->decider, m->belief);
}

#endif

#ifdef SCL_BEATS

const scl_beat *scl_model_beat(const scl_model *m)
{
    return &m->input.beat;
}

uint32_t scl_model_beat_sample(const scl_model *m)
{
    return scl_input_beat_sample(&m->input);
}

const scl_rhythm_figures *scl_model_rhythm(const scl_model *m)
{
    return &m->rhythm.figures;
}

#endif
