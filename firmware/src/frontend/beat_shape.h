/* Measures of the shape of heartbeats, in integers; scl/frontend/beat_shape.py is the same.
 *
 * A row is (count) samples in microvolts, within +-32767, or in 256ths of one; count is 57 at most. Sums stay below 2^62. */
#ifndef SCL_BEAT_SHAPE_H
#define SCL_BEAT_SHAPE_H

#include <stdint.h>

/* Of a cut: samples before and behind the R peak, and where its parts begin. */
#define SCL_CUT_BEFORE 50
#define SCL_CUT_BEHIND 32
#define SCL_CUT 83
#define SCL_P_FIRST 0
#define SCL_P 38
#define SCL_QRS_FIRST 36
#define SCL_QRS 32
#define SCL_STEEP_FIRST 26
#define SCL_STEEP 57
#define SCL_PR_FIRST 14
#define SCL_PR 24
#define SCL_BASE_FIRST 30
#define SCL_BASE 8
#define SCL_ST_FIRST 66
#define SCL_ST 10

/* Largest and least of a row. */
typedef struct {
    int32_t high;
    int32_t low;
} scl_extremes;

scl_extremes scl_extremes_of(const int32_t *a, uint32_t count);

/* count times the standard deviation, floored. */
uint32_t scl_spread(const int32_t *a, uint32_t count);

/* Pearson's, Q12; 0 where a row is constant. */
int32_t scl_correlation(const int32_t *a, const int32_t *b, uint32_t count);

/* count^2 times the mean of |256 a - b|, each less its mean. */
int64_t scl_difference(const int32_t *a, const int32_t *b, uint32_t count);

/* The largest step from a sample to the next. */
int32_t scl_steepest(const int32_t *a, uint32_t count);

/* How many steps from a sample to the next exceed so many hundredths of the largest of them. */
int32_t scl_steep(const int32_t *a, uint32_t count, int32_t hundredths);

/* The largest correlation of a template's QRS with a cut's samples there, moved by -6, -4, .. 6. */
int32_t scl_best_correlation(const int32_t *cut, const int32_t *usual);

/* 80 times how far the ST segment of a cut lies above the samples before the QRS, on the mean. */
int32_t scl_level(const int32_t *cut);

#endif
