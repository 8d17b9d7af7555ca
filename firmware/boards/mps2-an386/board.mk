# Arm MPS2 with the AN386 image: Cortex-M4F at 25 MHz. Here as what QEMU emulates.
include boards/cortex-m/cortex-m4f.mk
BOARD_SOURCES += boards/mps2-an386/board.c boards/no_sensor.c
LINKER_SCRIPT := boards/mps2-an386/board.ld
MACHINE += -DUART_IRQ=0
