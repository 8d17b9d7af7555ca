"""What looks wrong in an ECG set, each with its figure. Nothing here is refused: the recordings may be so."""

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from scl.text import listed
from train.data import ecg_polarity
from train.data.ecg_copies import same_intervals
from train.data.ecg_measures import Measures
from train.data.spellings import alike

R_MV = (0.1, 10.0)  # of a plausible R peak
RR_S = (0.3, 2.0)
FLAT_S = 1.0  # of an unchanging signal: a lost electrode
CLIPPED = 1e-3  # share of samples at a rail
MOST_NAMED = 10
UNCLASSIFIABLE = "Q"  # the class of beats that are of none
SET_RR_S = (0.5, 1.3)  # of most records of a set
GAIN, LEAST_RECORDS = 4.0, 5  # times the R peak of nearly all others, and of how many
MAINS = 0.03  # mV, and share of the R peak
MISSED, LATE_S, ODD = 0.4, 0.1, 0.1  # share of beats, delay of all, share of a record
INVALID, UNANNOTATED = 0.1, (0.2, 10.0)  # shares of a record, and seconds


@dataclasses.dataclass(frozen=True)
class Doubt:
    """What is odd of a record by itself.

    Attributes:
        what: records have.
        value: of a record, None where it has none.
        odd: whether such a value is.
    """

    what: str
    value: Callable[[Measures], float | None]
    unit: str
    odd: Callable[[float], bool]
    advice: str


DOUBTS = (
    Doubt(
        "an implausible R peak",
        lambda m: m.r_mv,
        "mV",
        lambda v: not R_MV[0] <= v <= R_MV[1],
        f"expected {R_MV[0]:g} to {R_MV[1]:g} mV: is the unit uV or V?",
    ),
    Doubt(
        "an implausible median interval between beats",
        lambda m: m.rr_s,
        "s",
        lambda v: not RR_S[0] <= v <= RR_S[1],
        f"expected {RR_S[0]:g} to {RR_S[1]:g} s: is the rate right?",
    ),
    Doubt(
        "an unchanging signal",
        lambda m: m.flat_s,
        "s",
        lambda v: v >= FLAT_S,
        "a lost electrode draws a straight line",
    ),
    Doubt(
        "clipped samples",
        lambda m: 100 * m.clipped,
        "%",
        lambda v: v > 100 * CLIPPED,
        "the amplifier's range is too small, or its unit wrong",
    ),
    Doubt(
        "beats outside its samples",
        lambda m: float(m.outside),
        "",
        lambda v: v > 0,
        "is the unit of their times right, and are they the record's own?",
    ),
)
QUALITY = (  # noise, and annotations that are not where the beats are
    Doubt(
        "beats that are annotated beside its QRS complexes",
        lambda m: None if m.quality.missed is None else 100 * m.quality.missed,
        "%",
        lambda v: v > 100 * MISSED,
        "are they the record's own, in its rate and unit of time?",
    ),
    Doubt(
        "a delay between QRS complexes and annotations",
        lambda m: m.quality.late_s,
        "s",
        lambda v: abs(v) > LATE_S,
        "annotations are shifted, or the lead is another's",
    ),
    Doubt(
        "parts that are unlike the rest",
        lambda m: m.quality.odd_s if m.quality.odd_s > ODD * m.seconds else None,
        "s",
        lambda v: v > 0,
        "noise, or an electrode that was off",
    ),
    Doubt(
        "invalid samples",
        lambda m: 100 * m.invalid,
        "%",
        lambda v: v > 100 * INVALID,
        "they are left out",
    ),
    Doubt(
        "no annotation for a large part",
        lambda m: m.unannotated_s if m.unannotated_s > UNANNOTATED[0] * m.seconds else None,
        "s",
        lambda v: v > UNANNOTATED[1],
        "annotations end early or begin late",
    ),
    Doubt(
        "QRS complexes that turn round on the way",
        lambda m: None if m.turns is None else m.turns[1] - m.turns[0],
        "",
        lambda v: abs(v) > 4 * ecg_polarity.CLEAR,
        "electrodes were swapped, or the lead changed",
    ),
)


def warnings(records: Mapping[str, Measures], classes: tuple[str, ...], whole: Mapping[str, int]) -> list[str]:
    """What to say of a set.

    Args:
        records: by name.
        classes: of beats, or of whole records.
        whole: the class of each record, where records are labelled and not beats.
    """
    said = [sentence for doubt in DOUBTS for sentence in _named(records, doubt)]
    for doubt in (_mains(records), *QUALITY):
        said += _named(records, doubt)
    said += _against_others(records) + _copies(records)
    said += ecg_polarity.sentences({name: m.polarity for name, m in records.items() if m.polarity is not None})
    counts = [sum(m.beats[place] for m in records.values()) for place in range(len(classes))]
    if whole:
        counts = [sum(number == place for number in whole.values()) for place in range(len(classes))]
    present = [name for name, count in zip(classes, counts, strict=True) if count]
    if len(present) == 1:
        said.append(f"{present[0]} is the only class: nothing can be told apart")
    said += _classes(records, classes, whole)
    silent = [name for name, m in records.items() if m.r_mv is None]
    if silent:
        said.append(f"no beat is found in {listed(silent, MOST_NAMED)}: is it an ECG?")
    return said


def _mains(records: Mapping[str, Measures]) -> Doubt:
    def mains(m: Measures) -> float:
        return 1000 * m.quality.mains_mv if m.quality.mains_mv > MAINS * max(1.0, m.r_mv or 1.0) else 0.0

    hz = {f"{m.quality.mains_hz:g}" for m in records.values() if mains(m)}
    return Doubt(
        f"mains of {' and '.join(sorted(hz))} Hz",
        mains,
        "uV",
        lambda v: v > 0,
        "a bad electrode or cable; a band-pass takes only a part of it away",
    )


def _against_others(records: Mapping[str, Measures]) -> list[str]:
    """Records whose R peak is far from all others', and a set whose hearts all beat too fast or too slow."""
    heights = sorted(m.r_mv for m in records.values() if m.r_mv is not None)
    said = []
    if len(heights) >= LEAST_RECORDS:
        edge = len(heights) // LEAST_RECORDS  # which may be wrong themselves
        low, high = heights[edge], heights[-1 - edge]
        said += _named(
            records,
            Doubt(
                "an R peak unlike the others'",
                lambda m: m.r_mv,
                "mV",
                lambda v: R_MV[0] <= v <= R_MV[1] and not low / GAIN <= v <= high * GAIN,
                f"most have {low:.2f} to {high:.2f} mV: is the gain right?",
            ),
        )
    pace = [m.rr_s for m in records.values() if m.rr_s is not None]
    middle = float(np.median(pace)) if len(pace) >= LEAST_RECORDS else 1.0
    if RR_S[0] <= middle <= RR_S[1] and not SET_RR_S[0] <= middle <= SET_RR_S[1]:
        said.append(
            f"half of the {len(pace)} records have {60 / middle:.0f} beats a minute or "
            f"{'more' if middle < SET_RR_S[0] else 'less'}, people at rest 46 to 120: is the rate right?"
        )
    return said


def _copies(records: Mapping[str, Measures]) -> list[str]:
    """Records that are there twice."""
    first: dict[str, str] = {}
    equal = [
        (first[m.sha256], name) for name, m in records.items() if m.sha256 and first.setdefault(m.sha256, name) != name
    ]
    said = [
        f"{one} and {other} hold the same samples: remove one, or it leaks from training to test"
        for one, other in equal
    ]
    return said + [
        f"{one} and {other} have the same intervals between beats in {share:.0%} of the shorter one: one recording "
        "under two names leaks from training to test"
        for one, other, share in same_intervals({name: m.runs for name, m in records.items()})
        if (one, other) not in equal
    ]


def _classes(records: Mapping[str, Measures], classes: tuple[str, ...], whole: Mapping[str, int]) -> list[str]:
    """Classes of one record alone, in two spellings, and records without any beat of a class."""
    of_class = {
        name: [r for r, m in records.items() if m.beats[place] or whole.get(r, -1) == place]
        for place, name in enumerate(classes)
    }
    said = [
        f"{name} is in {those[0]} alone: a split trains or tests without it; record others, or leave it out"
        for name, those in of_class.items()
        if len(those) == 1 and len(records) > 2 and name != UNCLASSIFIABLE
    ]
    pairs = alike([name for name, those in of_class.items() if those], lambda a, b: True) if whole else []
    said += [
        f"the classes {a!r} and {b!r} differ in spelling alone; write them alike where they are one" for a, b in pairs
    ]
    if not whole and any(of_class.values()):
        without = [name for name, m in records.items() if not sum(m.beats)]
        said += [f"no beat of any class is annotated in {listed(without, MOST_NAMED)}"] if without else []
    return said


def _named(records: Mapping[str, Measures], doubt: Doubt) -> list[str]:
    """A sentence on the records whose value is odd, with the values."""
    values = {name: value for name, m in records.items() if (value := doubt.value(m)) is not None and doubt.odd(value)}
    if not values:
        return []
    unit = " " + doubt.unit if doubt.unit else ""
    some = listed([f"{name} ({value:.3g}{unit})" for name, value in values.items()], MOST_NAMED)
    return [f"{len(values)} of {len(records)} records have {doubt.what}: {some}; {doubt.advice}"]
