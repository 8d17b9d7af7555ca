/* A UART that holds one byte and raises its interrupt as a byte arrives, and then only, as the CMSDK's does: a byte that waits while the
 * interrupt is enabled raises none, and what arrives behind it is lost. */
#include "uart.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <zephyr/drivers/uart.h>
#include <zephyr/irq.h>
#include <zephyr/kernel.h>

const struct device stub_console = {"stub"};
/* Set by a test. Bytes that arrive as soon as uart_poll_in has taken one (`behind`) or has found none (`late`); looks at DTR that find it
 * down, or -1 for a UART without line control. */
const char *uart_behind = "", *uart_late = "";
int uart_looks = -1;
bool uart_ready = true;
/* Read by a test. */
bool uart_enabled, uart_panicked;
int uart_lost, uart_slept_ms;

static bool full, locked, pending;
static uint8_t held;
static uart_irq_callback_user_data_t handler;
static void *handler_data;

void uart_arrive(uint8_t byte)
{
    if (full) {
        uart_lost++;
        return;
    }
    held = byte;
    full = true;
    pending = uart_enabled;
    if (pending && !locked) {
        pending = false;
        handler(&stub_console, handler_data);
    }
}

static bool take(unsigned char *byte)
{
    const bool any = full;
    if (any) {
        *byte = held;
        full = false;
    }
    return any;
}

unsigned int irq_lock(void)
{
    const unsigned int key = locked;
    locked = true;
    return key;
}

void irq_unlock(unsigned int key)
{
    locked = key;
    if (pending && !locked) {
        pending = false;
        handler(&stub_console, handler_data);
    }
}

int uart_irq_callback_user_data_set(const struct device *dev, uart_irq_callback_user_data_t cb, void *user_data)
{
    (void)dev;
    handler = cb;
    handler_data = user_data;
    return 0;
}

void uart_irq_rx_enable(const struct device *dev)
{
    (void)dev;
    uart_enabled = true;
}

int uart_irq_update(const struct device *dev)
{
    (void)dev;
    return 1;
}

int uart_irq_rx_ready(const struct device *dev)
{
    (void)dev;
    return full;
}

int uart_fifo_read(const struct device *dev, uint8_t *rx_data, const int size)
{
    (void)dev;
    return size > 0 && take(rx_data);
}

int uart_poll_in(const struct device *dev, unsigned char *p_char)
{
    (void)dev;
    const bool taken = take(p_char);
    const char **next = taken ? &uart_behind : &uart_late;
    if (**next != '\0') {
        uart_arrive((uint8_t)*(*next)++);
    }
    return taken ? 0 : -1;
}

int uart_line_ctrl_get(const struct device *dev, uint32_t ctrl, uint32_t *val)
{
    (void)dev;
    if (uart_looks < 0 || ctrl != UART_LINE_CTRL_DTR) {
        return -ENOSYS;
    }
    *val = uart_looks == 0;
    uart_looks -= uart_looks > 0;
    return 0;
}

bool device_is_ready(const struct device *dev)
{
    (void)dev;
    return uart_ready;
}

int32_t k_msleep(int32_t ms)
{
    uart_slept_ms += ms;
    return 0;
}

void k_sem_give(struct k_sem *sem)
{
    sem->count = 1;
}

void k_panic(void)
{
    uart_panicked = true;
}
