/* Integer arithmetic of heartbeats; scl/frontend/integer_math.py is the same. Fractions are Q12: an integer is so many 4096ths. */
#ifndef SCL_INTEGER_MATH_H
#define SCL_INTEGER_MATH_H

#include <stdint.h>

#define SCL_ONE INT32_C(4096) /* 1 in Q12 */

/* a / b rounded to the nearest integer, halves up; b > 0. */
int64_t scl_quotient(int64_t a, int64_t b);

/* The floor of the square root. */
uint32_t scl_isqrt64(uint64_t x);

/* log2(x) in Q12, x > 0, too small by less than 1.01 steps. */
int32_t scl_log2_q12(uint32_t x);

/* Sorts values (count), least first. */
void scl_sort(uint16_t *values, uint32_t count);

/* Twice the median of sorted values (count), count > 0. */
int32_t scl_twice_median(const uint16_t *sorted, uint32_t count);

#endif
