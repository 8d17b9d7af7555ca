/* The system counter of an SSE-300 and its timer's view of it (SSE-300 Technical Reference Manual): it counts CLOCK_HZ up. */
#include "timer.h"

#include "cortex_m.h"
#include "port.h"

#define COUNTER_CONTROL REGISTER(0x58100000u)
#define TIMER_COUNT_LOW REGISTER(0x58000000u)

const uint32_t port_tick_hz = CLOCK_HZ;

void timer_start(void)
{
    COUNTER_CONTROL = 1;
}

uint32_t port_ticks(void)
{
    return TIMER_COUNT_LOW;
}
