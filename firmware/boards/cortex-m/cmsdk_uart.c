/* The CMSDK UART of Arm's MPS2 and MPS3 boards (Cortex-M System Design Kit, Technical Reference Manual), at UART_BASE. */
#include "uart.h"

#include "cortex_m.h"

#define UART_DATA REGISTER(UART_BASE)
#define UART_STATE REGISTER(UART_BASE + 0x4u)
#define UART_CTRL REGISTER(UART_BASE + 0x8u)
#define UART_INTCLEAR REGISTER(UART_BASE + 0xCu)
#define UART_BAUDDIV REGISTER(UART_BASE + 0x10u)
enum { STATE_TX_FULL = 1, STATE_RX_FULL = 2, STATE_RX_OVERRUN = 8 };
enum { CTRL_TX = 1, CTRL_RX = 2, CTRL_RX_INTERRUPT = 8, INTERRUPT_RX = 2 };

void uart_handler(void)
{
    /* Cleared before the data is read: a byte that comes in between raises it again, where the other order would lose its interrupt. */
    UART_INTCLEAR = INTERRUPT_RX;
    if (UART_STATE & STATE_RX_OVERRUN) {
        UART_STATE = STATE_RX_OVERRUN;
        uart_lost();
    }
    while (UART_STATE & STATE_RX_FULL) {
        uart_received((uint8_t)UART_DATA);
    }
}

void uart_start(void)
{
    UART_BAUDDIV = CLOCK_HZ / PORT_BAUD;
    UART_CTRL = CTRL_TX | CTRL_RX | CTRL_RX_INTERRUPT;
}

void uart_send(uint8_t byte)
{
    while (UART_STATE & STATE_TX_FULL) {
    }
    UART_DATA = byte;
}
