/* What the Cortex-M boards share: registers by address, and interrupts. */
#ifndef SCL_CORTEX_M_H
#define SCL_CORTEX_M_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

/* Of the system timer, where it is used. */
void systick_handler(void) __attribute__((weak));

static inline void enable_interrupt(uint32_t number)
{
    REGISTER(0xE000E100u + 4 * (number / 32)) = UINT32_C(1) << number % 32; /* NVIC_ISER */
}

#endif
