"""What a greeting without an answer tells: nothing there, a wrong baud rate, another program, an echo, a bad line."""

from dataclasses import dataclass, field

from firmware_host.protocol import ANSWER, Decoder, Type
from scl.artifacts import shortened

SAMPLE_BYTES = 2048  # of what came, kept to be judged
_TEXT_SHARE = 0.9  # of printable characters, from which on it is text
_TEXT_BYTES = 8


@dataclass
class Heard:
    """What came from a port while a board was greeted."""

    count: int = 0  # bytes
    sample: bytearray = field(default_factory=bytearray)

    def add(self, data: bytes) -> None:
        self.count += len(data)
        self.sample += data[: SAMPLE_BYTES - len(self.sample)]

    def cause(self) -> str:
        """Most likely cause of there being no valid answer, and what to do."""
        if not self.count:
            return (
                "no board answered (not a byte came); check that this is the board's port "
                "(`python -m firmware_host.ports`), that it is powered and flashed, that --baud is its rate, and that "
                "RX and TX are not swapped"
            )
        frames = Decoder().feed(bytes(self.sample))
        if any(frame.type == Type.HELLO for frame in frames):
            return (
                "what was sent came back, as an echo, and no answer; RX and TX are joined, or the port is not the "
                "board's: check the wiring and the name"
            )
        if frames:
            return (
                f"{len(frames)} whole frames came, and no answer to HELLO; another program speaks to the same board: "
                "close that one"
            )
        if text := _text(bytes(self.sample)):
            return (
                f"{self.count} bytes came, which are text and no answer ({shortened(text)}); another program runs on "
                "the board: flash firmware built from the bundle"
            )
        if self._is_damaged_hello():
            return (
                f"{self.count} bytes came, answers among them, but every one damaged; the baud rate is right and the "
                "line is bad: check the cable and its length, and ground"
            )
        return (
            f"{self.count} bytes came, but no valid answer; the baud rate differs (--baud) or another program runs on "
            "the board: flash firmware built from the bundle"
        )

    def _is_damaged_hello(self) -> bool:
        """A HELLO answer begins with its COBS code and its type, and the board's own name stands in it as text."""
        parts = bytes(self.sample).split(b"\0")
        return any(part[1:2] == bytes([Type.HELLO | ANSWER]) and len(part) > 60 for part in parts)


def _text(data: bytes) -> str:
    """What came as text, if most of it is."""
    text = data.decode("ascii", errors="replace")
    readable = [
        character for character in text if character.isprintable() and character != "\ufffd" or character in "\r\n\t"
    ]
    return "".join(readable).strip() if len(readable) >= max(_TEXT_BYTES, _TEXT_SHARE * len(text)) else ""
