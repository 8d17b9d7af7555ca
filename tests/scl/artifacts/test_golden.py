"""Golden sets: chosen evenly, decided as the board decides, and refused where an array or a value is wrong."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scl.artifacts import InputError, read_npz, write_npz
from scl.artifacts.bundle import Bundle, hashes, read_run_bundle, write_manifest
from scl.artifacts.golden import read_golden, write_golden
from scl.artifacts.manifest import Manifest
from scl.decision import LOST
from scl.frontend.flags import LEAD_OFF
from tests.bundles import write_bundle


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "bundle")


def with_arrays(folder: Path, name: str, **changes: np.ndarray | None) -> Bundle[Manifest]:
    """The bundle with arrays of one file replaced, or taken out for None; its hashes fit."""
    manifest = read_run_bundle(folder).manifest
    arrays = {key: value for key, value in (read_npz(folder / name) | changes).items() if value is not None}
    (folder / "manifest.json").unlink()
    write_npz(folder / name, **arrays)
    write_manifest(folder, replace(manifest, files=hashes(folder)))
    return read_run_bundle(folder)


def test_what_is_written_is_read(folder):
    bundle = read_run_bundle(folder)
    golden = read_golden(bundle)
    assert golden.counts.shape == (3, 12, 200, 6) and golden.rows.tolist() == list(range(12))
    windows = read_npz(folder / "evaluation.npz")["windows"]
    (folder / "manifest.json").unlink()
    write_golden(folder, golden, windows)
    write_manifest(folder, replace(bundle.manifest, files=hashes(folder)))
    again = read_golden(read_run_bundle(folder))
    for name in ("counts", "features", "logits", "input_crc32", "flags", "labels", "groups", "rotation"):
        first, second = getattr(golden, name), getattr(again, name)
        assert first.dtype == second.dtype and np.array_equal(first, second)


def test_ties_go_to_the_lowest_class_and_a_lost_lead_is_no_class(folder):
    golden = read_golden(read_run_bundle(folder))
    golden.logits[0, 0] = [7, 9, 9]
    golden.flags[1, 2] = LEAD_OFF
    assert golden.predictions[0, 0] == 1 and golden.predictions[1, 2] == LOST


@pytest.mark.parametrize(
    ("windows", "rows"), [(None, range(12)), (99, range(12)), (4, [0, 3, 6, 9]), (1, [0]), (5, [0, 2, 4, 7, 9])]
)
def test_a_limit_spreads_over_the_set(folder, windows, rows):
    golden = read_golden(read_run_bundle(folder))
    some = golden.limited(windows)
    assert (some.counts == golden.counts[:, list(rows)]).all()
    assert (some.labels == golden.labels[:, list(rows)]).all() and (some.groups == golden.groups[list(rows)]).all()
    assert (some.logits == golden.logits[:, list(rows)]).all() and some.rows.tolist() == list(rows)
    assert (some.rotation == golden.rotation[:, list(rows)]).all()


@pytest.mark.parametrize(("classes", "windows"), [(2, 6), (3, 9), (2, 7)])
def test_a_limit_leaves_no_class_out_that_has_windows_in_turn(folder, classes, windows):
    """Every second of 0, 1, 0, 1, ... would be of one class."""
    few = read_golden(read_run_bundle(folder))
    some = replace(few, labels=np.tile(np.arange(12) % classes, (3, 1))).limited(windows)
    counts = np.bincount(some.labels[0], minlength=classes)
    assert counts.min() >= windows // classes - 1 and counts.sum() == windows
    assert (np.diff(some.rows) > 0).all() and (some.counts == few.counts[:, some.rows]).all()


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("golden.npz", {"rotation": None}, "lacks rotation"),
        ("golden.npz", {"rotation": np.zeros((3, 11, 3, 3))}, "rotation"),
        (
            "golden.npz",
            {"rotation": np.full((3, 12, 3, 3), 0.5)},
            "rotation of transform 0, window 0 is no rotation, expected a matrix that keeps lengths; export it again",
        ),
        (
            "golden.npz",
            {"rotation": np.full((3, 12, 3, 3), np.nan)},
            "rotation of transform 0, window 0 is no rotation",
        ),
        (
            "golden.npz",
            {"features": np.zeros((3, 12, 6), np.int8)},
            r"features is int8 \(3, 12, 6\), expected int8 \(3, 12, 5\)",
        ),
        ("golden.npz", {"logits": np.zeros((3, 12, 3), np.int16)}, r"logits is int16"),
        ("golden.npz", {"counts": np.zeros((3, 12, 199, 6), np.int16)}, "counts is int16"),
        ("golden.npz", {"counts": np.zeros((2, 12, 200, 6), np.int16)}, "counts is int16"),
        ("golden.npz", {"flags": np.zeros((3, 11), np.uint8)}, "flags is uint8"),
        ("golden.npz", {"flags": np.full((3, 12), 4, np.uint8)}, "flags holds 4, expected 0 to 3"),
        ("golden.npz", {"input_crc32": None}, "lacks input_crc32"),
        (
            "evaluation.npz",
            {"labels": np.zeros((3, 11), np.int64)},
            r"labels is int64 \(3, 11\), expected int64 \(3, 12\)",
        ),
        ("evaluation.npz", {"labels": np.zeros((3, 12))}, "labels is float64"),
        ("evaluation.npz", {"labels": np.full((3, 12), -7)}, "labels holds -7, expected 0 to 2"),
        ("evaluation.npz", {"labels": np.full((3, 12), 3)}, "labels holds 3, expected 0 to 2"),
        ("evaluation.npz", {"groups": np.zeros(11, np.int64)}, "groups is int64"),
    ],
)
def test_wrong_arrays_are_named(folder, name, changes, message):
    bundle = with_arrays(folder, name, **changes)
    with pytest.raises(InputError, match=f"{name}: {message}"):
        read_golden(bundle)


def test_masks_of_several_labels_have_their_own_range(folder):
    bundle = with_arrays(folder, "evaluation.npz", labels=np.full((3, 12), 7))
    several = Bundle(folder, replace(bundle.manifest, thresholds=(0, 0, 0)))
    assert (read_golden(several).labels == 7).all()
    beyond = with_arrays(folder, "evaluation.npz", labels=np.full((3, 12), 8))
    with pytest.raises(InputError, match="labels holds 8, expected 0 to 7"):
        read_golden(Bundle(folder, replace(beyond.manifest, thresholds=(0, 0, 0))))


def test_no_window_at_all(folder):
    read = read_npz(folder / "golden.npz")
    with_arrays(folder, "golden.npz", **{name: values[:, :0] for name, values in read.items()})
    truth = {"labels": np.zeros((3, 0), np.int64), "groups": np.zeros(0, np.int64)}
    with pytest.raises(InputError, match="golden.npz: holds no window; export it again"):
        read_golden(with_arrays(folder, "evaluation.npz", **truth))


@pytest.mark.parametrize("name", ["golden.npz", "evaluation.npz"])
def test_a_file_that_is_not_hashed(folder, name):
    bundle = read_run_bundle(folder)
    files = {file: digest for file, digest in bundle.manifest.files.items() if file != name}
    with pytest.raises(InputError, match=f"manifest.json: lists no {name}, expected it with its hash"):
        read_golden(Bundle(folder, replace(bundle.manifest, files=files)))
