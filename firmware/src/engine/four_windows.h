/* All output channels of four widened windows, for cores with the DSP extension: here goes nearly all of a network's time.
 *
 * A row of weights meets four windows: a word of it is loaded and widened once for 16 products, which take 13 instructions, and the loop a
 * fifth of one. Around that a channel takes 18 instructions, and 6 for each of its outputs. The compiler would take half as many again:
 * the products leave it no register, so the loop over the channels is by hand as well. What it needs around them is kept in memory. */
#ifndef SCL_FOUR_WINDOWS_H
#define SCL_FOUR_WINDOWS_H

#include "narrow.h"
#include "widened.h"

enum { SCL_TURN = 10 }; /* words of weights that a turn of the loop takes */

/* What the loop needs around the products, in the order that its loads ask for: 12 words. */
typedef struct {
    const int8_t *x;
    const int32_t *bias; /* behind the last channel's, like multiplier, shift and out */
    const int8_t *end;   /* of the windows */
    int32_t entry;       /* where the first turn begins: 2 for its first word, up to 10 and then 1 for its last */
    const int32_t *multiplier;
    const int8_t *shift;
    int32_t channel; /* from minus their number up to 0 */
    int32_t centre;  /* of scl_scales */
    int32_t fourth;  /* bytes from a window's output to the fourth's; or to the third's, if there is no fourth: it is written before that */
    int32_t step;    /* bytes from where a row's turns end to where those of the next begin */
    int32_t apart;   /* bytes from a window's output to the next one's */
    int8_t *out;     /* the first window's */
} scl_four;

/* Of rows that lie `row` bytes apart, and windows of as many bytes, at least one. */
static inline scl_four scl_four_of(scl_scales scales, int32_t channels, int32_t row, const int8_t *x, int32_t windows, int8_t *out)
{
    const int32_t words = (row + 3) / 4, entry = SCL_TURN - ((words + SCL_TURN - 2) % SCL_TURN);
    return (scl_four){.x = x, .bias = scales.bias + channels, .end = x + (SCL_GROUP * words),
                      .entry = entry, .multiplier = scales.multiplier + channels,
                      .shift = scales.shift + channels, .channel = -channels, .centre = scales.centre,
                      .fourth = (windows - 1) * channels, .step = row - (4 * (words + entry - 2)), .apart = channels,
                      .out = out + channels};
}

#ifdef SCL_ASSEMBLY

/* Without blanks behind commas: C99 promises no string of more than 4,095 characters.
 * r0: x, r1: before w, r6: end of x, r2 to r5: sums, r8 to r11: inputs, r12 and lr: weights, from lr or r7. */
#define SCL_FOUR_INPUTS(weights)        \
    "sxtb16 r12," weights "\n\t"        \
    "sxtb16 lr," weights ",ror #8\n\t"  \
    "ldmia r0!,{r8,r9,r10,r11}\n\t"     \
    "smlad r2,r8,r12,r2\n\t"            \
    "smlad r3,r10,r12,r3\n\t"           \
    "smlad r2,r9,lr,r2\n\t"             \
    "smlad r3,r11,lr,r3\n\t"            \
    "ldmia r0!,{r8,r9,r10,r11}\n\t"     \
    "smlad r4,r8,r12,r4\n\t"            \
    "smlad r5,r10,r12,r5\n\t"           \
    "smlad r4,r9,lr,r4\n\t"             \
    "smlad r5,r11,lr,r5\n\t"

/* Two words: loads side by side share a cycle, but one that writes its address back shares none with a load before it, so that one comes
 * first. They need not be aligned, as those of LDRD. */
#define SCL_TWO_WORDS(even, odd, first, second) \
    even ":\n\t"                                  \
    first "\n\t"                                  \
    second "\n\t"                                 \
    SCL_FOUR_INPUTS("lr")                         \
    odd ":\n\t"                                   \
    SCL_FOUR_INPUTS("r7")

/* scl_scaled, the bias added before. r8: half, r10: multiplier, r6: right less 1. */
#define SCL_ONE_OF_FOUR(sum, place)       \
    "lsl " sum ", " sum ", #1\n\t"          \
    "smmlar r0, " sum ", r10, r8\n\t"       \
    "add r0, r0, " sum ", asr #31\n\t"      \
    "asr r0, r0, r6\n\t"                    \
    "ssat r0, #8, r0, asr #1\n\t"           \
    "strb r0, " place "\n\t"

/* Ten words of weights a turn; the first begins where what is left over ends with it, and there r7 may be asked for before its load.
 * r7 and the address within the state wait on the stack (8 bytes, which compilers do not count: stack.py does): r7 may be the frame
 * pointer, so the compiler does not lend it, and nothing is addressed through it here. */
static inline void scl_four_windows(scl_four *four, const int8_t *weights)
{
    register scl_four *state __asm("lr") = four;
    register const int8_t *w __asm("r1") = weights;
    __asm volatile("add lr, lr, #16\n\t"
                   "push {r7, lr}\n\t"
                   "ldr r12, [lr, #-4]\n\t"
                   "ldr r7, [lr, #8]\n\t"
                   "sub r1, r1, r12, lsl #2\n\t"
                   ".p2align 2\n"
                   "1:\n\t"
                   "ldmdb lr, {r0, r2, r6, r12}\n\t"
                   "ldr r2, [r2, r7, lsl #2]\n\t"
                   "ldr r7, [r1, r12, lsl #2]\n\t"
                   "mov r3, r2\n\t"
                   "mov r4, r2\n\t"
                   "mov r5, r2\n\t"
                   "tbb [pc, r12]\n"
                   "2:\n\t"
                   ".byte 0, (19f - 2b) / 2, (10f - 2b) / 2, (11f - 2b) / 2, (12f - 2b) / 2\n\t"
                   ".byte (13f - 2b) / 2, (14f - 2b) / 2, (15f - 2b) / 2, (16f - 2b) / 2, (17f - 2b) / 2, (18f - 2b) / 2\n\t"
                   ".p2align 2\n"
                   SCL_TWO_WORDS("10", "11", "ldr lr, [r1, #8]", "ldr.w r7, [r1, #12]")
                   SCL_TWO_WORDS("12", "13", "ldr lr, [r1, #16]", "ldr.w r7, [r1, #20]")
                   SCL_TWO_WORDS("14", "15", "ldr lr, [r1, #24]", "ldr.w r7, [r1, #28]")
                   SCL_TWO_WORDS("16", "17", "ldr lr, [r1, #32]", "ldr.w r7, [r1, #36]")
                   SCL_TWO_WORDS("18", "19", "ldr lr, [r1, #40]!", "ldr.w r7, [r1, #4]")
                   "cmp r0, r6\n\t"
                   "bne 10b\n\t"
                   "ldr lr, [sp, #4]\n\t"
                   "ldmia lr, {r0, r6, r7, r8, r9, r10, r11, r12}\n\t"
                   "add r1, r1, r10\n\t"
                   "ldr r10, [r0, r7, lsl #2]\n\t"
                   "ldrsb r6, [r6, r7]\n\t"
                   "add r12, r12, r7\n\t"
                   "adds r7, r7, #1\n\t"
                   "str r7, [lr, #8]\n\t"
                   "mvn r6, r6\n\t"
                   "lsl r8, r8, r6\n\t"
                   SCL_ONE_OF_FOUR("r5", "[r12, r9]")
                   SCL_ONE_OF_FOUR("r4", "[r12, r11, lsl #1]")
                   SCL_ONE_OF_FOUR("r3", "[r12, r11]")
                   SCL_ONE_OF_FOUR("r2", "[r12]")
                   "bne 1b\n\t"
                   "pop {r7, lr}"
                   : "+r"(state), "+r"(w)
                   :
                   : "r0", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "cc", "memory");
}

#else

static inline void scl_four_windows(scl_four *four, const int8_t *weights)
{
    const int8_t *w = weights;
    const scl_scales scales = {four->bias, four->multiplier, four->shift, four->centre};
    const int32_t next = 4 * (four->entry - 2) + four->step; /* from a row's last word to the next row */
    for (; four->channel < 0; four->channel++) {
        int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        for (const int8_t *x = four->x; x < four->end; x += SCL_GROUP, w += 4) {
            const uint32_t bytes = scl_load4(w), even = scl_even(bytes), odd = scl_odd(bytes);
            s0 = scl_smlad(scl_load_aligned(x + 4), odd, scl_smlad(scl_load_aligned(x), even, s0));
            s1 = scl_smlad(scl_load_aligned(x + 12), odd, scl_smlad(scl_load_aligned(x + 8), even, s1));
            s2 = scl_smlad(scl_load_aligned(x + 20), odd, scl_smlad(scl_load_aligned(x + 16), even, s2));
            s3 = scl_smlad(scl_load_aligned(x + 28), odd, scl_smlad(scl_load_aligned(x + 24), even, s3));
        }
        const scl_scale s = scl_scale_of(scales, four->channel);
        int8_t *const out = four->out + four->channel;
        out[four->fourth] = scl_scaled(s3, s);
        out[2 * four->apart] = scl_scaled(s2, s);
        out[four->apart] = scl_scaled(s1, s);
        out[0] = scl_scaled(s0, s);
        w = w + next;
    }
}

#endif

#endif
