/* What a model keeps in RAM: its arena, a stream's columns in the same place, the belief of its decisions, and the front end's state and
 * delay line. With heartbeats all of it, since what finds them is most of it. */
#include "model.h"

#ifdef SCL_BEATS

scl_model model;

#else

int8_t arena[SCL_MODEL_BYTES];

#ifdef SCL_DECISION
scl_decider decider;
uint32_t belief[SCL_CLASSES];
#endif

#ifdef SCL_CHANNELS
scl_frontend frontend;
#if SCL_PHASE_TAPS > 0
float delay[SCL_PHASE_TAPS * SCL_CHANNELS];
#endif
#endif

#endif
