"""What `firmware_host.replay --json` says of a trace that was put through the host once more."""

from dataclasses import dataclass

from firmware_host.validation import Measured, Verdict
from scl.answers import Document


@dataclass(frozen=True)
class Replayed(Measured, Verdict, Document):
    """What `validate` measures of a recorded board, and the verdict."""

    kind = "replayed"
    schema = 1
