/* MAX30003 at SPI. Its pin FCLK needs 32,768 Hz, which most breakout boards make. */
#include <Arduino.h>
#include <SPI.h>
#include <scl/max30003.h>

enum { PART_SELECT = 10 }; /* the pin at its CSB */

static scl_max30003 part;

/* The address in the upper seven bits of the first byte, bit 0 set for a read. */
static void spi_move(uint8_t first, uint8_t *data, size_t n)
{
    SPI.beginTransaction(SPISettings(1000000, MSBFIRST, SPI_MODE0));
    digitalWrite(PART_SELECT, LOW);
    SPI.transfer(first);
    for (size_t i = 0; i < n; i++) {
        data[i] = SPI.transfer(data[i]);
    }
    digitalWrite(PART_SELECT, HIGH);
    SPI.endTransaction();
}

static bool spi_read(void *, uint8_t address, uint8_t *data, size_t n)
{
    spi_move((uint8_t)(address << 1 | 1), data, n);
    return true;
}

static bool spi_write(void *, uint8_t address, const uint8_t *data, size_t n)
{
    uint8_t copy[3]; /* a register */
    if (n > sizeof copy) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        copy[i] = data[i];
    }
    spi_move((uint8_t)(address << 1), copy, n);
    return true;
}

static void spi_wait_us(void *, uint32_t us)
{
    delay(us / 1000);
    delayMicroseconds(us % 1000);
}

static const scl_bus part_bus = {spi_read, spi_write, spi_wait_us, NULL};

static scl_part_error part_start()
{
    const scl_ecg_settings settings = {$rate_hz, $gain}; /* of $sensor */
    pinMode(PART_SELECT, OUTPUT);
    digitalWrite(PART_SELECT, HIGH);
    SPI.begin();
    return scl_max30003_start(&part, &part_bus, settings);
}

static void part_stop()
{
    scl_max30003_stop(&part);
}

static scl_part_error part_read(int16_t *counts, uint32_t *taken)
{
    return scl_max30003_read(&part, counts, taken);
}
