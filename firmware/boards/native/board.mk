# This computer, with a pseudo-terminal for a serial line.
