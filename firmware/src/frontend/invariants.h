/* What a rotation of the sensor leaves of an IMU sample: lengths, products with two estimates of gravity, products of the two sensors.
 *
 * Single precision, every operation rounded by itself, in this order:
 *   g, s: acceleration a behind a low-pass of `fast` and of `slow`: y = y + alpha * (x - y);  r: angular rate w behind that of `fast`
 *   At the first sample g = s = a, r = w, and the differences da and dw to the sample before are 0.
 *   p.q = (p0*q0 + p1*q1) + p2*q2;  |p| = sqrt(p.p);  p^ = p * (1 / |p|), or p * 0 if |p| <= 0.001;  l = a - g
 *   u = 1 / (1 + |w|);  v = 1 / (0.1 + |r|)
 *   0 |a|   1 a.g^   2 |a - (a.g^)*g^|   3 |da|   4 da.g^   5 g^.s^   6 a.s^   7 |g^ x s^|    and with a gyroscope
 *   8 |w|   9 w.g^   10 |w - (w.g^)*g^|   11 (l.w)*u   12 (g^.(l x w))*u   13 |dw|   14 dw.g^
 *   15 |r|   16 (w.r)*v   17 (a.r)*v   18 s^.(g^ x w)
 *   Less 9.80665 in 0, 1 and 6, each is then compressed: q = q / sqrt(0.1 + |q|)
 * scl/frontend/invariants.py is the same in numpy. */
#ifndef SCL_INVARIANTS_H
#define SCL_INVARIANTS_H

#include <stdbool.h>
#include <stdint.h>

enum { SCL_ACCELEROMETER_INVARIANTS = 8, SCL_MAX_INVARIANTS = 19 };

typedef struct {
    float fast[3];           /* g */
    float slow[3];           /* s */
    float spin[3];           /* r */
    float before[6];         /* the sample before */
} scl_invariants;

/* Takes a sample, acceleration[3] and, if `gyroscope`, angular rate[3] behind it, in SI units; `first`: the stream's first. Writes
 * SCL_ACCELEROMETER_INVARIANTS values, or with a gyroscope SCL_MAX_INVARIANTS. */
void scl_invariants_of(scl_invariants *state, const float *sample, bool gyroscope, bool first, float fast, float slow, float *values);

#endif
