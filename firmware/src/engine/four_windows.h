/* All output channels of four widened windows, for cores with the DSP extension: here goes nearly all of a network's time.
 *
 * A row of weights meets four windows: a word of it is loaded and widened once for 16 products, which take 13 instructions, and the loop half
 * of one. Around that a channel takes 12 instructions, 17 for its own numbers and places, and 6 for each of its outputs. The compiler would
 * take half as many again: the products leave it no register, so the loop over the channels is by hand as well. What it walks along is kept
 * in memory. */
#ifndef SCL_FOUR_WINDOWS_H
#define SCL_FOUR_WINDOWS_H

#include "narrow.h"
#include "widened.h"

/* The loop's state, in the order that its loads ask for: 12 words. */
typedef struct {
    scl_scales scales;
    const int8_t *x;
    const int8_t *w;  /* the channel's row */
    int32_t padded;   /* bytes of a row in whole words, at least one */
    int32_t row;      /* bytes from a row to the next */
    int8_t *to;       /* the first window's output */
    const int8_t *end;
    int32_t apart;    /* bytes from a window's output to the next one's */
    int32_t fourth;   /* and to the fourth's; or to the third's, if there is no fourth: it is written before that */
} scl_four;

#ifdef SCL_ASSEMBLY

/* r0: x, r1: w, r6: its end, r2 to r5: sums, r8 to r11: inputs, r12 and lr: weights. */
#define SCL_FOUR_INPUTS               \
    "ldmia r0!, {r8, r9, r10, r11}\n\t" \
    "ldr lr, [r1], #4\n\t"            \
    "sxtb16 r12, lr\n\t"              \
    "sxtb16 lr, lr, ror #8\n\t"       \
    "smlad r2, r8, r12, r2\n\t"       \
    "smlad r3, r10, r12, r3\n\t"      \
    "smlad r2, r9, lr, r2\n\t"        \
    "smlad r3, r11, lr, r3\n\t"       \
    "ldmia r0!, {r8, r9, r10, r11}\n\t" \
    "smlad r4, r8, r12, r4\n\t"       \
    "smlad r5, r10, r12, r5\n\t"      \
    "smlad r4, r9, lr, r4\n\t"        \
    "smlad r5, r11, lr, r5\n\t"

/* scl_scaled. r8: half, r9: doubled bias, r10: multiplier, r11: right. */
#define SCL_ONE_OF_FOUR(sum, place)       \
    "add " sum ", r9, " sum ", lsl #1\n\t"  \
    "smmlar r0, " sum ", r10, r8\n\t"       \
    "add r0, r0, " sum ", asr #31\n\t"      \
    "asr r0, r0, r11\n\t"                   \
    "ssat r0, #8, r0\n\t"                   \
    "strb r0, " place "\n\t"

/* Four words of weights a turn; one, two or three that are left over come first: of their number, bit 3 of a row's bytes goes to the
 * carry and bit 2 to the sign. The state's address waits on the stack (4 bytes, which compilers do not count: stack.py does), since with a
 * frame pointer there are 13 registers. */
static inline void scl_four_windows(scl_four *four)
{
    register scl_four *state __asm("lr") = four;
    __asm volatile("push {lr}\n"
                   "1:\n\t"
                   "ldrd r0, r1, [lr, #16]\n\t"
                   "ldrd r6, r12, [lr, #24]\n\t"
                   "add r12, r12, r1\n\t"
                   "str r12, [lr, #20]\n\t"
                   "movs r2, #0\n\t"
                   "movs r3, #0\n\t"
                   "movs r4, #0\n\t"
                   "movs r5, #0\n\t"
                   "lsls r12, r6, #29\n\t"
                   "add r6, r6, r1\n\t"
                   "bcc 2f\n\t"
                   "bmi 4f\n\t"
                   "b 5f\n"
                   "2:\n\t"
                   "bmi 6f\n"
                   "3:\n\t" SCL_FOUR_INPUTS "4:\n\t" SCL_FOUR_INPUTS "5:\n\t" SCL_FOUR_INPUTS "6:\n\t" SCL_FOUR_INPUTS
                   "cmp r1, r6\n\t"
                   "bcc 3b\n\t"
                   "ldr lr, [sp]\n\t"
                   "ldmia lr, {r0, r1, r6, r8}\n\t"
                   "ldr r9, [r0], #4\n\t"
                   "ldr r10, [r1], #4\n\t"
                   "ldrsb r11, [r6], #1\n\t"
                   "stmia lr, {r0, r1, r6}\n\t"
                   "lsl r9, r9, #1\n\t"
                   "rsb r11, r11, #0\n\t"
                   "lsl r8, r8, r11\n\t"
                   "asr r8, r8, #1\n\t"
                   "ldr r12, [lr, #32]\n\t"
                   "ldrd r1, r6, [lr, #40]\n\t"
                   SCL_ONE_OF_FOUR("r5", "[r12, r6]")
                   SCL_ONE_OF_FOUR("r4", "[r12, r1, lsl #1]")
                   SCL_ONE_OF_FOUR("r3", "[r12, r1]")
                   SCL_ONE_OF_FOUR("r2", "[r12], #1")
                   "ldr r0, [lr, #36]\n\t"
                   "str r12, [lr, #32]\n\t"
                   "cmp r12, r0\n\t"
                   "bne 1b\n\t"
                   "pop {lr}"
                   : "+r"(state)
                   :
                   : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "cc", "memory");
}

#else

static inline void scl_four_windows(scl_four *four)
{
    for (int32_t channel = 0; four->to < four->end; channel++, four->to++, four->w += four->row) {
        int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        const int8_t *x = four->x;
        for (int32_t i = 0; i < four->padded; i += 4, x += SCL_GROUP) {
            const uint32_t bytes = scl_load4(four->w + i), even = scl_even(bytes), odd = scl_odd(bytes);
            s0 = scl_smlad(scl_load_aligned(x + 4), odd, scl_smlad(scl_load_aligned(x), even, s0));
            s1 = scl_smlad(scl_load_aligned(x + 12), odd, scl_smlad(scl_load_aligned(x + 8), even, s1));
            s2 = scl_smlad(scl_load_aligned(x + 20), odd, scl_smlad(scl_load_aligned(x + 16), even, s2));
            s3 = scl_smlad(scl_load_aligned(x + 28), odd, scl_smlad(scl_load_aligned(x + 24), even, s3));
        }
        const scl_scale s = scl_scale_of(four->scales, channel);
        four->to[four->fourth] = scl_scaled(s3, s);
        four->to[2 * four->apart] = scl_scaled(s2, s);
        four->to[four->apart] = scl_scaled(s1, s);
        four->to[0] = scl_scaled(s0, s);
    }
}

#endif

#endif
