/* Which instructions beyond the plain ones the kernels use: Helium's (MVE), the DSP extension's, or none. SCL_USE_DSP=1 on a machine
 * without the extension runs its kernels on dsp.h's stand-ins, for tests. */
#ifndef SCL_TARGET_H
#define SCL_TARGET_H

#if defined(__ARM_FEATURE_MVE) && !defined(SCL_USE_DSP)
#define SCL_USE_MVE 1
#else
#define SCL_USE_MVE 0
#endif

#ifndef SCL_USE_DSP
#if defined(__ARM_FEATURE_DSP) && !SCL_USE_MVE
#define SCL_USE_DSP 1
#else
#define SCL_USE_DSP 0
#endif
#endif

#endif
