/* What the Cortex-M boards share: registers by address, interrupts, and a sleep that misses no byte. */
#ifndef SCL_CORTEX_M_H
#define SCL_CORTEX_M_H

#include <stdint.h>

#include "ring.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

/* The board's: UART reception, and the system timer where it is used. */
void uart_handler(void);
void systick_handler(void) __attribute__((weak));

static inline void enable_interrupt(uint32_t number)
{
    REGISTER(0xE000E100u + 4 * (number / 32)) = UINT32_C(1) << number % 32; /* NVIC_ISER */
}

/* With interrupts masked WFI still wakes up for one, and does so at once if it is pending already: no byte can slip in between the look
 * at the ring and the sleep. */
static inline void sleep_until_received(const scl_ring *ring)
{
    __asm volatile("cpsid i" ::: "memory");
    if (scl_ring_empty(ring)) {
        __asm volatile("dsb\n\twfi" ::: "memory");
    }
    __asm volatile("cpsie i" ::: "memory");
}

#endif
