/* The link over UART0, where most boards have their USB converter: the host sends recordings and reads back what the board answers.
 *
 *   python -m firmware_host.validate BUNDLE --port /dev/ttyUSB0 */
#include <driver/uart.h>
#include <esp_err.h>
#include <esp_timer.h>
#include <freertos/FreeRTOS.h>
#include <sdkconfig.h>

#include <scl/main.h>
#include <scl/port.h>

static scl_ring *received;

const char port_name[] = CONFIG_IDF_TARGET;
const uint32_t port_tick_hz = 1000000;
const uint16_t port_receive_bytes = SCL_RING_SIZE;

/* Empties the buffer that the driver's interrupt fills; waits for its first byte only. */
static void receive(TickType_t wait)
{
    uint8_t byte;
    while (scl_ring_space(received) > 0 && uart_read_bytes(UART_NUM_0, &byte, 1, wait) == 1) {
        scl_ring_put(received, byte);
        wait = 0;
    }
}

void port_init(scl_ring *ring)
{
    const uart_config_t line = {
        .baud_rate = 115200,
        .data_bits = UART_DATA_8_BITS,
        .parity = UART_PARITY_DISABLE,
        .stop_bits = UART_STOP_BITS_1,
        .flow_ctrl = UART_HW_FLOWCTRL_DISABLE,
        .source_clk = UART_SCLK_DEFAULT,
    };
    received = ring;
    ESP_ERROR_CHECK(uart_driver_install(UART_NUM_0, SCL_RING_SIZE, 0, 0, NULL, 0));
    ESP_ERROR_CHECK(uart_param_config(UART_NUM_0, &line));
}

void port_write(const uint8_t *data, size_t n)
{
    uart_write_bytes(UART_NUM_0, data, n);
}

void port_idle(void)
{
    if (scl_ring_empty(received) && !port_sensor_waits()) {
        receive(pdMS_TO_TICKS(100));
    }
}

uint32_t port_ticks(void)
{
    return (uint32_t)esp_timer_get_time();
}

void app_main(void)
{
    scl_main(); /* does not return */
}
