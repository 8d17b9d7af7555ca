// The part of Arduino's I2C that the sketches may use, declared as its cores do.
#pragma once

#include <stddef.h>
#include <stdint.h>

class TwoWire {
public:
    void begin();
    void setClock(uint32_t hz);
    void beginTransmission(uint8_t address);
    size_t write(uint8_t byte);
    size_t write(const uint8_t *data, size_t size);
    uint8_t endTransmission();
    uint8_t endTransmission(bool stop);
    uint8_t requestFrom(uint8_t address, size_t size);
    int read();
};

extern TwoWire Wire;
