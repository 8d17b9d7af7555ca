# STM32F405RG: Cortex-M4F at 168 MHz, 1 MB flash (half of it here), 128 KB RAM beside 64 KB that are not used. QEMU emulates it too.
CORE := -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard
FLASH := 0x08000000 512K
RAM := 0x20000000 128K
DEFINES := -DUART_IRQ=37 -DCLOCK_HZ=168000000
SHARED := cortex-m/systick.c no_sensor.c
QEMU := netduinoplus2
