/* Consistent Overhead Byte Stuffing (Cheshire and Baker 1999), a byte at a time in both directions.
 *
 * A code byte c of 1..254 stands for the c - 1 bytes after it and a zero, 255 for 254 bytes and no zero. The zero that would stand
 * behind the last byte is not part of the data. */
#ifndef SCL_COBS_H
#define SCL_COBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Largest encoded size of n > 0 bytes, the delimiter not counted. */
#define SCL_COBS_SIZE(n) ((n) + ((n) + 253) / 254)

typedef struct {
    uint8_t *out;
    size_t size;             /* bytes written, the open code among them */
    size_t code_at;          /* place of the open code */
} scl_cobs_encoder;

/* Encodes into `out`, which holds SCL_COBS_SIZE(bytes put) + 1. */
void scl_cobs_begin(scl_cobs_encoder *encoder, uint8_t *out);
void scl_cobs_put(scl_cobs_encoder *encoder, const uint8_t *data, size_t n);

/* Closes the code, writes the delimiter and returns the size of it all. */
size_t scl_cobs_end(scl_cobs_encoder *encoder);

typedef struct {
    uint8_t code;            /* of the current run; 0 before the first */
    uint8_t left;            /* bytes of the run still to come */
} scl_cobs_decoder;

/* Before the first byte of a frame. */
void scl_cobs_reset(scl_cobs_decoder *decoder);

/* Takes one byte that is not the delimiter; whether it completes a byte of data, written to *data. */
bool scl_cobs_take(scl_cobs_decoder *decoder, uint8_t byte, uint8_t *data);

/* Whether a frame may end here: at least a code came, and its run is whole. */
bool scl_cobs_complete(const scl_cobs_decoder *decoder);

#endif
