/* SysTick, the core's own timer (Armv7-M ARM, B3.3), which counts CLOCK_HZ down: 24 bits, and its interrupt counts their turns. */
#include "timer.h"

#include "cortex_m.h"
#include "port.h"

#define SYST_CSR REGISTER(0xE000E010u)
#define SYST_RVR REGISTER(0xE000E014u)
#define SYST_CVR REGISTER(0xE000E018u)
enum { CSR_ENABLE = 1, CSR_INTERRUPT = 2, CSR_CORE_CLOCK = 4, SPAN = 1 << 24 };

const uint32_t port_tick_hz = CLOCK_HZ;

static volatile uint32_t ticks_before; /* of whole turns */

void systick_handler(void)
{
    ticks_before = ticks_before + SPAN;
}

void timer_start(void)
{
    SYST_RVR = SPAN - 1;
    SYST_CVR = 0;
    SYST_CSR = CSR_ENABLE | CSR_INTERRUPT | CSR_CORE_CLOCK;
}

uint32_t port_ticks(void)
{
    uint32_t before, value;
    do { /* again if a turn ended in between */
        before = ticks_before;
        value = SYST_CVR;
    } while (before != ticks_before);
    /* A turn ends, and is counted, on reaching 0; SPAN - 1 comes one tick after. */
    return before + (SPAN - value) % SPAN;
}
