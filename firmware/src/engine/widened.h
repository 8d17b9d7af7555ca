/* Windows of an input widened to 16 bits, and their products with rows of weights, for cores with the DSP extension.
 *
 * For every 4 inputs a widened window holds two words, the even inputs and the odd ones; SCL_WINDOWS of them take turns, whether there
 * are as many or not. A row of weights is read in words too: what fills its last one is the next row's, so there the window holds 0. */
#ifndef SCL_WIDENED_H
#define SCL_WIDENED_H

#include "dsp.h"

enum { SCL_WINDOWS = 4, SCL_GROUP = 8 * SCL_WINDOWS }; /* bytes of scratch for 4 inputs */

/* Words of an input without its zero point; returns where the next ones go. Four a turn, so 9 instructions for 8 inputs; one and two that
 * are left over come first: of their number, bit 0 goes to the sign and bit 1 to the carry. */
static inline int8_t *scl_widen_words(const int8_t *from, int32_t words, uint32_t minus, int8_t *to)
{
    const int8_t *const end = from + 4 * words;
#ifdef SCL_ASSEMBLY
#define SCL_WIDEN_WORD(word)                     \
    "sxtab16 r10, %[minus], " word "\n\t"          \
    "sxtab16 r11, %[minus], " word ", ror #8\n\t"  \
    "strd r10, r11, [%[to]], #32\n\t"
#define SCL_WIDEN_TWO              \
    "ldr r8, [%[from]], #8\n\t"      \
    "ldr r9, [%[from], #-4]\n\t"     \
    SCL_WIDEN_WORD("r8")             \
    SCL_WIDEN_WORD("r9")
    __asm volatile("lsls r8, %[words], #31\n\t"
                   "bpl 1f\n\t"
                   "ldr r8, [%[from]], #4\n\t"
                   SCL_WIDEN_WORD("r8")
                   "1:\n\t"
                   "bcs 3f\n\t"
                   "cmp %[from], %[end]\n\t"
                   "beq 4f\n\t"
                   ".p2align 2\n"
                   "2:\n\t" SCL_WIDEN_TWO "3:\n\t" SCL_WIDEN_TWO "cmp %[from], %[end]\n\t"
                   "bcc 2b\n"
                   "4:"
                   : [from] "+r"(from), [to] "+r"(to)
                   : [words] "r"(words), [minus] "r"(minus), [end] "r"(end)
                   : "r8", "r9", "r10", "r11", "cc", "memory");
#else
    for (; from < end; from += 4, to += SCL_GROUP) {
        const uint32_t bytes = scl_load4(from);
        scl_store_aligned(to, scl_add_even(minus, bytes));
        scl_store_aligned(to + 4, scl_add_odd(minus, bytes));
    }
#endif
    return to;
}

/* Four rows of weights, n bytes each, with the first window alone: 22 instructions for 16 products. Two words a turn;
 * a last one that is left over comes first. */
static inline void scl_rows_4(const int8_t *x, const int8_t *w, int32_t n, int32_t sums[4])
{
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    const int8_t *const end = w + n;
#ifdef SCL_ASSEMBLY
#define SCL_ONE_ROW(weights, sum)            \
    "ldr lr, " weights "\n\t"                \
    "sxtb16 r12, lr\n\t"                     \
    "sxtb16 lr, lr, ror #8\n\t"              \
    "smlad " sum ", r8, r12, " sum "\n\t"    \
    "smlad " sum ", r9, lr, " sum "\n\t"
#define SCL_FOUR_ROWS                            \
    "ldrd r8, r9, [%[x]], #32\n\t"                  \
    SCL_ONE_ROW("[%[w], %[n]]", "%[s1]")            \
    SCL_ONE_ROW("[%[w], %[n], lsl #1]", "%[s2]")    \
    SCL_ONE_ROW("[%[w], %[three]]", "%[s3]")        \
    SCL_ONE_ROW("[%[w]], #4", "%[s0]")
    __asm volatile("add lr, %[n], #3\n\t"
                   "lsls lr, lr, #29\n\t"
                   "bmi 2f\n\t"
                   ".p2align 2\n"
                   "1:\n\t" SCL_FOUR_ROWS "2:\n\t" SCL_FOUR_ROWS "cmp %[w], %[end]\n\t"
                   "bcc 1b"
                   : [x] "+r"(x), [w] "+r"(w), [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3)
                   : [n] "r"(n), [three] "r"(3 * n), [end] "r"(end)
                   : "r8", "r9", "r12", "lr", "cc", "memory");
#else
    for (; w < end; w += 4, x += SCL_GROUP) {
        const uint32_t even = scl_load_aligned(x), odd = scl_load_aligned(x + 4);
        const uint32_t w0 = scl_load4(w), w1 = scl_load4(w + n), w2 = scl_load4(w + 2 * n), w3 = scl_load4(w + 3 * n);
        s0 = scl_smlad(odd, scl_odd(w0), scl_smlad(even, scl_even(w0), s0));
        s1 = scl_smlad(odd, scl_odd(w1), scl_smlad(even, scl_even(w1), s1));
        s2 = scl_smlad(odd, scl_odd(w2), scl_smlad(even, scl_even(w2), s2));
        s3 = scl_smlad(odd, scl_odd(w3), scl_smlad(even, scl_even(w3), s3));
    }
#endif
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
}

/* One row with the first window alone. */
static inline int32_t scl_dot_1(const int8_t *x, const int8_t *w, int32_t n)
{
    int32_t sum = 0;
    for (const int8_t *const end = w + n; w < end; w += 4, x += SCL_GROUP) {
        const uint32_t bytes = scl_load4(w);
        sum = scl_smlad(scl_load_aligned(x), scl_even(bytes), sum);
        sum = scl_smlad(scl_load_aligned(x + 4), scl_odd(bytes), sum);
    }
    return sum;
}

#endif
