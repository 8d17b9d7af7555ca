# Arm MPS3 with the AN547 image: Cortex-M55 at 32 MHz, in its Secure state: hence the addresses. Here as what QEMU emulates.
# Helium for integers only: its float instructions take denormals for zero, and the front end must not.
CORE := -mcpu=cortex-m55+nomve.fp -mfloat-abi=hard
FLASH := 0x10000000 512K
RAM := 0x30000000 128K
DEFINES := -DUART_IRQ=33 -DCLOCK_HZ=32000000 -DUART_BASE=0x59303000u
SHARED := cortex-m/cmsdk_uart.c cortex-m/sse_timer.c no_sensor.c
QEMU := mps3-an547
COUNTED := yes
