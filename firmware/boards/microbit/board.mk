# BBC micro:bit, version 1: nRF51822, a Cortex-M0 at 16 MHz without FPU. QEMU emulates it too.
CORE := -mcpu=cortex-m0
FLASH := 0x00000000 256K
RAM := 0x20000000 16K
DEFINES := -DUART_IRQ=2
SHARED := no_sensor.c
QEMU := microbit
COUNTED := yes
