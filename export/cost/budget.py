"""What a device has room for, as one line: flash=20k,ram=8k,instructions=2M."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from export.proof.gates import ExportError
from scl.artifacts import InputError
from scl.artifacts.export_report import LayerRow
from scl.artifacts.manifest import Cost

KINDS = {"flash": "flash_bytes", "ram": "ram_bytes", "instructions": "instructions"}  # and the cost that each limits
COLUMNS = {"flash": "flash_bytes", "ram": "arena_bytes", "instructions": "instructions"}  # of a layer
ADVICE = {
    "flash": "fewer channels in it or before it, or a shorter kernel, make its weights fewer",
    "ram": "a larger stride before it, or fewer channels in it or before it, make its tensors smaller",
    "instructions": "a larger stride before it, or fewer channels in it or before it, make it cheaper",
}
FLAGS = "an encoder's are train.imu's and train.ecg's --widths, --strides and --kernels, a number for each block"


@dataclass(frozen=True)
class Budget:
    """Limits by kind: bytes of flash and RAM (engine, model and front end), instructions of an inference."""

    limits: Mapping[str, int]

    @classmethod
    def parse(cls, text: str) -> "Budget":
        """Reads `flash=20k,ram=8k,instructions=2M`; k and M are powers of 1,024 for bytes, of 1,000 for instructions.

        Raises InputError if it says anything else.
        """
        limits: dict[str, int] = {}
        for part in text.split(","):
            match = re.fullmatch(r"(flash|ram|instructions)=(\d+(?:\.\d+)?)([kM]?)", part.strip())
            if match is None or match[1] in limits:
                raise InputError(
                    f"--budget {text}: found {part.strip()!r}, expected flash, ram and instructions, each at most "
                    "once, like flash=20k,ram=8k,instructions=2M"
                )
            thousand = 1000 if match[1] == "instructions" else 1024
            limits[match[1]] = int(float(match[2]) * thousand ** ["", "k", "M"].index(match[3]))
        return cls(limits)

    def require(self, cost: Cost, layers: Sequence[LayerRow]) -> None:
        """Raises ExportError if a cost is beyond its limit; the message names the layer that takes most of it."""
        missed = []
        for kind, limit in self.limits.items():
            taken: int = getattr(cost, KINDS[kind])
            if taken > limit:
                by_layer = {row.name: int(getattr(row, COLUMNS[kind])) for row in layers}
                largest = max(by_layer, key=by_layer.__getitem__)
                missed.append(
                    f"{kind} is {taken:,}, the budget {limit:,}; layer {largest} takes most, {by_layer[largest]:,}: "
                    f"{ADVICE[kind]}"
                )
        if missed:
            raise ExportError("\n".join(["it does not fit the budget:", *missed, FLAGS]))
