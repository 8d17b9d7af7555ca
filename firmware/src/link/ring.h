/* Bytes from an interrupt handler to the main loop: one producer, one consumer, no lock.
 *
 * The producer writes `head` and `overruns`, the consumer `tail`; each is one aligned word, and all accesses are volatile, so a single
 * core sees them in program order. Both count on and on; their difference is the number of bytes held. */
#ifndef SCL_RING_H
#define SCL_RING_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes, a power of two. Holds what can arrive while the main loop is away in the network: four of the largest frames, or
 * 0.35 s at 115,200 baud. The host keeps no more than port_receive_bytes in flight. */
#ifndef SCL_RING_SIZE
#define SCL_RING_SIZE 4096
#endif

typedef struct {
    volatile uint32_t head;
    volatile uint32_t tail;
    volatile uint32_t overruns; /* bytes dropped because the ring was full, or by the UART before they got here */
    volatile uint8_t bytes[SCL_RING_SIZE];
} scl_ring;

/* Bytes that can be put now. */
static inline uint32_t scl_ring_space(const scl_ring *ring)
{
    const uint32_t tail = ring->tail;
    return SCL_RING_SIZE - (ring->head - tail);
}

static inline bool scl_ring_empty(const scl_ring *ring)
{
    const uint32_t tail = ring->tail;
    return ring->head == tail;
}

/* Producer: adds a byte, or drops and counts it. */
static inline void scl_ring_put(scl_ring *ring, uint8_t byte)
{
    const uint32_t head = ring->head;
    if (scl_ring_space(ring) == 0) {
        ring->overruns = ring->overruns + 1;
        return;
    }
    ring->bytes[head % SCL_RING_SIZE] = byte;
    ring->head = head + 1;
}

/* Consumer: takes the oldest byte; whether there was one. */
static inline bool scl_ring_get(scl_ring *ring, uint8_t *byte)
{
    const uint32_t tail = ring->tail;
    if (scl_ring_empty(ring)) {
        return false;
    }
    *byte = ring->bytes[tail % SCL_RING_SIZE];
    ring->tail = tail + 1;
    return true;
}

#endif
