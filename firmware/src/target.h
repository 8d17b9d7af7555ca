/* Whether the kernels for the Arm DSP extension are compiled in. SCL_USE_DSP=1 on a machine without it runs them on dsp.h's stand-ins,
 * for tests. */
#ifndef SCL_TARGET_H
#define SCL_TARGET_H

#ifndef SCL_USE_DSP
#ifdef __ARM_FEATURE_DSP
#define SCL_USE_DSP 1
#else
#define SCL_USE_DSP 0
#endif
#endif

#endif
