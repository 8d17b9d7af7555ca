"""What a board says of the samples behind an answer, as bits of its flags (firmware/src/app/model.h)."""

SATURATED = 1  # a count was at or beyond a rail of its sensor
LEAD_OFF = 2  # a channel held one count for so long that its lead must be off
