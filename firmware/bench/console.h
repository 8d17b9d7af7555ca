/* What the programs that count print, through the debugger's console (Arm semihosting, which QEMU offers), and how deep their stack was. */
#ifndef SCL_CONSOLE_H
#define SCL_CONSOLE_H

#include <stdint.h>

enum { SYS_WRITE0 = 0x04, SYS_EXIT = 0x18, STOPPED = 0x20026, PAINT = 0x5A };

extern uint8_t stack_bottom[], stack_top[];

/* Called, not unfolded: what is counted is the network's, and the program around it is to be small. */
#define SMALL __attribute__((noinline))

SMALL static void semihost(uint32_t operation, uintptr_t argument)
{
    register uint32_t r0 __asm("r0") = operation;
    register uintptr_t r1 __asm("r1") = argument;
    __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

SMALL static void print(const char *name, uint32_t value)
{
    char digits[12];
    char *at = digits + sizeof digits - 1;
    *at-- = '\0';
    *at = '\n';
    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    semihost(SYS_WRITE0, (uintptr_t)name);
    semihost(SYS_WRITE0, (uintptr_t)at);
}

/* The stack below its pointer, so that what is written from now on can be told. */
static void paint(void)
{
    uintptr_t pointer;
    __asm volatile("mov %0, sp" : "=r"(pointer));
    for (volatile uint8_t *byte = stack_bottom; (uintptr_t)byte < pointer; byte++) {
        *byte = PAINT;
    }
}

static uint32_t stack_used(void)
{
    const uint8_t *byte = stack_bottom;
    while (*byte == PAINT) {
        byte++;
    }
    return (uint32_t)((uintptr_t)stack_top - (uintptr_t)byte);
}

#endif
