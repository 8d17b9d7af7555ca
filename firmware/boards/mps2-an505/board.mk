# Arm MPS2 with the AN505 image: Cortex-M33 at 20 MHz, in its Secure state: hence the addresses. Here as what QEMU emulates.
CORE := -mcpu=cortex-m33 -mfpu=fpv5-sp-d16 -mfloat-abi=hard
FLASH := 0x10000000 512K
RAM := 0x38000000 128K
DEFINES := -DUART_IRQ=32 -DCLOCK_HZ=20000000 -DUART_BASE=0x50200000u -DTIMER_BASE=0x50000000u
SHARED := cortex-m/cmsdk_uart.c cortex-m/cmsdk_timer.c no_sensor.c
QEMU := mps2-an505
COUNTED := yes
