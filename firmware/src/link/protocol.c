#include "protocol.h"

#include "bytes.h"
#include "crc32.h"

static void next_frame(scl_receiver *receiver)
{
    scl_cobs_reset(&receiver->cobs);
    receiver->size = 0;
}

void scl_receiver_init(scl_receiver *receiver)
{
    receiver->frames = 0;
    receiver->crc_errors = 0;
    receiver->framing_errors = 0;
    next_frame(receiver);
}

/* The counter that the frame ending here belongs to. */
static uint32_t *verdict(scl_receiver *receiver)
{
    const size_t size = receiver->size;
    if (!scl_cobs_complete(&receiver->cobs) || size < SCL_MIN_FRAME || size > SCL_MAX_FRAME) {
        return &receiver->framing_errors;
    }
    const size_t checked = size - SCL_CRC_SIZE;
    const bool good = scl_crc32(0, receiver->buffer, checked) == scl_load_u32(receiver->buffer + checked);
    return good ? &receiver->frames : &receiver->crc_errors;
}

bool scl_receiver_take(scl_receiver *receiver, uint8_t byte, scl_frame *frame)
{
    if (byte != 0) {
        uint8_t data;
        if (receiver->size <= SCL_MAX_FRAME && scl_cobs_take(&receiver->cobs, byte, &data)) {
            if (receiver->size < SCL_MAX_FRAME) {
                receiver->buffer[receiver->size] = data;
            }
            receiver->size++;
        }
        return false;
    }
    if (receiver->cobs.code == 0) { /* nothing since the last delimiter */
        return false;
    }
    uint32_t *counter = verdict(receiver);
    const bool good = counter == &receiver->frames;
    ++*counter;
    if (good) {
        frame->type = receiver->buffer[0];
        frame->seq = scl_load_u16(receiver->buffer + 1);
        frame->payload = receiver->buffer + SCL_HEADER_SIZE;
        frame->payload_size = receiver->size - SCL_MIN_FRAME;
    }
    next_frame(receiver);
    return good;
}

size_t scl_frame_encode(uint8_t *wire, uint8_t type, uint16_t seq, const uint8_t *payload, size_t payload_size)
{
    uint8_t header[SCL_HEADER_SIZE] = {type};
    uint8_t check[SCL_CRC_SIZE];
    scl_cobs_encoder encoder;
    scl_store_u16(header + 1, seq);
    scl_store_u32(check, scl_crc32(scl_crc32(0, header, sizeof header), payload, payload_size));
    scl_cobs_begin(&encoder, wire);
    scl_cobs_put(&encoder, header, sizeof header);
    scl_cobs_put(&encoder, payload, payload_size);
    scl_cobs_put(&encoder, check, sizeof check);
    return scl_cobs_end(&encoder);
}
