/* The port of a Cortex-M board: over its UART (uart.h) and its counter (timer.h). */
#include "port.h"

#include "cortex_m.h"
#include "timer.h"
#include "uart.h"

const char port_name[] = PORT_NAME;
const uint16_t port_receive_bytes = SCL_RING_SIZE;

static scl_ring *ring;

void uart_received(uint8_t byte)
{
    scl_ring_put(ring, byte);
}

void uart_lost(void)
{
    ring->overruns = ring->overruns + 1;
}

void port_init(scl_ring *received)
{
    ring = received;
    uart_start();
    timer_start();
    enable_interrupt(UART_IRQ);
}

void port_write(const uint8_t *data, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uart_send(data[i]);
    }
}

/* With interrupts masked WFI still wakes up for one, and does so at once if it is pending already: no byte, and no sample whose driver has
 * an interrupt, can slip in between the look and the sleep. */
void port_idle(void)
{
    __asm volatile("cpsid i" ::: "memory");
    if (scl_ring_empty(ring) && !port_sensor_waits()) {
        __asm volatile("dsb\n\twfi" ::: "memory");
    }
    __asm volatile("cpsie i" ::: "memory");
}
