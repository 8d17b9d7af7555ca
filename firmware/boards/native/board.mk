# This computer, with a pseudo-terminal for a serial line.
CROSS :=
MACHINE :=
BOARD_SOURCES := boards/native/board.c boards/native/confine.c boards/native/sensor.c
