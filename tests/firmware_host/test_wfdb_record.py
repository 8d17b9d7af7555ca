"""WFDB records as a sensor would have counted them, written by wfdb-python; damaged ones are named."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firmware_host.wfdb_record import WfdbRecord, read_wfdb, wfdb_path
from scl.artifacts import InputError
from scl.artifacts.annotations import write_annotations
from scl.artifacts.manifest import Manifest
from tests.firmware.beat_model import BeatModel, recording

wfdb = pytest.importorskip("wfdb")
COUNTS = recording(0.4)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    folder = tmp_path_factory.mktemp("bundle")
    (folder / "c").mkdir()
    model = BeatModel.of(COUNTS, "causal")
    model.write(folder / "c")
    return model.manifest(folder)


def write(folder: Path, counts: np.ndarray = COUNTS, name: str = "e1", **changed: Any) -> Path:
    """A record of MIT-BIH's kind with a lead V5 first and MLII second."""
    signals = np.concatenate([counts[::-1], counts], axis=1).astype(np.int64)
    options = {"fs": 360, "units": ["mV", "mV"], "sig_name": ["V5", "MLII"], "fmt": ["16", "16"]}
    options |= {"adc_gain": [200.0, 200.0], "baseline": [1024, 1024]}
    wfdb.wrsamp(name, d_signal=signals, write_dir=str(folder), **options | changed)
    return folder / name


def test_a_record_of_the_sensors_kind_is_its_own_counts(manifest: Manifest, tmp_path: Path, capsys: Any) -> None:
    path = write(tmp_path)
    found = read_wfdb(path, manifest)
    assert np.array_equal(found.capture.counts, COUNTS) and found.capture.counts.dtype == np.int16
    assert (found.rate_hz, found.samples, found.capture.channels) == (360.0, len(COUNTS), ("MLII",))
    assert found.lead == "lead MLII of V5, MLII" and not any(capsys.readouterr())
    at = np.array([0, 17, len(COUNTS) - 1])
    assert found.own(at).tolist() == at.tolist() and found.reference() is None


def test_microvolts_and_another_lead(manifest: Manifest, tmp_path: Path) -> None:
    path = write(tmp_path, sig_name=["resp", "II"], units=["pm", "uV"], adc_gain=[1.0, 0.2])
    assert np.array_equal(read_wfdb(path, manifest).capture.counts, COUNTS)


def test_another_rate_has_its_own_sample_numbers(manifest: Manifest, tmp_path: Path) -> None:
    found = read_wfdb(write(tmp_path, fs=250), manifest)
    assert found.rate_hz == 250 and len(found.capture.counts) == -(-len(COUNTS) * 36 // 25)
    assert found.own(np.array([0, 36, 72, 90])).tolist() == [0, 25, 50, 62]
    assert found.own(np.array([len(found.capture.counts) - 1])).tolist() == [len(COUNTS) - 1]
    shared = found.capture.counts[::36][20:-20, 0], COUNTS[::25][20:-20, 0]  # instants that both rates have
    assert np.abs(shared[0].astype(int) - shared[1][: len(shared[0])]).mean() < 8


def test_an_invalid_sample_repeats_the_one_before(manifest: Manifest, tmp_path: Path) -> None:
    gaps = COUNTS.copy()
    gaps[:10] = gaps[500:900] = -32768  # of format 16: no sample
    found = read_wfdb(write(tmp_path, gaps), manifest).capture.counts
    assert (found[500:900] == COUNTS[499]).all() and (found[:10] == COUNTS[10]).all()
    assert np.array_equal(found[900:], COUNTS[900:])


def test_names_of_records(tmp_path: Path) -> None:
    path = write(tmp_path)
    assert wfdb_path(path) == wfdb_path(tmp_path / "e1.hea") == wfdb_path(tmp_path / "e1.dat") == path
    (tmp_path / "walk.csv").touch()
    (tmp_path / "e2.dat").touch()
    assert wfdb_path(tmp_path / "walk.csv") is None and wfdb_path(tmp_path / "e2.dat") is None
    for name in ("none", "e2"):
        with pytest.raises(InputError, match=rf"neither it nor a WFDB header {name}\.hea is a file there"):
            wfdb_path(tmp_path / name)


def test_annotations_beside_it(manifest: Manifest, tmp_path: Path) -> None:
    path = write(tmp_path)
    write_annotations(tmp_path / "e1.atr", np.array([5, 90, 400, 500]), ["+", "N", "A", "V"], 360.0, len(COUNTS))
    reference = read_wfdb(path, manifest).reference()
    assert reference is not None
    assert (reference.at.tolist(), reference.classes.tolist()) == ([90, 400, 500], [0, 1, 2])


def test_annotations_of_another_rate_are_named(manifest: Manifest, tmp_path: Path, capsys: Any) -> None:
    """Of a header at 250 Hz, beside annotations that were written at 360 Hz, at 720 Hz, or that say no rate."""
    path, samples = write(tmp_path, fs=250), len(COUNTS)
    at = np.arange(20, samples, 260)
    found = read_wfdb(path, manifest)
    write_annotations(tmp_path / "e1.atr", at, ["N"] * len(at), 250.0, samples)
    assert found.reference().at.tolist() == at.tolist() and not any(capsys.readouterr())
    write_annotations(tmp_path / "e1.atr", at, ["N"] * len(at), 720.0, samples)
    assert found.reference().at.tolist() == np.rint(at * (250 / 720)).tolist()
    rate, end = capsys.readouterr().err.splitlines()
    assert rate.startswith("warning: ") and "e1.atr: counts at 720 Hz, " in rate and "e1.hea says 250 Hz; " in rate
    assert f"its last annotation is at {at[-1] / 720:.1f} s, " in end and f"ends at {samples / 250:.1f} s; beats" in end
    late = np.rint(at * (360 / 250)).astype(np.int64)
    wfdb.wrann("e1", "atr", late, ["N"] * len(at), write_dir=str(tmp_path))  # says no rate
    with pytest.raises(InputError, match=rf"at {late[-1] / 250:.1f} s, .* ends at {samples / 250:.1f} s .* 250 Hz"):
        found.reference()


def damaged(path: Path, kind: str) -> None:
    header, signals = path.with_suffix(".hea"), path.with_suffix(".dat")
    text = header.read_text()
    if kind == "no header":
        header.write_text("\x00\x01 nothing\n")
    elif kind == "signals gone":
        signals.unlink()
    elif kind == "cut":
        signals.write_bytes(signals.read_bytes()[:-400])
    elif kind == "a bit":
        data = bytearray(signals.read_bytes())
        data[1000] ^= 1
        signals.write_bytes(data)
    elif kind == "segments":  # of which one has segments too
        path.with_name("e2.hea").write_text("e2/1 2 360 100\ne3 100\n")
        header.write_text("e1/2 2 360 200\ne2 100\n~ 100\n")
    elif kind == "rate":
        header.write_text(text.replace(" 360 ", " 359.987654 "))
    elif kind == "empty":
        header.write_text("e1 0 360 100\n")
    elif kind == "huge":
        header.write_text(text + "#" * 70_000)
    elif kind == "units":
        header.write_text(text.replace("/mV", "/mmHg"))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("no header", "cannot be read as a WFDB header"),
        ("signals gone", r"its signals cannot be read .*; download the record again"),
        ("cut", "e1: its signals|e1: has .* samples"),
        ("a bit", r"have checksums .*, its header names .*; download"),
        ("segments", "e2.hea: is of a record of 1 segments within another one, expected one; convert it with xform"),
        ("rate", r"has 359.988 samples per second, which has no ratio .*: give the record at another rate"),
        ("empty", "describes 0 signals"),
        ("huge", "expected a WFDB header of at most 65,536"),
        ("units", "has 'V5 in mmHg, MLII in mmHg', expected a lead in V, mV or uV; convert it"),
    ],
)
def test_damaged_records_are_named(kind: str, text: str, manifest: Manifest, tmp_path: Path) -> None:
    path = write(tmp_path)
    damaged(path, kind)
    with pytest.raises(InputError) as error:
        read_wfdb(path, manifest)
    assert str(error.value).startswith(str(path.parent)) and re.search(text, str(error.value)), error.value


def test_no_valid_sample_and_damaged_annotations(manifest: Manifest, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none of its 50 samples is valid; give another record"):
        read_wfdb(write(tmp_path, np.full((50, 1), -32768)), manifest)
    path = write(tmp_path)
    (tmp_path / "e1.atr").write_bytes(b"\x01\x04")
    with pytest.raises(InputError, match=r"e1.atr does not end with the mark"):
        read_wfdb(path, manifest).reference()


def test_a_bundle_of_another_sensor_takes_no_record(fake_bundle: Path, tmp_path: Path) -> None:
    from scl.artifacts.bundle import read_bundle

    with pytest.raises(InputError, match="is a WFDB record, the bundle takes ax, .*: give a bundle of one ECG lead"):
        read_wfdb(tmp_path / "e1", read_bundle(fake_bundle).manifest)


def test_without_wfdb_the_extra_is_named(tmp_path: Path) -> None:
    """In a process that lacks it."""
    code = (
        "import sys; sys.modules['wfdb'] = None\n"
        "from importlib import util; find = util.find_spec\n"
        "import scl.extras; scl.extras.find_spec = lambda name: None if name == 'wfdb' else find(name)\n"
        "from scl.artifacts import command; from scl.artifacts.annotations import parse_annotations\n"
        "command(lambda argv: parse_annotations(b'', 'x', 360.0, 360.0))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2 and "run python -m pip install 'scl-wearable[ecg]'" in done.stderr


def test_the_samples_of_a_record_are_clipped_to_it() -> None:
    from scl.artifacts.capture import Capture

    record = WfdbRecord(Path("r"), 100.0, 50, Capture("s", 360.0, ("e",), np.zeros((180, 1), np.int16)), "lead I of I")
    assert record.own(np.array([0, 4, 179])).tolist() == [0, 1, 49]
