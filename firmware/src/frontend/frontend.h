/* From raw sensor counts to the network's int8 input, one sample at a time.
 *
 * Per sample of the sensor, in this order, every step one IEEE single-precision operation (no contraction):
 *   1. v[i] = (float)counts[i] * unit_per_count                       per sensor
 *   2. d[i] = v[i] - bias[i];  s[i] = (A[i][0]*d[0] + A[i][1]*d[1]) + A[i][2]*d[2]     (one axis: s = A[0][0]*d[0])
 *   3. rational resampling by up/down with a polyphase FIR; skipped when up == down == 1
 *   4. band-pass by second-order sections, one after the other; skipped when there are none
 *   5. the invariants of the sample (invariants.h), of which there are more than channels; skipped where the network takes the channels
 *   6. n[c] = (s[c] - mean[c]) * inv_std[c]
 *   7. q[c] = clamp(rint(clamp(n[c] * inv_input_scale, -512, 512)) + input_zero_point, -128, 127), rint half to even (NaN: the lower limit)
 * scl/frontend/chain.py is the same in numpy, and the two agree in every bit.
 *
 * Resampling (step 3). h is the prototype low-pass of up*phase_taps coefficients (gain up), stored by phase: coefficients[p][k] = h[p + k*up].
 * The m-th output of a stream uses phase p = (m*down) mod up and newest input index i = floor(m*down / up):
 *   y = 0; for k = 0 .. phase_taps-1: y = y + coefficients[p][k] * x[i-k]
 * Before the first sample the delay line is filled with the first sample (a sensor that has been at rest).
 *
 * A section (step 4), at the model's rate, b0, b1, b2, a1, a2 in the order of `sections`:
 *   y = b0*x + z1;  z1 = (b1*x - a1*y) + z2;  z2 = b2*x - a2*y
 * Before the first sample each section is in the steady state of the first x of step 3: z1 = x*steady[0], z2 = x*steady[1].
 *
 * A sample is saturated if a count is at or beyond a rail of its sensor. The lead is off while a channel has held one count for
 * lead_off_samples samples in a row. */
#ifndef SCL_FRONTEND_H
#define SCL_FRONTEND_H

#include <stdbool.h>
#include <stdint.h>

#include "invariants.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SCL_MAX_CHANNELS 6   /* accelerometer and gyroscope */
#define SCL_MAX_SENSORS 2
#define SCL_MAX_SECTIONS 2

typedef struct {
    uint8_t axes;            /* 3, or 1 for a single lead */
    float unit_per_count;    /* SI units (ECG: mV) per count */
    float bias[3];           /* SI units, subtracted; nominal value */
    float alignment[3][3];   /* nominal value */
    int16_t count_min;       /* rails */
    int16_t count_max;
} scl_sensor;

typedef struct {
    uint8_t sensor_count;
    uint8_t channels;        /* sum of axes */
    uint16_t raw_samples;    /* sensor samples of one window, warm-up included */
    uint16_t window;         /* model-rate samples */
    uint16_t up;
    uint16_t down;
    uint16_t phase_taps;     /* 0 when up == down == 1 */
    const float *coefficients; /* (up, phase_taps) */
    uint8_t section_count;   /* 0: no band-pass */
    const float (*sections)[5]; /* (section_count) b0, b1, b2, a1, a2 */
    const float (*steady)[2]; /* (section_count) state after a constant 1 */
    uint16_t lead_off_samples; /* 0: never */
    bool invariant;          /* the network takes invariants; the channels are an accelerometer's, or those and a gyroscope's */
    uint8_t inputs;          /* channels of the network's input: invariants, or the sensor's channels */
    float fast;              /* low-passes of the invariants */
    float slow;
    const float *mean;       /* (inputs) */
    const float *inv_std;    /* (inputs) */
    float inv_input_scale;
    int16_t input_zero_point;
    const scl_sensor *sensors; /* (sensor_count) */
} scl_frontend_config;

typedef struct {
    const scl_frontend_config *config;
    scl_sensor calibration[SCL_MAX_SENSORS]; /* nominal until scl_frontend_calibrate */
    float *delay;            /* (phase_taps, channels) ring of the newest calibrated samples */
    uint16_t delay_head;     /* where the next sample goes */
    uint32_t phase;          /* up-sampled steps until the next output */
    bool primed;             /* the delay line holds a sample */
    bool settled;            /* sections and invariants have a state: a model-rate sample was made */
    scl_invariants invariants;
    float state[SCL_MAX_SECTIONS][SCL_MAX_CHANNELS][2]; /* z1, z2 */
    int16_t held[SCL_MAX_CHANNELS]; /* the latest counts */
    uint16_t still[SCL_MAX_CHANNELS]; /* samples that have held them; stays at its largest value */
    bool saturated;          /* the latest sample is */
    bool lead_off;           /* the lead is off at the latest sample */
} scl_frontend;

/* `delay` holds phase_taps * channels floats; NULL without resampling. */
void scl_frontend_init(scl_frontend *f, const scl_frontend_config *config, float *delay);

/* Starts a new window or stream; the calibration stays. */
void scl_frontend_reset(scl_frontend *f);

/* Replaces bias and alignment: values holds, per sensor, bias[axes] then alignment[axes][axes]. */
void scl_frontend_calibrate(scl_frontend *f, const float *values);

/* Pushes one sample counts[channels]; whether it completes a model-rate sample, written to quantized[inputs]. It can complete one at
 * most: up <= down, the exporter refuses others. */
bool scl_frontend_push(scl_frontend *f, const int16_t *counts, int8_t *quantized);

/* Its parts, for what finds more than samples in the signal. Steps 1 to 4: whether counts[channels] complete a model-rate sample, written
 * to samples[SCL_MAX_CHANNELS]. Steps 6 and 7, of any inputs[inputs]. */
bool scl_frontend_signal(scl_frontend *f, const int16_t *counts, float *samples);
void scl_frontend_quantize(const scl_frontend *f, const float *inputs, int8_t *quantized);

#ifdef __cplusplus
}
#endif

#endif
