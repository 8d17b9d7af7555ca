/* Written by make_model.py. */
#ifndef SCL_MODEL_DATA_H
#define SCL_MODEL_DATA_H

#include "decision.h"
#include "frontend.h"
#include "network.h"

#define SCL_ARENA_BYTES 340
#define SCL_WINDOW 16
#define SCL_INPUTS 6
#define SCL_CHANNELS 6
#define SCL_RAW_SAMPLES 20
#define SCL_PHASE_TAPS 0
#define SCL_FEATURES 5
#define SCL_CLASSES 3
#define SCL_DECISION 1

extern const scl_network scl_network_data;
extern const scl_frontend_config scl_frontend_data;
extern const scl_decision_settings scl_decision_data;

#endif
