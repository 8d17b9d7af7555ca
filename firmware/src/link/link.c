#include "link.h"

#include "bytes.h"
#include "port.h"

void scl_link_send(uint8_t type, uint16_t seq, const uint8_t *payload, size_t payload_size)
{
    static uint8_t wire[SCL_MAX_WIRE];
    port_write(wire, scl_frame_encode(wire, type, seq, payload, payload_size));
}

void scl_link_answer(const scl_frame *frame, const uint8_t *payload, size_t payload_size)
{
    scl_link_send((uint8_t)(frame->type | SCL_ANSWER), frame->seq, payload, payload_size);
}

void scl_link_refuse(uint16_t seq, uint8_t code, uint16_t window, uint16_t detail)
{
    uint8_t payload[5] = {code};
    scl_store_u16(payload + 1, window);
    scl_store_u16(payload + 3, detail);
    scl_link_send(SCL_TYPE_ERROR, seq, payload, sizeof payload);
}
