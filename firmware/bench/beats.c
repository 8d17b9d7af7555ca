/* Counts what heartbeats cost: the front end with all that finds and measures beats, sample by sample over a made-up minute of ECG, and the
 * network with the rhythm, beat by beat. No link. */
#include "console.h"
#include "main.h"
#include "model.h"
#include "port.h"
#include "ring.h"

enum { SECONDS = 60, MODEL_HZ = 180, BEAT_MS = 800, QRS_MS = 40, T_START_MS = 200, T_END_MS = 360 };

static scl_model model;
static scl_ring ring;

/* A triangle of 1 mV every 0.8 s, a flat T wave of 0.2 mV behind it, and a little noise. */
SMALL static int16_t sample_at(uint32_t number, int32_t millivolt)
{
    static uint32_t noise = 1;
    const uint32_t ms = (uint32_t)((uint64_t)number * 1000u * scl_frontend_data.up / ((uint64_t)MODEL_HZ * scl_frontend_data.down));
    const uint32_t phase = ms % BEAT_MS;
    int32_t value = 0;
    if (phase < QRS_MS) {
        value = millivolt * (int32_t)(phase < QRS_MS / 2 ? phase : QRS_MS - phase) / (QRS_MS / 2);
    } else if (phase >= T_START_MS && phase < T_END_MS) {
        value = millivolt / 5;
    }
    noise = noise * 1664525u + 1013904223u;
    return (int16_t)(value + (int32_t)(noise >> 24) * millivolt / 12800);
}

void scl_main(void)
{
    const uint32_t samples = (uint32_t)SECONDS * MODEL_HZ * scl_frontend_data.down / scl_frontend_data.up;
    const int32_t millivolt = (int32_t)(1.0f / scl_frontend_data.sensors[0].unit_per_count);
    uint32_t pushed = 0, most = 0, ran = 0, beats = 0;
    port_init(&ring);
    scl_model_init(&model);
    const uint32_t start = port_ticks();
    const uint32_t empty = port_ticks() - start;
    paint();
    for (uint32_t i = 0; i < samples; i++) {
        const int16_t count = sample_at(i, millivolt);
        uint32_t before = port_ticks();
        const bool due = scl_model_push_sample(&model, &count);
        const uint32_t taken = port_ticks() - before - empty;
        pushed += taken;
        most = taken > most ? taken : most;
        if (due) {
            before = port_ticks();
            (void)scl_model_run(&model);
            ran += port_ticks() - before - empty;
            beats++;
        }
    }
    print("hz ", port_tick_hz);
    print("samples ", samples);
    print("seconds ", SECONDS);
    print("pushed ", pushed);
    print("most ", most);
    print("ran ", ran);
    print("beats ", beats);
    print("finder ", (uint32_t)sizeof(scl_beats));
    print("model ", (uint32_t)sizeof model);
    print("stack ", stack_used());
    semihost(SYS_EXIT, STOPPED);
}
