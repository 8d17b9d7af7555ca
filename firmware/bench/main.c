/* Counts what the network alone costs: no link, no front end. Each operator runs by itself between two readings of the board's counter,
 * on an arena of noise, and the counts and the outputs (with SCL_PRINT_TENSORS: every operator's) are printed. */
#include "console.h"
#include "main.h"
#include "model_data.h"
#include "port.h"
#include "ring.h"

static int8_t arena[SCL_ARENA_BYTES] __attribute__((aligned(4)));
static scl_ring ring;

SMALL static uint32_t ticks_of(const scl_network *model)
{
    const uint32_t before = port_ticks();
    scl_network_run(model, arena);
    return port_ticks() - before;
}

/* The same noise every time: the input among it is what the printed outputs belong to. */
SMALL static void fill_with_noise(int8_t *bytes, uint32_t size)
{
    uint32_t noise = 1;
    for (uint32_t i = 0; i < size; i++) {
        noise = noise * 1664525u + 1013904223u;
        bytes[i] = (int8_t)(noise >> 24);
    }
}

SMALL static void print_tensor(const char *name, uint32_t offset, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) {
        print(name, (uint8_t)arena[offset + i]);
    }
}

#ifdef SCL_HOP

enum { STEPS = (SCL_WINDOW + SCL_HOP - 1) / SCL_HOP + 8, SAMPLES = STEPS * SCL_HOP };

/* A stream of noise with kept columns, against the whole window at every hop: how many values of features and logits differ. */
SMALL static void stream(void)
{
    static int8_t columns[SCL_STREAM_BYTES] __attribute__((aligned(4)));
    static int8_t samples[SAMPLES * SCL_INPUTS];
    const scl_network *const whole = &scl_network_data, *const step = &scl_stream_data;
    uint32_t differing = 0, compared = 0, ticks = 0;
    fill_with_noise(samples, sizeof samples);
    for (uint32_t hop = 0; hop < STEPS; hop++) {
        const uint32_t end = (hop + 1) * SCL_HOP;
        for (uint32_t i = 0; i < SCL_HOP * SCL_INPUTS; i++) {
            columns[step->input_offset + i] = samples[hop * SCL_HOP * SCL_INPUTS + i];
        }
        const uint32_t before = port_ticks();
        scl_network_run(step, columns);
        ticks = port_ticks() - before;
        if (end < SCL_WINDOW) {
            continue;
        }
        for (uint32_t i = 0; i < SCL_WINDOW * SCL_INPUTS; i++) {
            arena[whole->input_offset + i] = samples[(end - SCL_WINDOW) * SCL_INPUTS + i];
        }
        scl_network_run(whole, arena);
        for (uint32_t i = 0; i < SCL_FEATURES; i++) {
            differing += columns[step->features_offset + i] != arena[whole->features_offset + i];
        }
        for (uint32_t i = 0; i < SCL_CLASSES; i++) {
            differing += columns[step->logits_offset + i] != arena[whole->logits_offset + i];
        }
        compared += SCL_FEATURES + SCL_CLASSES;
    }
    print("step ", ticks);
    print("compared ", compared);
    print("differing ", differing);
}

#endif

void scl_main(void)
{
    port_init(&ring);
    fill_with_noise(arena, sizeof arena);
    scl_network part = scl_network_data;
    part.op_count = 0;
    print("hz ", port_tick_hz);
    print("empty ", ticks_of(&part));
    part.op_count = 1;
    for (uint16_t i = 0; i < scl_network_data.op_count; i++) {
        part.ops = scl_network_data.ops + i;
        print("operator ", ticks_of(&part));
#ifdef SCL_PRINT_TENSORS
        print_tensor("value ", part.ops->out_offset, (uint32_t)part.ops->out_length * part.ops->out_channels);
#endif
    }
    fill_with_noise(arena, sizeof arena);
    paint();
    print("all ", ticks_of(&scl_network_data));
    print("stack ", stack_used());
    print_tensor("output ", scl_network_data.features_offset, scl_network_data.features);
    print_tensor("output ", scl_network_data.logits_offset, scl_network_data.classes);
#ifdef SCL_HOP
    stream();
#endif
    semihost(SYS_EXIT, STOPPED);
}
