/* Counts what the whole model costs on a made-up stream of its sensor: the front end sample by sample, with all that finds and measures
 * heartbeats where there are any, and the network with what follows it (decision, rhythm) answer by answer. No link. */
#include "console.h"
#include "main.h"
#include "model.h"
#include "port.h"
#include "ring.h"

static scl_model model;
static scl_ring ring;

static int32_t noise(void)
{
    static uint32_t state = 1;
    state = state * 1664525u + 1013904223u;
    return (int32_t)(state >> 24);
}

#ifdef SCL_BEATS

enum { SECONDS = 60, MODEL_HZ = 180, BEAT_MS = 800, QRS_MS = 40, T_START_MS = 200, T_END_MS = 360 };

/* A triangle of 1 mV every 0.8 s, a flat T wave of 0.2 mV behind it, and a little noise. */
SMALL static void sample_at(uint32_t number, int16_t *values)
{
    const int32_t millivolt = (int32_t)(1.0f / scl_frontend_data.sensors[0].unit_per_count);
    const uint32_t ms = (uint32_t)((uint64_t)number * 1000u * scl_frontend_data.up / ((uint64_t)MODEL_HZ * scl_frontend_data.down));
    const uint32_t phase = ms % BEAT_MS;
    int32_t value = 0;
    if (phase < QRS_MS) {
        value = millivolt * (int32_t)(phase < QRS_MS / 2 ? phase : QRS_MS - phase) / (QRS_MS / 2);
    } else if (phase >= T_START_MS && phase < T_END_MS) {
        value = millivolt / 5;
    }
    values[0] = (int16_t)(value + noise() * millivolt / 12800);
}

enum { UNCOUNTED = 0 };

SMALL static uint32_t samples_of_stream(void)
{
    return (uint32_t)SECONDS * MODEL_HZ * scl_frontend_data.down / scl_frontend_data.up;
}

#else

enum { WINDOWS = 3, UNCOUNTED = SCL_RAW_SAMPLES }; /* before the first answer a stream that keeps columns computes hops as it takes samples */

/* Noise of 256 counts, which no branch of a front end without heartbeats depends on. */
SMALL static void sample_at(uint32_t number, int16_t *values)
{
    (void)number;
    for (uint32_t i = 0; i < SCL_CHANNELS; i++) {
        values[i] = (int16_t)(noise() - 128);
    }
}

SMALL static uint32_t samples_of_stream(void)
{
    return (uint32_t)WINDOWS * SCL_RAW_SAMPLES;
}

#endif

void scl_main(void)
{
    const uint32_t samples = samples_of_stream();
    uint32_t pushed = 0, most = 0, ran = 0, answers = 0;
    port_init(&ring);
    scl_model_init(&model);
    const uint32_t start = port_ticks();
    const uint32_t empty = port_ticks() - start;
    paint();
    for (uint32_t i = 0; i < samples; i++) {
        int16_t values[SCL_CHANNELS];
        sample_at(i, values);
        uint32_t before = port_ticks();
        const bool due = scl_model_push_sample(&model, values);
        const uint32_t taken = port_ticks() - before - empty;
        if (i + 1u > (uint32_t)UNCOUNTED) {
            pushed += taken;
            most = taken > most ? taken : most;
        }
        if (due) {
            before = port_ticks();
            (void)scl_model_run(&model);
            ran += port_ticks() - before - empty;
            answers++;
        }
    }
    print("hz ", port_tick_hz);
    print("samples ", samples - UNCOUNTED);
    print("pushed ", pushed);
    print("most ", most);
    print("ran ", ran);
    print("answers ", answers);
#ifdef SCL_BEATS
    print("finder ", (uint32_t)sizeof(scl_beats));
#endif
    print("model ", (uint32_t)sizeof model);
    print("stack ", stack_used());
    semihost(SYS_EXIT, STOPPED);
}
