/* ESP-IDF as far as the example needs it, as a program of this computer: UART0 is a socket on a port that it prints. */
#include <arpa/inet.h>
#include <driver/uart.h>
#include <esp_timer.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

void app_main(void);

static int line;
static int installed, configured;

esp_err_t uart_driver_install(uart_port_t port, int rx_size, int tx_size, int queue_size, void *queue, int flags)
{
    installed = port == UART_NUM_0 && rx_size > 128 && tx_size == 0 && queue_size == 0 && queue == NULL && flags == 0;
    return !installed;
}

esp_err_t uart_param_config(uart_port_t port, const uart_config_t *config)
{
    configured = port == UART_NUM_0 && config->data_bits == UART_DATA_8_BITS && config->stop_bits == UART_STOP_BITS_1;
    return !configured;
}

int uart_read_bytes(uart_port_t port, void *buf, uint32_t length, TickType_t wait)
{
    struct pollfd waiting = {line, POLLIN, 0};
    if (!installed || !configured || port != UART_NUM_0) {
        return -1;
    }
    if (poll(&waiting, 1, (int)wait) == 0) {
        return 0;
    }
    const ssize_t n = read(line, buf, length);
    if (n <= 0) {
        exit(0);
    }
    return (int)n;
}

int uart_write_bytes(uart_port_t port, const void *src, size_t size)
{
    (void)port;
    return (int)write(line, src, size);
}

int64_t esp_timer_get_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int main(void)
{
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 1) ||
        getsockname(listener, (struct sockaddr *)&address, &size)) {
        return 1;
    }
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    line = accept(listener, NULL, NULL);
    app_main();
    return 0;
}
