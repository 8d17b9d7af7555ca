# Arm MPS3 with the AN547 image: Cortex-M55 at 32 MHz, in its Secure state: hence the addresses. Here as what QEMU emulates.
# Helium for integers only: its float instructions take denormals for zero, and the front end must not.
CORE := -mcpu=cortex-m55+nomve.fp
include $(HERE)boards/cortex-m/cortex-m.mk
BOARD_SOURCES += boards/cortex-m/cmsdk_uart.c boards/cortex-m/sse_timer.c boards/no_sensor.c
LINKER_SCRIPT := boards/mps3-an547/board.ld
MACHINE += -DPORT_NAME='"mps3-an547"' -DCLOCK_HZ=32000000 -DUART_BASE=0x59303000u -DUART_IRQ=33
