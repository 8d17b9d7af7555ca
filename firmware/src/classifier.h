/* Samples in, class out: front end, the newest window of its output, and the network, with all their memory. */
#ifndef SCL_CLASSIFIER_H
#define SCL_CLASSIFIER_H

#include <stdint.h>

#include "frontend.h"
#include "model.h"
#include "model_data.h"

enum { SCL_SATURATED = 1, SCL_LEAD_OFF = 2, SCL_ABSTAIN = 255 };

typedef struct {
    scl_frontend frontend;
    int8_t history[SCL_WINDOW][SCL_CHANNELS]; /* ring of the newest model-rate samples */
    uint16_t newest;         /* where the next sample goes */
    uint32_t clean;          /* sensor samples since one was saturated; stays at its largest value */
    uint32_t attached;       /* sensor samples since the lead was off; stays at its largest value */
    int8_t arena[SCL_ARENA_BYTES] __attribute__((aligned(4)));
} scl_classifier;

typedef struct {
    uint8_t class_index;
    uint32_t input_crc32;
    uint32_t ticks;          /* port_ticks around the network alone */
    const int8_t *features;  /* (SCL_FEATURES), in the arena: valid until the next run */
    const int8_t *logits;    /* (SCL_CLASSES) */
} scl_result;

/* The nominal sensor, an all-zero history. */
void scl_classifier_init(scl_classifier *c);

/* Starts a new window or stream; calibration and history stay. */
void scl_classifier_reset(scl_classifier *c);

/* Takes one sensor sample, counts[SCL_CHANNELS]; returns how many model-rate samples it completed. */
uint8_t scl_classifier_push(scl_classifier *c, const int16_t *counts);

/* SCL_SATURATED and SCL_LEAD_OFF, if any of the newest SCL_RAW_SAMPLES sensor samples was. */
uint8_t scl_classifier_flags(const scl_classifier *c);

/* Runs the network on the newest SCL_WINDOW model-rate samples. The class is SCL_ABSTAIN if the lead was off. */
scl_result scl_classifier_run(scl_classifier *c);

#endif
