# Cortex-M4F of Arm's MPS2 board (AN386), as QEMU emulates it, with GNU Arm's compiler. The core's flags belong to the compiler's command,
# where CMAKE_C_FLAGS of a project or a command line does not take their place.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-none-eabi-gcc -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mthumb -mfloat-abi=hard -ffreestanding)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(SCL_BOARD mps2-an386)
set(SCL_BOARD_DEFINITIONS
  PORT_NAME="mps2-an386" CLOCK_HZ=25000000 UART_BASE=0x40004000u UART_IRQ=0 TIMER_BASE=0x40000000u)
