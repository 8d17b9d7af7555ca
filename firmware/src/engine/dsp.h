/* The instructions of the Arm DSP extension that the kernels use, and what they do, for the kernels' tests on other machines.
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

/* round(a * b / 2^32) */
static inline int32_t scl_smmulr(int32_t a, int32_t b)
{
    int32_t result;
    __asm("smmulr %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

static inline int8_t scl_saturate(int32_t x)
{
    int32_t result;
    __asm("ssat %0, #8, %1" : "=r"(result) : "r"(x));
    return (int8_t)result;
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

static inline int32_t scl_smmulr(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b + (INT64_C(1) << 31)) >> 32);
}

static inline int8_t scl_saturate(int32_t x)
{
    return (int8_t)(x < -128 ? -128 : x > 127 ? 127 : x);
}

#endif

/* Dot products of one row of weights with four widened windows. The row is n bytes, a multiple of 4 and at
 * least 4; x holds for every 4 inputs 8 words: window 0 even and odd, window 1 even and odd, and so on.
 *
 * Nearly all the time goes here, and the registers are just enough if they are given out by hand: 13 instructions for 16 products
 * (a word of weights is loaded and widened once for four windows), and two for the loop. */
static inline void scl_dot_4(const int8_t *x, const int8_t *w, int32_t n, int32_t sums[4])
{
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    const int8_t *const end = w + n;
#ifdef SCL_ASSEMBLY
#define SCL_FOUR_INPUTS                    \
    "ldmia %[x]!, {r8, r9, r10, r11}\n\t"  \
    "ldr lr, [%[w]], #4\n\t"               \
    "sxtb16 %[even], lr\n\t"               \
    "sxtb16 lr, lr, ror #8\n\t"            \
    "smlad %[s0], r8, %[even], %[s0]\n\t"  \
    "smlad %[s1], r10, %[even], %[s1]\n\t" \
    "smlad %[s0], r9, lr, %[s0]\n\t"       \
    "smlad %[s1], r11, lr, %[s1]\n\t"      \
    "ldmia %[x]!, {r8, r9, r10, r11}\n\t"  \
    "smlad %[s2], r8, %[even], %[s2]\n\t"  \
    "smlad %[s3], r10, %[even], %[s3]\n\t" \
    "smlad %[s2], r9, lr, %[s2]\n\t"       \
    "smlad %[s3], r11, lr, %[s3]\n\t"
    /* Two groups a turn; an odd number of them starts in the middle. The number is read before its register is needed: with a frame
     * pointer there are 13, and that is all of them. */
    int32_t even = n;
    __asm volatile("tst %[even], #4\n\t"
                   "bne 2f\n"
                   "1:\n\t" SCL_FOUR_INPUTS "2:\n\t" SCL_FOUR_INPUTS "cmp %[w], %[end]\n\t"
                   "bcc 1b"
                   : [x] "+r"(x), [w] "+r"(w), [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [even] "+&r"(even)
                   : [end] "r"(end)
                   : "r8", "r9", "r10", "r11", "lr", "cc", "memory");
#else
    for (; w < end; w += 4, x += 32) {
        const uint32_t bytes = scl_load4(w), even = scl_even(bytes), odd = scl_odd(bytes);
        s0 = scl_smlad(scl_load_aligned(x + 4), odd, scl_smlad(scl_load_aligned(x), even, s0));
        s1 = scl_smlad(scl_load_aligned(x + 12), odd, scl_smlad(scl_load_aligned(x + 8), even, s1));
        s2 = scl_smlad(scl_load_aligned(x + 20), odd, scl_smlad(scl_load_aligned(x + 16), even, s2));
        s3 = scl_smlad(scl_load_aligned(x + 28), odd, scl_smlad(scl_load_aligned(x + 24), even, s3));
    }
#endif
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
}

/* The same with the first window alone: 8 instructions for 4 products. The row needs no filling up. */
static inline int32_t scl_dot_1(const int8_t *x, const int8_t *w, int32_t n)
{
    int32_t sum = 0;
    const int8_t *const end = w + n;
#ifdef SCL_ASSEMBLY
    __asm volatile("1:\n\t"
                   "ldr r12, [%[w]], #4\n\t"
                   "ldrd r8, r9, [%[x]], #32\n\t"
                   "sxtb16 lr, r12\n\t"
                   "sxtb16 r12, r12, ror #8\n\t"
                   "smlad %[sum], r8, lr, %[sum]\n\t"
                   "smlad %[sum], r9, r12, %[sum]\n\t"
                   "cmp %[w], %[end]\n\t"
                   "bcc 1b"
                   : [x] "+r"(x), [w] "+r"(w), [sum] "+r"(sum)
                   : [end] "r"(end)
                   : "r8", "r9", "r12", "lr", "cc", "memory");
#else
    for (; w < end; w += 4, x += 32) {
        const uint32_t bytes = scl_load4(w);
        sum = scl_smlad(scl_load_aligned(x), scl_even(bytes), sum);
        sum = scl_smlad(scl_load_aligned(x + 4), scl_odd(bytes), sum);
    }
#endif
    return sum;
}

#endif
