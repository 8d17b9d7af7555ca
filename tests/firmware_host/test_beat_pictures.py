"""Which parts of a validation are drawn, by a slow obvious rule, and that they are what the board answered."""

from dataclasses import replace

import numpy as np
import pytest

from firmware_host.beat_pictures import Pictures, pictures
from firmware_host.messages import ABSTAIN
from scl.artifacts.golden_beats import GoldenBeats
from scl.artifacts.manifest import Manifest
from tests.firmware.beat_model import BeatModel, recording
from tests.firmware_host.test_beat_measure import BEATS, answered, golden


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    folder = tmp_path_factory.mktemp("bundle")
    (folder / "c").mkdir()
    model = BeatModel.of(recording(0.4), "causal")
    model.write(folder / "c")
    return model.manifest(folder)


def two() -> GoldenBeats:
    """Twice the stretch of twelve beats, of which the second one has an annotated S at its seventh beat."""
    one = golden()
    parts = {name: np.concatenate([values] * 2) for name, values in vars(one).items()}
    stretch = np.repeat([0, 1], BEATS)
    truth = parts["truth_class"].copy()
    truth[BEATS + 6] = 1
    counts = parts["counts"].copy()
    counts[:, 0] = np.arange(len(counts)) % 97
    changed = {"stretch": stretch, "truth_stretch": stretch, "truth_class": truth, "groups": np.array([100, 101])}
    return GoldenBeats(**parts | changed | {"counts": counts})


def drawn(manifest: Manifest, **change: int) -> Pictures:
    records = answered()
    records[6] = replace(records[6], **change)
    found = pictures(two(), [answered(), records], manifest)
    assert found is not None
    return found


def test_the_stretch_is_the_first_with_most_annotated_classes(manifest: Manifest) -> None:
    """By hand: beats lie at whole seconds and 3 samples of 360; V is the fourth, S the seventh of the second one."""
    stretch = drawn(manifest).stretch
    assert (stretch.record, stretch.begin_s, stretch.rate_hz) == ("101", round(3 / 360, 3), 360.0)
    assert [label for _, label in stretch.annotated] == list("NNNVNNS")
    assert [at for at, _ in stretch.annotated] == pytest.approx(np.arange(1, 8) + 3 / 360, abs=0.001)
    assert [at for at, _ in stretch.beats] == list(range(1, 9))
    assert [label for _, label in stretch.beats] == list("NNNVNNNV")
    part = two().part(1)[3 : 3 + 8 * 360, 0]  # mitdb: 200 counts a millivolt, 1024 is 0
    assert stretch.millivolts == pytest.approx(part / 200 - 5.12, abs=0.0006)


def test_the_intervals_are_of_the_record_with_both_classes(manifest: Manifest) -> None:
    both = drawn(manifest, predicted=1).intervals
    assert both.record == "101" and both.seconds == BEATS + 2
    labels = list("NNNVNNSVNNNV")
    assert both.beats == tuple((float(i + 1), 1.0, labels[i]) for i in range(1, BEATS))  # the first joins none
    assert drawn(manifest).intervals.record == "100"


def test_a_beat_of_which_the_board_abstained_is_q(manifest: Manifest) -> None:
    assert drawn(manifest, predicted=ABSTAIN).stretch.beats[6] == (7.0, "Q")


def test_no_beat_no_picture(manifest: Manifest) -> None:
    assert pictures(two(), [[], []], manifest) is None
