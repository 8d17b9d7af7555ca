/* The whole model with all its memory: samples in, class out.
 *
 *   static scl_model model;
 *   scl_model_init(&model);
 *   for each sample of the sensor, or of the network's input where the model has no front end:
 *       if (scl_model_push_sample(&model, values)) {
 *           use(scl_model_run(&model).class_index);
 *       } */
#ifndef SCL_MODEL_H
#define SCL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "decision.h"
#include "input.h"
#include "model_data.h"
#include "network.h"
#ifdef SCL_BEATS
#include "rhythm.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif

#ifdef SCL_HOP
#define SCL_DEFAULT_HOP SCL_HOP
#define SCL_MODEL_BYTES (SCL_STREAM_BYTES > SCL_ARENA_BYTES ? SCL_STREAM_BYTES : SCL_ARENA_BYTES)
#else
#define SCL_DEFAULT_HOP ((SCL_WINDOW + 3) / 4)
#define SCL_MODEL_BYTES SCL_ARENA_BYTES
#endif

/* Samples here are the network's, at the model's rate. */
typedef struct {
    scl_input input;
    int8_t history[SCL_WINDOW][SCL_INPUTS]; /* ring of the newest samples */
    uint16_t newest;         /* where the next sample goes */
    uint16_t hop;            /* from one class to the next; 0: none is due by itself */
    uint16_t until_class;    /* until the next one is due */
    bool step_due;           /* with kept columns: the newest hop of samples has not been through the network */
#ifdef SCL_BEATS
    scl_rhythm rhythm;
    bool beat_due;           /* the latest beat has no class yet, and the rhythm does not hold it */
#endif
#ifdef SCL_DECISION
    scl_decider decider;
    uint32_t belief[SCL_CLASSES];
#endif
    int8_t arena[SCL_MODEL_BYTES] __attribute__((aligned(4)));
} scl_model;

typedef struct {
    uint16_t class_index;    /* of this window alone; SCL_ABSTAIN if the lead was off */
    scl_decision decision;   /* by the model's settings, over time; where the model data has none, the class with a confidence of 0 */
    const int8_t *features;  /* (SCL_FEATURES), in the arena: valid until the next sample or run */
    const int8_t *logits;    /* (SCL_CLASSES) */
} scl_result;

/* The nominal sensor, an all-zero history, and a stream with a class every SCL_DEFAULT_HOP samples. */
void scl_model_init(scl_model *m);

/* Starts a new stream: the first class is due after SCL_WINDOW samples, then one every `hop`; with 0 none is. Calibration and history
 * stay. Where the export has --streaming and `hop` is its own (SCL_HOP), columns of the network are kept from hop to hop. */
void scl_model_start(scl_model *m, uint16_t hop);

/* Goes on behind samples that were lost: the front end begins anew and the next class is due as after scl_model_start. The rhythm of beats
 * goes on. */
void scl_model_gap(scl_model *m);

/* Takes one sample, values[SCL_VALUES]: a sensor's counts (int16_t), or the network's own (int8_t; see input.h). Whether a class is due,
 * which scl_model_run tells before the next sample. */
bool scl_model_push_sample(scl_model *m, const scl_value *values);

/* SCL_SATURATED and SCL_LEAD_OFF, if any of the newest SCL_SAMPLES samples that were pushed was. */
uint8_t scl_model_flags(const scl_model *m);

/* Runs the network on the newest SCL_WINDOW samples, or on the newest hop where columns are kept, and decides: each run is one window
 * more of the stream. */
scl_result scl_model_run(scl_model *m);

/* What scl_model_run does without kept columns, in parts: copies the newest window to the network's input, oldest sample first, and
 * returns it; the network follows (scl_network_run); then this is what it says, and the decision. */
const int8_t *scl_model_window(scl_model *m);
scl_result scl_model_result(scl_model *m);

/* Whether the stream keeps columns; the arena then holds them, and scl_model_window would overwrite them. */
bool scl_model_keeps_columns(const scl_model *m);

#ifdef SCL_DECISION
/* Decides by other settings than the model data's, which fit (scl_decision_fits), from a belief without evidence on. */
void scl_model_decide_by(scl_model *m, const scl_decision_settings *settings);
#endif

#ifdef SCL_BEATS
/* With heartbeats a class is due with each beat, which this is: its place and interval at the model's rate (beats.h), and its values.
 * Valid until the next sample. */
const scl_beat *scl_model_beat(const scl_model *m);

/* The sensor's sample at which its R peak lies, counted from scl_model_start or scl_model_gap. */
uint32_t scl_model_beat_sample(const scl_model *m);

/* The rhythm behind the latest beat that scl_model_run has classified. */
const scl_rhythm_figures *scl_model_rhythm(const scl_model *m);
#endif

#ifdef __cplusplus
}
#endif

#endif
