"""Talk to the board: build, emulate, stream, validate."""

from scl import extras

extras.require("serial", "cobs", "rich")
