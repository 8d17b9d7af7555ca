/* The rhythm of a stream of beats, in integers. Two places of the classes mean something here: 0 is a normal beat (N), 2 a ventricular one
 * (V); a beat of which the board abstains is neither. scl/frontend/rhythm.py is the same in Python, and the two agree in every number.
 *
 * Behind a beat without an interval, the first one or the first after a lead that was off, nothing joins what was before: heart rate,
 * differences, couplets, runs and the worst class begin anew; the counts and the latest 64 differences stay. Intervals count model-rate
 * samples, of which a second has 180; one above 32767 counts as 32767.
 *   heart rate   60 s over the median of the latest 8 intervals, in tenths of a beat a minute, rounded half up. The median of an even number
 *                is the mean of the middle two.
 *   RMSSD        root of the mean square of the latest 64 differences of successive intervals between three normal beats, in ms, rounded to
 *                the nearest.
 *   irregular    percent of the latest 64 differences between three beats that are neither V nor abstained that exceed 8 % of the median
 *                above, as it was at that beat, rounded half up.
 *   pauses       intervals of more than 2 s.
 *   couplets     two V in a row, and no third; counted with the beat that ends them.
 *   runs         three V in a row or more; counted with the third. The longest one in beats.
 *   worst        the highest class of the beats whose R lies less than 10 s before this one's, of the latest 64 at most. */
#ifndef SCL_RHYTHM_H
#define SCL_RHYTHM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SCL_RHYTHM_BEATS 64u /* that are kept */
#define SCL_RHYTHM_NO_CLASS 255u

/* Counts stay at their largest value. */
typedef struct {
    uint16_t heart_rate;     /* in tenths of a beat a minute; 0: no interval yet */
    uint16_t rmssd;          /* ms; 0: no difference yet */
    uint8_t irregular;       /* percent; 0: no difference yet */
    uint16_t pauses;
    uint16_t couplets;
    uint16_t runs;
    uint16_t longest_run;    /* beats; 0: none */
    uint8_t worst;           /* class; SCL_RHYTHM_NO_CLASS: the board abstained of all */
} scl_rhythm_figures;

typedef struct {
    uint16_t intervals[SCL_RHYTHM_BEATS]; /* ring of the latest beats, and the interval before each */
    uint8_t classes[SCL_RHYTHM_BEATS];
    int16_t normal[SCL_RHYTHM_BEATS]; /* ring of the latest differences between normal beats */
    uint64_t irregular;      /* of the latest differences between beats that are not V, bit 0 the latest: whether it is large */
    uint8_t newest;          /* where the next beat goes */
    uint8_t joined;          /* beats since the latest one without an interval, that one too; stays at SCL_RHYTHM_BEATS */
    uint8_t normal_newest;
    uint8_t normal_count;
    uint8_t irregular_count;
    uint16_t ventricular;    /* V in a row up to the latest beat */
    scl_rhythm_figures figures;
} scl_rhythm;

void scl_rhythm_reset(scl_rhythm *r);

/* Takes a beat: the interval before it, 0 without one, and its class, SCL_RHYTHM_NO_CLASS or above if the board abstains. */
void scl_rhythm_push(scl_rhythm *r, uint16_t interval, uint16_t class_index);

#ifdef __cplusplus
}
#endif

#endif
