# Arm MPS2 with the AN385 image: Cortex-M3 at 25 MHz, without FPU and DSP. Here as what QEMU emulates.
CORE := -mcpu=cortex-m3
FLASH := 0x00000000 512K
RAM := 0x20000000 128K
DEFINES := -DUART_IRQ=0 -DCLOCK_HZ=25000000 -DUART_BASE=0x40004000u -DTIMER_BASE=0x40000000u
SHARED := cortex-m/cmsdk_uart.c cortex-m/cmsdk_timer.c no_sensor.c
QEMU := mps2-an385
COUNTED := yes
