/* The instructions of the Arm DSP extension that the kernels use, and what they do, for cores without and the tests on other machines.
 *
 * SXTB16 takes every other byte of a word as a signed 16-bit half; SMLAD adds two products of halves to an accumulator. So the four
 * bytes of a word become two words: bytes 0 and 2 ("even"), bytes 1 and 3 ("odd"). */
#ifndef SCL_DSP_H
#define SCL_DSP_H

#include <stdint.h>

/* Whether loops are written by hand. Not where a register is missing: unoptimized code keeps variables in some, and position-independent
 * data takes r9. The C steps give the same numbers. */
#if defined(__ARM_FEATURE_DSP) && defined(__OPTIMIZE__) && !defined(__PIC__) && !defined(__ARM_RWPI)
#define SCL_ASSEMBLY
#endif

/* Four bytes from any address, and one or two words from an aligned one. The builtin is a plain load; memcpy would be a call. */
static inline uint32_t scl_load4(const int8_t *from)
{
    uint32_t word;
    __builtin_memcpy(&word, from, sizeof word);
    return word;
}

static inline uint32_t scl_load_aligned(const int8_t *from)
{
    return scl_load4((const int8_t *)__builtin_assume_aligned(from, 4));
}

static inline void scl_store_aligned(int8_t *to, uint32_t word)
{
    __builtin_memcpy(__builtin_assume_aligned(to, 4), &word, sizeof word);
}

/* The same number in both halves. */
static inline uint32_t scl_pair(int32_t half)
{
    return ((uint32_t)half & 0xFFFFu) | (uint32_t)half << 16;
}

static inline int32_t scl_low(uint32_t halves)
{
    return (int16_t)(halves & 0xFFFFu);
}

static inline int32_t scl_high(uint32_t halves)
{
    return (int16_t)(halves >> 16);
}

#ifdef __ARM_FEATURE_DSP

static inline uint32_t scl_even(uint32_t bytes)
{
    uint32_t halves;
    __asm("sxtb16 %0, %1" : "=r"(halves) : "r"(bytes));
    return halves;
}

static inline uint32_t scl_odd(uint32_t bytes)
{
    uint32_t halves;
    __asm("sxtb16 %0, %1, ror #8" : "=r"(halves) : "r"(bytes));
    return halves;
}

/* sum + low * low + high * high */
static inline int32_t scl_smlad(uint32_t a, uint32_t b, int32_t sum)
{
    int32_t result;
    __asm("smlad %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

/* Each half of `halves` plus every other byte. */
static inline uint32_t scl_add_even(uint32_t halves, uint32_t bytes)
{
    uint32_t sums;
    __asm("sxtab16 %0, %1, %2" : "=r"(sums) : "r"(halves), "r"(bytes));
    return sums;
}

static inline uint32_t scl_add_odd(uint32_t halves, uint32_t bytes)
{
    uint32_t sums;
    __asm("sxtab16 %0, %1, %2, ror #8" : "=r"(sums) : "r"(halves), "r"(bytes));
    return sums;
}

/* sum + low * low, sum + high * high */
static inline int32_t scl_smlabb(uint32_t a, uint32_t b, int32_t sum)
{
    int32_t result;
    __asm("smlabb %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

static inline int32_t scl_smlatt(uint32_t a, uint32_t b, int32_t sum)
{
    int32_t result;
    __asm("smlatt %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

static inline int32_t scl_add_doubled(int32_t a, int32_t b)
{
    int32_t result;
    __asm("add %0, %1, %2, lsl #1" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

/* sum + round(a * b / 2^32) */
static inline int32_t scl_smmlar(int32_t a, int32_t b, int32_t sum)
{
    int32_t result;
    __asm("smmlar %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

#else

static inline uint32_t scl_even(uint32_t bytes)
{
    const uint32_t low = (uint32_t)(int32_t)(int8_t)(bytes & 0xFFu), high = (uint32_t)(int32_t)(int8_t)(bytes >> 16 & 0xFFu);
    return (low & 0xFFFFu) | high << 16;
}

static inline uint32_t scl_odd(uint32_t bytes)
{
    return scl_even(bytes >> 8);
}

static inline int32_t scl_smlad(uint32_t a, uint32_t b, int32_t sum)
{
    return sum + scl_low(a) * scl_low(b) + scl_high(a) * scl_high(b);
}

static inline uint32_t scl_add_even(uint32_t halves, uint32_t bytes)
{
    const uint32_t more = scl_even(bytes);
    return ((halves + more) & 0xFFFFu) | ((halves >> 16) + (more >> 16)) << 16;
}

static inline uint32_t scl_add_odd(uint32_t halves, uint32_t bytes)
{
    return scl_add_even(halves, bytes >> 8);
}

static inline int32_t scl_smlabb(uint32_t a, uint32_t b, int32_t sum)
{
    return sum + scl_low(a) * scl_low(b);
}

static inline int32_t scl_smlatt(uint32_t a, uint32_t b, int32_t sum)
{
    return sum + scl_high(a) * scl_high(b);
}

static inline int32_t scl_add_doubled(int32_t a, int32_t b)
{
    return a + 2 * b;
}

#ifdef __ARM_ARCH_6M__

/* Of halves, since the core multiplies to 32 bits alone; b is not negative. */
static inline int32_t scl_smmlar(int32_t a, int32_t b, int32_t sum)
{
    const uint32_t a_low = (uint32_t)a & 0xFFFFu, b_low = (uint32_t)b & 0xFFFFu, b_high = (uint32_t)b >> 16;
    const int32_t a_high = a >> 16, across = a_high * (int32_t)b_low;
    const uint32_t lower = (a_low * b_high) + ((a_low * b_low) >> 16) + 0x8000u;
    const uint32_t carry = (((uint32_t)across & 0xFFFFu) + (lower & 0xFFFFu)) >> 16;
    return sum + (a_high * (int32_t)b_high) + (across >> 16) + (int32_t)((lower >> 16) + carry);
}

#else

static inline int32_t scl_smmlar(int32_t a, int32_t b, int32_t sum)
{
    return sum + (int32_t)(((int64_t)a * b + (INT64_C(1) << 31)) >> 32);
}

#endif

#endif

#ifdef __ARM_FEATURE_SAT

static inline int8_t scl_saturate(int32_t x)
{
    int32_t result;
    __asm("ssat %0, #8, %1" : "=r"(result) : "r"(x));
    return (int8_t)result;
}

#else

static inline int8_t scl_saturate(int32_t x)
{
    return (int8_t)(x < -128 ? -128 : x > 127 ? 127 : x);
}

#endif

#endif
