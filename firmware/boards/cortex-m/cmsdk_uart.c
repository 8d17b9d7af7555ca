/* The CMSDK UART of Arm's MPS2 and MPS3 boards (Cortex-M System Design Kit, Technical Reference Manual), at UART_BASE. */
#include "cortex_m.h"
#include "port.h"
#include "timer.h"

#define UART_DATA REGISTER(UART_BASE)
#define UART_STATE REGISTER(UART_BASE + 0x4u)
#define UART_CTRL REGISTER(UART_BASE + 0x8u)
#define UART_INTCLEAR REGISTER(UART_BASE + 0xCu)
#define UART_BAUDDIV REGISTER(UART_BASE + 0x10u)
enum { STATE_TX_FULL = 1, STATE_RX_FULL = 2, STATE_RX_OVERRUN = 8 };
enum { CTRL_TX = 1, CTRL_RX = 2, CTRL_RX_INTERRUPT = 8, INTERRUPT_RX = 2 };

const char port_name[] = PORT_NAME;
const uint16_t port_receive_bytes = SCL_RING_SIZE;

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
    timer_start();
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
