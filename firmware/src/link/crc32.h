/* CRC-32/ISO-HDLC, the one of zlib and Ethernet: reflected, polynomial 0x04C11DB7, initial and final value 0xFFFFFFFF. */
#ifndef SCL_CRC32_H
#define SCL_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* CRC of n bytes. `crc` is 0, or the result for the bytes before these (as in zlib). */
uint32_t scl_crc32(uint32_t crc, const void *data, size_t n);

#endif
