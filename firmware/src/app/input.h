/* What goes into a model, sample by sample: the counts of a sensor, of which the front end makes samples of the network; or, where the
 * model data has no front end, the network's own int8 samples as they are. Where it has SCL_BEATS the front end finds heartbeats, and a
 * sample of the network is what is measured of one: features, then SCL_BEATS_SAMPLES samples of its waveform. */
#ifndef SCL_INPUT_H
#define SCL_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model_data.h"
#ifdef SCL_BEATS
#include "beats.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif

enum { SCL_INPUT_COUNTS = 0, SCL_INPUT_TENSOR = 1, SCL_INPUT_BEATS = 2 }; /* kinds, of HELLO */

enum { SCL_SATURATED = 1, SCL_LEAD_OFF = 2 }; /* flags */

#ifdef SCL_CHANNELS

#ifndef SCL_PHASE_TAPS
#error "model_data.h is an older export's, without SCL_PHASE_TAPS: export the run again (python -m export.quantize)"
#endif

#ifdef SCL_BEATS
#ifndef SCL_BEATS_SAMPLES
#error "model_data.h is an older export's, without SCL_BEATS_SAMPLES: export the run again (python -m export.quantize)"
#endif
#define SCL_INPUT_KIND SCL_INPUT_BEATS
#else
#define SCL_INPUT_KIND SCL_INPUT_COUNTS
#endif
#define SCL_VALUES SCL_CHANNELS           /* of a sample */
#define SCL_SAMPLES SCL_RAW_SAMPLES       /* of a window, warm-up included */
#define SCL_SENSOR_CHANNELS SCL_CHANNELS  /* of the board's own sensor */
#define SCL_CALIBRATION_VALUES (SCL_MAX_SENSORS * 12) /* at most: of three axes 3 + 3 * 3 each */

typedef int16_t scl_value;

typedef struct {
    scl_frontend frontend;
#if SCL_PHASE_TAPS > 0
    float delay[SCL_PHASE_TAPS * SCL_CHANNELS]; /* the front end's, where it resamples */
#endif
#ifdef SCL_BEATS
    scl_beats beats;
    scl_beat beat;           /* the latest that was answered */
    float beat_values[SCL_INPUTS]; /* its */
#if SCL_BEATS_SAMPLES > 0
    scl_beat_cut cut;        /* of the latest that was measured */
#endif
#endif
    uint32_t clean;          /* samples since one was saturated; stays at its largest value */
    uint32_t attached;       /* samples since the lead was off; stays at its largest value */
} scl_input;

#else

#define SCL_INPUT_KIND SCL_INPUT_TENSOR
#define SCL_VALUES SCL_INPUTS
#define SCL_SAMPLES SCL_WINDOW
#define SCL_SENSOR_CHANNELS 1             /* is never started */
#define SCL_CALIBRATION_VALUES 1          /* is never calibrated */

typedef int8_t scl_value;

typedef struct {
    uint8_t nothing;         /* a structure must have a member */
} scl_input;

#endif

/* The nominal sensor. */
void scl_input_init(scl_input *in);

/* Starts a new window or stream; the calibration stays. */
void scl_input_start(scl_input *in);

/* Takes one sample, values[SCL_VALUES]; whether that makes a sample of the network, written to sample[SCL_INPUTS]. */
bool scl_input_push(scl_input *in, const scl_value *values, int8_t *sample);

/* SCL_SATURATED and SCL_LEAD_OFF, if any of the newest SCL_SAMPLES samples was. */
uint8_t scl_input_flags(const scl_input *in);

#ifdef SCL_BEATS
/* The sensor's sample at which the R peak of the latest beat lies, counted from scl_input_start. */
uint32_t scl_input_beat_sample(const scl_input *in);
#endif

/* Numbers of a unit's calibration: per sensor bias[axes] then alignment[axes][axes]; 0 where there is no sensor. */
size_t scl_input_calibration_size(void);

/* Takes as many numbers. */
void scl_input_calibrate(scl_input *in, const float *values);

#ifdef __cplusplus
}
#endif

#endif
