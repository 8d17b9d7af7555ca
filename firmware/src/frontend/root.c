#include "single.h"

#include "root.h"

#include <stdint.h>

#define FRACTION_BITS 23u
#define BIAS 127

/* x = m * 2^(2k) with m in [2^23, 2^25): the root is that of m * 2^25, 25 bits of which the last one rounds, times a power of two. It
 * cannot lie in the middle between two floats, whose square would need more bits than m has. */
float scl_integer_root(float x)
{
    uint32_t bits;
    if (x < 0.0f) {
        return __builtin_nanf("");
    }
    if (!((x > 0.0f) && (x <= FLT_MAX))) {
        return x; /* 0, infinity, NaN */
    }
    __builtin_memcpy(&bits, &x, sizeof bits);
    int32_t exponent = (int32_t)(bits >> FRACTION_BITS);
    uint32_t m = bits & ((UINT32_C(1) << FRACTION_BITS) - 1u);
    if (exponent > 0) {
        m |= UINT32_C(1) << FRACTION_BITS;
    } else {
        exponent = 1;
    }
    while ((m >> FRACTION_BITS) == 0u) { /* a denormal number */
        m <<= 1;
        exponent--;
    }
    exponent -= BIAS;
    if ((exponent % 2) != 0) {
        m <<= 1;
        exponent--;
    }
    /* Digit by digit, from the top: the root of the digits so far, doubled, and what is left of m below its square. */
    uint32_t root = 0;
    uint32_t doubled = 0;
    for (uint32_t digit = UINT32_C(1) << (FRACTION_BITS + 1u); digit > 0u; digit >>= 1) {
        const uint32_t next = doubled + digit;
        m <<= 1;
        if (m >= next) {
            m -= next;
            doubled = next + digit;
            root += digit;
        }
    }
    bits = ((root + (root & 1u)) >> 1) + ((uint32_t)((exponent / 2) + BIAS - 1) << FRACTION_BITS);
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}
