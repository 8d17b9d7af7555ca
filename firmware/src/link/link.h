/* The way out: frames to the host. */
#ifndef SCL_LINK_H
#define SCL_LINK_H

#include "protocol.h"

/* Sends one frame; returns when the port has taken all of it. payload_size <= SCL_MAX_PAYLOAD. */
void scl_link_send(uint8_t type, uint16_t seq, const uint8_t *payload, size_t payload_size);

/* Sends the answer to a frame. */
void scl_link_answer(const scl_frame *frame, const uint8_t *payload, size_t payload_size);

/* Sends ERROR. */
void scl_link_refuse(uint16_t seq, uint8_t code, uint16_t window, uint16_t detail);

#endif
