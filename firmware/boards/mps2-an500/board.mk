# Arm MPS2 with the AN500 image: Cortex-M7 at 25 MHz. Here as what QEMU emulates.
CORE := -mcpu=cortex-m7 -mfpu=fpv5-sp-d16
include $(HERE)boards/cortex-m/cortex-m.mk
BOARD_SOURCES += boards/cortex-m/cmsdk_uart.c boards/cortex-m/cmsdk_timer.c boards/no_sensor.c
LINKER_SCRIPT := boards/mps2-an386/board.ld
MACHINE += -DPORT_NAME='"mps2-an500"' -DCLOCK_HZ=25000000 -DUART_BASE=0x40004000u -DUART_IRQ=0 -DTIMER_BASE=0x40000000u
