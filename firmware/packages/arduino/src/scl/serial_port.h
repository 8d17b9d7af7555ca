/* What src/scl/port.h asks of a board, but for its sensor, over Arduino's Serial. For one file of a sketch. */
#ifndef SCL_SERIAL_PORT_H
#define SCL_SERIAL_PORT_H

#include <Arduino.h>

#include "port.h"

/* While the network runs nobody reads Serial, so what the core's own buffer holds is all that the host may have on its way. */
#if defined(SERIAL_RX_BUFFER_SIZE)
enum { CORE_BUFFER = SERIAL_RX_BUFFER_SIZE };
#elif defined(SERIAL_BUFFER_SIZE)
enum { CORE_BUFFER = SERIAL_BUFFER_SIZE };
#else
enum { CORE_BUFFER = 64 }; /* the smallest of the cores that are known */
#endif

static scl_ring *received;

static void receive()
{
    while (scl_ring_space(received) > 0 && Serial.available() > 0) {
        scl_ring_put(received, (uint8_t)Serial.read());
    }
}

extern "C" {

extern const char port_name[] = "arduino";
extern const uint32_t port_tick_hz = 1000000;
extern const uint16_t port_receive_bytes = CORE_BUFFER - 1; /* a ring is full one byte before its end */

void port_init(scl_ring *ring)
{
    received = ring;
    Serial.begin(115200);
}

/* A few bytes at a time, so that reception goes on meanwhile. */
void port_write(const uint8_t *data, size_t n)
{
    while (n > 0) {
        const size_t sent = Serial.write(data, n < 32 ? n : 32);
        data += sent;
        n -= sent;
        receive();
    }
}

void port_idle(void)
{
    receive();
    yield();
}

uint32_t port_ticks(void)
{
    return micros();
}

}

#endif
