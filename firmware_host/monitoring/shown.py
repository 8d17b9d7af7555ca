"""What the page and the terminal are shown: JSON objects, by their keys."""

from typing import Literal, NotRequired, TypedDict

Point = list[float | bool | None]  # seconds, confidence as recorded and as moved, whether it holds


class Channel(TypedDict):
    """A value of a sample."""

    name: str
    unit: str


class BoardFacts(TypedDict):
    """Of one board's model; `together`: labels may hold at once; `known`: which features are invariant."""

    model: str
    labels: list[str]
    together: bool
    invariant: int
    known: bool


class About(TypedDict):
    """What stays the same for as long as the monitor runs.

    Attributes:
        own: how many positions an activity is repeated in; 0 where something is played.
        source: what is played.
        shifts: least and most samples by which a window may begin later; None: it cannot.
        unmoved: why nothing can be turned or shifted; empty where it can.
    """

    kind: Literal["about"]
    own: int
    source: str
    rate_hz: float | None
    channels: list[Channel]
    turns: bool
    shifts: list[int] | None
    records: bool
    unmoved: str
    boards: list[BoardFacts]


class Output(TypedDict):
    """An output of the network: its share of 1 where it has a name, else its value."""

    name: str
    share: NotRequired[float]
    value: NotRequired[float]


class ReadingShown(TypedDict):
    """An answer of a board."""

    name: str
    confidence: float | None
    best: list[Output]
    features: list[float]
    saturated: bool
    lead_off: bool


class PairsShown(TypedDict):
    """Answers that kept their class, of those that could."""

    equal: int
    compared: int


class RightShown(TypedDict):
    """Answers that are right, of those whose truth is known."""

    right: int
    known: int


class LinkShown(TypedDict):
    """Whether a board is there; `cause` says why not."""

    board: str
    link: Literal["ok", "late", "lost"]
    cause: str
    losses: int


class BoardShown(LinkShown):
    """What one board has answered; `moved` is None where the window went out as recorded."""

    serial: int
    plain: ReadingShown | None
    moved: ReadingShown | None
    holds: bool | None
    similarity: float | None
    pairs: PairsShown
    right: RightShown
    points: list[Point]


class RecordingShown(TypedDict):
    """What is recorded."""

    on: bool
    full: bool
    samples: int


class OwnShown(TypedDict):
    """The board's own sensor: the activity by the number of its label, the position, and what was said in each."""

    activity: int | None
    position: int
    positions: list[str]
    verdict: str


class State(TypedDict):
    """What is shown now; `own` of a board's own sensor, `step` and `steps` of what is played."""

    kind: Literal["state"]
    step: NotRequired[int]
    steps: NotRequired[int]
    place: str
    label: str
    paused: bool
    quaternion: list[float]
    shift: int
    signal: list[list[float]]
    boards: list[BoardShown]
    recording: RecordingShown
    own: NotRequired[OwnShown]
