#include "fuzz_board.h"

#include <sanitizer/asan_interface.h>
#include <string.h>

#include "bytes.h"
#include "port.h"

scl_device fuzz_board;
scl_frame fuzz_answer;
uint8_t fuzz_payload[SCL_MAX_PAYLOAD];

static scl_ring ring;
static scl_receiver host;
static uint32_t state;
static uint32_t put, taken, ended, unended; /* bytes put and taken; runs of bytes that a delimiter ended, and whether one is open */
static uint32_t answers;

const char port_name[] = "fuzz";
const uint32_t port_tick_hz = 1;
const uint16_t port_receive_bytes = SCL_RING_SIZE;

void fuzz_start(uint32_t seed)
{
    state = seed ? seed : 1; /* xorshift stays at 0 */
    put = taken = ended = unended = answers = 0;
    memset(&ring, 0, sizeof ring);
    memset(&fuzz_board, 0xAA, sizeof fuzz_board); /* init must not rely on zeroed memory */
    scl_receiver_init(&host);
    scl_device_init(&fuzz_board, &ring);
}

uint32_t fuzz_draw(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % below;
}

void port_write(const uint8_t *data, size_t n)
{
    CHECK(n >= 1 && data[n - 1] == 0);
    for (size_t i = 0; i < n; i++) {
        CHECK(data[i] != 0 || i == n - 1);
        if (scl_receiver_take(&host, data[i], &fuzz_answer)) {
            memcpy(fuzz_payload, fuzz_answer.payload, fuzz_answer.payload_size);
            answers++;
        }
    }
    CHECK(host.frames == answers && host.crc_errors == 0 && host.framing_errors == 0);
}

uint32_t port_ticks(void)
{
    return fuzz_draw(1000);
}

bool port_sensor_start(void)
{
    return fuzz_draw(2) == 0;
}

void port_sensor_stop(void)
{
}

bool port_sensor_waits(void)
{
    return true;
}

uint32_t port_sensor_read(int16_t *counts)
{
    for (int i = 0; i < SCL_CHANNELS; i++) {
        counts[i] = (int16_t)fuzz_draw(65536);
    }
    return fuzz_draw(4);
}

/* Takes a byte; what lies behind the frame that it may end is nobody's to read. */
static void receive(uint8_t byte)
{
    const scl_receiver *receiver = &fuzz_board.receiver;
    const size_t size = receiver->size < SCL_MAX_FRAME ? receiver->size : SCL_MAX_FRAME;
    if (byte == 0) {
        ASAN_POISON_MEMORY_REGION(receiver->buffer + size, SCL_MAX_FRAME - size);
    }
    scl_device_receive(&fuzz_board, byte);
    ASAN_UNPOISON_MEMORY_REGION(receiver->buffer, SCL_MAX_FRAME);
}

void fuzz_run(void)
{
    uint8_t byte;
    while (scl_ring_get(&ring, &byte)) {
        taken++;
        ended += byte == 0 && unended;
        unended = byte != 0;
        receive(byte);
        const scl_session *s = &fuzz_board.session;
        const uint32_t wanted = s->mode == SCL_IN_WINDOW ? s->next : 0;
        CHECK(wanted < SCL_RAW_SAMPLES && s->kept_count * 2 * SCL_CHANNELS <= SCL_KEPT_SIZE);
        CHECK(s->kept_count == 0 || s->kept_at > wanted);
        if (fuzz_draw(50) == 0) {
            scl_device_poll(&fuzz_board);
        }
    }
}

void fuzz_send(const uint8_t *data, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        put++;
        scl_ring_put(&ring, data[i]);
        if (fuzz_draw(2000) == 0) {
            fuzz_run();
        }
    }
}

void fuzz_ask(uint8_t type, const uint8_t *p, size_t n)
{
    uint8_t wire[SCL_MAX_WIRE];
    fuzz_run();
    fuzz_send((const uint8_t[]){0}, 1);
    fuzz_run();
    fuzz_board.capture.active = 0; /* so that the answer is all that comes */
    fuzz_board.session.mode = fuzz_board.session.mode == SCL_IN_LIVE ? SCL_IDLE : fuzz_board.session.mode;
    const uint32_t before = answers;
    fuzz_send(wire, scl_frame_encode(wire, type, 77, p, n));
    fuzz_run();
    CHECK(answers == before + 1 && fuzz_answer.type == (type | SCL_ANSWER) && fuzz_answer.seq == 77);
}

void fuzz_check_no_session(void)
{
    uint8_t wire[SCL_MAX_WIRE];
    for (uint32_t type = 0; type < 256; type++) {
        const uint32_t before = answers;
        if (type != SCL_TYPE_HELLO) {
            fuzz_send(wire, scl_frame_encode(wire, (uint8_t)type, 5, (const uint8_t[]){1, 2, 3, 4, 5, 6}, fuzz_draw(7)));
            fuzz_run();
            CHECK(answers == before + 1 && fuzz_answer.type == SCL_TYPE_ERROR && fuzz_payload[0] == SCL_ERROR_NO_SESSION);
        }
    }
    CHECK(fuzz_board.session_number == 0 && !fuzz_board.session.whole && fuzz_board.session.mode == SCL_IDLE && !fuzz_board.capture.active);
}

#ifdef SCL_BEATS

enum { BEAT_EVERY = 300, STREAMED = 1500, CHUNK = 100 }; /* samples at 360 Hz */

/* A stream of pulses is answered as beats, whose records are whole. */
static void check_model(void)
{
    const uint8_t nominal[16] = {[14] = 0x80, [15] = 0x3F}; /* no bias, an alignment of 1: a session keeps what came before */
    uint8_t p[4 + 2 * CHUNK] = {1};
    fuzz_ask(SCL_TYPE_CALIBRATION, nominal, sizeof nominal);
    fuzz_ask(SCL_TYPE_STREAM, p, 2);
    for (uint32_t start = 0; start < STREAMED; start += CHUNK) {
        scl_store_u32(p, start);
        for (uint32_t i = 0; i < CHUNK; i++) {
            const uint32_t phase = (start + i + 50) % BEAT_EVERY;
            scl_store_u16(p + 4 + 2 * i, (uint16_t)(1024 + (phase < 12 ? 40 * phase : 0) + phase % 3));
        }
        fuzz_ask(SCL_TYPE_SAMPLES, p, sizeof p);
    }
    const uint32_t total = scl_load_u32(fuzz_payload + 4);
    CHECK(scl_load_u32(fuzz_payload) == STREAMED && total >= 2 && total <= SCL_KEPT_BEATS);
    scl_store_u32(p, 1);
    fuzz_ask(SCL_TYPE_BEATS, p, 4);
    CHECK(scl_load_u32(fuzz_payload) == total && scl_load_u16(fuzz_payload + 4) == SCL_INPUTS);
    CHECK(fuzz_answer.payload_size == 6 + (total - 1) * SCL_BEAT_RECORD && scl_load_u32(fuzz_payload + 6) == 1);
    CHECK(scl_load_u32(fuzz_payload + 10) < scl_load_u32(fuzz_payload + 14) && scl_load_u32(fuzz_payload + 14) <= STREAMED);
}

#else

static void check_model(void)
{
    const uint8_t p[4 + 2 * SCL_CHANNELS * SCL_RAW_SAMPLES] = {0};
    fuzz_ask(SCL_TYPE_WINDOW, p, sizeof p);
    CHECK(fuzz_answer.payload_size == SCL_RESULT_SIZE && scl_load_u16(fuzz_payload) == 0 && scl_load_u16(fuzz_payload + 2) == SCL_RAW_SAMPLES);
    if (scl_frontend_data.lead_off_samples > 0) { /* a window of zeros stands still */
        CHECK(scl_load_u16(fuzz_payload + 4) == SCL_ABSTAIN && fuzz_payload[6] == SCL_LEAD_OFF);
    } else {
        CHECK(scl_load_u16(fuzz_payload + 4) < SCL_CLASSES && fuzz_payload[6] == 0);
    }
}

#endif

void fuzz_check_recovery(void)
{
    const uint32_t session = fuzz_board.session_number == 1000 ? 1001 : 1000; /* another than there is */
    uint8_t hello[5] = {SCL_PROTOCOL_VERSION};
    scl_store_u32(hello + 1, session);
    fuzz_ask(SCL_TYPE_HELLO, hello, sizeof hello);
    CHECK(fuzz_payload[0] == SCL_PROTOCOL_VERSION && fuzz_answer.payload_size > 64 && scl_load_u32(fuzz_payload + 57) == session);
    CHECK(!fuzz_board.session.whole && fuzz_board.session.mode == SCL_IDLE);
    check_model();
    fuzz_ask(SCL_TYPE_STATS, hello, 0);
    CHECK(scl_load_u32(fuzz_payload) + scl_load_u32(fuzz_payload + 4) + scl_load_u32(fuzz_payload + 8) == ended);
    CHECK(scl_load_u32(fuzz_payload + 12) == put - taken);
}
