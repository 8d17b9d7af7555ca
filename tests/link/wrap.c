/* A session of the board whose numbers stand where the arguments say: prints the payload of every answer in hex.
 *
 * Usage: wrap NEXT HOPS WINDOW TICKS. A stream of 30 frames of 3 samples, each frame twice, that goes on at sample NEXT with HOPS
 * classified; then 3 windows from number WINDOW on. The clock starts at TICKS and goes up by 7 a look. */
#include <stdio.h>
#include <stdlib.h>

#include "bytes.h"
#include "link.h"
#include "port.h"
#include "session.h"

enum { HOP = 5, FRAMES = 30, PER_FRAME = 3, SAMPLE = 2 * SCL_CHANNELS };

const char port_name[] = "wrap";
const uint32_t port_tick_hz = 1;
static uint32_t ticks;

uint32_t port_ticks(void)
{
    ticks += 7;
    return ticks;
}

void port_write(const uint8_t *data, size_t n)
{
    static scl_receiver host;
    scl_frame frame;
    for (size_t i = 0; i < n; i++) {
        if (scl_receiver_take(&host, data[i], &frame)) {
            for (size_t k = 0; k < frame.payload_size; k++) {
                printf("%02x", frame.payload[k]);
            }
            printf("\n");
        }
    }
}

int main(int argc, char **argv)
{
    static scl_session session;
    static uint8_t payload[4 + SCL_RAW_SAMPLES * SAMPLE];
    const uint32_t first = (uint32_t)strtoul(argv[1], NULL, 10);
    const uint16_t window = (uint16_t)strtoul(argv[3], NULL, 10);
    scl_frame frame = {SCL_TYPE_STREAM, 1, payload, 2};
    (void)argc;
    ticks = (uint32_t)strtoul(argv[4], NULL, 10);
    scl_session_init(&session);
    scl_store_u16(payload, HOP);
    scl_session_stream(&session, &frame);
    session.next = first;
    session.hops = (uint32_t)strtoul(argv[2], NULL, 10);
    frame.type = SCL_TYPE_SAMPLES;
    frame.payload_size = 4 + PER_FRAME * SAMPLE;
    for (uint32_t i = 0; i < FRAMES; i++) {
        scl_store_u32(payload, first + i * PER_FRAME);
        for (uint32_t k = 4; k < frame.payload_size; k++) {
            payload[k] = (uint8_t)(i * 31u + k * 7u);
        }
        scl_session_samples(&session, &frame);
        scl_session_samples(&session, &frame);
    }
    session.window = window;
    frame.type = SCL_TYPE_WINDOW;
    frame.payload_size = sizeof payload;
    for (uint16_t i = 0; i < 3; i++) {
        scl_store_u16(payload, (uint16_t)(window + i));
        scl_store_u16(payload + 2, 0);
        scl_session_window(&session, &frame);
        scl_session_window(&session, &frame);
    }
    return 0;
}
