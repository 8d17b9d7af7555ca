/* Between a Cortex-M board's UART and its port (port.c). */
#ifndef SCL_UART_H
#define SCL_UART_H

#include <stdint.h>

/* The board's. uart_start starts clocks, pins and the UART (8N1, PORT_BAUD), which from now on raises UART_IRQ for what it receives.
 * uart_send waits until the UART takes a byte. uart_handler is the interrupt's: it gives each received byte to uart_received, and calls
 * uart_lost where the UART says that it dropped some. */
void uart_start(void);
void uart_send(uint8_t byte);
void uart_handler(void);

/* port.c's. */
void uart_received(uint8_t byte);
void uart_lost(void);

#endif
