"""What looks wrong in an ECG set, each with its figure. Nothing here is refused: the recordings may be so."""

from collections.abc import Callable, Mapping

from scl.text import listed
from train.data import ecg_polarity
from train.data.ecg_measures import Measures

R_MV = (0.1, 10.0)  # of a plausible R peak
RR_S = (0.3, 2.0)
FLAT_S = 1.0  # of an unchanging signal: a lost electrode
CLIPPED = 1e-3  # share of samples at a rail
MOST_NAMED = 10


def warnings(records: Mapping[str, Measures], classes: tuple[str, ...], whole: Mapping[str, int]) -> list[str]:
    """What to say of a set.

    Args:
        records: by name.
        classes: of beats, or of whole records.
        whole: the class of each record, where records are labelled and not beats.
    """
    said = [
        *_named(
            records,
            "an implausible R peak",
            lambda m: m.r_mv,
            "mV",
            lambda v: not R_MV[0] <= v <= R_MV[1],
            f"expected {R_MV[0]:g} to {R_MV[1]:g} mV: is the unit uV or V?",
        ),
        *_named(
            records,
            "an implausible median interval between beats",
            lambda m: m.rr_s,
            "s",
            lambda v: not RR_S[0] <= v <= RR_S[1],
            f"expected {RR_S[0]:g} to {RR_S[1]:g} s: is the rate right?",
        ),
        *_named(
            records,
            "an unchanging signal",
            lambda m: m.flat_s,
            "s",
            lambda v: v >= FLAT_S,
            "a lost electrode draws a straight line",
        ),
        *_named(
            records,
            "clipped samples",
            lambda m: 100 * m.clipped,
            "%",
            lambda v: v > 100 * CLIPPED,
            "the amplifier's range is too small, or its unit wrong",
        ),
        *_named(
            records,
            "beats outside its samples",
            lambda m: float(m.outside),
            "",
            lambda v: v > 0,
            "is the unit of their times right, and are they the record's own?",
        ),
    ]
    said += ecg_polarity.sentences({name: m.polarity for name, m in records.items() if m.polarity is not None})
    counts = [sum(m.beats[place] for m in records.values()) for place in range(len(classes))]
    if whole:
        counts = [sum(number == place for number in whole.values()) for place in range(len(classes))]
    present = [name for name, count in zip(classes, counts, strict=True) if count]
    if len(present) == 1:
        said.append(f"{present[0]} is the only class: nothing can be told apart")
    silent = [name for name, m in records.items() if m.r_mv is None]
    if silent:
        said.append(f"no beat is found in {listed(silent, MOST_NAMED)}: is it an ECG?")
    return said


def _named(
    records: Mapping[str, Measures],
    what: str,
    value: Callable[[Measures], float | None],
    unit: str,
    odd: Callable[[float], bool],
    advice: str,
) -> list[str]:
    """A sentence on the records whose value is odd, with the values."""
    values = {name: found for name, m in records.items() if (found := value(m)) is not None and odd(found)}
    if not values:
        return []
    some = listed([f"{name} ({found:.3g}{' ' * bool(unit)}{unit})" for name, found in values.items()], MOST_NAMED)
    return [f"{len(values)} of {len(records)} records have {what}: {some}; {advice}"]
