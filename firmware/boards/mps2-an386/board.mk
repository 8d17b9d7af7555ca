# Arm MPS2 with the AN386 image: Cortex-M4F at 25 MHz. Here as what QEMU emulates.
CORE := -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard
FLASH := 0x00000000 512K
RAM := 0x20000000 128K
# Its PSRAM, from SENSOR_BASE on, is no program's: QEMU puts samples there that stand in for a sensor.
DEFINES := -DUART_IRQ=0 -DCLOCK_HZ=25000000 -DUART_BASE=0x40004000u -DTIMER_BASE=0x40000000u -DSENSOR_BASE=0x21000000u
SHARED := cortex-m/cmsdk_uart.c cortex-m/cmsdk_timer.c cortex-m/played_sensor.c
QEMU := mps2-an386
COUNTED := yes
