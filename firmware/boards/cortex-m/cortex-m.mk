# What every Cortex-M board shares; board.mk says how it differs. From the C library come memcpy and memset, which gcc calls by itself.
memory = $(if $(word 2,$($1)),,$(error boards/$(BOARD)/board.mk: $1 := "$($1)", expected start and size, such as 0x20000000 128K))\
  -Wl,--defsym=$1_START=$(word 1,$($1)) -Wl,--defsym=$1_SIZE=$(word 2,$($1))

CROSS := arm-none-eabi-
MACHINE := $(CORE) -mthumb -ffreestanding -I$(HERE)boards/cortex-m $(DEFINES)
SHARED += cortex-m/startup.c cortex-m/port.c
LINKER_SCRIPT := $(or $(LINKER_SCRIPT),boards/cortex-m/board.ld)
LINK_FLAGS := -nostartfiles $(call memory,FLASH) $(call memory,RAM) -L$(HERE) -T $(HERE)$(LINKER_SCRIPT) -Wl,--fatal-warnings
