/* The link over the console's UART: the host sends recordings and reads back what the board answers.
 *
 *   python -m firmware_host.validate BUNDLE --port /dev/ttyACM0 */
#include <scl/main.h>
#include <scl/port.h>

#include <zephyr/device.h>
#include <zephyr/drivers/uart.h>
#include <zephyr/irq.h>
#include <zephyr/kernel.h>

static const struct device *const uart = DEVICE_DT_GET(DT_CHOSEN(zephyr_console));
static scl_ring *received;
K_SEM_DEFINE(arrived, 0, 1); /* a byte, or a sample where there is a sensor */

const char port_name[] = CONFIG_BOARD_TARGET;
const uint32_t port_tick_hz = CONFIG_SYS_CLOCK_HW_CYCLES_PER_SEC;
const uint16_t port_receive_bytes = SCL_RING_SIZE;

static void on_interrupt(const struct device *device, void *data)
{
    uint8_t byte;
    (void)data;
    while (uart_irq_update(device) && uart_irq_rx_ready(device)) {
        while (uart_fifo_read(device, &byte, 1) == 1) {
            scl_ring_put(received, byte);
        }
    }
    k_sem_give(&arrived);
}

/* USB's serial port has no line before a program opens it; until then, what is sent is lost or blocks. A UART without line control
 * answers with an error, and is not waited for. */
static void wait_for_line(void)
{
    uint32_t ready = 0;
    while (uart_line_ctrl_get(uart, UART_LINE_CTRL_DTR, &ready) == 0 && ready == 0) {
        k_msleep(10);
    }
}

void port_init(scl_ring *ring)
{
    uint8_t byte;
    received = ring;
    wait_for_line();
    uart_irq_callback_user_data_set(uart, on_interrupt, NULL);
    uart_irq_rx_enable(uart);
    /* A byte that has waited since before raises no interrupt on some UARTs, and while it waits, none that follows does. With interrupts
     * locked, the ring has one producer, and a byte that comes meanwhile stays behind those before it. */
    const unsigned int key = irq_lock();
    while (uart_poll_in(uart, &byte) == 0) {
        scl_ring_put(received, byte);
    }
    irq_unlock(key);
}

void port_write(const uint8_t *data, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uart_poll_out(uart, data[i]);
    }
}

/* The semaphore stays up if a byte comes just before the sleep. */
void port_idle(void)
{
    if (scl_ring_empty(received) && !port_sensor_waits()) {
        k_sem_take(&arrived, K_MSEC(100));
    }
}

uint32_t port_ticks(void)
{
    return k_cycle_get_32();
}

int main(void)
{
    if (!device_is_ready(uart)) {
        k_panic(); /* there is no line to say it on: a debugger finds the processor here */
    }
    scl_main(); /* does not return */
    return 0;
}
