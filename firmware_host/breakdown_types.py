"""Where a model holds and where it does not: figures of a validation by angle, direction, shift and class."""

from dataclasses import dataclass

from scl.artifacts.fields import Fraction, NotNegative, Real, Whole
from scl.robustness import Interval


@dataclass(frozen=True)
class Pairs:
    """Windows and their copies; None where there are none, or nothing defines a figure.

    Attributes:
        pairs: whose label the transformation left, lost ones too.
        consistency_ci95: clustered by group; None for a single group.
        similarity_invariant: mean cosine between the invariant features of a window and of its copy.
    """

    pairs: Whole
    consistency: Fraction | None
    consistency_ci95: Interval | None
    similarity_invariant: float | None


@dataclass(frozen=True)
class AngleBin(Pairs):
    """Copies that were turned by `low_deg` to below `high_deg`, about any axis; the last bin holds 180 degrees."""

    low_deg: NotNegative
    high_deg: NotNegative


@dataclass(frozen=True)
class DirectionBin(Pairs):
    """Copies in which the reference direction fell into one of the equal cells of a sphere, whose middle is
    `direction`, in the axes of the board's sensor.
    """

    direction: tuple[float, float, float]

    @property
    def middle(self) -> str:
        """`direction` in words; a part that rounds to 0 is no -0.00."""
        return "x {:+.2f}, y {:+.2f}, z {:+.2f}".format(*(round(part, 2) + 0.0 for part in self.direction))


@dataclass(frozen=True)
class ShiftBin(Pairs):
    """The copy that begins `samples` of the source later, `seconds` where the rate is known."""

    samples: Real
    seconds: float | None


@dataclass(frozen=True)
class ClassFigures:
    """Figures of one true class, as recorded and of its copies; None where a denominator is 0, an interval also for a
    single group. `consistency` is over the copies of its windows whose label the transformation left.
    """

    label: str
    windows: Whole
    copies: Whole
    precision: Fraction | None
    recall: Fraction | None
    recall_ci95: Interval | None
    f1: Fraction | None
    precision_transformed: Fraction | None
    recall_transformed: Fraction | None
    recall_transformed_ci95: Interval | None
    f1_transformed: Fraction | None
    consistency: Fraction | None
    consistency_ci95: Interval | None


@dataclass(frozen=True)
class Confusions:
    """Counts: a row is the true class, a column the board's, in the order of `labels`; the last column counts windows
    that were lost or abstained from. `transformed` is empty without copies.
    """

    labels: tuple[str, ...]
    untouched: tuple[tuple[Whole, ...], ...]
    transformed: tuple[tuple[Whole, ...], ...]


@dataclass(frozen=True)
class LatencyBin:
    """Windows whose answer took `low_ms` to below `high_ms` in flight; the last bin holds the slowest."""

    low_ms: NotNegative
    high_ms: NotNegative
    windows: Whole


@dataclass(frozen=True)
class Breakdown:
    """Where a model holds.

    Attributes:
        by_angle, by_direction: of rotations; by_shift: of shifts. Empty for other transformations.
        direction_of: what `by_direction` is about, in words; empty without.
        classes: empty where labels are not known, are bit masks, or are too many.
        confusions: None as well where a page has no room for them.
        latency: empty where nothing was answered.
    """

    by_angle: tuple[AngleBin, ...]
    direction_of: str
    by_direction: tuple[DirectionBin, ...]
    by_shift: tuple[ShiftBin, ...]
    classes: tuple[ClassFigures, ...]
    confusions: Confusions | None
    latency: tuple[LatencyBin, ...]
