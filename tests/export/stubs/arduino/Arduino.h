// The part of Arduino's API that the sketches may use, declared as its cores do.
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
void delay(unsigned long ms);
void delayMicroseconds(unsigned int us);
void pinMode(uint8_t pin, uint8_t mode);
void digitalWrite(uint8_t pin, uint8_t value);
enum { LOW = 0, HIGH = 1, OUTPUT = 1 };
extern "C" void yield(void);
void setup();
void loop();
