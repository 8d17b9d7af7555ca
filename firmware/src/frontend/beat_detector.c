#include "beat_detector.h"

#include "integer_math.h"

#define MEAN 20u /* the constants of scl/frontend/beat_detector.py */
#define DELAY 11u
#define DOMINANCE 40u
#define START 360u
#define LATEST SCL_DETECTOR_LATEST
#define FLOOR 2400
#define FRACTION 144
#define SECOND 144
#define CAP 4
#define T_WAVE 65u
#define T_SLOPE 150
#define SILENCE 270u
#define FIRST_INTERVAL 180u
#define LONGEST_INTERVAL 540u
#define OLDEST 350u
#define AROUND 36u
#define REACH 20u
#define MOST_LEAN 8
#define BIAS INT32_C(32768) /* makes a sample of 16 bits one without sign, in the same order */

static int32_t steepness(const scl_signal_ring *ring, uint32_t ago)
{
    const int32_t newer = scl_signal_ring_at(ring, ago) + scl_signal_ring_at(ring, ago + 1u);
    const int32_t older = scl_signal_ring_at(ring, ago + 3u) + scl_signal_ring_at(ring, ago + 4u);
    const int32_t difference = newer - older;
    return (difference < 0) ? -difference : difference;
}

static int32_t slope_of(const scl_beat_detector *d, uint32_t ago)
{
    int32_t most = 0;
    for (uint32_t i = 0; i < MEAN; i++) {
        const int32_t value = steepness(&d->ring, ago + i);
        most = (value > most) ? value : most;
    }
    return most;
}

static int32_t mean(const int32_t *values)
{
    int32_t sum = 0;
    for (uint32_t i = 0; i < LATEST; i++) {
        sum += values[i];
    }
    return sum / (int32_t)LATEST;
}

static int32_t threshold(const scl_beat_detector *d)
{
    const int32_t value = ((mean(d->heights) * FRACTION) + (mean(d->noise) * (256 - FRACTION))) / 256;
    return (value > FLOOR) ? value : FLOOR;
}

/* How many samples ago the R peak is of a beat whose peak was `peak` samples ago. */
static uint16_t r_peak(scl_beat_detector *d, uint32_t peak)
{
    uint16_t around[(2u * AROUND) + 1u];
    const uint32_t centre = peak + DELAY;
    for (uint32_t i = 0; i <= (2u * AROUND); i++) {
        around[i] = (uint16_t)(scl_signal_ring_at(&d->ring, (centre + AROUND) - i) + BIAS);
    }
    scl_sort(around, (2u * AROUND) + 1u);
    const int32_t level = (int32_t)around[AROUND] - BIAS;
    uint32_t ago = centre + REACH;
    if (ago >= d->ring.count) {
        ago = d->ring.count - 1u; /* the stream's first sample */
    }
    uint32_t top = ago;
    uint32_t bottom = ago;
    while (ago > (centre - REACH)) {
        ago--;
        const int32_t value = scl_signal_ring_at(&d->ring, ago);
        top = (value > scl_signal_ring_at(&d->ring, top)) ? ago : top;
        bottom = (value < scl_signal_ring_at(&d->ring, bottom)) ? ago : bottom;
    }
    const int32_t up = scl_signal_ring_at(&d->ring, top) - level;
    const int32_t down = level - scl_signal_ring_at(&d->ring, bottom);
    bool upward = up >= down;
    const int32_t further = upward ? up : down;
    const int32_t nearer = upward ? down : up;
    if (((further * 3) / 4) >= nearer) {
        if (upward && (d->lean < MOST_LEAN)) {
            d->lean++;
        }
        if (!upward && (d->lean > -MOST_LEAN)) {
            d->lean--;
        }
    } else if (d->lean != 0) {
        upward = d->lean > 0;
    } else {
        /* the further one */
    }
    return (uint16_t)(upward ? top : bottom);
}

/* Steps 1 and 2. */
static void find_peak(scl_beat_detector *d, uint32_t n)
{
    if ((n >= 2u) && (d->before[1] < d->before[0]) && (d->before[0] >= d->sum) && (d->before[0] > d->candidate.height)) {
        d->candidate.place = n - 1u;
        d->candidate.height = d->before[0];
    }
    if ((d->candidate.height > 0) && ((n - d->candidate.place) == DOMINANCE)) {
        d->waiting[d->came % LATEST] = d->candidate;
        d->came++;
        d->candidate.height = 0;
    }
}

/* Step 3. */
static void begin(scl_beat_detector *d)
{
    for (uint32_t i = 0; i < LATEST; i++) {
        d->heights[i] = (d->most * 3) / 4;
        d->noise[i] = 0;
        d->intervals[i] = (uint16_t)FIRST_INTERVAL;
    }
    d->beat = START;
}

/* Step 4. */
static void fade(scl_beat_detector *d)
{
    for (uint32_t i = 0; i < LATEST; i++) {
        d->heights[i] = (d->heights[i] * 3) / 4;
    }
}

static void take(scl_beat_detector *d, const scl_peak *peak, int32_t slope)
{
    const int32_t most = CAP * threshold(d);
    d->heights[d->beats % LATEST] = (peak->height < most) ? peak->height : most;
    d->beats++;
    if (d->slope > 0) {
        const uint32_t interval = peak->place - d->beat;
        d->intervals[d->interval_count % LATEST] = (uint16_t)((interval < LONGEST_INTERVAL) ? interval : LONGEST_INTERVAL);
        d->interval_count++;
    }
    d->beat = peak->place;
    d->slope = slope;
    d->remembered.height = 0;
}

/* Step 5: whether the peak is a beat. */
static bool judge(scl_beat_detector *d, uint32_t n, const scl_peak *peak)
{
    const int32_t slope = slope_of(d, n - peak->place);
    const bool t_wave = (d->slope > 0) && ((peak->place - d->beat) < T_WAVE) && ((slope * 256) < (d->slope * T_SLOPE));
    const bool beat = !t_wave && (peak->height > threshold(d));
    if (beat) {
        take(d, peak, slope);
    } else {
        d->noise[d->noises % LATEST] = peak->height;
        d->noises++;
        if (!t_wave && (peak->height > d->remembered.height)) {
            d->remembered = *peak;
        }
    }
    return beat;
}

/* The two middle ones of the latest intervals, added, / 2. */
static uint32_t usual_interval(const scl_beat_detector *d)
{
    uint16_t sorted[SCL_DETECTOR_LATEST];
    for (uint32_t i = 0; i < LATEST; i++) {
        sorted[i] = d->intervals[i];
    }
    scl_sort(sorted, LATEST);
    return (uint32_t)scl_twice_median(sorted, LATEST) / 2u;
}

/* Step 6: whether the remembered peak is a beat after all. */
static bool search_back(scl_beat_detector *d, uint32_t n)
{
    const scl_peak peak = d->remembered;
    const bool high = (peak.height >= FLOOR) && (peak.height > ((threshold(d) * SECOND) / 256));
    const bool beat = high && ((n - peak.place) <= OLDEST) && ((n - d->beat) >= ((usual_interval(d) * 3u) / 2u));
    if (beat) {
        take(d, &peak, slope_of(d, n - peak.place));
    }
    return beat;
}

void scl_beat_detector_reset(scl_beat_detector *d)
{
    scl_signal_ring_reset(&d->ring);
    d->sum = 0;
    d->before[0] = 0;
    d->before[1] = 0;
    d->most = 0;
    d->candidate.height = 0;
    d->remembered.height = 0;
    d->slope = 0;
    d->came = 0;
    d->went = 0;
    d->beats = 0;
    d->noises = 0;
    d->interval_count = 0;
    d->lean = 0;
}

bool scl_beat_detector_push(scl_beat_detector *d, int16_t uv, uint16_t *ago)
{
    const uint32_t n = d->ring.count;
    scl_peak peak = d->remembered;
    bool beat = false;
    scl_signal_ring_push(&d->ring, uv);
    d->before[1] = d->before[0];
    d->before[0] = d->sum;
    d->sum += steepness(&d->ring, 0) - steepness(&d->ring, MEAN);
    find_peak(d, n);
    if (n < START) {
        d->most = (d->sum > d->most) ? d->sum : d->most;
    } else {
        if (n == START) {
            begin(d);
        } else if (((n - d->beat) % SILENCE) == 0u) {
            fade(d);
        } else {
            /* no silence has lasted */
        }
        if (d->came != d->went) {
            peak = d->waiting[d->went % LATEST];
            d->went++;
            beat = judge(d, n, &peak);
        } else {
            beat = search_back(d, n);
        }
    }
    if (beat) {
        *ago = r_peak(d, n - peak.place);
    }
    return beat;
}
