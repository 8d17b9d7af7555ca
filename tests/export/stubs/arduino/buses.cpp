// I2C and SPI that write down what passes: a line for each transfer, in hexadecimal. On I2C there is a part of 256 registers, which acknowledges
// its address alone; on SPI every register of a MAX30003 reads as INFO does, but for STATUS: a sample waits.
#include <Arduino.h>
#include <SPI.h>
#include <Wire.h>
#include <stdio.h>

uint8_t part_registers[256];
uint8_t part_on_i2c;
TwoWire Wire;
SPIClass SPI;

static uint8_t called, pointer;
static uint8_t sent[64];
static size_t count, asked;

void TwoWire::begin() {}
void TwoWire::setClock(uint32_t hz) { printf("clock %u\n", (unsigned)hz); }
void TwoWire::beginTransmission(uint8_t address) { called = address, count = 0; }
size_t TwoWire::write(uint8_t byte) { return write(&byte, 1); }

size_t TwoWire::write(const uint8_t *data, size_t size)
{
    size_t taken = 0;
    while (taken < size && count < 32) {
        sent[count++] = data[taken++];
    }
    return taken;
}

uint8_t TwoWire::endTransmission() { return endTransmission(true); }

uint8_t TwoWire::endTransmission(bool stop)
{
    if (called != part_on_i2c) {
        return 2;
    }
    printf("%02x w%s", called, stop ? "" : " repeated start");
    for (size_t i = 0; i < count; i++) {
        printf(" %02x", sent[i]);
    }
    printf("\n");
    pointer = sent[0];
    for (size_t i = 1; i < count; i++) {
        part_registers[(uint8_t)(pointer + i - 1)] = sent[i] == 1 && pointer == 0x12 ? 0 : sent[i];
    }
    return 0;
}

uint8_t TwoWire::requestFrom(uint8_t address, size_t size)
{
    asked = address == part_on_i2c ? size : 0;
    printf("%02x r %u\n", address, (unsigned)asked);
    return (uint8_t)asked;
}

int TwoWire::read() { return asked-- > 0 ? part_registers[pointer++] : -1; }

void SPIClass::begin() {}
void SPIClass::beginTransaction(SPISettings) {}
void SPIClass::endTransaction() {}

uint8_t SPIClass::transfer(uint8_t byte)
{
    static const uint8_t info[] = {0, 0x51, 0x30, 0}, status[] = {0, 0x80, 0, 0};
    static uint8_t first;
    printf(" %02x", byte);
    first = count == 0 ? byte : first;
    return (first == 0x03 ? status : info)[count++ % 4];
}

void pinMode(uint8_t, uint8_t) {}

void digitalWrite(uint8_t pin, uint8_t value)
{
    count = 0;
    printf(value ? " high %u\n" : "low %u", pin);
}

void delay(unsigned long) {}
void delayMicroseconds(unsigned int) {}
