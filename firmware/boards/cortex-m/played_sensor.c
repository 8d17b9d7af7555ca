/* A sensor for a machine of QEMU, which has none: samples that QEMU's loader has put into the memory at SENSOR_BASE before the start, one for
 * each turn of SysTick. As many as a small part's FIFO has room for wait; more are lost.
 *
 * At SENSOR_BASE: "SCL1", the number of samples u32, microseconds from one to the next u32, 0 u32, the samples int16[][channels]. Without those
 * four letters there is no sensor. */
#include "bytes.h"
#include "cortex_m.h"
#include "input.h"
#include "port.h"

#define SYST_CSR REGISTER(0xE000E010u)
#define SYST_RVR REGISTER(0xE000E014u)
#define SYST_CVR REGISTER(0xE000E018u)
#define PLAYED(word) REGISTER(SENSOR_BASE + 4 * (word))
enum { CSR_RUNS = 7, MAGIC = 0x314C4353, HEADER = 16, HOLDS = 32 };

static volatile uint32_t due; /* samples that the sensor has given since its start */
static uint32_t next;

void systick_handler(void)
{
    due = due + 1;
}

bool port_sensor_start(void)
{
    port_sensor_stop();
    if (PLAYED(0) != MAGIC) {
        return false;
    }
    SYST_RVR = CLOCK_HZ / 1000000 * PLAYED(2) - 1;
    SYST_CVR = 0;
    SYST_CSR = CSR_RUNS;
    return true;
}

void port_sensor_stop(void)
{
    SYST_CSR = 0;
    due = 0;
    next = 0;
}

bool port_sensor_waits(void)
{
    return next < due && next < PLAYED(1);
}

uint32_t port_sensor_read(int16_t *counts)
{
    const uint32_t given = due;
    if (!port_sensor_waits()) {
        return 0;
    }
    const uint32_t lost = given - next > HOLDS ? given - next - HOLDS : 0;
    if (next + lost >= PLAYED(1)) { /* played to its end while nobody read */
        next = PLAYED(1);
        return 0;
    }
    next += lost;
    const uint8_t *sample = (const uint8_t *)(SENSOR_BASE + HEADER) + next * 2 * SCL_SENSOR_CHANNELS;
    for (uint16_t channel = 0; channel < SCL_SENSOR_CHANNELS; channel++) {
        counts[channel] = (int16_t)scl_load_u16(sample + 2 * channel);
    }
    next++;
    return 1 + lost;
}
