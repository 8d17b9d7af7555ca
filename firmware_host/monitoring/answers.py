"""A board's answer to a window as the monitor shows it, and how often a turned window kept its class."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from firmware_host.messages import ABSTAIN
from firmware_host.model import class_name, dequantized
from scl.artifacts.manifest import BundleManifest
from scl.belief import ONE, decide_alone
from scl.decision import LOST
from scl.frontend.flags import LEAD_OFF, SATURATED
from scl.metrics import cosine
from scl.text import folded


class Answer(Protocol):
    """What every answer of a board about a window has."""

    @property
    def predicted(self) -> int: ...

    @property
    def flags(self) -> int: ...

    @property
    def features(self) -> np.ndarray: ...

    @property
    def logits(self) -> np.ndarray: ...


@dataclass(frozen=True, eq=False)
class Reading:
    """What a board said of one window.

    Attributes:
        code: the class, or the mask of labels; LOST where the board abstained.
        name: of the class.
        confidence: the share of the class, by the bundle's decision where it has one: what the board says of the window
            by itself; None where labels may hold together, outputs have no names, or the board abstained.
        shares: (outputs,) the softmax of the logits, over the decision's temperature; of labels that hold together, the
            sigmoid of each; empty where the outputs have no names, as they may be no classes.
        outputs: (outputs,) the logits.
        features: (features,) the kept latent.
    """

    code: int
    name: str
    confidence: float | None
    shares: np.ndarray
    outputs: np.ndarray
    features: np.ndarray
    saturated: bool
    lead_off: bool

    @classmethod
    def of(cls, result: Answer, manifest: BundleManifest) -> "Reading":
        """Raises MessageError for a class that the model does not have."""
        code = LOST if result.predicted == ABSTAIN else result.predicted
        outputs = dequantized(result.logits, manifest.outputs.logits)
        shares, kept = shares_of(outputs, manifest), manifest.outputs.features
        chosen = code != LOST and manifest.thresholds is None and len(shares)
        return cls(
            code,
            class_name(manifest, code),
            _confidence(result, shares[code], manifest) if chosen else None,
            shares,
            outputs,
            np.zeros(0) if kept is None else dequantized(result.features, kept),
            bool(result.flags & SATURATED),
            bool(result.flags & LEAD_OFF),
        )


def shares_of(outputs: np.ndarray, manifest: BundleManifest) -> np.ndarray:
    """Shares (outputs,) of 1 that logits (outputs,) give each label; empty where outputs have no names."""
    if not manifest.labels:
        return np.zeros(0)
    if manifest.thresholds is not None:
        return np.asarray(1 / (1 + np.exp(-outputs)))
    temperature = 1.0 if manifest.decision is None else manifest.decision.temperature
    powers = np.exp((outputs - outputs.max()) / temperature)
    return np.asarray(powers / powers.sum())


def _confidence(result: Answer, share: float, manifest: BundleManifest) -> float:
    """Of the class of a window by itself, in the board's own integers where the bundle decides."""
    settings = manifest.decision_settings()
    return float(share if settings is None else decide_alone(settings, result.logits).confidences / ONE)


def invariant_size(manifest: BundleManifest) -> int:
    """How many of the features, the first ones, are the partition's invariant dimensions; all where it is not known."""
    return manifest.features if manifest.partition is None else manifest.partition.invariant


def similarity(one: Reading, other: Reading, size: int) -> float | None:
    """Cosine of the first `size` features of two answers; None without any."""
    return float(cosine(one.features[None, :size], other.features[None, :size])[0]) if size else None


def holds(moved: Reading, plain: Reading) -> bool:
    """Whether a moved window kept its class. A board that abstains from either holds nothing."""
    return moved.code == plain.code != LOST


@dataclass
class Pairs:
    """Answers to moved windows beside those to the same windows as recorded."""

    compared: int = 0
    equal: int = 0

    def add(self, holds: bool) -> None:
        """Counts one pair."""
        self.compared, self.equal = self.compared + 1, self.equal + holds


@dataclass
class Right:
    """Answers beside labels that the model knows; case and blanks do not tell a label from a class."""

    classes: frozenset[str]
    known: int = 0
    right: int = 0

    @classmethod
    def of(cls, manifest: BundleManifest) -> "Right":
        """Nothing counted yet."""
        return cls(frozenset(folded(class_name(manifest, code)) for code in range(manifest.classes)))

    def add(self, name: str, label: str) -> None:
        if folded(label) in self.classes:
            self.known, self.right = self.known + 1, self.right + (folded(name) == folded(label))


@dataclass(frozen=True)
class Point:
    """One answer on the time line: seconds, the confidence of the plain and of the moved window's class."""

    seconds: float
    plain: float | None
    moved: float | None
    holds: bool | None


@dataclass
class Answered:
    """What one board has answered.

    Attributes:
        serial: of the latest answer, 0 before the first.
        step: how many steps came before the one that was answered.
        pose: the latest window and how it was moved; a pair is counted when it is another one.
        plain, moved: the latest answers; `moved` is None where the window went out as recorded.
        similarity: of their invariant features, the cosine.
    """

    right: Right
    serial: int = 0
    step: int = -1
    pose: tuple[object, ...] = ()
    plain: Reading | None = None
    moved: Reading | None = None
    holds: bool | None = None
    similarity: float | None = None
    pairs: Pairs = field(default_factory=Pairs)
