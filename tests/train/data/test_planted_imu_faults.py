"""Faults of parts of a file, of one file among many, and of names: each is planted alone in a set that has none, and is
named with its file and figure.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scl.artifacts import InputError
from tests import imu_sets
from tests.imu_sets import DEG, HEADER, G, write_csv
from train.data.imu_folder import load

Change = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
SECONDS, RATE = 30, 50


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SCL_CACHE_DIR", str(tmp_path / "cache"))


def noisy(name: str, times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A sensor's own noise and offset, in g and degrees per second."""
    rng = np.random.default_rng(sum(name.encode()))
    noise = rng.normal(0, [0.003] * 3 + [0.2] * 3, values.shape) + [0, 0, 0, *rng.normal(0, 0.4, 3)]
    return times, np.round(values + noise, 5)


def planted(folder: Path, change: Change, *names: str, people: int = 6) -> list[str]:
    """The doubts about a set in which files that begin so are changed."""

    def fault(name: str, times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        times, values = noisy(name, times, values)
        return change(times, values.copy()) if name.startswith(names) else (times, values)

    return load(imu_sets.write_described(folder, people, SECONDS, RATE, change=fault)).report["warnings"]


def hold(columns: list[int], first: float, last: float) -> Change:
    """Channels keep their value for a share of the recording."""

    def change(times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        a, b = round(first * len(times)), round(last * len(times))
        values[a:b, columns] = values[a, columns]
        return times, values

    return change


def add(ramp: float, *offset: float) -> Change:
    """An offset that is there from the start, or grows (`ramp` 1)."""

    def change(times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return times, values + np.outer(1 - ramp + ramp * np.linspace(0, 1, len(times)), offset)

    return change


def scaled(*factors: float) -> Change:
    return lambda times, values: (times, values * np.array(factors))


def late(times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return times - 100 * (np.arange(len(times)) % 70 == 3), values


def off(times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    values[len(values) // 2 :, 3:] = 0
    return times, values


def exchanged(times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """az and gz, with the columns' units."""
    values[:, [2, 5]] = np.stack([values[:, 5] * DEG, values[:, 2] * G / DEG], axis=1)
    return times, values


def empty(share: int) -> Change:
    def change(times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values[::share, 1] = np.nan
        return times, values

    return change


FAULTS: dict[str, tuple[Change, str, str]] = {
    "an axis stands still for a third": (
        hold([1], 0.6, 0.9),
        "p03_waving",
        "p03_waving.csv: ay stands still for 9.0 s",
    ),
    "an axis of the gyroscope, for 3 s": (
        hold([4], 0.4, 0.5),
        "p03_waving",
        "p03_waving.csv: gy stands still for 3.0 s",
    ),
    "an axis in several files": (hold([0], 0.5, 1.0), "p03", "p03_waving.csv): ax stands still for 15.0 s"),
    "all channels freeze": (
        hold([0, 1, 2, 3, 4, 5], 0.5, 0.9),
        "p02_sh",
        "ax, ay, az, gx, gy, gz stand still for 12.0 s",
    ),
    "the gyroscope goes off": (off, "p04_waving", "p04_waving.csv: gx, gy, gz stand still for 15.0 s"),
    "a bias of the gyroscope": (add(0, 0, 0, 0, 0, 0, 15), "p02", "p02_resting.csv: gz is 0.2"),
    "a bias that drifts": (add(1, 0, 0, 0, 0, 30, 0), "p02", "p02_resting.csv: gy is 0.2"),
    "an acceleration that drifts": (add(1, -0.7, 0, -0.6, 0, 0, 0), "p02_sh", "p02_shaking.csv: |a| has a mean of"),
    "a channel of the other sensor": (exchanged, "p02_shaking", "p02_shaking.csv: gz has a mean of "),
    "a gyroscope in another unit, one file": (
        scaled(1, 1, 1, DEG, DEG, DEG),
        "p02_shaking",
        "p02_shaking.csv: the gyroscope turns by 0.0",
    ),
    "a gyroscope of noise alone": (
        scaled(1, 1, 1, 1e-3, 1e-3, 1e-3),
        "p04_sh",
        "p04_shaking.csv: the gyroscope turns by",
    ),
    "a gyroscope of half the range": (scaled(1, 1, 1, 0.5, 0.5, 0.5), "p04", ": gravity turns 2."),
    "the sign of one axis": (scaled(1, 1, 1, 1, -1, 1), "p02_waving", "p02_waving.csv: "),
    "rows in another order": (late, "p01_waving", "p01_waving.csv: 22 of 1500 rows come late"),
    "missing values": (
        empty(200),
        "p02_waving",
        "p02_waving.csv: 8 of 1500 rows hold a missing value: they are left out",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named(tmp_path, fault):
    change, names, said = FAULTS[fault]
    warnings = planted(tmp_path / "set", change, names)
    assert any(said in warning for warning in warnings), warnings
    assert len(warnings) <= 3, warnings


@pytest.mark.parametrize("rate_hz", [25, 50, 104])
def test_nothing_is_said_of_noise(tmp_path, rate_hz):
    folder = imu_sets.write_described(tmp_path / "set", 5, 20, rate_hz, change=noisy)
    assert load(folder).report["warnings"] == []


def as_other(change: Change, name: str = "p09_waving.csv") -> Callable[[Path], None]:
    """p02's recording again, changed a little, under another name."""

    def plant(folder: Path) -> None:
        text = np.loadtxt(folder / "p02_waving.csv", delimiter=",", skiprows=1)
        times, values = change(text[:, 0], text[:, 1:])
        write_csv(folder / name, HEADER, times, values)

    return plant


def without(first: int, last: int) -> Change:
    return lambda t, v: (np.delete(t, slice(first, last)), np.delete(v, slice(first, last), axis=0))


def at_rate(rate_hz: float, offset_ms: float) -> Change:
    def change(t: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        other = np.arange(offset_ms, t[-1], 1000 / rate_hz)
        return other, np.stack([np.interp(other, t, column) for column in v.T], axis=1)

    return change


def inside(folder: Path) -> None:
    """Twelve seconds of p02 in the midst of p03's."""
    rows = [(folder / f"{name}_waving.csv").read_text().split("\n") for name in ("p02", "p03")]
    for place in range(400, 1000):
        time = rows[1][place].split(",")[0]
        rows[1][place] = ",".join([time, *rows[0][place + 200].split(",")[1:]])
    (folder / "p03_waving.csv").write_text("\n".join(rows[1]))


COPIES: dict[str, tuple[Callable[[Path], None], str]] = {
    "its first rows cut": (as_other(without(0, 37)), "hold the same 29 s twice, as p02 and as p09"),
    "its last rows cut": (as_other(without(1400, 1500)), "hold the same 28 s twice, as p02 and as p09"),
    "rows lost in the middle": (
        as_other(without(600, 605)),
        "s twice, as p02 and as p09: one recording under two names",
    ),
    "rounded": (
        as_other(lambda t, v: (t, np.round(v, 2))),
        "movements that are alike",
    ),
    "scaled": (as_other(lambda t, v: (t, v * 1.02)), "movements that are alike"),
    "with noise": (as_other(lambda t, v: (t, v + 1e-3 * np.sin(1e3 * v))), "movements that are alike"),
    "resampled to 40 Hz": (as_other(at_rate(40, 13)), "movements that are alike"),
    "resampled by half a sample": (as_other(at_rate(50, 10)), "movements that are alike"),
    "in another class": (
        as_other(lambda t, v: (t, v), "p02_cooking.csv"),
        "twice, as cooking and as waving: remove one",
    ),
    "a part inside another's": (inside, "p02_waving.csv and p03_waving.csv hold the same 1"),
}


@pytest.mark.parametrize("copy", COPIES)
def test_a_recording_that_is_there_twice_is_named(tmp_path, copy):
    plant, said = COPIES[copy]
    folder = imu_sets.write_described(tmp_path / "set", 4, SECONDS, RATE, change=noisy)
    assert load(folder).report["warnings"] == []
    plant(folder)
    warnings = load(folder).report["warnings"]
    assert any("p02_" in w and said in w for w in warnings), warnings


NAMES: dict[str, tuple[dict[str, str], str]] = {
    "a letter is missing": (
        {"p02_waving": "p02_wavng", "p03_waving": "p03_wavng"},
        "'waving' and 'wavng' count as two",
    ),
    "two letters change places": (
        {"p02_waving": "p02_wavign", "p03_waving": "p03_wavign"},
        "'wavign' and 'waving' count",
    ),
    "another ending": ({"p02_waving": "p02_wav", "p03_waving": "p03_wav"}, "'wav' and 'waving' count as two"),
    "case": ({"p02_waving": "p02_Waving", "p03_waving": "p03_WAVING"}, "'Waving' and 'waving' are taken for one"),
    "blanks": ({"p02_waving": "p02_waving "}, "'waving' and 'waving ' are taken for one"),
    "a person's case": ({"p02_waving": "P02_waving"}, "'P02' and 'p02' are taken for one"),
    "a person's zero": ({"p02_waving": "p2_waving"}, "'p02' and 'p2' count as two"),
}


@pytest.mark.parametrize("kind", NAMES)
def test_a_name_in_two_spellings_is_named(tmp_path, kind):
    renamed, said = NAMES[kind]
    folder = imu_sets.write_described(tmp_path / "set", 5, 12)
    for old, new in renamed.items():
        (folder / f"{old}.csv").rename(folder / f"{new}.csv")
    warnings = load(folder).report["warnings"]
    assert any(said in warning for warning in warnings), warnings
    assert not any("alone; a split" in warning for warning in warnings), warnings


def test_classes_that_somebody_has_both_of_are_two(tmp_path):
    folder = imu_sets.write_described(tmp_path / "set", 4, 12)
    for path in folder.glob("*_shaking.csv"):
        path.rename(folder / path.name.replace("shaking", "wavings"))
    assert load(folder).report["warnings"] == []


def test_windows_of_arrays_that_overlap_across_people(tmp_path):
    folder = imu_sets.write_arrays(tmp_path / "set", 4, 6)
    (folder / "dataset.toml").write_text(
        '[time]\nrate_hz = 25.0\n[accelerometer]\ncolumns = [1, 2, 3]\nunit = "g"\n'
        '[gyroscope]\ncolumns = [4, 5, 6]\nunit = "rad/s"\n'
    )
    assert load(folder).report["warnings"] == []
    x = np.load(folder / "X.npy")  # 18 windows of each person; of waving those from the seventh on
    x[18 + 6 : 18 + 12, :50] = x[6:12, 50:]
    np.save(folder / "X.npy", x)
    warnings = load(folder).report["warnings"]
    assert any(w.startswith("X.npy holds the same ") and "twice, as 0 and as 1" in w for w in warnings), warnings


def test_the_unit_of_millidegrees(tmp_path):
    values = {"mdps": 1000.0, "deg/s": 1.0}
    for real, said_to_be in (("mdps", "deg/s"), ("deg/s", "mdps")):
        folder = imu_sets.write_described(
            tmp_path / said_to_be[:4], 4, 20, change=lambda _, t, v, f=values[real]: (t, v * [1, 1, 1, f, f, f])
        )
        path = folder / "dataset.toml"
        path.write_text(path.read_text().replace('"deg/s"', f'"{said_to_be}"'))
        assert any(
            f"this looks like {real}, dataset.toml says {said_to_be}" in w for w in load(folder).report["warnings"]
        )


def test_malformed_rows_at_a_fixed_rate_are_refused(tmp_path):
    folder = imu_sets.write_described(tmp_path / "set", 4, 20)
    toml, path = folder / "dataset.toml", folder / "p02_waving.csv"
    toml.write_text(toml.read_text().replace('column = "timestamp"\nunit = "ms"', "rate_hz = 50.0"))
    load(folder)
    path.write_text(path.read_text() + "1,err,0,0,0,0,0\n")
    with pytest.raises(InputError, match="p02_waving.csv: 1 rows are malformed, and at a fixed rate none"):
        load(folder)


def test_a_column_without_any_value_is_refused(tmp_path):
    folder = imu_sets.write_described(tmp_path / "set", 4, 12, change=lambda n, t, v: (t, v * [1, np.nan, 1, 1, 1, 1]))
    with pytest.raises(InputError, match="p01_resting.csv: none of its 600 rows has all values; fill in"):
        load(folder)


def test_malformed_rows_are_named(tmp_path):
    folder = imu_sets.write_described(tmp_path / "set", 4, 20)
    path = folder / "p02_waving.csv"
    lines = path.read_text().split("\n")
    lines[5::200] = ["device paused"] * len(lines[5::200])
    path.write_text("\n".join(lines))
    (warning,) = load(folder).report["warnings"]
    assert warning == (
        "p02_waving.csv: 5 of 1000 rows are malformed: they are left out; mend the file, or export it again"
    )
