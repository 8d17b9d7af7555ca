#include "live.h"

#include "bytes.h"
#include "link.h"

enum { PROGRESS = 12 /* bytes: number, end, dropped */ };

static void store_progress(const scl_live *l, uint8_t *p)
{
    scl_store_u32(p, l->number);
    scl_store_u32(p + 4, l->end);
    scl_store_u32(p + 8, l->dropped);
}

void scl_live_answer(const scl_live *l, const scl_frame *frame)
{
    uint8_t p[PROGRESS];
    store_progress(l, p);
    scl_link_answer(frame, p, sizeof p);
}

void scl_live_init(scl_live *l)
{
    l->number = 0;
    l->end = 0;
    l->dropped = 0;
}

void scl_live_start(scl_live *l, scl_session *s, const scl_own_sensor *sensor, const scl_frame *frame, uint16_t hop, uint32_t hops)
{
    l->seq = frame->seq;
    l->hops = hops;
    l->number = 0;
    l->end = sensor->next;
    l->dropped = sensor->dropped;
    scl_session_live(s, hop, sensor->next);
    scl_live_answer(l, frame);
}

static void send_answer(const scl_live *l, scl_session *s, uint8_t *payload)
{
    const scl_result result = scl_session_classify(s);
    store_progress(l, payload);
    scl_store_u16(payload + PROGRESS, result.class_index);
    payload[PROGRESS + 2] = scl_model_flags(&s->model);
    scl_session_outputs(&result, payload);
    scl_link_send(SCL_TYPE_LIVE | SCL_ANSWER, l->seq, payload, SCL_RESULT_SIZE);
}

void scl_live_take(scl_live *l, scl_session *s, const scl_own_sensor *sensor, const int16_t *counts, uint32_t taken, uint8_t *payload)
{
    if (s->mode != SCL_IN_LIVE) {
        return;
    }
    l->end = sensor->next;
    l->dropped = sensor->dropped;
    if (taken > 1u) { /* no answer is of a window with a gap */
        scl_session_gap(s, sensor->next - 1u);
    }
    if (scl_session_push(s, counts)) {
        send_answer(l, s, payload);
        l->number++;
        if (l->number == l->hops) {
            scl_session_stop(s);
        }
    }
}
