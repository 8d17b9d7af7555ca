/* A decision behind the logits, in integers: class, confidence, or unsure, over time. scl/belief.py is the same in Python and has the
 * formulas; the two agree in every bit.
 *
 * The share of a class of one window is 2^-d over its sum, d the distance of its logit to the largest one in units of `slope`: a softmax
 * with a temperature. Along a stream the shares are a hidden Markov model's belief: from hop to hop the class stays with probability
 * `stay`, or changes to any other with the same probability. */
#ifndef SCL_DECISION_H
#define SCL_DECISION_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SCL_DECISION_ONE 32768u       /* a confidence of 1 */
#define SCL_MOST_SLOPE 0x1000000u
#define SCL_UNSURE 0xFFFEu            /* answers that are no class */
#define SCL_ABSTAIN 0xFFFFu

typedef struct {
    uint32_t slope;          /* powers of two, in 2^-16, that a step of a logit is worth in a window of its own: 1 to SCL_MOST_SLOPE */
    uint32_t evidence;       /* the same in a later window of a stream, which shares samples with the one before */
    uint16_t stay;           /* probability, in 2^-16, that the next hop has the same class; 0: each window is decided by itself */
    uint16_t unsure;         /* least difference of the two largest shares, in 2^-15: below it the answer is SCL_UNSURE; 0: never */
} scl_decision_settings;

typedef struct {
    uint16_t answer;         /* a class, SCL_UNSURE, or SCL_ABSTAIN if the lead was off */
    uint16_t confidence;     /* share of the likeliest class, in 2^-15; 0 if the lead was off */
} scl_decision;

typedef struct {
    scl_decision_settings settings;
    uint16_t classes;        /* 2 to 256 */
    bool fresh;              /* no window was evidence yet */
} scl_decider;

/* Whether every setting is in its range. */
bool scl_decision_fits(const scl_decision_settings *settings);

/* Every one of `classes` is as likely as the others, as where a stream begins; writes belief[classes]. */
void scl_decider_reset(scl_decider *d, uint32_t *belief);

/* The decision behind one more window: its logits (classes), NULL if the board abstains from it, so that it is no evidence. */
scl_decision scl_decider_step(scl_decider *d, uint32_t *belief, const int8_t *logits);

#ifdef __cplusplus
}
#endif

#endif
