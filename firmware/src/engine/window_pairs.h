/* Sums of products for four windows, two of them in one multiplication, for cores with neither the DSP extension nor Helium.
 *
 * Inputs a and b of two windows stand in one word, a + 2^16 b. Times a weight it holds both products, and with those of the next weight
 * it still does: a sum of two products of int8 is from -32,512 to 32,768, so with 2^15 - 1 added the lower one does not reach the upper
 * half, and the upper one, less 1, fits into it. Added up are these words, modulo 2^32, and their upper halves; the sums of the lower ones
 * are what the words are without the upper ones. That makes 4 instructions for 4 products, where the core has MLA.
 *
 * For every input there are two words, of windows 0 and 1 and of windows 2 and 3. A row of weights is read in turns of SCL_PAIR_TURN: what
 * fills its last one is the next row's, so there all windows hold one value, which the sum of the weights takes off again. */
#ifndef SCL_WINDOW_PAIRS_H
#define SCL_WINDOW_PAIRS_H

#include "dsp.h"

enum { SCL_PAIR_TURN = 4, SCL_PAIR_BYTES = 8 }; /* inputs of a turn; bytes of scratch for an input */

/* What is added to two products in either half. */
enum { SCL_PAIR_LOWER = 0x7FFF, SCL_PAIR_UPPER = -1, SCL_PAIR_BOTH = 0x7FFF - 0x10000 };

typedef struct {
    uint32_t word0; /* of windows 0 and 1 */
    uint32_t word1; /* of windows 2 and 3 */
    int32_t upper0; /* of window 1, in upper halves alone */
    int32_t upper1; /* of window 3 */
    int32_t weights;
} scl_pair_sums;

/* Loops by hand: not in unoptimized code, and not where r9 is the data's, as in dsp.h. */
#if defined(__thumb__) && defined(__OPTIMIZE__) && !defined(__PIC__) && !defined(__ARM_RWPI)
#if defined(__ARM_ARCH_7M__)
#define SCL_ASSEMBLY_7M
#elif defined(__ARM_ARCH_6M__)
#define SCL_ASSEMBLY_6M
#endif
#endif

/* A row of weights, n bytes in whole turns and at least one, with four windows. */
#if defined(SCL_ASSEMBLY_7M)

/* 13 instructions for 8 products. r0: x, r1: w, r2: weights, r3, r4: words, r5, r6: uppers, r7: end of the row, r8 to r11: inputs, then
 * products; r12: a weight, lr: SCL_PAIR_BOTH. */
#define SCL_TWO_INPUTS                    \
    "ldrsb r12, [r1], #1\n\t"             \
    "ldmia r0!, {r8, r9, r10, r11}\n\t"   \
    "add r2, r2, r12\n\t"                 \
    "mla r8, r8, r12, lr\n\t"             \
    "mla r9, r9, r12, lr\n\t"             \
    "ldrsb r12, [r1], #1\n\t"             \
    "mla r8, r10, r12, r8\n\t"            \
    "mla r9, r11, r12, r9\n\t"            \
    "add r2, r2, r12\n\t"                 \
    "add r3, r3, r8\n\t"                  \
    "add r4, r4, r9\n\t"                  \
    "add r5, r5, r8, asr #16\n\t"         \
    "add r6, r6, r9, asr #16\n\t"

/* Two turns at a time: the first half is left out where their number is odd. r7 may be the frame pointer, so no operand may be in it: it
 * waits on the stack (8 bytes, which compilers do not count: stack.py does), and nothing is addressed through it here. */
static inline scl_pair_sums scl_pairs(const int8_t *x, const int8_t *w, int32_t n)
{
    register const int8_t *inputs __asm("r0") = x;
    register const int8_t *row __asm("r1") = w;
    register int32_t weights __asm("r2") = n;
    register uint32_t word0 __asm("r3") = 0;
    register uint32_t word1 __asm("r4") = 0;
    register int32_t upper0 __asm("r5") = 0;
    register int32_t upper1 __asm("r6") = 0;
    register int32_t both __asm("lr") = SCL_PAIR_BOTH;
    __asm volatile("push {r7, lr}\n\t"
                   "add r7, r1, r2\n\t"
                   "lsls r8, r2, #29\n\t"
                   "mov r2, #0\n\t"
                   "bmi 2f\n\t"
                   ".p2align 2\n"
                   "1:\n\t" SCL_TWO_INPUTS SCL_TWO_INPUTS "2:\n\t" SCL_TWO_INPUTS SCL_TWO_INPUTS
                   "cmp r1, r7\n\t"
                   "bne 1b\n\t"
                   "pop {r7, lr}"
                   : "+r"(inputs), "+r"(row), "+r"(weights), "+r"(word0), "+r"(word1), "+r"(upper0), "+r"(upper1)
                   : "r"(both)
                   : "r8", "r9", "r10", "r11", "r12", "cc", "memory");
    return (scl_pair_sums){word0, word1, upper0, upper1, weights};
}

#elif defined(SCL_ASSEMBLY_6M)

/* 22 instructions for 8 products. r0: x, r1: from minus the row's length up to 0, r2: end of the row, r3: a weight, r4 to r7: inputs,
 * then products; in the upper registers, which add and no more: r8, r9: words, r10, r11: uppers, r12: SCL_PAIR_BOTH, lr: weights. */
#define SCL_TWO_INPUTS           \
    "ldrsb r3, [r2, r1]\n\t"     \
    "adds r1, r1, #1\n\t"        \
    "ldmia r0!, {r4, r5}\n\t"    \
    "add lr, r3\n\t"             \
    "muls r4, r3, r4\n\t"        \
    "muls r5, r3, r5\n\t"        \
    "ldrsb r3, [r2, r1]\n\t"     \
    "ldmia r0!, {r6, r7}\n\t"    \
    "add lr, r3\n\t"             \
    "muls r6, r3, r6\n\t"        \
    "muls r7, r3, r7\n\t"        \
    "adds r4, r4, r6\n\t"        \
    "adds r5, r5, r7\n\t"        \
    "add r4, r12\n\t"            \
    "add r5, r12\n\t"            \
    "add r8, r4\n\t"             \
    "add r9, r5\n\t"             \
    "asrs r4, r4, #16\n\t"       \
    "asrs r5, r5, #16\n\t"       \
    "add r10, r4\n\t"            \
    "add r11, r5\n\t"            \
    "adds r1, r1, #1\n\t"

/* r7 may be the frame pointer: it waits on the stack (8 bytes, which compilers do not count: stack.py does). */
static inline scl_pair_sums scl_pairs(const int8_t *x, const int8_t *w, int32_t n)
{
    register const int8_t *inputs __asm("r0") = x;
    register int32_t left __asm("r1") = -n;
    register const int8_t *end __asm("r2") = w + n;
    register int32_t upper1 __asm("r3") = SCL_PAIR_BOTH;
    register uint32_t word0 __asm("r4"), word1 __asm("r5");
    register int32_t upper0 __asm("r6");
    __asm volatile(".syntax unified\n\t"
                   "push {r7, lr}\n\t"
                   "mov r12, r3\n\t"
                   "movs r4, #0\n\t"
                   "mov r8, r4\n\t"
                   "mov r9, r4\n\t"
                   "mov r10, r4\n\t"
                   "mov r11, r4\n\t"
                   "mov lr, r4\n"
                   "1:\n\t" SCL_TWO_INPUTS SCL_TWO_INPUTS
                   "bne 1b\n\t"
                   "mov r1, lr\n\t"
                   "mov r3, r11\n\t"
                   "mov r4, r8\n\t"
                   "mov r5, r9\n\t"
                   "mov r6, r10\n\t"
                   "pop {r7}\n\t"
                   "add sp, sp, #4"
                   : "+l"(inputs), "+l"(left), "+l"(end), "+l"(upper1), "=l"(word0), "=l"(word1), "=l"(upper0)
                   :
                   : "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
    return (scl_pair_sums){word0, word1, upper0, upper1, left};
}

#else

static inline scl_pair_sums scl_pairs(const int8_t *x, const int8_t *w, int32_t n)
{
    const int8_t *const end = w + n;
    uint32_t word0 = 0, word1 = 0;
    int32_t upper0 = 0, upper1 = 0, weights = 0;
    const uint32_t both = (uint32_t)SCL_PAIR_BOTH;
    for (; w < end; w += 2, x += 2 * SCL_PAIR_BYTES) {
        const uint32_t first = (uint32_t)(int32_t)w[0], second = (uint32_t)(int32_t)w[1];
        const uint32_t word2 = (scl_load_aligned(x) * first) + (scl_load_aligned(x + 8) * second) + both;
        const uint32_t word3 = (scl_load_aligned(x + 4) * first) + (scl_load_aligned(x + 12) * second) + both;
        weights += w[0] + w[1];
        word0 += word2;
        word1 += word3;
        upper0 += (int32_t)word2 >> 16;
        upper1 += (int32_t)word3 >> 16;
    }
    return (scl_pair_sums){word0, word1, upper0, upper1, weights};
}

#endif

#endif
