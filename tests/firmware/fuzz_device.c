/* Throws noise, damaged frames and well-formed nonsense at the device and checks the invariants of protocol.h afterwards.
 *
 * Usage: fuzz_device FIRST COUNT, seeds to run. Prints the seed and the line of the first check that fails. Build it with sanitizers:
 * writing outside of a buffer is theirs to find. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "device.h"
#include "port.h"

#define CHECK(condition)                                                         \
    do {                                                                         \
        if (!(condition)) {                                                      \
            printf("seed %u, line %d: %s\n", seed, __LINE__, #condition);        \
            exit(1);                                                             \
        }                                                                        \
    } while (0)

enum { ROUNDS = 60 };

static uint32_t seed, state;
static scl_device device;
static scl_ring ring;
static uint32_t put, taken, ended, unended; /* bytes put and taken; runs of bytes that a delimiter ended, and whether one is open */
static scl_receiver host;
static scl_frame last;       /* newest answer, its payload copied to last_payload */
static uint8_t last_payload[SCL_MAX_PAYLOAD];
static uint32_t answers;

const char port_name[] = "fuzz";
const uint32_t port_tick_hz = 1;

static uint32_t draw(uint32_t below)
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
        if (scl_receiver_take(&host, data[i], &last)) {
            memcpy(last_payload, last.payload, last.payload_size);
            answers++;
        }
    }
    CHECK(host.frames == answers && host.crc_errors == 0 && host.framing_errors == 0);
}

uint32_t port_ticks(void)
{
    return draw(1000);
}

bool port_sensor_start(void)
{
    return draw(2) == 0;
}

void port_sensor_stop(void)
{
}

uint32_t port_sensor_read(int16_t *counts)
{
    for (int i = 0; i < SCL_CHANNELS; i++) {
        counts[i] = (int16_t)draw(65536);
    }
    return draw(4);
}

/* The main loop, as long as there are bytes. */
static void run(void)
{
    uint8_t byte;
    while (scl_ring_get(&ring, &byte)) {
        taken++;
        ended += byte == 0 && unended;
        unended = byte != 0;
        scl_device_receive(&device, byte);
        if (draw(50) == 0) {
            scl_device_poll(&device);
        }
    }
}

static void send(const uint8_t *data, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        put++;
        scl_ring_put(&ring, data[i]);
        if (draw(2000) == 0) {
            run();
        }
    }
}

/* A HELLO request: one of a few sessions, or 0, which only asks; now and then of another protocol. */
static size_t greeting(uint8_t *p)
{
    p[0] = draw(8) ? SCL_PROTOCOL_VERSION : (uint8_t)draw(256);
    scl_store_u32(p + 1, draw(3));
    return 1 + draw(5);
}

static size_t payload(uint8_t *p, uint8_t type)
{
    static const uint16_t lengths[] = {0, 1, 2, 4, 8, 104, 1028, 1030};
    size_t n = lengths[draw(sizeof lengths / sizeof *lengths)];
    if (draw(2)) {
        n = 4 + 2 * SCL_CHANNELS * draw(2 * SCL_RAW_SAMPLES);
    }
    for (size_t i = 0; i < n; i++) {
        p[i] = (uint8_t)draw(draw(2) ? 256 : 2);
    }
    if (n >= 4 && draw(8)) { /* numbers that have a chance to mean something */
        switch (type) {
        case SCL_TYPE_WINDOW:
            scl_store_u16(p, (uint16_t)(device.session.window - draw(2)));
            scl_store_u16(p + 2, (uint16_t)(draw(2) ? device.session.next : draw(SCL_RAW_SAMPLES + 2)));
            break;
        case SCL_TYPE_SAMPLES: scl_store_u32(p, device.session.next); break;
        case SCL_TYPE_CAPTURE: scl_store_u32(p, 20 * draw(4)); return 4;
        case SCL_TYPE_HELLO: return greeting(p);
        default: break;
        }
    }
    return n;
}

static void send_frame(void)
{
    uint8_t p[SCL_MAX_PAYLOAD], wire[SCL_MAX_WIRE];
    const uint8_t type = (uint8_t)(draw(8) ? draw(10) : draw(256));
    size_t n = payload(p, type);
    n = scl_frame_encode(wire, type, (uint16_t)draw(65536), p, n);
    switch (draw(6)) {
    case 0: wire[draw((uint32_t)n)] ^= (uint8_t)(1u << draw(8)); break;
    case 1: n = draw((uint32_t)n); break;
    case 2: send(wire, draw((uint32_t)n)); break;
    default: break;
    }
    send(wire, n);
}

static void send_noise(void)
{
    uint8_t noise[3000];
    const uint32_t n = draw(sizeof noise);
    const uint32_t zeros = draw(2) ? 300 : 5; /* one byte in so many is a delimiter */
    for (uint32_t i = 0; i < n; i++) {
        noise[i] = (uint8_t)(draw(zeros) == 0 ? 0 : draw(256));
    }
    send(noise, n);
}

static void ask(uint8_t type, const uint8_t *p, size_t n)
{
    uint8_t wire[SCL_MAX_WIRE];
    run();
    send((const uint8_t[]){0}, 1);
    run();
    device.capture.active = 0; /* so that the answer is all that comes */
    const uint32_t before = answers;
    send(wire, scl_frame_encode(wire, type, 77, p, n));
    run();
    CHECK(answers == before + 1 && last.type == (type | SCL_ANSWER) && last.seq == 77);
}

/* A board that nobody has greeted answers HELLO alone. */
static void check_no_session(void)
{
    uint8_t wire[SCL_MAX_WIRE];
    for (uint32_t type = 0; type < 256; type++) {
        const uint32_t before = answers;
        if (type != SCL_TYPE_HELLO) {
            send(wire, scl_frame_encode(wire, (uint8_t)type, 5, (const uint8_t[]){1, 2, 3, 4, 5, 6}, draw(7)));
            run();
            CHECK(answers == before + 1 && last.type == SCL_TYPE_ERROR && last_payload[0] == SCL_ERROR_NO_SESSION);
        }
    }
    CHECK(device.session_number == 0 && !device.session.whole && device.session.mode == SCL_IDLE && !device.capture.active);
}

static void check_recovery(void)
{
    uint8_t p[4 + 2 * SCL_CHANNELS * SCL_RAW_SAMPLES] = {0};
    static const uint8_t hello[5] = {SCL_PROTOCOL_VERSION, 0x78, 0x56, 0x34, 0x12};
    ask(SCL_TYPE_HELLO, hello, sizeof hello);
    CHECK(last_payload[0] == SCL_PROTOCOL_VERSION && last.payload_size > 61 && scl_load_u32(last_payload + 57) == 0x12345678);
    CHECK(!device.session.whole && device.session.mode == SCL_IDLE);
    ask(SCL_TYPE_WINDOW, p, sizeof p);
    CHECK(last.payload_size == SCL_RESULT_SIZE && scl_load_u16(last_payload) == 0 && scl_load_u16(last_payload + 2) == SCL_RAW_SAMPLES);
    if (scl_frontend_data.lead_off_samples > 0) { /* a window of zeros stands still */
        CHECK(last_payload[4] == SCL_ABSTAIN && last_payload[5] == SCL_LEAD_OFF);
    } else {
        CHECK(last_payload[4] < SCL_CLASSES && last_payload[5] == 0);
    }
    ask(SCL_TYPE_STATS, p, 0);
    CHECK(scl_load_u32(last_payload) + scl_load_u32(last_payload + 4) + scl_load_u32(last_payload + 8) == ended);
    CHECK(scl_load_u32(last_payload + 12) == put - taken);
}

int main(int argc, char **argv)
{
    const uint32_t first = argc == 3 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    const uint32_t count = argc == 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1;
    for (seed = first; seed < first + count; seed++) {
        state = seed * 2654435761u + 1;
        put = taken = ended = unended = answers = 0;
        memset(&ring, 0, sizeof ring);
        memset(&device, 0xAA, sizeof device); /* init must not rely on zeroed memory */
        scl_receiver_init(&host);
        scl_device_init(&device, &ring);
        check_no_session();
        if (draw(4)) {
            ask(SCL_TYPE_HELLO, (const uint8_t[]){SCL_PROTOCOL_VERSION, 1, 0, 0, 0}, 5);
        }
        for (int i = 0; i < ROUNDS; i++) {
            if (draw(4)) {
                send_frame();
            } else {
                send_noise();
            }
            if (draw(3)) {
                run();
            }
        }
        check_recovery();
    }
    printf("%u seeds\n", count);
    return 0;
}
