# Cortex-M4F of Arm's MPS2 board (AN386), as QEMU emulates it, with GNU Arm's compiler. The core's flags belong to the compiler's command,
# where CMAKE_C_FLAGS of a project or a command line does not take their place.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-none-eabi-gcc $board_core -mthumb -ffreestanding)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(SCL_BOARD mps2-an386)
set(SCL_BOARD_DEFINITIONS PORT_NAME="mps2-an386" $board_definitions)
set(SCL_BOARD_MEMORY $board_memory)
