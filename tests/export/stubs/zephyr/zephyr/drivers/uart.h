#pragma once

#include <stdint.h>
#include <zephyr/device.h>

typedef void (*uart_irq_callback_user_data_t)(const struct device *dev, void *user_data);
enum uart_line_ctrl { UART_LINE_CTRL_BAUD_RATE = 1, UART_LINE_CTRL_RTS = 2, UART_LINE_CTRL_DTR = 4 };

int uart_irq_callback_user_data_set(const struct device *dev, uart_irq_callback_user_data_t cb, void *user_data);
void uart_irq_rx_enable(const struct device *dev);
int uart_irq_update(const struct device *dev);
int uart_irq_rx_ready(const struct device *dev);
int uart_fifo_read(const struct device *dev, uint8_t *rx_data, const int size);
int uart_poll_in(const struct device *dev, unsigned char *p_char);
void uart_poll_out(const struct device *dev, unsigned char out_char);
int uart_line_ctrl_get(const struct device *dev, uint32_t ctrl, uint32_t *val);
