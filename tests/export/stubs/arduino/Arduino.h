// The part of Arduino's API that a sketch of the link may use, declared as its cores do.
#pragma once

#include <stddef.h>
#include <stdint.h>

class HardwareSerial {
public:
    void begin(unsigned long baud);
    int available();
    int read();
    size_t write(const uint8_t *data, size_t size);
};

extern HardwareSerial Serial;

unsigned long micros();
extern "C" void yield(void);
void setup();
void loop();
