"""The error of a payload that is none of this protocol."""

from scl.artifacts import InputError


class MessageError(InputError):
    """A whole frame whose payload is not what its type promises: the firmware is not ours, or of another version."""

    def __init__(self, found: str, port: str | None = None) -> None:
        self.found = found
        where = f"port {port}: " if port else ""
        super().__init__(f"{where}the board sent {found}; flash firmware built from this checkout")
