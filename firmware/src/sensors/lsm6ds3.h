/* ST's LSM6DS3, LSM6DS3TR-C and LSM6DSL (a FIFO of words in a pattern), and LSM6DSO and LSM6DSOX (a FIFO of tagged words).
 *
 * Registers as of the data sheets DocID026899 (LSM6DS3), DocID030071 (LSM6DS3TR-C) and DS12140 (LSM6DSO), by heart: held neither against
 * the sheets nor against a part (docs/SENSORS.md). Counts: the accelerometer's axes x, y, z, then the gyroscope's, as the part has them. */
#ifndef SCL_LSM6DS3_H
#define SCL_LSM6DS3_H

#include "bus.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    const scl_bus *bus;
    uint8_t identity;        /* WHO_AM_I: 0x69, 0x6A or 0x6C */
    uint8_t mode;            /* of its FIFO */
    uint8_t half;            /* tag of the one half of a sample that has come, 0: none */
    uint8_t slot;            /* its time slot */
    int16_t counts[6];       /* the halves */
    uint32_t lost;           /* samples before the next one */
    uint32_t overruns;       /* so often the FIFO was full, held half a sample or stood at no place of a sample */
} scl_lsm6ds3;

/* Resets the part, sets it and starts its FIFO; takes about 0.1 s. `bus` is kept. */
scl_part_error scl_lsm6ds3_start(scl_lsm6ds3 *part, const scl_bus *bus, scl_imu_settings settings);

/* Powers both sensors down. */
scl_part_error scl_lsm6ds3_stop(scl_lsm6ds3 *part);

/* Takes the oldest sample of the FIFO. `taken`: 0 if there is none, else 1 + the number of samples lost before it, of which the part tells
 * only that there were some: each overrun counts as one, with the half sample that it leaves. Reads few words of another sensor than these two
 * at a time, so that a call is short. */
scl_part_error scl_lsm6ds3_read(scl_lsm6ds3 *part, int16_t counts[6], uint32_t *taken);

#ifdef __cplusplus
}
#endif

#endif
