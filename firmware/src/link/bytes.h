/* Little-endian load and store, on any machine and at any alignment. */
#ifndef SCL_BYTES_H
#define SCL_BYTES_H

#include <stdint.h>

static inline uint16_t scl_load_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t scl_load_u32(const uint8_t *p)
{
    return (uint32_t)scl_load_u16(p) | (uint32_t)scl_load_u16(p + 2) << 16;
}

static inline void scl_store_u16(uint8_t *p, uint16_t x)
{
    p[0] = (uint8_t)x;
    p[1] = (uint8_t)(x >> 8);
}

static inline void scl_store_u32(uint8_t *p, uint32_t x)
{
    scl_store_u16(p, (uint16_t)x);
    scl_store_u16(p + 2, (uint16_t)(x >> 16));
}

#endif
