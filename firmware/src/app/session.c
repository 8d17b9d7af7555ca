#include "session.h"

#include "bytes.h"
#include "crc32.h"
#include "link.h"
#include "port.h"

enum {
    RESULT_FIXED = 12,       /* bytes before the features */
    SAMPLE_SIZE = 2 * SCL_CHANNELS,
    SAMPLES_HEADER = 4       /* bytes before the samples of WINDOW and SAMPLES */
};

/* The build fails where a RESULT would not fit into a frame. */
typedef char result_fits[RESULT_FIXED + SCL_FEATURES + SCL_CLASSES <= SCL_MAX_PAYLOAD ? 1 : -1];

void scl_session_init(scl_session *s)
{
    scl_model_init(&s->model);
    s->window = 0;
    scl_session_end(s);
}

void scl_session_end(scl_session *s)
{
    s->mode = SCL_IDLE;
    s->whole = false;
}

/* Samples in a WINDOW or SAMPLES frame; 0 if the length is wrong. */
static uint32_t sample_count(const scl_frame *frame)
{
    const size_t size = frame->payload_size;
    if (size <= SAMPLES_HEADER || (size - SAMPLES_HEADER) % SAMPLE_SIZE != 0) {
        return 0;
    }
    return (uint32_t)((size - SAMPLES_HEADER) / SAMPLE_SIZE);
}

/* Pushes the frame's i-th sample; whether a class is due. */
static bool push(scl_session *s, const scl_frame *frame, uint32_t i)
{
    const uint8_t *bytes = frame->payload + SAMPLES_HEADER + i * SAMPLE_SIZE;
    int16_t counts[SCL_CHANNELS];
    for (uint16_t channel = 0; channel < SCL_CHANNELS; channel++) {
        counts[channel] = (int16_t)scl_load_u16(bytes + 2 * channel);
    }
    s->next++;
    return scl_model_push_sample(&s->model, counts);
}

static void begin(scl_session *s, scl_mode mode, uint16_t hop)
{
    scl_model_start(&s->model, hop);
    s->mode = mode;
    s->next = 0;
}

uint32_t scl_session_ticks(scl_session *s, const scl_network *network)
{
    const uint32_t before = port_ticks();
    scl_network_run(network, s->model.arena);
    return port_ticks() - before;
}

bool scl_session_newest(scl_session *s)
{
    if (!s->whole) {
        return false;
    }
    if (scl_model_keeps_columns(&s->model)) {
        s->mode = SCL_IDLE;
        scl_model_start(&s->model, 0);
    }
    (void)scl_model_window(&s->model);
    return true;
}

static void send_result(scl_session *s, const scl_frame *frame)
{
    uint8_t p[RESULT_FIXED + SCL_FEATURES + SCL_CLASSES];
    const uint32_t crc32 = scl_crc32(0, scl_model_window(&s->model), SCL_WINDOW * SCL_INPUTS);
    const uint32_t ticks = scl_session_ticks(s, &scl_network_data);
    const scl_result result = scl_model_result(&s->model);
    scl_store_u16(p, s->window);
    p[2] = result.class_index;
    p[3] = scl_model_flags(&s->model);
    scl_store_u32(p + 4, crc32);
    scl_store_u32(p + 8, ticks);
    for (size_t i = 0; i < SCL_FEATURES; i++) {
        p[RESULT_FIXED + i] = (uint8_t)result.features[i];
    }
    for (size_t i = 0; i < SCL_CLASSES; i++) {
        p[RESULT_FIXED + SCL_FEATURES + i] = (uint8_t)result.logits[i];
    }
    scl_link_answer(frame, p, sizeof p);
}

void scl_session_window(scl_session *s, const scl_frame *frame)
{
    const uint32_t count = sample_count(frame);
    const uint16_t window = count ? scl_load_u16(frame->payload) : 0;
    const uint16_t start = count ? scl_load_u16(frame->payload + 2) : 0;
    if (count == 0 || start + count > SCL_RAW_SAMPLES) {
        scl_link_refuse(frame->seq, SCL_ERROR_BAD_LENGTH, window, (uint16_t)frame->payload_size);
        return;
    }
    const bool same = s->window == window;
    if (start == 0) {
        begin(s, SCL_IN_WINDOW, 0);
        s->window = window;
    } else if (s->mode == SCL_IN_GAP && same) {
        return;
    } else if (s->mode != SCL_IN_WINDOW || !same || start != s->next) {
        const uint32_t expected = s->mode == SCL_IN_WINDOW && same ? s->next : 0;
        scl_link_refuse(frame->seq, SCL_ERROR_GAP, window, (uint16_t)expected);
        s->mode = SCL_IN_GAP;
        s->window = window;
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        (void)push(s, frame, i);
    }
    if (s->next == SCL_RAW_SAMPLES) {
        s->mode = SCL_IDLE;
        s->whole = true;
        send_result(s, frame);
    }
}

void scl_session_stream(scl_session *s, const scl_frame *frame)
{
    const uint16_t hop = scl_load_u16(frame->payload);
    if (hop == 0) {
        scl_link_refuse(frame->seq, SCL_ERROR_BAD_VALUE, 0, 0);
        return;
    }
    begin(s, SCL_IN_STREAM, hop);
    s->hops = 0;
    s->hop_end = 0;
    s->hop_class = 0;
    s->hop_flags = 0;
    scl_link_answer(frame, frame->payload, frame->payload_size);
}

void scl_session_samples(scl_session *s, const scl_frame *frame)
{
    const uint32_t count = sample_count(frame);
    uint8_t p[14];
    if (count == 0) {
        scl_link_refuse(frame->seq, SCL_ERROR_BAD_LENGTH, 0, (uint16_t)frame->payload_size);
        return;
    }
    if (s->mode != SCL_IN_STREAM) {
        scl_link_refuse(frame->seq, SCL_ERROR_NOT_STREAMING, 0, 0);
        return;
    }
    const bool continues = scl_load_u32(frame->payload) == s->next;
    for (uint32_t i = 0; continues && i < count; i++) {
        if (push(s, frame, i)) {
            s->whole = true;
            s->hops++;
            s->hop_end = s->next;
            s->hop_class = scl_model_run(&s->model).class_index;
            s->hop_flags = scl_model_flags(&s->model);
        }
    }
    scl_store_u32(p, s->next);
    scl_store_u32(p + 4, s->hops);
    scl_store_u32(p + 8, s->hop_end);
    p[12] = s->hop_class;
    p[13] = s->hop_flags;
    scl_link_answer(frame, p, sizeof p);
}
