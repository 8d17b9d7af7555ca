/* From reset to scl_main on any Cortex-M. */
#include "cortex_m.h"
#include "main.h"
#include "uart.h"

#ifndef UART_IRQ
#error "DEFINES in the board's board.mk: expected -DUART_IRQ= and the number of the UART's interrupt"
#endif

extern uint32_t stack_top[], data_start[], data_end[], bss_start[], bss_end[];
extern const uint32_t data_load[];

/* Any fault: start over. The host finds a board that answers HELLO and has no session, not one that hangs. */
static void fault_handler(void)
{
    REGISTER(0xE000ED0Cu) = 0x05FA0004u; /* AIRCR: SYSRESETREQ */
    for (;;) {
    }
}

void reset_handler(void);

void reset_handler(void)
{
#ifdef __ARM_FP
    /* The FPU first: the compiler may use its registers anywhere. */
    REGISTER(0xE000ED88u) |= 0xFu << 20; /* CPACR: full access to CP10 and CP11 */
    __asm volatile("dsb\n\tisb" ::: "memory");
#endif
    const uint32_t *from = data_load;
    for (uint32_t *to = data_start; to < data_end; to++) {
        *to = *from++;
    }
    for (uint32_t *to = bss_start; to < bss_end; to++) {
        *to = 0;
    }
    scl_main();
}

/* Entries that are not named stay 0: an interrupt that nobody enabled is a fault. */
__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    void (*handler[15 + UART_IRQ + 1])(void);
} vectors = {
    stack_top,
    {
        [0] = reset_handler,
        [1] = fault_handler, /* NMI */
        [2] = fault_handler, /* hard fault */
        [3] = fault_handler, /* memory management */
        [4] = fault_handler, /* bus */
        [5] = fault_handler, /* usage */
        [14] = systick_handler,
        [15 + UART_IRQ] = uart_handler,
    },
};
