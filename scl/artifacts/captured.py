"""What --json says of a capture file that was written."""

from dataclasses import dataclass
from pathlib import Path

from scl.artifacts.capture import Capture
from scl.artifacts.json_files import Artifact


@dataclass(frozen=True)
class CaptureFile(Artifact):
    """A capture file that was written.

    Attributes:
        labels: that stand in it, sorted; subject: None where nobody is named.
        dropped: samples that are lost, over all parts.
    """

    path: str
    sensor: str
    rate_hz: float
    channels: tuple[str, ...]
    samples: int
    dropped: int
    labels: tuple[str, ...]
    subject: str | None

    kind = "capture_file"
    schema = 1
    advice = "run the command again"


def captured(path: Path, capture: Capture) -> CaptureFile:
    """Of a capture that was written to `path`."""
    return CaptureFile(
        path=str(path),
        sensor=capture.sensor,
        rate_hz=float(capture.rate_hz),
        channels=tuple(capture.channels),
        samples=len(capture.counts),
        dropped=int(capture.dropped),
        labels=tuple(sorted(set(capture.label) - {""})),
        subject=capture.subject or None,
    )
