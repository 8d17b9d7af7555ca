#include "single.h"

#include "frontend.h"

#include "fixed_point.h"

/* 1.5 * 2^23: beside it a float has no fraction bits, so adding it rounds to an integer, half to even. */
static const float ROUND_MAGIC = 12582912.0f;

static int8_t quantize(float x, int16_t zero_point)
{
    /* Written so that NaN takes the lower limit: converting it to an integer would be undefined. */
    const float clamped = x > -512.0f ? (x < 512.0f ? x : 512.0f) : -512.0f;
    const float rounded = (clamped + ROUND_MAGIC) - ROUND_MAGIC;
    return (int8_t)scl_clamp((int32_t)rounded + zero_point, -128, 127);
}

/* Steps 1 and 2: counts (channels) to calibrated samples (channels). */
static void calibrated(const scl_frontend *f, const int16_t *counts, float *samples)
{
    for (uint8_t i = 0; i < f->config->sensor_count; i++) {
        const scl_sensor *sensor = &f->calibration[i];
        float d[3] = {0};
        for (uint8_t a = 0; a < sensor->axes; a++) {
            d[a] = (float)counts[a] * sensor->unit_per_count - sensor->bias[a];
        }
        for (uint8_t a = 0; a < sensor->axes; a++) {
            const float *row = sensor->alignment[a];
            samples[a] = sensor->axes == 1 ? row[0] * d[0] : (row[0] * d[0] + row[1] * d[1]) + row[2] * d[2];
        }
        counts += sensor->axes;
        samples += sensor->axes;
    }
}

static void store(scl_frontend *f, const float *samples)
{
    const uint8_t channels = f->config->channels;
    float *newest = f->delay + f->delay_head * channels;
    for (uint8_t c = 0; c < channels; c++) {
        newest[c] = samples[c];
    }
    f->delay_head = (uint16_t)(f->delay_head + 1 < f->config->phase_taps ? f->delay_head + 1 : 0);
}

/* Step 3: one output of the polyphase filter from the delay line, newest sample first. */
static void filtered(const scl_frontend *f, float *samples)
{
    const scl_frontend_config *config = f->config;
    for (uint8_t c = 0; c < config->channels; c++) {
        const float *h = config->coefficients + f->phase * config->phase_taps;
        const float *delayed = f->delay + c;
        float sum = 0.0f;
        for (uint32_t at = f->delay_head; at > 0u; at--) {
            sum = sum + *h * delayed[(at - 1u) * config->channels];
            h++;
        }
        for (uint32_t at = config->phase_taps; at > f->delay_head; at--) {
            sum = sum + *h * delayed[(at - 1u) * config->channels];
            h++;
        }
        samples[c] = sum;
    }
}

/* Step 4: samples (channels) in place. */
static void band_passed(scl_frontend *f, float *samples)
{
    const scl_frontend_config *config = f->config;
    for (uint8_t c = 0; c < config->channels; c++) {
        float x = samples[c];
        for (uint8_t s = 0; s < config->section_count && !f->settled; s++) {
            f->state[s][c][0] = x * config->steady[s][0];
            f->state[s][c][1] = x * config->steady[s][1];
        }
        for (uint8_t s = 0; s < config->section_count; s++) {
            const float *k = config->sections[s];
            float *z = f->state[s][c];
            const float y = k[0] * x + z[0];
            z[0] = (k[1] * x - k[3] * y) + z[1];
            z[1] = k[2] * x - k[4] * y;
            x = y;
        }
        samples[c] = x;
    }
}

/* What the counts of one sample say about the sensor. */
static void inspect(scl_frontend *f, const int16_t *counts)
{
    const scl_frontend_config *config = f->config;
    const scl_sensor *sensor = config->sensors;
    uint8_t axis = 0;
    f->saturated = false;
    f->lead_off = false;
    for (uint8_t c = 0; c < config->channels; c++) {
        if (counts[c] <= sensor->count_min || counts[c] >= sensor->count_max) {
            f->saturated = true;
        }
        if (f->still[c] == 0 || counts[c] != f->held[c]) {
            f->held[c] = counts[c];
            f->still[c] = 1;
        } else if (f->still[c] < UINT16_MAX) {
            f->still[c]++;
        }
        if (config->lead_off_samples > 0 && f->still[c] >= config->lead_off_samples) {
            f->lead_off = true;
        }
        if (++axis == sensor->axes) {
            axis = 0;
            sensor++;
        }
    }
}

void scl_frontend_init(scl_frontend *f, const scl_frontend_config *config, float *delay)
{
    f->config = config;
    f->delay = delay;
    for (uint8_t i = 0; i < config->sensor_count; i++) {
        f->calibration[i] = config->sensors[i];
    }
    scl_frontend_reset(f);
}

void scl_frontend_reset(scl_frontend *f)
{
    f->delay_head = 0;
    f->phase = 0;
    f->primed = false;
    f->settled = false;
    f->saturated = false;
    f->lead_off = false;
    for (uint8_t c = 0; c < f->config->channels; c++) {
        f->still[c] = 0;
    }
}

void scl_frontend_calibrate(scl_frontend *f, const float *values)
{
    for (uint8_t i = 0; i < f->config->sensor_count; i++) {
        scl_sensor *sensor = &f->calibration[i];
        for (uint8_t a = 0; a < sensor->axes; a++) {
            sensor->bias[a] = *values++;
        }
        for (uint8_t a = 0; a < sensor->axes; a++) {
            for (uint8_t b = 0; b < sensor->axes; b++) {
                sensor->alignment[a][b] = *values++;
            }
        }
    }
}

bool scl_frontend_signal(scl_frontend *f, const int16_t *counts, float *samples)
{
    const scl_frontend_config *config = f->config;
    inspect(f, counts);
    calibrated(f, counts, samples);
    if (config->phase_taps > 0) {
        do {
            store(f, samples);
        } while (!f->primed && f->delay_head != 0); /* the first sample goes all the way round */
        f->primed = true;
        if (f->phase >= config->up) {
            f->phase -= config->up;
            return false;
        }
        filtered(f, samples);
        f->phase += (uint32_t)(config->down - config->up);
    }
    if (config->section_count > 0) {
        band_passed(f, samples);
    }
    f->settled = true;
    return true;
}

void scl_frontend_quantize(const scl_frontend *f, const float *inputs, int8_t *quantized)
{
    const scl_frontend_config *config = f->config;
    for (uint8_t c = 0; c < config->inputs; c++) {
        const float normalised = (inputs[c] - config->mean[c]) * config->inv_std[c];
        quantized[c] = quantize(normalised * config->inv_input_scale, config->input_zero_point);
    }
}

bool scl_frontend_push(scl_frontend *f, const int16_t *counts, int8_t *quantized)
{
    const scl_frontend_config *config = f->config;
    const bool first = !f->settled;
    float samples[SCL_MAX_CHANNELS], invariants[SCL_MAX_INVARIANTS];
    if (!scl_frontend_signal(f, counts, samples)) {
        return false;
    }
    const float *inputs = samples;
    if (config->invariant) {
        scl_invariants_of(&f->invariants, samples, config->channels > 3, first, config->fast, config->slow, invariants);
        inputs = invariants;
    }
    scl_frontend_quantize(f, inputs, quantized);
    return true;
}
