# Start-up that every Cortex-M board shares; CORE is its compiler flags. From the C library come memcpy and memset, which gcc calls by itself.
CROSS := arm-none-eabi-
MACHINE := $(CORE) -mthumb -mfloat-abi=hard -ffreestanding -I$(HERE)boards/cortex-m
BOARD_SOURCES := boards/cortex-m/startup.c
LINK_FLAGS = -nostartfiles -L$(HERE) -T $(HERE)$(LINKER_SCRIPT) -Wl,--fatal-warnings
