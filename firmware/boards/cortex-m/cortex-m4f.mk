# Compiler flags and start-up that every Cortex-M4F board shares. From the C library come memcpy and memset, which gcc calls by itself.
CROSS := arm-none-eabi-
MACHINE := -mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard -ffreestanding -Iboards/cortex-m
BOARD_SOURCES := boards/cortex-m/startup.c
LINK_FLAGS = -nostartfiles -T $(LINKER_SCRIPT) -Wl,--fatal-warnings
