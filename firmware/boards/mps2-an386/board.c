/* Arm MPS2 AN386: CMSDK UART 0 and timer 0 (Application Note 386; Cortex-M System Design Kit, Technical Reference Manual). */
#include "cortex_m.h"
#include "port.h"

enum { CLOCK_HZ = 25000000 };

#define UART_DATA REGISTER(0x40004000u)
#define UART_STATE REGISTER(0x40004004u)
#define UART_CTRL REGISTER(0x40004008u)
#define UART_INTCLEAR REGISTER(0x4000400Cu)
#define UART_BAUDDIV REGISTER(0x40004010u)
enum { STATE_TX_FULL = 1, STATE_RX_FULL = 2, STATE_RX_OVERRUN = 8 };
enum { CTRL_TX = 1, CTRL_RX = 2, CTRL_RX_INTERRUPT = 8, INTERRUPT_RX = 2 };

#define TIMER_CTRL REGISTER(0x40000000u)
#define TIMER_VALUE REGISTER(0x40000004u)
#define TIMER_RELOAD REGISTER(0x40000008u)

const char port_name[] = "mps2-an386";
const uint32_t port_tick_hz = CLOCK_HZ;

static scl_ring *ring;

void uart_handler(void)
{
    /* Cleared before the data is read: a byte that comes in between raises it again, where the other order would lose its interrupt. */
    UART_INTCLEAR = INTERRUPT_RX;
    if (UART_STATE & STATE_RX_OVERRUN) {
        UART_STATE = STATE_RX_OVERRUN;
        ring->overruns = ring->overruns + 1;
    }
    while (UART_STATE & STATE_RX_FULL) {
        scl_ring_put(ring, (uint8_t)UART_DATA);
    }
}

void port_init(scl_ring *received)
{
    ring = received;
    TIMER_RELOAD = UINT32_MAX;
    TIMER_VALUE = UINT32_MAX;
    TIMER_CTRL = 1;
    UART_BAUDDIV = CLOCK_HZ / PORT_BAUD;
    UART_CTRL = CTRL_TX | CTRL_RX | CTRL_RX_INTERRUPT;
    enable_interrupt(UART_IRQ);
}

void port_write(const uint8_t *data, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        while (UART_STATE & STATE_TX_FULL) {
        }
        UART_DATA = data[i];
    }
}

void port_idle(void)
{
    sleep_until_received(ring);
}

uint32_t port_ticks(void)
{
    return ~TIMER_VALUE; /* the timer counts down */
}
