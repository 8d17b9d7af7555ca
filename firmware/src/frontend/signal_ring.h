/* The latest samples of a signal in microvolts. Before a stream's first sample there is that sample, as if it had always been so. */
#ifndef SCL_SIGNAL_RING_H
#define SCL_SIGNAL_RING_H

#include <stdint.h>

#define SCL_SIGNAL_SAMPLES 512u /* a power of two; 2.84 s at 180 Hz */

typedef struct {
    uint32_t count;          /* samples since the reset */
    int16_t uv[SCL_SIGNAL_SAMPLES];
} scl_signal_ring;

static inline void scl_signal_ring_reset(scl_signal_ring *ring)
{
    ring->count = 0;
}

static inline void scl_signal_ring_push(scl_signal_ring *ring, int16_t uv)
{
    if (ring->count == 0u) {
        for (uint32_t i = 0; i < SCL_SIGNAL_SAMPLES; i++) {
            ring->uv[i] = uv;
        }
    }
    ring->uv[ring->count % SCL_SIGNAL_SAMPLES] = uv;
    ring->count++;
}

/* The sample `ago` samples before the latest, ago < SCL_SIGNAL_SAMPLES. */
static inline int32_t scl_signal_ring_at(const scl_signal_ring *ring, uint32_t ago)
{
    return ring->uv[((ring->count - 1u) - ago) % SCL_SIGNAL_SAMPLES];
}

#endif
