#include "capture.h"

#include "bytes.h"
#include "link.h"
#include "port.h"

static void send_block(scl_capture *c)
{
    scl_store_u32(c->block, c->next - c->held);
    scl_store_u32(c->block + 4, c->dropped);
    scl_link_send(SCL_TYPE_CAPTURE | SCL_ANSWER, c->seq, c->block, SCL_CAPTURE_HEADER + c->held * 2 * SCL_SENSOR_CHANNELS);
    c->held = 0;
}

static void end(scl_capture *c)
{
    send_block(c);
    port_sensor_stop();
    c->active = false;
}

void scl_capture_init(scl_capture *c)
{
    c->active = false;
    c->next = 0;
    c->dropped = 0;
    c->held = 0;
}

bool scl_capture_start(scl_capture *c, uint16_t seq, uint32_t samples)
{
    scl_capture_init(c);
    c->seq = seq;
    c->samples = samples;
    c->active = SCL_INPUT_KIND == SCL_INPUT_COUNTS && port_sensor_start();
    return c->active;
}

void scl_capture_stop(scl_capture *c, uint16_t seq)
{
    c->seq = seq;
    end(c);
}

void scl_capture_drop(scl_capture *c)
{
    if (c->active) {
        port_sensor_stop();
        c->active = false;
    }
}

void scl_capture_poll(scl_capture *c)
{
    int16_t counts[SCL_SENSOR_CHANNELS];
    const uint32_t taken = c->active ? port_sensor_read(counts) : 0;
    if (taken == 0) {
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
    if (c->next >= c->samples) {
        end(c);
    } else if (c->held == SCL_CAPTURE_SAMPLES) {
        send_block(c);
    }
}
