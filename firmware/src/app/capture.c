#include "capture.h"

#include "bytes.h"
#include "link.h"

static void send_block(scl_capture *c)
{
    scl_store_u32(c->block, c->next - c->held);
    scl_store_u32(c->block + 4, c->dropped);
    scl_link_send(SCL_TYPE_CAPTURE | SCL_ANSWER, c->seq, c->block, SCL_CAPTURE_HEADER + c->held * 2 * SCL_SENSOR_CHANNELS);
    c->held = 0;
}

void scl_capture_init(scl_capture *c)
{
    c->active = false;
    c->next = 0;
    c->dropped = 0;
    c->held = 0;
}

void scl_capture_start(scl_capture *c, const scl_own_sensor *sensor, uint16_t seq, uint32_t samples)
{
    c->active = true;
    c->seq = seq;
    c->left = samples;
    c->next = sensor->next;
    c->dropped = sensor->dropped;
    c->held = 0;
}

void scl_capture_stop(scl_capture *c, uint16_t seq)
{
    c->seq = seq;
    send_block(c);
    c->active = false;
}

void scl_capture_drop(scl_capture *c)
{
    c->active = false;
}

void scl_capture_take(scl_capture *c, const int16_t *counts, uint32_t taken)
{
    if (!c->active) {
        return;
    }
    if (taken > 1 && c->held > 0) { /* a block holds no gap */
        send_block(c);
    }
    uint8_t *sample = c->block + SCL_CAPTURE_HEADER + c->held * 2 * SCL_SENSOR_CHANNELS;
    for (uint16_t channel = 0; channel < SCL_SENSOR_CHANNELS; channel++) {
        scl_store_u16(sample + 2 * channel, (uint16_t)counts[channel]);
    }
    c->held++;
    c->next += taken;
    c->dropped += taken - 1;
    c->left -= taken < c->left ? taken : c->left;
    c->active = c->left > 0;
    if (!c->active || c->held == SCL_CAPTURE_SAMPLES) {
        send_block(c);
    }
}
