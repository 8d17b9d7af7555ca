#include "session.h"

#include "bytes.h"
#include "crc32.h"
#include "decide.h"
#include "link.h"
#include "port.h"

enum {
    SAMPLE_SIZE = (int)sizeof(scl_value) * SCL_VALUES,
    SAMPLES_HEADER = 4,      /* bytes before the samples of WINDOW and SAMPLES */
    SAMPLES_ANSWER = 19      /* bytes */
};

/* The build fails where a sample or a result would not fit into a frame. */
typedef char sample_fits[(int)SAMPLES_HEADER + (int)SAMPLE_SIZE <= (int)SCL_MAX_PAYLOAD ? 1 : -1];
typedef char result_fits[(int)SCL_RESULT_SIZE <= (int)SCL_MAX_PAYLOAD ? 1 : -1];

void scl_session_init(scl_session *s)
{
    scl_model_init(&s->model);
    scl_session_end(s);
}

void scl_session_stop(scl_session *s)
{
    s->mode = SCL_IDLE;
    s->kept_at = 0;
    s->kept_count = 0;
}

void scl_session_end(scl_session *s)
{
    scl_session_stop(s);
    s->whole = false;
    s->window = 0;
    s->answered = false;
    scl_kept_beats_forget(&s->beats);
    scl_decide_as_exported(&s->model);
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

/* Pushes one sample; whether a class is due. */
static bool push(scl_session *s, const uint8_t *bytes)
{
    scl_value values[SCL_VALUES];
    for (uint16_t i = 0; i < SCL_VALUES; i++) {
        values[i] = (scl_value)(sizeof(scl_value) == 1u ? bytes[i] : scl_load_u16(bytes + 2 * i));
    }
    s->next++;
    return scl_model_push_sample(&s->model, values);
}

bool scl_session_push(scl_session *s, const int16_t *counts)
{
    scl_value values[SCL_VALUES] = {0};
    for (uint16_t i = 0; i < SCL_SENSOR_CHANNELS; i++) {
        values[i] = (scl_value)counts[i];
    }
    s->next++;
    const bool due = scl_model_push_sample(&s->model, values);
    s->whole = s->whole || due;
    return due;
}

static void enter(scl_session *s, scl_mode mode, uint16_t hop, uint32_t origin)
{
    scl_model_start(&s->model, hop);
    s->mode = mode;
    s->next = 0;
    s->origin = origin;
}

scl_result scl_session_classify(scl_session *s)
{
    const scl_result result = scl_model_run(&s->model);
    scl_kept_beats_add(&s->beats, &s->model, &result, s->origin, s->origin + s->next);
    return result;
}

bool scl_session_takes_hop(uint16_t hop)
{
    return (hop == 1u) || ((hop > 1u) && (SCL_INPUT_KIND != SCL_INPUT_BEATS));
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

void scl_session_outputs(const scl_result *result, uint8_t *payload)
{
    const uint16_t features = SCL_FEATURES; /* may be 0 */
    scl_decide_store(payload + SCL_DECISION_AT, &result->decision);
    for (uint16_t i = 0; i < features; i++) {
        payload[SCL_RESULT_FIXED + i] = (uint8_t)result->features[i];
    }
    for (size_t i = 0; i < SCL_CLASSES; i++) {
        payload[SCL_RESULT_FIXED + SCL_FEATURES + i] = (uint8_t)result->logits[i];
    }
}

/* Runs the network on the window that is whole now, and keeps the answer for a host that asks again. */
static void finish_window(scl_session *s)
{
    uint8_t *const p = s->result;
    scl_store_u16(p, s->window);
    scl_store_u16(p + 2, SCL_SAMPLES);
    scl_store_u32(p + 7, scl_crc32(0, scl_model_window(&s->model), SCL_WINDOW * SCL_INPUTS));
    scl_store_u32(p + 11, scl_session_ticks(s, &scl_network_data));
    const scl_result result = scl_model_result(&s->model);
    scl_store_u16(p + 4, result.class_index);
    p[6] = scl_model_flags(&s->model);
    scl_session_outputs(&result, p);
    s->mode = SCL_IDLE;
    s->whole = true;
    s->answered = true;
    s->window++;
    if (s->kept_at < SCL_SAMPLES) { /* of the window that is over */
        s->kept_count = 0;
    }
    s->kept_at -= SCL_SAMPLES;
}

/* The next sample of the window that is wanted; 0 if it is not begun. */
static uint16_t wanted_sample(const scl_session *s)
{
    return s->mode == SCL_IN_WINDOW ? (uint16_t)s->next : 0;
}

/* Takes samples that continue the wanted window or begin it; those behind its end begin the next one. */
static void take_samples(scl_session *s, const uint8_t *samples, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (s->mode != SCL_IN_WINDOW) {
            enter(s, SCL_IN_WINDOW, 0, 0);
        }
        (void)push(s, samples + i * SAMPLE_SIZE);
        if (s->next == SCL_SAMPLES) {
            finish_window(s);
        }
    }
}

/* Takes what was kept, if the gap before it is closed. What has come another time meanwhile is dropped. */
static void take_kept(scl_session *s)
{
    const uint32_t count = s->kept_count;
    const uint32_t wanted = wanted_sample(s);
    if (count > 0 && s->kept_at <= wanted) {
        s->kept_count = 0;
        take_samples(s, s->kept, s->kept_at == wanted ? count : 0);
    }
}

/* Keeps samples from number `at` on, counted from the start of the wanted window, if there is a gap before them but none behind what is
 * kept. The last one of the next window is not kept: so no frame finishes two windows, and no result is overwritten unseen. Nor is what
 * comes before the session's first sample: it may be of the host before. */
static void keep_chunk(scl_session *s, uint32_t at, const uint8_t *samples, uint32_t count)
{
    const uint32_t size = s->kept_count * SAMPLE_SIZE;
    const uint32_t more = count * SAMPLE_SIZE;
    const uint32_t end = at + count; /* the last sample of the next window ends at 2 * SCL_SAMPLES */
    const bool begun = s->answered || s->mode == SCL_IN_WINDOW;
    const bool joins = s->kept_count == 0 || at == s->kept_at + s->kept_count;
    if (!begun || at <= wanted_sample(s) || end >= 2u * SCL_SAMPLES || !joins || size + more > SCL_KEPT_SIZE) {
        return;
    }
    for (uint32_t i = 0; i < more; i++) {
        s->kept[size + i] = samples[i];
    }
    if (size == 0) {
        s->kept_at = at;
    }
    s->kept_count += count;
}

/* Whatever comes, be it doubled, late or behind a lost one, the answer says what is wanted; for the window before, it is that one's
 * result again. */
void scl_session_window(scl_session *s, const scl_frame *frame)
{
    const uint32_t count = sample_count(frame);
    const uint16_t window = count ? scl_load_u16(frame->payload) : 0;
    const uint16_t start = count ? scl_load_u16(frame->payload + 2) : 0;
    if (count == 0 || start + count > SCL_SAMPLES) {
        scl_link_refuse(frame->seq, SCL_ERROR_BAD_LENGTH, window, (uint16_t)frame->payload_size);
        return;
    }
    if (SCL_INPUT_KIND == SCL_INPUT_BEATS) { /* no window holds a beat of a known place */
        scl_link_refuse(frame->seq, SCL_ERROR_WRONG_INPUT, 0, SCL_INPUT_KIND);
        return;
    }
    const uint16_t ahead = (uint16_t)(window - s->window);
    if (ahead == 0 && start == wanted_sample(s)) {
        take_samples(s, frame->payload + SAMPLES_HEADER, count);
        take_kept(s);
    } else {
        keep_chunk(s, (uint32_t)ahead * SCL_SAMPLES + start, frame->payload + SAMPLES_HEADER, count);
    }
    if (s->answered && window == (uint16_t)(s->window - 1u)) {
        scl_link_answer(frame, s->result, sizeof s->result);
    } else {
        uint8_t p[4];
        scl_store_u16(p, s->window);
        scl_store_u16(p + 2, wanted_sample(s));
        scl_link_answer(frame, p, sizeof p);
    }
}

void scl_session_stream(scl_session *s, const scl_frame *frame)
{
    const uint16_t hop = scl_load_u16(frame->payload);
    if (!scl_session_takes_hop(hop)) {
        scl_link_refuse(frame->seq, SCL_ERROR_BAD_VALUE, 0, 0);
        return;
    }
    scl_session_stop(s);
    enter(s, SCL_IN_STREAM, hop, 0);
    scl_kept_beats_forget(&s->beats);
    s->hops = 0;
    s->hop_end = 0;
    s->hop_class = 0;
    s->hop_flags = 0;
    s->hop_decision = (scl_decision){0, 0};
    scl_link_answer(frame, frame->payload, frame->payload_size);
}

void scl_session_live(scl_session *s, uint16_t hop, uint32_t origin)
{
    scl_session_stop(s);
    enter(s, SCL_IN_LIVE, hop, origin);
    scl_kept_beats_forget(&s->beats);
}

void scl_session_gap(scl_session *s, uint32_t origin)
{
    scl_model_gap(&s->model);
    s->next = 0;
    s->origin = origin;
}

void scl_session_samples(scl_session *s, const scl_frame *frame)
{
    const uint32_t count = sample_count(frame);
    uint8_t p[SAMPLES_ANSWER];
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
        if (push(s, frame->payload + SAMPLES_HEADER + i * SAMPLE_SIZE)) {
            s->whole = true;
            s->hops++;
            s->hop_end = s->next;
            const scl_result result = scl_session_classify(s);
            s->hop_class = result.class_index;
            s->hop_decision = result.decision;
            s->hop_flags = scl_model_flags(&s->model);
        }
    }
    scl_store_u32(p, s->next);
    scl_store_u32(p + 4, s->hops);
    scl_store_u32(p + 8, s->hop_end);
    scl_store_u16(p + 12, s->hop_class);
    p[14] = s->hop_flags;
    scl_decide_store(p + SCL_DECISION_AT, &s->hop_decision);
    scl_link_answer(frame, p, sizeof p);
}
