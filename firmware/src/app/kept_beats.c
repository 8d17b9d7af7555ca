#include "kept_beats.h"

#include "bytes.h"
#include "link.h"

void scl_kept_beats_forget(scl_kept_beats *k)
{
    k->total = 0;
}

#ifdef SCL_BEATS

enum { HEADER = 6 /* bytes of an answer before its records: total, inputs */ };

/* The build fails where not one record would fit. */
typedef char record_fits[(int)HEADER + (int)SCL_BEAT_RECORD <= (int)SCL_MAX_PAYLOAD ? 1 : -1];

/* Steps between the largest logit and the second largest. */
static uint8_t margin_of(const int8_t *logits)
{
    int8_t largest = INT8_MIN;
    int8_t second = INT8_MIN;
    for (uint16_t i = 0; i < SCL_CLASSES; i++) {
        if (logits[i] > largest) {
            second = largest;
            largest = logits[i];
        } else if (logits[i] > second) {
            second = logits[i];
        } else {
            /* neither */
        }
    }
    const int32_t margin = (int32_t)largest - (int32_t)second;
    return (uint8_t)margin;
}

static uint8_t *store_values(uint8_t *p, const int8_t *values, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++) {
        p[i] = (uint8_t)values[i];
    }
    return p + count;
}

static void store_rhythm(uint8_t *p, const scl_rhythm_figures *figures)
{
    scl_store_u16(p, figures->heart_rate);
    scl_store_u16(p + 2, figures->rmssd);
    p[4] = figures->irregular;
    scl_store_u16(p + 5, figures->pauses);
    scl_store_u16(p + 7, figures->couplets);
    scl_store_u16(p + 9, figures->runs);
    scl_store_u16(p + 11, figures->longest_run);
    p[13] = figures->worst;
}

void scl_kept_beats_add(scl_kept_beats *k, const scl_model *m, const scl_result *result, uint32_t origin, uint32_t end)
{
    uint8_t *const p = k->records[k->total % SCL_KEPT_BEATS];
    scl_store_u32(p, k->total);
    scl_store_u32(p + 4, origin + scl_model_beat_sample(m));
    scl_store_u32(p + 8, end);
    scl_store_u16(p + 12, scl_model_beat(m)->interval);
    scl_store_u16(p + 14, result->class_index);
    p[16] = scl_model_flags(m);
    p[17] = margin_of(result->logits);
    store_rhythm(p + 18, scl_model_rhythm(m));
    uint8_t *values = store_values(p + SCL_BEAT_FIXED, m->history[0], SCL_INPUTS);
    values = store_values(values, result->features, SCL_FEATURES);
    (void)store_values(values, result->logits, SCL_CLASSES);
    k->total++;
}

void scl_kept_beats_answer(const scl_kept_beats *k, const scl_frame *frame, uint8_t *answer)
{
    const uint32_t held = (k->total < SCL_KEPT_BEATS) ? k->total : SCL_KEPT_BEATS;
    const uint32_t oldest = k->total - held;
    const uint32_t wanted = scl_load_u32(frame->payload);
    size_t size = HEADER;
    scl_store_u32(answer, k->total);
    scl_store_u16(answer + 4, SCL_INPUTS);
    for (uint32_t number = (wanted > oldest) ? wanted : oldest; (number < k->total) && ((size + SCL_BEAT_RECORD) <= SCL_MAX_PAYLOAD); number++) {
        const uint8_t *record = k->records[number % SCL_KEPT_BEATS];
        for (size_t i = 0; i < SCL_BEAT_RECORD; i++) {
            answer[size + i] = record[i];
        }
        size += SCL_BEAT_RECORD;
    }
    scl_link_answer(frame, answer, size);
}

#else

void scl_kept_beats_add(scl_kept_beats *k, const scl_model *m, const scl_result *result, uint32_t origin, uint32_t end)
{
    (void)k;
    (void)m;
    (void)result;
    (void)origin;
    (void)end;
}

void scl_kept_beats_answer(const scl_kept_beats *k, const scl_frame *frame, uint8_t *answer)
{
    (void)k;
    (void)answer;
    scl_link_refuse(frame->seq, SCL_ERROR_WRONG_INPUT, 0, SCL_INPUT_KIND);
}

#endif
