// A core with nothing behind it, so that a sketch links.
#include <Arduino.h>

HardwareSerial Serial;

void HardwareSerial::begin(unsigned long) {}
int HardwareSerial::available() { return 0; }
int HardwareSerial::read() { return -1; }
size_t HardwareSerial::write(const uint8_t *, size_t size) { return size; }
unsigned long micros() { return 0; }
extern "C" void yield(void) {}

int main()
{
    setup();
    for (;;) {
        loop();
    }
}
