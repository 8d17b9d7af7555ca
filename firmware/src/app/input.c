#include "input.h"

#ifdef SCL_CHANNELS

#ifdef SCL_BEATS

enum { BEAT_FEATURES = (int)SCL_INPUTS - (int)SCL_BEATS_SAMPLES };

/* A window of the network is what is measured of one beat. */
typedef char beat_is_input[(((int)BEAT_FEATURES == (int)SCL_BEAT_FEATURES) || ((int)BEAT_FEATURES == (int)SCL_CAUSAL_FEATURES) ||
                            ((int)BEAT_FEATURES == 0)) && (SCL_CHANNELS == 1) && (SCL_WINDOW == 1) ? 1 : -1];
typedef char beat_has_samples[((int)SCL_BEATS_SAMPLES == 0) || ((int)SCL_BEATS_SAMPLES == (int)SCL_CUT) ? 1 : -1];

#endif

void scl_input_init(scl_input *in)
{
#if SCL_PHASE_TAPS > 0
    scl_frontend_init(&in->frontend, &scl_frontend_data, in->delay);
#else
    scl_frontend_init(&in->frontend, &scl_frontend_data, NULL);
#endif
#ifdef SCL_BEATS
    in->beat.values = in->beat_values;
#endif
}

void scl_input_start(scl_input *in)
{
    scl_frontend_reset(&in->frontend);
#ifdef SCL_BEATS
#if SCL_BEATS_SAMPLES > 0
    scl_beats_reset(&in->beats, (uint8_t)BEAT_FEATURES, &in->cut, SCL_BEATS_CORRECTED != 0);
#else
    scl_beats_reset(&in->beats, (uint8_t)BEAT_FEATURES, NULL, SCL_BEATS_CORRECTED != 0);
#endif
#endif
    in->clean = UINT32_MAX;
    in->attached = UINT32_MAX;
}

/* Samples since something was so. */
static uint32_t since(uint32_t before, bool now)
{
    return now ? 0 : before < UINT32_MAX ? before + 1 : before;
}

#ifdef SCL_BEATS

static bool front_end_push(scl_input *in, const scl_value *values, int8_t *sample)
{
    float signal[SCL_MAX_CHANNELS];
    bool answered = false;
    if (scl_frontend_signal(&in->frontend, values, signal)) {
        answered = scl_beats_push(&in->beats, signal[0], in->frontend.lead_off, &in->beat);
    }
    if (answered) {
        scl_frontend_quantize(&in->frontend, in->beat.values, sample);
    }
    return answered;
}

uint32_t scl_input_beat_sample(const scl_input *in)
{
    const uint64_t sample = ((uint64_t)in->beat.at * scl_frontend_data.down) / scl_frontend_data.up;
    const uint32_t delay = scl_frontend_data.phase_taps / 2u; /* of the resampler, which is linear in phase */
    return (sample > delay) ? (uint32_t)(sample - delay) : 0u;
}

#else

static bool front_end_push(scl_input *in, const scl_value *values, int8_t *sample)
{
    return scl_frontend_push(&in->frontend, values, sample);
}

#endif

bool scl_input_push(scl_input *in, const scl_value *values, int8_t *sample)
{
    const bool made = front_end_push(in, values, sample);
    in->clean = since(in->clean, in->frontend.saturated);
    in->attached = since(in->attached, in->frontend.lead_off);
    return made;
}

uint8_t scl_input_flags(const scl_input *in)
{
    const unsigned saturated = in->clean < SCL_SAMPLES ? SCL_SATURATED : 0;
    const unsigned lead_off = in->attached < SCL_SAMPLES ? SCL_LEAD_OFF : 0;
    return (uint8_t)(saturated | lead_off);
}

size_t scl_input_calibration_size(void)
{
    size_t count = 0;
    for (uint8_t i = 0; i < scl_frontend_data.sensor_count; i++) {
        const uint8_t axes = scl_frontend_data.sensors[i].axes;
        count += axes + (size_t)axes * axes;
    }
    return count;
}

void scl_input_calibrate(scl_input *in, const float *values)
{
    scl_frontend_calibrate(&in->frontend, values);
}

#else

void scl_input_init(scl_input *in)
{
    in->nothing = 0;
}

void scl_input_start(scl_input *in)
{
    (void)in;
}

bool scl_input_push(scl_input *in, const scl_value *values, int8_t *sample)
{
    (void)in;
    for (uint16_t i = 0; i < SCL_INPUTS; i++) {
        sample[i] = values[i];
    }
    return true;
}

uint8_t scl_input_flags(const scl_input *in)
{
    (void)in;
    return 0;
}

size_t scl_input_calibration_size(void)
{
    return 0;
}

void scl_input_calibrate(scl_input *in, const float *values)
{
    (void)in;
    (void)values;
}

#endif
