/* scl_receiver over a whole stream in one call, for exhaustive tests: out gets each frame as wire form and zero. */
#include <string.h>

#include "protocol.h"

size_t receive(const uint8_t *stream, size_t size, uint32_t counts[3], uint8_t *out)
{
    scl_receiver receiver;
    scl_frame frame;
    size_t written = 0;
    memset(&receiver, 0xAA, sizeof receiver);
    scl_receiver_init(&receiver);
    for (size_t i = 0; i < size; i++) {
        if (scl_receiver_take(&receiver, stream[i], &frame)) {
            written += scl_frame_encode(out + written, frame.type, frame.seq, frame.payload, frame.payload_size);
        }
    }
    counts[0] = receiver.frames;
    counts[1] = receiver.crc_errors;
    counts[2] = receiver.framing_errors;
    return written;
}
