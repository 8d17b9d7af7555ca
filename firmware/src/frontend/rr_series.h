/* The intervals between heartbeats: what is usual for this heart just before a beat, and how irregular it is.
 *
 * RR: the interval from the beat before to a beat, in model-rate samples, clipped to 36..540; 180 for the first beat of a stream.
 * Look-alike: a beat whose QRS correlates with the template by more than .75. NN: an RR, not of the first beat, both of whose beats are
 * look-alikes. scl/frontend/rr_series.py is the same. */
#ifndef SCL_RR_SERIES_H
#define SCL_RR_SERIES_H

#include <stdbool.h>
#include <stdint.h>

#define SCL_RR_SHORTEST 36 /* samples */
#define SCL_RR_LONGEST 540
#define SCL_RR_FIRST 180
#define SCL_NN_INTERVALS 32
#define SCL_NN_LONG 128
#define SCL_RR_INTERVALS 16
#define SCL_LOOK_ALIKES 64

/* Of the last 32 NN; of the last 16 RR where there are fewer than 4 NN; of the beat's own where there is no RR. In samples. */
typedef struct {
    int32_t quantile;        /* the .9 quantile */
    int32_t median;          /* twice the median */
    int32_t change;          /* twice the median of |difference of neighbours|; 0 where there is one only */
    int32_t long_quantile;   /* as quantile, of the last 128 NN */
} scl_usual;

typedef struct {
    uint16_t rr[SCL_RR_INTERVALS]; /* ring */
    uint16_t nn[SCL_NN_LONG]; /* ring */
    uint16_t change[SCL_LOOK_ALIKES]; /* ring; of the last look-alikes, Q12 of the median, .5 at most */
    int16_t p_correlation[SCL_LOOK_ALIKES]; /* ring; of the same, Q12 */
    bool erratic[SCL_LOOK_ALIKES]; /* ring; of the same: RR differed by more than .05 of the median from each of the three before it */
    uint16_t previous[3];    /* RR of the beats before, the latest first; 0: there is none */
    bool alike;              /* the beat before is a look-alike */
    uint8_t rr_count;        /* that the ring holds */
    uint8_t rr_head;         /* where the next one goes */
    uint8_t nn_count;
    uint8_t nn_head;
    uint8_t alike_count;
    uint8_t alike_head;
} scl_rr_series;

/* Of the look-alikes that the rings hold, Q12. */
typedef struct {
    int32_t irregular;       /* share with a change by more than .08 of the median */
    int32_t p_correlation;   /* mean; .5 where there is none */
    int32_t change;          /* mean, in quarters of the median */
    int32_t erratic;         /* share */
} scl_irregularity;

void scl_rr_series_reset(scl_rr_series *s);

/* Before a beat of that RR. */
scl_usual scl_rr_series_usual(const scl_rr_series *s, uint16_t rr);

/* Takes a beat with its RR and what was usual before it. */
void scl_rr_series_add(scl_rr_series *s, uint16_t rr, int32_t median, bool alike, int32_t p_correlation);

scl_irregularity scl_rr_series_irregularity(const scl_rr_series *s);

#endif
