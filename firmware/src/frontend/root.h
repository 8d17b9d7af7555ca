/* Square roots in single precision, correctly rounded on every core: by its instruction where there is one, else by scl_integer_root. A C
 * library's sqrtf need not be rounded so, and is not there in a program without one. */
#ifndef SCL_ROOT_H
#define SCL_ROOT_H

/* sqrt(x), by integers alone. */
float scl_integer_root(float x);

#if (defined(__ARM_FP) && (__ARM_FP & 4)) || defined(__aarch64__) || defined(__SSE2__) || defined(__riscv_flen)
#define SCL_ROOT(x) __builtin_sqrtf(x)
#else
#define SCL_ROOT(x) scl_integer_root(x)
#endif

#endif
