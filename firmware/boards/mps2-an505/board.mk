# Arm MPS2 with the AN505 image: Cortex-M33 at 20 MHz, in its Secure state: hence the addresses. Here as what QEMU emulates.
CORE := -mcpu=cortex-m33 -mfpu=fpv5-sp-d16
include $(HERE)boards/cortex-m/cortex-m.mk
BOARD_SOURCES += boards/cortex-m/cmsdk_uart.c boards/cortex-m/cmsdk_timer.c boards/no_sensor.c
LINKER_SCRIPT := boards/mps2-an505/board.ld
MACHINE += -DPORT_NAME='"mps2-an505"' -DCLOCK_HZ=20000000 -DUART_BASE=0x50200000u -DUART_IRQ=32 -DTIMER_BASE=0x50000000u
