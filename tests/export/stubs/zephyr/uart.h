/* The line's end of the UART of uart.c. */
#pragma once

#include <stdint.h>

void uart_arrive(uint8_t byte);
