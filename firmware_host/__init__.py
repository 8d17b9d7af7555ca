"""Talk to the board: build, emulate, stream, validate."""
