/* The CMSDK timer (Cortex-M System Design Kit, Technical Reference Manual) at TIMER_BASE, which counts CLOCK_HZ down. */
#include "timer.h"

#include "cortex_m.h"
#include "port.h"

#define TIMER_CTRL REGISTER(TIMER_BASE)
#define TIMER_VALUE REGISTER(TIMER_BASE + 0x4u)
#define TIMER_RELOAD REGISTER(TIMER_BASE + 0x8u)

const uint32_t port_tick_hz = CLOCK_HZ;

void timer_start(void)
{
    TIMER_RELOAD = UINT32_MAX;
    TIMER_VALUE = UINT32_MAX;
    TIMER_CTRL = 1;
}

uint32_t port_ticks(void)
{
    return ~TIMER_VALUE;
}
