/* Frames of the link: docs/PROTOCOL.md has the byte tables.
 *
 * What is trusted: the model data and this program. What is not: every byte from the line, in any order and number.
 * Whatever arrives, these hold, and tests/firmware/fuzz_board.c checks them:
 *   1. nothing is written outside of a receiver's buffer;
 *   2. a frame is handed out only if its COBS code is whole, its size is SCL_MIN_FRAME..SCL_MAX_FRAME and its CRC is right,
 *      so payload_size <= SCL_MAX_PAYLOAD;
 *   3. a frame's length says nothing about its meaning: whoever reads a payload checks payload_size first;
 *   4. the zero byte always brings the receiver back: the next undamaged frame is received;
 *   5. every delimiter after at least one byte adds one to exactly one of the receiver's three counters. */
#ifndef SCL_PROTOCOL_H
#define SCL_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cobs.h"

enum {
    SCL_PROTOCOL_VERSION = 9,
    SCL_HEADER_SIZE = 3,     /* bytes: type, seq */
    SCL_CRC_SIZE = 4,        /* bytes */
    SCL_MAX_PAYLOAD = 1030,  /* bytes: 85 samples of 6 channels and 4 bytes before them come to 1024 */
    SCL_MIN_FRAME = SCL_HEADER_SIZE + SCL_CRC_SIZE,
    SCL_MAX_FRAME = SCL_MIN_FRAME + SCL_MAX_PAYLOAD,
    SCL_MAX_WIRE = SCL_COBS_SIZE(SCL_MAX_FRAME) + 1
};

enum {
    SCL_TYPE_HELLO = 0x01,
    SCL_TYPE_WINDOW = 0x02,
    SCL_TYPE_BENCH = 0x03,
    SCL_TYPE_STREAM = 0x04,
    SCL_TYPE_SAMPLES = 0x05,
    SCL_TYPE_CALIBRATION = 0x06,
    SCL_TYPE_STATS = 0x07,
    SCL_TYPE_CAPTURE = 0x08,
    SCL_TYPE_PROBE = 0x09,
    SCL_TYPE_LIVE = 0x0A,
    SCL_TYPE_BEATS = 0x0B,
    SCL_TYPE_DECIDE = 0x0C,
    SCL_ANSWER = 0x80,       /* added to a request's type */
    SCL_TYPE_ERROR = 0xFF
};

enum {
    SCL_ERROR_UNKNOWN_TYPE = 1,
    SCL_ERROR_BAD_LENGTH = 2,
    SCL_ERROR_NO_SENSOR = 4,
    SCL_ERROR_NOT_STREAMING = 5,
    SCL_ERROR_BAD_VALUE = 6,
    SCL_ERROR_NO_SESSION = 7,
    SCL_ERROR_NO_WINDOW = 8,
    SCL_ERROR_WRONG_INPUT = 9,
    SCL_ERROR_NO_DECISION = 10
};

typedef struct {
    uint8_t type;
    uint16_t seq;
    const uint8_t *payload;  /* (payload_size), inside the receiver until its next byte */
    size_t payload_size;
} scl_frame;

typedef struct {
    uint32_t frames;         /* good ones */
    uint32_t crc_errors;
    uint32_t framing_errors; /* broken COBS code, too short or too long */
    scl_cobs_decoder cobs;
    size_t size;             /* decoded bytes; one past the largest: too long, the rest is dropped */
    uint8_t buffer[SCL_MAX_FRAME];
} scl_receiver;

void scl_receiver_init(scl_receiver *receiver);

/* Takes one byte from the line; whether it completes a good frame, described in *frame. */
bool scl_receiver_take(scl_receiver *receiver, uint8_t byte, scl_frame *frame);

/* Writes a whole frame, delimiter included, to wire[SCL_MAX_WIRE] and returns its size. payload_size <= SCL_MAX_PAYLOAD. */
size_t scl_frame_encode(uint8_t *wire, uint8_t type, uint16_t seq, const uint8_t *payload, size_t payload_size);

#endif
