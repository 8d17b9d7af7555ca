# STM32F405RG: Cortex-M4F at 168 MHz, 1 MB flash, 128 KB RAM beside 64 KB that are not used here. QEMU emulates it too.
CORE := -mcpu=cortex-m4 -mfpu=fpv4-sp-d16
include $(HERE)boards/cortex-m/cortex-m.mk
BOARD_SOURCES += boards/netduinoplus2/board.c boards/no_sensor.c
LINKER_SCRIPT := boards/netduinoplus2/board.ld
MACHINE += -DUART_IRQ=37
