/* Throws noise, damaged frames and well-formed nonsense at the device and checks the invariants of protocol.h afterwards.
 *
 * Usage: fuzz_device FIRST COUNT, seeds to run. Prints the seed and the line of the first check that fails. */
#include <stdio.h>
#include <stdlib.h>

#include "bytes.h"
#include "fuzz_board.h"

enum { ROUNDS = 60 };

static uint32_t seed;

void fuzz_failed(const char *file, int line, const char *condition)
{
    printf("seed %u, %s:%d: %s\n", seed, file, line, condition);
    exit(1);
}

/* A HELLO request: one of a few sessions, or 0, which only asks; now and then of another protocol. */
static size_t greeting(uint8_t *p)
{
    p[0] = fuzz_draw(8) ? SCL_PROTOCOL_VERSION : (uint8_t)fuzz_draw(256);
    scl_store_u32(p + 1, fuzz_draw(3));
    return 1 + fuzz_draw(5);
}

static size_t payload(uint8_t *p, uint8_t type)
{
    static const uint16_t lengths[] = {0, 1, 2, 4, 8, 104, 1028, 1030};
    size_t n = lengths[fuzz_draw(sizeof lengths / sizeof *lengths)];
    if (fuzz_draw(2)) {
        n = 4 + 2 * SCL_CHANNELS * fuzz_draw(2 * SCL_RAW_SAMPLES);
    }
    for (size_t i = 0; i < n; i++) {
        p[i] = (uint8_t)fuzz_draw(fuzz_draw(2) ? 256 : 2);
    }
    if (n >= 4 && fuzz_draw(8)) { /* numbers that have a chance to mean something */
        switch (type) {
        case SCL_TYPE_WINDOW:
            scl_store_u16(p, (uint16_t)(fuzz_board.session.window + 1 - fuzz_draw(3)));
            scl_store_u16(p + 2, (uint16_t)(fuzz_draw(2) ? fuzz_board.session.next + fuzz_draw(2) : fuzz_draw(SCL_RAW_SAMPLES + 2)));
            break;
        case SCL_TYPE_SAMPLES: scl_store_u32(p, fuzz_board.session.next); break;
        case SCL_TYPE_CAPTURE: scl_store_u32(p, 20 * fuzz_draw(4)); return 4;
        case SCL_TYPE_LIVE: scl_store_u16(p, (uint16_t)fuzz_draw(5)); scl_store_u32(p + 2, fuzz_draw(4)); return 6;
        case SCL_TYPE_HELLO: return greeting(p);
        default: break;
        }
    }
    return n;
}

static void send_frame(void)
{
    uint8_t p[SCL_MAX_PAYLOAD], wire[SCL_MAX_WIRE];
    const uint8_t type = (uint8_t)(fuzz_draw(8) ? fuzz_draw(11) : fuzz_draw(256));
    size_t n = payload(p, type);
    n = scl_frame_encode(wire, type, (uint16_t)fuzz_draw(65536), p, n);
    switch (fuzz_draw(6)) {
    case 0: wire[fuzz_draw((uint32_t)n)] ^= (uint8_t)(1u << fuzz_draw(8)); break;
    case 1: n = fuzz_draw((uint32_t)n); break;
    case 2: fuzz_send(wire, fuzz_draw((uint32_t)n)); break;
    default: break;
    }
    fuzz_send(wire, n);
}

static void send_noise(void)
{
    uint8_t noise[3000];
    const uint32_t n = fuzz_draw(sizeof noise);
    const uint32_t zeros = fuzz_draw(2) ? 300 : 5; /* one byte in so many is a delimiter */
    for (uint32_t i = 0; i < n; i++) {
        noise[i] = (uint8_t)(fuzz_draw(zeros) == 0 ? 0 : fuzz_draw(256));
    }
    fuzz_send(noise, n);
}

int main(int argc, char **argv)
{
    const uint32_t first = argc == 3 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    const uint32_t count = argc == 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1;
    for (seed = first; seed < first + count; seed++) {
        fuzz_start(seed * 2654435761u + 1);
        fuzz_check_no_session();
        if (fuzz_draw(4)) {
            fuzz_ask(SCL_TYPE_HELLO, (const uint8_t[]){SCL_PROTOCOL_VERSION, 1, 0, 0, 0}, 5);
        }
        for (int i = 0; i < ROUNDS; i++) {
            if (fuzz_draw(4)) {
                send_frame();
            } else {
                send_noise();
            }
            if (fuzz_draw(3)) {
                fuzz_run();
            }
        }
        fuzz_check_recovery();
    }
    printf("%u seeds\n", count);
    return 0;
}
