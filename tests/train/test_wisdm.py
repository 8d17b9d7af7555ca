import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scl.artifacts import InputError
from train.data import wisdm
from train.data.recordings import windows


def test_zip_folder_and_outer_zip_hold_the_same(make_wisdm: Callable[..., Path], tmp_path: Path) -> None:
    path = make_wisdm()
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "extracted")
    sources = [path, tmp_path / "extracted", make_wisdm(outer=True)]
    loaded = [wisdm.load(source) for source in sources]
    first = loaded[0]
    assert first.labels == ("walking", "jogging", "sitting") and first.channels == ("ax", "ay", "az", "gx", "gy", "gz")
    assert len(first.blocks) == 12 and first.groups.tolist() == [1600, 1601, 1602, 1603]
    for other in loaded[1:]:
        for a, b in zip(first.blocks, other.blocks, strict=True):
            assert (a.group, a.label) == (b.group, b.label) and np.array_equal(a.x, b.x)


def test_values_are_those_of_the_rows(make_wisdm: Callable[..., Path]) -> None:
    """At exactly 20 Hz resampling changes nothing."""
    path = make_wisdm(subjects=(1600,), codes="A", seconds=5)
    with zipfile.ZipFile(path) as archive:
        text = archive.read("wisdm-dataset/raw/watch/gyro/data_1600_gyro_watch.txt").decode()
    expected = [[float(v) for v in line.rstrip(";").split(",")[3:]] for line in text.splitlines()]
    got = wisdm.load(path).blocks[0].x[3:]
    assert np.allclose(got.T, expected, atol=1e-5)


def test_one_sensor_and_the_cache(make_wisdm: Callable[..., Path], tmp_path: Path) -> None:
    path = make_wisdm()
    once = wisdm.load(path, sensors=("accel",))
    assert once.channels == ("ax", "ay", "az") and once.sensors == (("accelerometer", (0, 1, 2)),)
    cached = list((tmp_path / "cache").glob("*.npz"))
    again = wisdm.load(path, sensors=("accel",))
    assert again.report == once.report and np.array_equal(again.blocks[3].x, once.blocks[3].x)
    cached[0].write_bytes(cached[0].read_bytes()[:1000])
    rebuilt = wisdm.load(path, sensors=("accel",))
    assert np.array_equal(rebuilt.blocks[3].x, once.blocks[3].x)


def test_gap_and_fast_stretch(make_wisdm: Callable[..., Path]) -> None:
    """A gap of two seconds ends a block, and 100 Hz in between does not stretch time."""

    def change(name: str, text: str) -> str:
        out = []
        for i, line in enumerate(text.splitlines()):
            subject, code, t, *rest = line.split(",")
            offset = 2_000_000_000 if i >= 300 else 0
            out.append(",".join([subject, code, str(int(t) + offset), *rest]))
            if 100 <= i < 200:  # four more rows up to the next one
                out += [",".join([subject, code, str(int(t) + k * 10_000_000), *rest]) for k in range(1, 5)]
        return "\n".join(out) + "\n"

    recordings = wisdm.load(make_wisdm(subjects=(1600,), codes="A", change=change))
    assert [b.x.shape[1] for b in recordings.blocks] == [300, 300]
    assert recordings.report["gaps"] == ["1600A 2.0 s"] and recordings.report["fast_blocks"] == ["1600A"]
    assert len(windows(recordings, [1600], 10.0, 0.0)) == 2


def test_malformed_rows_are_counted_up_to_a_limit(make_wisdm: Callable[..., Path]) -> None:
    def one(name: str, text: str) -> str:
        return text.replace("\n", "\n1600,A,broken;\n", 1) if "1600_accel" in name else text

    assert wisdm.load(make_wisdm(change=one)).report["malformed_rows"] == 1

    def many(name: str, text: str) -> str:
        return text.replace(";", "", 40).replace(",A,", ",A;", 40) if "1601_gyro" in name else text

    with pytest.raises(InputError, match=r"data_1601_gyro_watch.txt has 40 malformed rows of 1800.*line 1 is"):
        wisdm.load(make_wisdm(change=many))


def test_nan_text_is_a_malformed_row(make_wisdm: Callable[..., Path]) -> None:
    def change(name: str, text: str) -> str:
        first, rest = text.split("\n", 1)
        return ",".join([*first.split(",")[:5], "NaN;"]) + "\n" + rest

    recordings = wisdm.load(make_wisdm(subjects=(1600,), change=change))
    assert recordings.report["malformed_rows"] == 2
    assert all(np.isfinite(b.x).all() for b in recordings.blocks)


def test_missing_class_is_reported(make_wisdm: Callable[..., Path]) -> None:
    def change(name: str, text: str) -> str:
        return "".join(line for line in text.splitlines(True) if ",B," not in line) if "1602" in name else text

    assert wisdm.load(make_wisdm(change=change)).report["missing_activities"] == ["1602B"]


def test_missing_or_damaged_source(make_wisdm: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder.*--download"):
        wisdm.load(tmp_path / "nothing.zip")
    path = make_wisdm()
    data = path.read_bytes()
    (tmp_path / "cut.zip").write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match=r"cut.zip: is not a whole zip"):
        wisdm.load(tmp_path / "cut.zip")
    damaged = bytearray(data)
    damaged[len(data) // 2] ^= 0xFF
    (tmp_path / "damaged.zip").write_bytes(bytes(damaged))
    with pytest.raises(InputError, match=r"damaged.zip.*(is damaged|malformed)"):
        wisdm.load(tmp_path / "damaged.zip")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no subject has files"):
        wisdm.load(tmp_path / "empty")
    with pytest.raises(InputError, match="no subject has files raw/phone"):
        wisdm.load(path, device="phone")


def test_facts_of_the_real_set(data_dir: Path) -> None:
    """Against what the data set's description prints."""
    recordings = wisdm.load(data_dir / "wisdm" / "wisdm-dataset.zip")
    report = recordings.report
    assert report["rows"] == {"accel": 3_021_961, "gyro": 3_020_481}
    assert report["malformed_rows"] == 0 and report["rows_out_of_order"] == 0
    assert report["subjects"] == 46 and report["blocks"] == 824
    assert report["missing_activities"] == ["1616B", "1618O", "1642C", "1642F"]
    assert len(report["fast_blocks"]) == 27 and {"1600S", "1628E", "1650A"} <= set(report["fast_blocks"])
    assert sorted(g.split()[1] for g in report["gaps"]) == ["1.6", "17.5", "23.8", "56.7", "56.7"]
    assert all(g.startswith("1649M") for g in report["gaps"])
    assert len(recordings.labels) == 18 and recordings.labels[0] == "walking"
    still = [
        np.linalg.norm(b.x[:3], axis=0).mean() for b in recordings.blocks if recordings.labels[b.label] == "sitting"
    ]
    assert np.median(still) == pytest.approx(9.8, abs=0.2)
    cut = windows(recordings, recordings.groups, 10.0, 0.0)
    assert 14_000 <= len(cut) <= 14_200 and cut.x.shape[1:] == (6, 200)
    assert Counter(cut.groups.tolist()).most_common()[-1][1] > 200
