// The part of Arduino's SPI that the sketches may use, declared as its cores do.
#pragma once

#include <stdint.h>

enum { MSBFIRST = 1, SPI_MODE0 = 0 };

class SPISettings {
public:
    SPISettings(uint32_t, uint8_t, uint8_t) {}
};

class SPIClass {
public:
    void begin();
    void beginTransaction(SPISettings settings);
    uint8_t transfer(uint8_t byte);
    void endTransaction();
};

extern SPIClass SPI;
