/* The sensor of the native board: a file of int16 counts, little endian, sample by sample. */
#ifndef SCL_NATIVE_H
#define SCL_NATIVE_H

#include <stdbool.h>
#include <stdint.h>

/* Plays `path` from its start at each port_sensor_start, `rate_hz` samples a second, or as fast as they are read if 0, and loses every
 * `every`-th sample, or none if 0. False if the file cannot be read. */
bool native_sensor_open(const char *path, double rate_hz, long every);

/* Nanoseconds until the next sample; INT64_MAX if there is none to come. */
int64_t native_sensor_wait(void);

/* Nanoseconds of a clock that never jumps. */
int64_t native_clock(void);

#endif
