"""beats.npz: stretches and their beats, cut to fewer, and refused where a number points nowhere."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scl.artifacts import InputError
from scl.artifacts.bundle import Bundle
from scl.artifacts.golden_beats import GoldenBeats, _check, read_golden_beats, write_golden_beats
from scl.artifacts.manifest import Manifest
from scl.decision import LOST
from scl.frontend.beats import RATE_HZ, BeatSpec, names
from scl.frontend.sensor import load_sensor
from scl.partition import Partition
from tests.manifests import manifest
from tests.scl.frontend.designs import front_end_spec

FILE = Path("bundles/made-up/beats.npz")
INPUTS = len(names("features"))


def golden() -> GoldenBeats:
    """Two stretches of 1000 and 500 samples, with a beat every 100 that is answered 60 samples later."""
    stretch = np.repeat([0, 1], [9, 4])
    sample = np.concatenate([np.arange(9), np.arange(4)]) * 100 + 20
    beats = len(stretch)
    return GoldenBeats(
        counts=np.arange(1500, dtype=np.int16)[:, None],
        lengths=np.array([1000, 500]),
        groups=np.array([100, 200]),
        stretch=stretch,
        sample=sample,
        end=sample + 60,
        interval=np.full(beats, 100),
        flags=np.array([2] + [0] * (beats - 1), np.uint8),
        inputs=np.zeros((beats, 3), np.int8),
        features=np.zeros((beats, 2), np.int8),
        logits=np.tile(np.array([[1, 5, 2]], np.int8), (beats, 1)),
        rhythm=np.zeros((beats, 8), np.int64),
        truth_stretch=stretch,
        truth_sample=sample + 1,
        truth_class=np.zeros(beats, np.uint8),
        flutter_stretch=np.array([0, 0, 1]),
        flutter_first=np.array([100, 270, 400]),
        flutter_last=np.array([200, 900, 400]),
    )


def test_a_board_without_a_lead_abstains() -> None:
    assert golden().predictions.tolist() == [LOST] + [1] * 12


def test_stretches_are_cut_behind_their_first_beats() -> None:
    cut = golden().limited(6)
    assert cut.stretch.tolist() == [0, 0, 0, 1, 1, 1] and cut.lengths.tolist() == [280, 280]
    assert np.array_equal(cut.part(0)[:, 0], np.arange(280)) and np.array_equal(
        cut.part(1)[:, 0], 1000 + np.arange(280)
    )
    assert [cut.truth(s)[0].tolist() for s in (0, 1)] == [[21, 121, 221]] * 2
    assert [cut.flutter(s).tolist() for s in (0, 1)] == [[[100, 200], [270, 279]], []]
    _check(cut, FILE, "export it again")


def test_all_of_it_is_as_it_was() -> None:
    whole = golden()
    assert whole.limited(None) is whole and whole.limited(13) is whole
    _check(whole, FILE, "export it again")


def changed(name: str, place: int, value: int) -> GoldenBeats:
    values = getattr(golden(), name).copy()
    values[place] = value
    return replace(golden(), **{name: values})


@pytest.mark.parametrize(
    ("name", "place", "value", "said"),
    [
        ("lengths", 0, 0, "lengths"),
        ("lengths", 0, 999, "lengths"),
        ("lengths", 0, 2**62, "lengths"),
        ("stretch", 12, 2, "stretch"),
        ("stretch", 3, 1, "stretch"),
        ("sample", 0, -1, "sample"),
        ("sample", 12, 500, "sample"),
        ("sample", 3, 5, "sample"),
        ("end", 12, 501, "end"),
        ("end", 5, 80, "end"),
        ("flags", 0, 4, "flags"),
        ("truth_stretch", 0, -1, "truth_stretch"),
        ("truth_sample", 0, 1000, "truth_sample"),
        ("truth_sample", 1, 5, "truth_sample"),
        ("truth_class", 0, 5, "truth_class"),
        ("flutter_stretch", 2, 2, "flutter_stretch"),
        ("flutter_stretch", 0, 1, "flutter_stretch"),
        ("flutter_first", 0, -1, "flutter_last"),
        ("flutter_first", 0, 201, "flutter_last"),
        ("flutter_first", 1, 200, "flutter_first"),
        ("flutter_last", 2, 500, "flutter_last"),
    ],
)
def test_what_points_nowhere_is_refused(name: str, place: int, value: int, said: str) -> None:
    held = "1499 samples together" if value == 999 else r"-?\d+ in place \d+"
    with pytest.raises(InputError, match=rf"beats\.npz: {said} holds {held}, expected .*; export it again"):
        _check(changed(name, place, value), FILE, "export it again")


def bundle(folder: Path, beats: GoldenBeats) -> Bundle[Manifest]:
    """With nothing but beats.npz."""
    steps = {"band_hz": (0.5, 40.0), "warmup_s": 3.0, "beats": BeatSpec.of("features")}
    sensor = load_sensor("mitdb")
    spec = front_end_spec(sensor, 1, RATE_HZ, 1.0, 0, [0.0] * INPUTS, [1.0] * INPUTS, **steps)
    write_golden_beats(folder, beats)
    return Bundle(folder, manifest(folder, spec, ("N", "S", "V"), Partition(1, 1, 1), task="beat"))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    written = replace(golden(), inputs=np.arange(13 * INPUTS).astype(np.int8).reshape(13, INPUTS))
    read = read_golden_beats(bundle(tmp_path, written))
    for name, values in vars(written).items():
        assert np.array_equal(getattr(read, name), values) and getattr(read, name).dtype == values.dtype, name


def test_another_size_than_the_manifest_says_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"beats\.npz: .*inputs"):
        read_golden_beats(bundle(tmp_path, golden()))  # three inputs
