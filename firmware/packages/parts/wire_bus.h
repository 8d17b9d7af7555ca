/* A part at Wire, behind the drivers' bus; `context` points to its address. */
#ifndef WIRE_BUS_H
#define WIRE_BUS_H

#include <Arduino.h>
#include <Wire.h>
#include <scl/bus.h>

static bool wire_read(void *context, uint8_t address, uint8_t *data, size_t n)
{
    const uint8_t part = *(const uint8_t *)context;
    Wire.beginTransmission(part);
    Wire.write(address);
    if (Wire.endTransmission(false) != 0 || (size_t)Wire.requestFrom(part, n) != n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        data[i] = (uint8_t)Wire.read();
    }
    return true;
}

static bool wire_write(void *context, uint8_t address, const uint8_t *data, size_t n)
{
    Wire.beginTransmission(*(const uint8_t *)context);
    Wire.write(address);
    return Wire.write(data, n) == n && Wire.endTransmission() == 0;
}

static void wire_wait_us(void *, uint32_t us)
{
    delay(us / 1000);
    delayMicroseconds(us % 1000);
}

/* Starts Wire at 400 kHz. */
static void wire_begin()
{
    Wire.begin();
    Wire.setClock(400000);
}

#endif
