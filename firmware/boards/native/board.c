/* The firmware as a process: its serial line is a pseudo-terminal, whose name it prints as `pty /dev/pts/N`.
 *
 * Usage: firmware [--sensor FILE [--sensor-rate HZ] [--sensor-loses N]]. It ends on a signal, or when the other end of its standard input is gone. */
#define _XOPEN_SOURCE 600

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "confine.h"
#include "main.h"
#include "native.h"
#include "port.h"

enum {
    USAGE = 2,               /* exit status */
    WRITE_TIMEOUT_MS = 1000  /* a host that reads nothing for so long is gone: like a UART, talk on into the air */
};

const char port_name[] = PORT_NAME;
const uint32_t port_tick_hz = 1000000000;
const uint16_t port_receive_bytes = SCL_RING_SIZE;

static scl_ring *ring;
static int master;

static void fail(const char *what)
{
    fprintf(stderr, "error: %s: %s\n", what, strerror(errno));
    exit(USAGE);
}

/* Opens the pseudo-terminal in raw mode. This process holds the other side open too, so that hosts can come and go. */
static void open_line(void)
{
    struct termios raw;
    master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
        fail("no pseudo-terminal");
    }
    const int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    if (slave < 0 || tcgetattr(slave, &raw) != 0) {
        fail(ptsname(master));
    }
    raw.c_iflag = 0;
    raw.c_oflag = 0;
    raw.c_lflag = 0;
    raw.c_cflag = CS8 | CREAD | CLOCAL;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(slave, TCSANOW, &raw) != 0 || fcntl(master, F_SETFL, O_NONBLOCK) != 0) {
        fail(ptsname(master));
    }
    printf("pty %s\n", ptsname(master));
    fflush(stdout);
}

/* Waits for `events` on the line, and stands in for the receive interrupt: moves what has arrived into the ring.
 * With the ring full it leaves the rest to the pseudo-terminal. Returns whether any of `events` came. */
static bool serve(short events, int timeout_ms)
{
    uint8_t bytes[SCL_RING_SIZE];
    const uint32_t space = scl_ring_space(ring);
    /* No events are asked of stdin: it reports only that its other end is gone, and /dev/null has none. */
    struct pollfd fds[2] = {{master, (short)(events | (space ? POLLIN : 0)), 0}, {STDIN_FILENO, 0, 0}};
    if (poll(fds, 2, timeout_ms) < 0 && errno != EINTR) {
        fail("poll");
    }
    if (fds[1].revents & POLLHUP) {
        exit(0);
    }
    if (fds[0].revents & POLLIN) {
        const ssize_t n = read(master, bytes, space);
        for (ssize_t i = 0; i < n; i++) {
            scl_ring_put(ring, bytes[i]);
        }
    }
    return (fds[0].revents & events) != 0;
}

int64_t native_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void port_init(scl_ring *received)
{
    ring = received;
}

void port_write(const uint8_t *data, size_t n)
{
    const int64_t deadline = native_clock() + WRITE_TIMEOUT_MS * INT64_C(1000000);
    while (n > 0 && native_clock() < deadline) {
        if (!serve(POLLOUT, WRITE_TIMEOUT_MS)) {
            continue;
        }
        const ssize_t written = write(master, data, n);
        if (written > 0) {
            data += written;
            n -= (size_t)written;
        }
    }
}

void port_idle(void)
{
    if (!scl_ring_empty(ring)) {
        return;
    }
    const int64_t wait = native_sensor_wait();
    serve(0, wait == INT64_MAX ? -1 : (int)(wait / 1000000));
}

uint32_t port_ticks(void)
{
    return (uint32_t)native_clock();
}

static int usage(const char *program)
{
    fprintf(stderr, "usage: %s [--sensor FILE [--sensor-rate HZ] [--sensor-loses N]]\n", program);
    return USAGE;
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"--sensor", "--sensor-rate", "--sensor-loses"};
    const char *values[] = {NULL, "0", "0"};
    char *end, *end_of_loses;
    for (int i = 1; i < argc; i += 2) {
        size_t option = 0;
        while (option < sizeof names / sizeof *names && strcmp(argv[i], names[option]) != 0) {
            option++;
        }
        if (option == sizeof names / sizeof *names || i + 1 == argc) {
            return usage(argv[0]);
        }
        values[option] = argv[i + 1];
    }
    const double rate_hz = strtod(values[1], &end);
    const long loses = strtol(values[2], &end_of_loses, 10);
    if (*end != '\0' || !(rate_hz >= 0) || *end_of_loses != '\0' || loses < 0) {
        return usage(argv[0]);
    }
    if (values[0] != NULL && !native_sensor_open(values[0], rate_hz, loses)) {
        fail(values[0]);
    }
    open_line();
    if (!native_confine()) {
        fail("this process cannot be kept from files and network, as a bundle's model asks for; use an emulated board");
    }
    scl_main();
}
