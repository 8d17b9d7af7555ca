"""How far a board's answers are from the golden ones."""

from dataclasses import dataclass

from scl.artifacts.fields import Whole


@dataclass(frozen=True)
class Parity:
    """How far the answers are from the golden ones, over the answered windows; None without any.

    Attributes:
        max_lsb, features_max_lsb, logits_max_lsb: largest difference, in quantization steps.
        windows_off, input_crc32_off, predictions_off, flags_off: windows that differ in any step, in the network's
            input, the class, the flags.
        decisions_off: windows whose decision or confidence is another than the desktop's.
    """

    compared: Whole
    max_lsb: Whole | None
    features_max_lsb: Whole | None
    logits_max_lsb: Whole | None
    windows_off: Whole
    input_crc32_off: Whole
    predictions_off: Whole
    flags_off: Whole
    decisions_off: Whole
