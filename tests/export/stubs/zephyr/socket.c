/* The sample as a program of this computer, its UART at a socket on a port that it prints. Like a client that waits while a board starts,
 * the first bytes arrive before the sample runs. */
#include "uart.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zephyr/drivers/uart.h>
#include <zephyr/kernel.h>

int sample_main(void);

static int line;

static void receive(int ms)
{
    uint8_t bytes[256];
    struct pollfd waiting = {line, POLLIN, 0};
    if (poll(&waiting, 1, ms) > 0) {
        const ssize_t n = read(line, bytes, sizeof bytes);
        if (n <= 0) {
            exit(0);
        }
        for (ssize_t i = 0; i < n; i++) {
            uart_arrive(bytes[i]);
        }
    }
}

#ifdef STUB_SENSOR
#include <scl/model.h>
extern bool imu_moves;
extern double imu_scale[2];
void imu_period(void);

/* The sensor of sensor.c moves, a period for each look at the line. */
static int wait(int ms)
{
    imu_moves = true;
    for (uint8_t i = 0; i < scl_frontend_data.sensor_count; i++) {
        imu_scale[i] = scl_frontend_data.sensors[i].unit_per_count;
    }
    imu_period();
    return ms > 1 ? 1 : ms;
}
#else
static int wait(int ms)
{
    return ms;
}
#endif

int k_sem_take(struct k_sem *sem, k_timeout_t timeout)
{
    receive(wait((int)timeout.ms));
    sem->count = 0;
    return 0;
}

void uart_poll_out(const struct device *dev, unsigned char out_char)
{
    (void)dev;
    if (write(line, &out_char, 1) != 1) {
        exit(1);
    }
}

uint32_t k_cycle_get_32(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)(now.tv_sec * 1000000 + now.tv_nsec / 1000);
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
    receive(-1);
    return sample_main();
}
