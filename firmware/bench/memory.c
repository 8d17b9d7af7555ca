/* What a model keeps in RAM: its arena, a stream's columns in the same place, and the front end's state and delay line. */
#include "model_data.h"

#ifndef SCL_STREAM_BYTES
#define SCL_STREAM_BYTES 0
#endif

int8_t arena[SCL_ARENA_BYTES > SCL_STREAM_BYTES ? SCL_ARENA_BYTES : SCL_STREAM_BYTES];

#ifdef SCL_CHANNELS
scl_frontend frontend;
#if SCL_PHASE_TAPS > 0
float delay[SCL_PHASE_TAPS * SCL_CHANNELS];
#endif
#endif
