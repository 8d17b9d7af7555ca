"""What a stream's classes say beside a recording's labels: right and wrong for labels that the model knows, and apart
from them what it said where the label is no class of its own, which is neither.
"""

from collections import Counter

from firmware_host.model import class_name
from scl.artifacts.capture import Capture
from scl.artifacts.manifest import BundleManifest
from scl.text import folded

MOST_NAMED = 200  # characters of the model's classes in a message


class Tally:
    """Counts a stream's answers by the label of the sample that completed each. Case and blanks do not tell a label
    from a class, as they do not in an IMU folder.

    Attributes:
        known, right: answers whose label the model knows, and those among them that equal it.
        unknown: of every label of the recording that the model does not know, what the model said and how often.
    """

    def __init__(self, manifest: BundleManifest, record: Capture) -> None:
        self.classes = [class_name(manifest, code) for code in range(manifest.classes)]
        self._classes = {folded(name): name for name in self.classes} | {name: name for name in self.classes}
        self.known = self.right = 0
        self.seconds = {
            label: samples / record.rate_hz
            for label, samples in Counter(record.label).items()
            if label and not self.knows(label)
        }
        self.unknown: dict[str, Counter[str]] = {label: Counter() for label in self.seconds}
        self._labelled = any(record.label)

    def knows(self, label: str) -> bool:
        """Whether the model can answer this label."""
        return self._class_of(label) is not None

    def add(self, label: str, predicted: str) -> None:
        """One answer; without a label it counts for nothing."""
        if not label:
            return
        if not self.knows(label):
            self.unknown[label][predicted] += 1
            return
        self.known, self.right = self.known + 1, self.right + (predicted == self._class_of(label))

    def _class_of(self, label: str) -> str | None:
        """The class that a label means."""
        return self._classes.get(label, self._classes.get(folded(label)))

    def lines(self) -> list[str]:
        """The tally in words; nothing for a recording without labels."""
        if not self._labelled:
            return []
        lines = []
        if self.known:
            lines.append(f"{self.right} of {self.known} labelled classes are right ({self.right / self.known:.1%})")
        else:
            names = ", ".join(self.classes)
            lines.append(
                "accuracy cannot be told: no class fell on a label that the model knows; it knows "
                + (names if len(names) <= MOST_NAMED else f"{names[: MOST_NAMED - 3]}...")
            )
        if self.unknown:
            lines.append("labels that the model does not know, counted neither as right nor as wrong:")
        for label, answers in self.unknown.items():
            listing = ", ".join(f"{name} {times}" for name, times in answers.most_common()) or "nothing"
            total = answers.total()
            lines.append(
                f"  {label}: {self.seconds[label]:.1f} s, {total} class{'es' * (total != 1)}; the model said {listing}"
            )
        return lines
