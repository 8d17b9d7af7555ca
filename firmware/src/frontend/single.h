/* Included first by what computes in single precision: every operation is one IEEE rounding, or the desktop would not reproduce it. No
 * product is fused into a sum, whatever flags a build system has. GCC does not know the standard's pragma, and by its own it forgets what
 * -ffreestanding says of loops, that they are no calls of memset. */
#ifndef SCL_SINGLE_H
#define SCL_SINGLE_H

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("fp-contract=off", "no-tree-loop-distribute-patterns")
#else
#pragma STDC FP_CONTRACT OFF
#endif

#include <float.h>

#if FLT_EVAL_METHOD != 0 || defined(__FAST_MATH__)
#error "plain single precision is needed: no x87, no -ffast-math"
#endif

#endif
