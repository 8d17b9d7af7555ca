#include "decide.h"

#include "bytes.h"
#include "link.h"

void scl_decide_store(uint8_t *p, const scl_decision *decision)
{
    scl_store_u16(p, decision->answer);
    scl_store_u16(&p[2], decision->confidence);
}

#ifdef SCL_DECISION

void scl_decide(scl_model *m, const scl_frame *frame)
{
    uint8_t p[SCL_SETTINGS_SIZE];
    scl_decision_settings settings = m->decider.settings;
    if (frame->payload_size > 0u) {
        settings.slope = scl_load_u32(frame->payload);
        settings.evidence = scl_load_u32(&frame->payload[4]);
        settings.stay = scl_load_u16(&frame->payload[8]);
        settings.unsure = scl_load_u16(&frame->payload[10]);
    }
    if (scl_decision_fits(&settings)) {
        if (frame->payload_size > 0u) {
            scl_model_decide_by(m, &settings);
        }
        scl_store_u32(p, settings.slope);
        scl_store_u32(&p[4], settings.evidence);
        scl_store_u16(&p[8], settings.stay);
        scl_store_u16(&p[10], settings.unsure);
        scl_link_answer(frame, p, sizeof p);
    } else {
        scl_link_refuse(frame->seq, SCL_ERROR_BAD_VALUE, 0, 0);
    }
}

void scl_decide_as_exported(scl_model *m)
{
    scl_model_decide_by(m, &scl_decision_data);
}

#else

void scl_decide(scl_model *m, const scl_frame *frame)
{
    (void)m;
    scl_link_refuse(frame->seq, SCL_ERROR_NO_DECISION, 0, 0);
}

void scl_decide_as_exported(scl_model *m)
{
    (void)m;
}

#endif
