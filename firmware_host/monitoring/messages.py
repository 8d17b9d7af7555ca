"""What the page may ask of the monitor, held to its type and range."""

from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Le, Predicate
from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

MOST_BYTES = 1024  # of a message
MOST_SHIFT = 1 << 20
POSITIONS = 6  # in which an activity is repeated
LEAST_LENGTH = 0.1  # of a quaternion, whose length says nothing
LEAST_GAIN, MOST_GAIN = 0.25, 4.0
MOST_WANDER_MV = 2.0
Part = Annotated[float, Ge(-1.0), Le(1.0)]


def _turns(quaternion: tuple[float, ...]) -> bool:
    return sum(part * part for part in quaternion) >= LEAST_LENGTH**2


class _Message:
    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "strict": True, "allow_inf_nan": False}


@dataclass(frozen=True)
class Turn(_Message):
    """The watch's orientation w, x, y, z, from how it was worn in the recording."""

    kind: Literal["turn"]
    quaternion: Annotated[tuple[Part, Part, Part, Part], Predicate(_turns)]


@dataclass(frozen=True)
class Shift(_Message):
    """By how many samples the window begins later."""

    kind: Literal["shift"]
    samples: Annotated[int, Ge(-MOST_SHIFT), Le(MOST_SHIFT)]


@dataclass(frozen=True)
class Press(_Message):
    """A button."""

    kind: Literal["press"]
    button: Literal["pause", "play", "step", "restart", "record", "stop"]


@dataclass(frozen=True)
class Activity(_Message):
    """What the user does now: the number of one of the model's labels, from 0; None: nothing that counts."""

    kind: Literal["activity"]
    number: Annotated[int, Ge(0)] | None


@dataclass(frozen=True)
class Position(_Message):
    """How the board is worn now: the number of the position, from 0."""

    kind: Literal["position"]
    number: Annotated[int, Ge(0), Le(POSITIONS - 1)]


@dataclass(frozen=True)
class Disturb(_Message):
    """How an ECG is changed: times its amplitude, mV of baseline wander, electrodes the wrong way round."""

    kind: Literal["disturb"]
    gain: Annotated[float, Ge(LEAST_GAIN), Le(MOST_GAIN)]
    wander: Annotated[float, Ge(0.0), Le(MOST_WANDER_MV)]
    inverted: bool


@dataclass(frozen=True)
class Play(_Message):
    """Which recording is played, from its start: its number, from 0."""

    kind: Literal["recording"]
    number: Annotated[int, Ge(0)]


Message = Turn | Shift | Press | Activity | Position | Disturb | Play
_ADAPTER: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="kind")])


def parse(text: str) -> Message:
    """The message that a JSON text is. Raises ValueError for a text that no page of ours sends."""
    if len(text) > MOST_BYTES:
        raise ValueError(f"a message of {len(text)} characters, expected {MOST_BYTES} at most")
    try:
        return _ADAPTER.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"a message whose {first['loc']} is refused: {first['msg']}") from error
