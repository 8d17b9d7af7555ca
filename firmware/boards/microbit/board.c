/* BBC micro:bit, version 1: the UART of its nRF51822, which its USB chip hands on, and TIMER0. Registers: nRF51 Series Reference Manual.
 *
 * QEMU models UART and timer, but neither the clock nor the pins. */
#include "cortex_m.h"
#include "port.h"
#include "timer.h"
#include "uart.h"

#define HFCLK_START REGISTER(0x40000000u)
#define HFCLK_STARTED REGISTER(0x40000100u)

#define GPIO_OUTSET REGISTER(0x50000508u)
#define GPIO_DIRSET REGISTER(0x50000518u)
#define GPIO_PIN(n) REGISTER(0x50000700u + 4 * (n))
enum { PIN_TX = 24, PIN_RX = 25, PULL_UP = 3 << 2 };

#define UART(offset) REGISTER(0x40002000u + (offset))
#define UART_START_RX UART(0x000u)
#define UART_START_TX UART(0x008u)
#define UART_RX_READY UART(0x108u)
#define UART_TX_READY UART(0x11Cu)
#define UART_ERROR UART(0x124u)
#define UART_INTENSET UART(0x304u)
#define UART_ERROR_SOURCE UART(0x480u)
#define UART_ENABLE UART(0x500u)
#define UART_PIN_TX UART(0x50Cu)
#define UART_PIN_RX UART(0x514u)
#define UART_RXD UART(0x518u)
#define UART_TXD UART(0x51Cu)
#define UART_BAUD UART(0x524u)
enum { INT_RX_READY = 1 << 2, INT_ERROR = 1 << 9, ERROR_OVERRUN = 1, ENABLED = 4 };

#define TIMER(offset) REGISTER(0x40008000u + (offset))
#define TIMER_START TIMER(0x000u)
#define TIMER_CAPTURE TIMER(0x040u)
#define TIMER_BITMODE TIMER(0x508u)
#define TIMER_PRESCALER TIMER(0x510u)
#define TIMER_CAPTURED TIMER(0x540u)
enum { BITS_32 = 3, TIMER_HZ = 16000000 };

const uint32_t port_tick_hz = TIMER_HZ;

void uart_start(void)
{
    enum { CRYSTAL_TRIES = 100000 }; /* over 10 ms; the crystal starts within 1 ms */
    HFCLK_STARTED = 0;
    HFCLK_START = 1;
    for (uint32_t i = 0; i < CRYSTAL_TRIES && !HFCLK_STARTED; i++) {
    }
    GPIO_OUTSET = 1u << PIN_TX;
    GPIO_DIRSET = 1u << PIN_TX;
    GPIO_PIN(PIN_RX) = PULL_UP; /* quiet when nothing is connected */
    UART_PIN_TX = PIN_TX;
    UART_PIN_RX = PIN_RX;
    UART_BAUD = (uint32_t)(((uint64_t)PORT_BAUD << 32) / TIMER_HZ + 0x800u) & 0xFFFFF000u;
    UART_ENABLE = ENABLED;
    UART_INTENSET = INT_RX_READY | INT_ERROR;
    UART_START_TX = 1;
    UART_START_RX = 1;
}

void uart_handler(void)
{
    if (UART_ERROR) {
        UART_ERROR = 0;
        const uint32_t source = UART_ERROR_SOURCE;
        UART_ERROR_SOURCE = source;
        if (source & ERROR_OVERRUN) {
            uart_lost();
        }
    }
    while (UART_RX_READY) { /* cleared before the byte is read, which raises it again where there is another */
        UART_RX_READY = 0;
        uart_received((uint8_t)UART_RXD);
    }
}

void uart_send(uint8_t byte)
{
    UART_TX_READY = 0;
    UART_TXD = byte;
    while (!UART_TX_READY) {
    }
}

void timer_start(void)
{
    TIMER_BITMODE = BITS_32;
    TIMER_PRESCALER = 0;
    TIMER_START = 1;
}

uint32_t port_ticks(void)
{
    TIMER_CAPTURE = 1;
    return TIMER_CAPTURED;
}
