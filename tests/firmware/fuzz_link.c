/* libFuzzer's target: what comes from the line is the fuzzer's.
 *
 * The first byte says how the rest is read. GREETED: a host has greeted the board before. FRAMED: the rest is pieces of 4 bytes (how, type,
 * payload size, least byte first) and a payload, and each is sent as a frame with the right code and check; else it is sent as it is.
 * A piece whose `how` has CONTINUES gets the numbers that the board waits for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "crc32.h"
#include "fuzz_board.h"

enum { FRAMED = 1, GREETED = 2 };
enum { CONTINUES = 1, PIECE_HEADER = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void fuzz_failed(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, condition);
    abort(); /* libFuzzer writes the input to a file and names it */
}

static void send_raw(const uint8_t *data, size_t size)
{
    for (size_t at = 0; at < size; at += SCL_RING_SIZE) {
        fuzz_send(data + at, size - at < SCL_RING_SIZE ? size - at : SCL_RING_SIZE);
        fuzz_run();
    }
}

static void continue_session(uint8_t *payload, size_t size, uint8_t type)
{
    const scl_session *s = &fuzz_board.session;
    if (size >= 4 && type == SCL_TYPE_WINDOW) {
        scl_store_u16(payload, s->window);
        scl_store_u16(payload + 2, s->mode == SCL_IN_WINDOW ? (uint16_t)s->next : 0);
    } else if (size >= 4 && type == SCL_TYPE_SAMPLES) {
        scl_store_u32(payload, s->next);
    }
}

static void send_pieces(const uint8_t *data, size_t size)
{
    uint8_t payload[SCL_MAX_PAYLOAD], wire[SCL_MAX_WIRE];
    uint16_t seq = 0;
    while (size >= PIECE_HEADER) {
        const uint8_t how = data[0], type = data[1];
        size_t n = scl_load_u16(data + 2) % (SCL_MAX_PAYLOAD + 1u);
        data += PIECE_HEADER;
        size -= PIECE_HEADER;
        n = n < size ? n : size;
        memcpy(payload, data, n);
        data += n;
        size -= n;
        if (how & CONTINUES) {
            continue_session(payload, n, type);
        }
        const uint32_t before = fuzz_board.receiver.frames;
        send_raw(wire, scl_frame_encode(wire, type, seq, payload, n));
        CHECK(fuzz_board.receiver.frames == before + 1);
        seq++;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    fuzz_start(scl_crc32(0, data, size)); /* the same input, the same run */
    if (data[0] & GREETED) {
        fuzz_ask(SCL_TYPE_HELLO, (const uint8_t[]){SCL_PROTOCOL_VERSION, 1, 0, 0, 0}, 5);
    }
    if (data[0] & FRAMED) {
        send_pieces(data + 1, size - 1);
    } else {
        send_raw(data + 1, size - 1);
    }
    fuzz_check_recovery();
    return 0;
}
