/* Maxim's (now Analog Devices') MAX30003, one lead of ECG over SPI. Registers as of the data sheet 19-8558, by heart: held neither against
 * the sheet nor against a part (docs/SENSORS.md). 32 bits a transfer, of which 24 are the register's. A count is a sample's 18 bits without
 * the lowest two, as scl/frontend/sensors/max30003.toml has it (shift = 2).
 *
 * The rates are those of a clock of 32,768 Hz at FCLK. */
#ifndef SCL_MAX30003_H
#define SCL_MAX30003_H

#include "bus.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    uint16_t rate_hz;        /* 128, 256 or 512 */
    uint16_t gain;           /* V/V: 20, 40, 80 or 160 */
} scl_ecg_settings;

typedef struct {
    const scl_bus *bus;
    uint32_t lost;           /* samples before the next one */
    uint32_t overruns;       /* of the FIFO's 32 samples, and so often it held what it should not */
} scl_max30003;

/* Resets the part, sets it, waits for its clock and starts its FIFO. `bus` is kept. */
scl_part_error scl_max30003_start(scl_max30003 *part, const scl_bus *bus, scl_ecg_settings settings);

/* Powers the ECG channel down. */
scl_part_error scl_max30003_stop(scl_max30003 *part);

/* Takes the oldest sample of the FIFO. `taken`: 0 if there is none, else 1 + the number of samples lost before it: an overrun loses the FIFO's
 * 32 at least, and counts as 32; a FIFO that held what it should not counts as one. */
scl_part_error scl_max30003_read(scl_max30003 *part, int16_t *count, uint32_t *taken);

#ifdef __cplusplus
}
#endif

#endif
