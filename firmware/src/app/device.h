/* The application: what the board does with a frame. docs/PROTOCOL.md says what each one means. */
#ifndef SCL_DEVICE_H
#define SCL_DEVICE_H

#include <stdint.h>

#include "capture.h"
#include "live.h"
#include "own_sensor.h"
#include "protocol.h"
#include "ring.h"
#include "session.h"

#define SCL_FIRMWARE_VERSION "0.1.0"

enum { SCL_CALIBRATION_HASH = 8 }; /* bytes */

typedef struct {
    const scl_ring *received; /* for its count of overruns */
    scl_receiver receiver;
    uint32_t session_number;   /* the host's name for the time since its greeting; 0 since the start until the first one */
    scl_session session;
    scl_own_sensor sensor;
    scl_capture capture;
    scl_live live;
    uint8_t calibration_hash[SCL_CALIBRATION_HASH];
} scl_device;

void scl_device_init(scl_device *d, const scl_ring *received);

/* Takes one byte from the line, and does and answers what it completes. */
void scl_device_receive(scl_device *d, uint8_t byte);

/* What the board does unasked; to be called between bytes. */
void scl_device_poll(scl_device *d);

#endif
