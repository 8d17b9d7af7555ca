#include "integer_math.h"

#define FRACTION_BITS 12u
#define MANTISSA_BITS 31u

int64_t scl_quotient(int64_t a, int64_t b)
{
    int64_t whole = a / b;
    int64_t rest = a % b;
    if (rest < 0) { /* C's division truncates: to the floor */
        whole--;
        rest += b;
    }
    if (rest >= (b - rest)) {
        whole++;
    }
    return whole;
}

uint32_t scl_isqrt64(uint64_t x)
{
    /* Digit by digit, from the top: what is left of x below the square of the root so far. */
    uint64_t rest = x;
    uint64_t root = 0;
    for (uint64_t digit = UINT64_C(1) << 62; digit > 0u; digit >>= 2) {
        const uint64_t next = root + digit;
        root >>= 1;
        if (rest >= next) {
            rest -= next;
            root += digit;
        }
    }
    return (uint32_t)root;
}

int32_t scl_log2_q12(uint32_t x)
{
    uint64_t mantissa = x; /* Q31 in [1, 2) */
    int32_t result = (int32_t)MANTISSA_BITS;
    while ((mantissa >> MANTISSA_BITS) == 0u) {
        mantissa <<= 1;
        result--;
    }
    for (uint32_t bit = 0; bit < FRACTION_BITS; bit++) {
        mantissa = (mantissa * mantissa) >> MANTISSA_BITS;
        result *= 2;
        if ((mantissa >> (MANTISSA_BITS + 1u)) != 0u) {
            mantissa >>= 1;
            result++;
        }
    }
    return result;
}

void scl_sort(uint16_t *values, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        const uint16_t value = values[i];
        uint32_t at = i;
        while ((at > 0u) && (values[at - 1u] > value)) {
            values[at] = values[at - 1u];
            at--;
        }
        values[at] = value;
    }
}

int32_t scl_twice_median(const uint16_t *sorted, uint32_t count)
{
    return (int32_t)sorted[(count - 1u) / 2u] + (int32_t)sorted[count / 2u];
}
