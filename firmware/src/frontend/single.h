/* Included first by what computes in single precision: every operation is one IEEE rounding, or the desktop would not reproduce it. No
 * product may be fused into a sum. A build that says so with its flags (-ffp-contract=off) defines SCL_STRICT_FLAGS; in others, such as
 * Arduino's, where no library chooses its flags, a pragma says it. GCC does not know the standard's, and by its own it forgets what
 * -ffreestanding says of loops, that they are no calls of memset. */
#ifndef SCL_SINGLE_H
#define SCL_SINGLE_H

#ifndef SCL_STRICT_FLAGS
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("fp-contract=off", "no-tree-loop-distribute-patterns")
#else
#pragma STDC FP_CONTRACT OFF
#endif
#endif

#include <float.h>

/* 0: float is computed as float; 16 says the same on cores with half precision, in GNU's dialect of C. */
#if (FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 16) || defined(__FAST_MATH__)
#error "plain single precision is needed: no x87, no -ffast-math"
#endif

#endif
