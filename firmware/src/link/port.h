/* What a board provides. boards/README.md tells how to add one. */
#ifndef SCL_PORT_H
#define SCL_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ring.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const char port_name[];         /* the board's folder in boards/ */
extern const uint32_t port_tick_hz;    /* rate of port_ticks */
extern const uint16_t port_receive_bytes; /* how many the board holds while its main loop is away: SCL_RING_SIZE, or what holds less */

/* Starts clocks, the UART (8N1, PORT_BAUD) and the tick counter. From now on each received byte goes into `received`, from an
 * interrupt or whenever port_write or port_idle is called. */
void port_init(scl_ring *received);

/* Sends n bytes; may wait for the line, and keeps receiving meanwhile. */
void port_write(const uint8_t *data, size_t n);

/* Sleeps until there is something to do. Returns at once if `received` is not empty, and must not miss a byte that arrives between
 * that look and the sleep. May return early. */
void port_idle(void);

/* A counter that goes up all the time and wraps at 2^32. */
uint32_t port_ticks(void);

/* The board's own sensor, for CAPTURE and LIVE. A board without one is linked with boards/no_sensor.c.
 *
 * port_sensor_start discards old samples and starts sampling; false: there is no sensor. port_sensor_stop ends it.
 * port_sensor_read takes the oldest sample, counts[channels of the model]. It returns 0 if there is none, otherwise 1 + the number of
 * samples lost between the one before and this one. While the network runs or the line stands nobody reads: a sensor's FIFO, or an
 * interrupt's queue, holds what comes meanwhile. port_sensor_waits tells whether a sample is there, or may be (of a sensor that was
 * stopped there is none); port_idle must not sleep while it does. It is asked with interrupts masked, where no bus works: a board that asks its
 * part sample by sample says true while the sensor runs, and its port_idle never sleeps. */
bool port_sensor_start(void);
void port_sensor_stop(void);
uint32_t port_sensor_read(int16_t *counts);
bool port_sensor_waits(void);

#ifdef __cplusplus
}
#endif

#endif
