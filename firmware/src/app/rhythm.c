#include "rhythm.h"

#include <stdbool.h>

#include "integer_math.h"

#define RATE 180u                  /* model-rate samples of a second */
#define PAUSE (2u * RATE)          /* samples: a longer interval is one */
#define STRIP (10u * RATE)         /* samples before a beat in which the worst class is looked for */
#define MEDIAN_OF 8u               /* intervals */
#define RUN 3u                     /* ventricular beats in a row */
#define NORMAL 0u
#define VENTRICULAR 2u
#define LONGEST_INTERVAL 32767u    /* so that a difference has 16 bits */

static uint16_t at_most_u16(uint64_t x)
{
    return (uint16_t)((x < UINT16_MAX) ? x : UINT16_MAX);
}

static uint16_t one_more(uint16_t count)
{
    return at_most_u16((uint64_t)count + 1u);
}

/* Place in the ring of the beat that came `before` others, 0 for the latest. */
static uint8_t place(const scl_rhythm *r, uint32_t before)
{
    return (uint8_t)((r->newest + (2u * SCL_RHYTHM_BEATS) - 1u - before) % SCL_RHYTHM_BEATS);
}

static void end_run(scl_rhythm *r)
{
    if (r->ventricular == (RUN - 1u)) {
        r->figures.couplets = one_more(r->figures.couplets);
    }
    r->ventricular = 0;
}

static void count_ventricular(scl_rhythm *r, uint8_t code)
{
    if (code != VENTRICULAR) {
        end_run(r);
    } else {
        r->ventricular = one_more(r->ventricular);
        if (r->ventricular == RUN) {
            r->figures.runs = one_more(r->figures.runs);
        }
        if ((r->ventricular >= RUN) && (r->ventricular > r->figures.longest_run)) {
            r->figures.longest_run = r->ventricular;
        }
    }
}

/* Twice the median of the latest intervals; 0 without one. */
static uint32_t twice_median(const scl_rhythm *r)
{
    uint16_t latest[MEDIAN_OF];
    uint32_t count = 0;
    for (uint32_t before = 0; (before < MEDIAN_OF) && (before < r->joined); before++) {
        const uint16_t interval = r->intervals[place(r, before)];
        if (interval > 0u) {
            latest[count] = interval;
            count++;
        }
    }
    scl_sort(latest, count);
    return (count > 0u) ? (uint32_t)scl_twice_median(latest, count) : 0u;
}

/* Takes the difference of the latest two intervals. */
static void compare(scl_rhythm *r, uint32_t doubled)
{
    const int32_t difference = (int32_t)r->intervals[place(r, 0)] - (int32_t)r->intervals[place(r, 1)];
    const uint32_t size = (uint32_t)((difference < 0) ? -difference : difference);
    bool normal = true;
    bool counts = true;
    for (uint32_t before = 0; before < 3u; before++) {
        const uint8_t code = r->classes[place(r, before)];
        normal = normal && (code == NORMAL);
        counts = counts && (code != VENTRICULAR) && (code != SCL_RHYTHM_NO_CLASS);
    }
    if (normal) {
        r->normal[r->normal_newest] = (int16_t)difference;
        r->normal_newest = (uint8_t)((r->normal_newest + 1u) % SCL_RHYTHM_BEATS);
        r->normal_count = (uint8_t)((r->normal_count < SCL_RHYTHM_BEATS) ? (r->normal_count + 1u) : r->normal_count);
    }
    if (counts) { /* 100 d > 8 (doubled / 2) */
        r->irregular = (r->irregular << 1) | (((25u * size) > doubled) ? 1u : 0u);
        r->irregular_count = (uint8_t)((r->irregular_count < SCL_RHYTHM_BEATS) ? (r->irregular_count + 1u) : r->irregular_count);
    }
}

static uint16_t rate_of(uint32_t doubled)
{
    return (doubled > 0u) ? at_most_u16(((2u * 600u * RATE) + (doubled / 2u)) / doubled) : 0u;
}

/* sqrt(mean d^2) * 1000 / 180 = sqrt(2500 sum d^2 / 81 n), rounded: half of the root of 4 times that, plus 1. */
static uint16_t rmssd(const scl_rhythm *r)
{
    uint64_t squares = 0;
    uint64_t fourfold = 0;
    for (uint32_t i = 0; i < r->normal_count; i++) { /* before the ring is full its first places are taken */
        const int32_t difference = r->normal[i];
        const int32_t square = difference * difference;
        squares += (uint32_t)square;
    }
    if (r->normal_count > 0u) {
        fourfold = (UINT64_C(10000) * squares) / (81u * (uint64_t)r->normal_count);
    }
    return at_most_u16(((uint64_t)scl_isqrt64(fourfold) + 1u) / 2u);
}

static uint8_t irregular(const scl_rhythm *r)
{
    uint32_t large = 0;
    const uint32_t count = r->irregular_count;
    for (uint32_t i = 0; i < count; i++) {
        large += (uint32_t)((r->irregular >> i) & 1u);
    }
    return (uint8_t)((count > 0u) ? (((200u * large) + count) / (2u * count)) : 0u);
}

static uint8_t worst(const scl_rhythm *r)
{
    uint32_t passed = 0;
    uint8_t highest = SCL_RHYTHM_NO_CLASS;
    for (uint32_t before = 0; (before < r->joined) && (passed < STRIP); before++) {
        const uint8_t code = r->classes[place(r, before)];
        if ((code != SCL_RHYTHM_NO_CLASS) && ((highest == SCL_RHYTHM_NO_CLASS) || (code > highest))) {
            highest = code;
        }
        passed += r->intervals[place(r, before)];
    }
    return highest;
}

void scl_rhythm_reset(scl_rhythm *r)
{
    r->irregular = 0;
    r->newest = 0;
    r->joined = 0;
    r->normal_newest = 0;
    r->normal_count = 0;
    r->irregular_count = 0;
    r->ventricular = 0;
    r->figures.heart_rate = 0;
    r->figures.rmssd = 0;
    r->figures.irregular = 0;
    r->figures.pauses = 0;
    r->figures.couplets = 0;
    r->figures.runs = 0;
    r->figures.longest_run = 0;
    r->figures.worst = SCL_RHYTHM_NO_CLASS;
}

void scl_rhythm_push(scl_rhythm *r, uint16_t interval, uint16_t class_index)
{
    const uint8_t code = (uint8_t)((class_index < SCL_RHYTHM_NO_CLASS) ? class_index : SCL_RHYTHM_NO_CLASS);
    if (interval == 0u) {
        r->joined = 0;
        end_run(r);
    }
    if (interval > PAUSE) {
        r->figures.pauses = one_more(r->figures.pauses);
    }
    r->intervals[r->newest] = (uint16_t)((interval < LONGEST_INTERVAL) ? interval : LONGEST_INTERVAL);
    r->classes[r->newest] = code;
    r->newest = (uint8_t)((r->newest + 1u) % SCL_RHYTHM_BEATS);
    r->joined = (uint8_t)((r->joined < SCL_RHYTHM_BEATS) ? (r->joined + 1u) : r->joined);
    count_ventricular(r, code);
    const uint32_t doubled = twice_median(r);
    if ((r->joined >= 3u) && (r->intervals[place(r, 1)] > 0u)) {
        compare(r, doubled);
    }
    r->figures.heart_rate = rate_of(doubled);
    r->figures.rmssd = rmssd(r);
    r->figures.irregular = irregular(r);
    r->figures.worst = worst(r);
}
