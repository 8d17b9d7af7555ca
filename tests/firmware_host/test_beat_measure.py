"""A board's beats against golden ones: every number that differs is counted, once and under its name."""

from dataclasses import astuple, replace

import numpy as np
import pytest

from firmware_host.beat_measure import Answered, against_annotations, judge, parity, series
from firmware_host.beat_page import counted
from firmware_host.beat_validation import Compared
from firmware_host.beats import BeatRecord
from firmware_host.messages import ABSTAIN
from firmware_host.validation import Thresholds
from scl.artifacts.golden_beats import GoldenBeats
from scl.ec57.beats import no_spans
from scl.ec57.comparison import LEARNING_S
from scl.frontend.rhythm import rhythms
from scl.frontend.spec import FrontEndSpec
from tests.firmware.beat_model import BeatModel, recording

BEATS = 12
RATE_HZ = 360.0
COUNTS = ("samples_off", "intervals_off", "inputs_off", "outputs_off", "classes_off", "flags_off", "rhythms_off")


def golden() -> GoldenBeats:
    """One stretch with a beat each second, every fourth one a V."""
    sample = 360 * np.arange(1, BEATS + 1)
    logits = np.tile(np.array([[9, 0, 1]], np.int8), (BEATS, 1))
    logits[3::4] = 0, 1, 9
    classes = logits.argmax(axis=1)
    return GoldenBeats(
        counts=np.zeros((360 * (BEATS + 2), 1), np.int16),
        lengths=np.array([360 * (BEATS + 2)]),
        groups=np.array([100]),
        stretch=np.zeros(BEATS, np.int64),
        sample=sample,
        end=sample + 100,
        interval=np.array([0] + [180] * (BEATS - 1)),
        flags=np.zeros(BEATS, np.uint8),
        inputs=np.zeros((BEATS, 3), np.int8),
        features=np.zeros((BEATS, 2), np.int8),
        logits=logits,
        rhythm=np.array([astuple(r) for r in rhythms([0] + [180] * (BEATS - 1), classes.tolist())]),
        truth_stretch=np.zeros(BEATS, np.int64),
        truth_sample=sample + 3,
        truth_class=np.where(classes == 2, 2, 0).astype(np.uint8),
        flutter_stretch=np.zeros(0, np.int64),
        flutter_first=np.zeros(0, np.int64),
        flutter_last=np.zeros(0, np.int64),
    )


def answered() -> list[BeatRecord]:
    g = golden()
    rhythm = rhythms(g.interval.tolist(), g.predictions.tolist())
    return [
        BeatRecord(
            *(i, int(g.sample[i]), int(g.end[i]), int(g.interval[i]), int(g.predictions[i]), 0, 8),
            *(rhythm[i], g.inputs[i], g.features[i], g.logits[i]),
        )
        for i in range(BEATS)
    ]


def test_equal_beats_are_equal() -> None:
    same = parity(golden(), [answered()], RATE_HZ)
    assert same.off == 0 and same.compared == same.expected == same.answered == BEATS


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"sample": 2159}, "samples_off"),
        ({"end": 999_999}, "samples_off"),
        ({"interval": 1}, "intervals_off"),
        ({"inputs": np.array([0, 0, 1], np.int8)}, "inputs_off"),
        ({"features": np.array([0, 1], np.int8)}, "outputs_off"),
        ({"logits": np.array([9, 0, 2], np.int8)}, "outputs_off"),
        ({"predicted": 1}, "classes_off"),
        ({"predicted": ABSTAIN}, "classes_off"),
        ({"flags": 1}, "flags_off"),
    ],
)
def test_a_number_that_differs_is_counted(change: dict, name: str) -> None:
    records = answered()
    records[5] = replace(records[5], **change)
    same = parity(golden(), [records], RATE_HZ)
    assert {key: getattr(same, key) for key in COUNTS} == {key: int(key == name) for key in COUNTS}
    assert same.off == 1


def test_a_rhythm_that_differs_is_counted() -> None:
    records = answered()
    records[5] = replace(records[5], rhythm=replace(records[5].rhythm, pauses=7))
    assert parity(golden(), [records], RATE_HZ).rhythms_off == 1


def test_beats_that_are_missing_count() -> None:
    same = parity(golden(), [answered()[:-2]], RATE_HZ)
    assert (same.answered, same.compared, same.off) == (BEATS - 2, BEATS - 2, 2)


def test_a_beat_too_many_does_not_make_up_for_one_that_is_missing() -> None:
    g, records = golden(), answered()
    parts = {name: np.concatenate([values] * 2) for name, values in vars(g).items()}
    stretch = np.repeat([0, 1], BEATS)
    both = GoldenBeats(**parts | {"stretch": stretch, "truth_stretch": stretch})
    more = [*records, replace(records[-1], number=BEATS)]
    assert parity(g, [more], RATE_HZ).off == 1 and parity(both, [records, records], RATE_HZ).off == 0
    assert parity(both, [records[:-1], more], RATE_HZ).off == 2


def test_strips_of_another_class_are_counted() -> None:
    """Of 14 s one strip fits, and ten copies that start up to .83 s later; their V are at 4, 8 and 12 s."""
    same = parity(golden(), [answered()], RATE_HZ)
    assert (same.strips, same.strips_off) == (11, 0)
    records = answered()
    for place in (3, 7):
        records[place] = replace(records[place], predicted=0)
    # What begins less than 2 s later ends before 12 s: no V is left in any of them.
    assert parity(golden(), [records], RATE_HZ).strips_off == 11
    records[7] = answered()[7]
    assert parity(golden(), [records], RATE_HZ).strips_off == 0  # the other V says the same
    early = parity(golden(), [answered()[:10]], RATE_HZ)  # silent after 10 s: no strip was answered to its end
    assert (early.strips, early.strips_off) == (0, 0)


def test_what_was_missed() -> None:
    same, compared = parity(golden(), [answered()], RATE_HZ), strips_compared()

    def missed(least: Thresholds, task: str = "strip", **change: object) -> list[str]:
        other = replace(compared, strips=replace(compared.strips, **change))  # type: ignore[arg-type]
        return judge(same, Answered(), other, least, task)

    assert missed(Thresholds(0.9, 0.9)) == []
    assert missed(Thresholds(0.9, 0.9), accuracy=0.5, consistency=None) == [
        "accuracy is 0.5000, at least 0.9 was asked for",
        "consistency of ten seconds is not known, at least 0.9 was asked for",
    ]
    assert missed(Thresholds(0.9, None), task="beat", accuracy=0.5) == []  # there it is of beats
    early = judge(same, Answered(stopped="silence"), None, Thresholds(0.9, None), "strip")
    assert early == ["the measurement ended early: silence"]
    assert judge(replace(same, strips_off=2), Answered(), compared, Thresholds(None, None), "strip") == [
        "2 of 11 strips have another class than the desktop's",
    ]


def strips_compared() -> Compared:
    return against_annotations(golden(), [answered()], BeatModel.of(recording(0.4), "causal").spec)


def test_a_beat_of_which_the_board_abstains_is_unclassifiable() -> None:
    records = answered()
    records[0] = replace(records[0], predicted=ABSTAIN)
    assert series(records, no_spans()).classes.tolist()[:4] == [4, 0, 0, 2]


def test_figures_against_annotations(spec: FrontEndSpec) -> None:
    """All are found; of three V one is called N."""
    records = answered()
    records[3] = replace(records[3], predicted=0)
    compared = against_annotations(golden(), [records], spec)
    assert compared.without is None and compared.whole.qrs.gross.sensitivity == 1.0
    assert compared.whole.veb.gross.sensitivity == pytest.approx(2 / 3) and compared.whole.veb.gross.ppv == 1.0
    assert compared.learning_s == 0 and compared.all == compared.whole  # none is behind the first five minutes
    text = counted(compared)
    assert text.startswith(f"all {BEATS} annotated ones.") and text.endswith("give a larger --limit, or none")


def test_what_counts_behind_the_learning_period_is_said(spec: FrontEndSpec) -> None:
    """Of two recordings, one whose last five beats come behind five minutes and one that ends before."""
    g, late = golden(), np.where(np.arange(BEATS) < BEATS - 5, 0, 300 * 360)
    length = int(g.lengths[0]) + 300 * 360
    both = replace(
        g,
        counts=np.zeros((length + int(g.lengths[0]), 1), np.int16),
        lengths=np.array([length, int(g.lengths[0])]),
        groups=np.array([100, 101]),
        truth_stretch=np.repeat([0, 1], BEATS),
        truth_sample=np.concatenate([g.truth_sample + late, g.truth_sample]),
        truth_class=np.tile(g.truth_class, 2),
    )
    first = [replace(r, sample=int(r.sample + s), end=int(r.end + s)) for r, s in zip(answered(), late, strict=True)]
    compared = against_annotations(both, [first, answered()], spec)
    assert compared.learning_s == LEARNING_S and compared.all.qrs.gross.true_positives == 5
    text = counted(compared)
    assert text.startswith(f"5 of {2 * BEATS} annotated ones") and "behind which 1 of 2 have none: for its" in text


def test_a_beat_in_flutter_is_no_extra_one(spec: FrontEndSpec) -> None:
    """The last two annotations are gone: the board's two beats there are extra, but for one in flutter."""
    g = golden()
    kept = {name: getattr(g, name)[:-2] for name in ("truth_stretch", "truth_sample", "truth_class")}
    fewer = replace(g, **kept)
    last = int(g.sample[-1])
    fluttering = replace(
        fewer,
        flutter_stretch=np.array([0]),
        flutter_first=np.array([last - 100]),
        flutter_last=np.array([last + 100]),
    )
    extra = [
        against_annotations(one, [answered()], spec).whole.qrs.gross.false_positives for one in (fewer, fluttering)
    ]
    assert extra == [2, 1]


def test_a_lead_that_was_off_is_a_shutdown(spec: FrontEndSpec) -> None:
    """The annotated beat there is missed in a shutdown (X), and its time is counted."""
    held, samples = replace(golden(), counts=golden().counts.copy()), spec.lead_off_samples
    held.counts[:, 0] = np.arange(len(held.counts)) % 2
    held.counts[: 360 + samples] = 5
    records = answered()[1:]
    compared = against_annotations(held, [records], spec)
    assert samples > 20 and compared.whole.matrix[0][6] == 1
    assert compared.whole.shutdown_s == pytest.approx((361) / 360)


@pytest.fixture(scope="module")
def spec() -> FrontEndSpec:
    return BeatModel.of(recording(0.4), "causal").spec
