/* What the drivers of sensors need of a program: a bus with one part on it, and what they answer.
 *
 * `read` and `write` move n bytes from register `address` on and tell whether the part took part: over I2C, whether it acknowledged. Over
 * SPI they put `address` first as the part wants it: LSM6DS3 and BMI270 with bit 7 set for a read, and the BMI270 sends one byte that says
 * nothing before its data; the MAX30003 with the address one bit up and bit 0 set for a read. */
#ifndef SCL_BUS_H
#define SCL_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    bool (*read)(void *context, uint8_t address, uint8_t *data, size_t n);
    bool (*write)(void *context, uint8_t address, const uint8_t *data, size_t n);
    void (*wait_us)(void *context, uint32_t us);
    void *context;           /* is handed to all three */
} scl_bus;

typedef enum {
    SCL_PART_OK,
    SCL_PART_BUS,            /* the part did not acknowledge, or over SPI answers what it cannot */
    SCL_PART_IDENTITY,       /* another part answers at this address, or none */
    SCL_PART_SETTING,        /* the part does not have this rate or range */
    SCL_PART_START,          /* it does not come out of its reset, or does not take its configuration */
    SCL_PART_DATA            /* its FIFO holds what it should not; it was emptied, what it held is lost and counts as one sample */
} scl_part_error;

/* Rate and ranges as the bundle's sensor file has them. */
typedef struct {
    uint16_t rate_hz;
    uint16_t g;              /* the accelerometer's full scale */
    uint16_t dps;            /* the gyroscope's */
} scl_imu_settings;

typedef struct {
    uint16_t value;
    uint8_t code;
} scl_part_code;

/* The code of a value in a table of `count`; 0xFF if the part does not have it. */
static inline uint8_t scl_part_code_of(const scl_part_code *table, size_t count, uint16_t value)
{
    uint8_t code = 0xFFu;
    for (size_t i = 0; i < count; i++) {
        if (table[i].value == value) {
            code = table[i].code;
        }
    }
    return code;
}

/* A count of two bytes, the low one first. */
static inline int16_t scl_part_count(const uint8_t *bytes)
{
    return (int16_t)(uint16_t)(bytes[0] | (uint16_t)((uint16_t)bytes[1] << 8));
}

/* Three counts of an axis each. */
static inline void scl_part_axes(const uint8_t *bytes, int16_t *counts)
{
    for (size_t axis = 0; axis < 3u; axis++) {
        counts[axis] = scl_part_count(&bytes[2u * axis]);
    }
}

static inline bool scl_bus_set(const scl_bus *bus, uint8_t address, uint8_t value)
{
    return bus->write(bus->context, address, &value, 1);
}

static inline bool scl_bus_get(const scl_bus *bus, uint8_t address, uint8_t *data, size_t n)
{
    return bus->read(bus->context, address, data, n);
}

#endif
