"""Every fault is planted in a set that has none, and named with its figure; without it nothing is said."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scl.artifacts import InputError
from tests import imu_sets
from tests.imu_sets import DEG, G, motion, write_csv
from train.data.imu_folder import load

Fault = Callable[[str, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SCL_CACHE_DIR", str(tmp_path / "cache"))


def warnings_of(folder: Path) -> list[str]:
    return load(folder).report["warnings"]


def in_values(change: Callable[[np.ndarray], np.ndarray | None], *names: str) -> Fault:
    """A fault of the values of some files, or of all."""

    def fault(name: str, times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if names and not name.startswith(names):
            return times, values
        values = values.copy()
        changed = change(values)
        return times, values if changed is None else changed

    return fault


def in_times(change: Callable[[np.ndarray], np.ndarray], *names: str) -> Fault:
    return lambda name, times, values: (change(times) if not names or name.startswith(names) else times, values)


def keep(rows: Callable[[np.ndarray], np.ndarray], *names: str) -> Fault:
    """Some rows are lost."""

    def fault(name: str, times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        chosen = rows(times) if not names or name.startswith(names) else np.ones(len(times), bool)
        return times[chosen], values[chosen]

    return fault


def columns(*order: int, signs: tuple[int, ...] = (1, 1, 1, 1, 1, 1)) -> Callable[[np.ndarray], np.ndarray]:
    return lambda values: values[:, list(order)] * np.array(signs)


def zero(*channels: int) -> Callable[[np.ndarray], None]:
    def change(values: np.ndarray) -> None:
        values[:, list(channels)] = 0

    return change


def stuck(channel: int) -> Callable[[np.ndarray], None]:
    def change(values: np.ndarray) -> None:
        values[:, channel] = values[0, channel]

    return change


@pytest.mark.parametrize("people, seconds, rate_hz", [(4, 12, 25), (6, 40, 50), (4, 12, 104)])
@pytest.mark.parametrize("acceleration, angular_rate", [("g", "deg/s"), ("m/s2", "rad/s"), ("mg", "rad/s")])
def test_nothing_is_said_of_a_set_without_a_fault(tmp_path, people, seconds, rate_hz, acceleration, angular_rate):
    folder = imu_sets.write_described(tmp_path / "set", people, seconds, rate_hz, acceleration, angular_rate)
    assert warnings_of(folder) == []


@pytest.mark.parametrize(
    "real, said_to_be, figure",
    [
        ("g", "m/s2", "|a| at rest is 1 m/s2: this looks like g, dataset.toml says m/s2"),
        ("m/s2", "g", "|a| at rest is 9.81 g: this looks like m/s2, dataset.toml says g"),
        ("mg", "g", "|a| at rest is 1e+03 g: this looks like mg, dataset.toml says g"),
        ("mg", "m/s2", "|a| at rest is 1e+03 m/s2: this looks like mg, dataset.toml says m/s2"),
        ("g", "mg", "|a| at rest is 1 mg: this looks like g, dataset.toml says mg"),
    ],
)
def test_a_wrong_unit_of_acceleration(tmp_path, real, said_to_be, figure):
    folder = imu_sets.write_described(tmp_path / "set", 4, 12, acceleration=real)
    edit(folder, f'unit = "{real}"', f'unit = "{said_to_be}"')
    assert f"all 12 files (p01_resting.csv, p01_shaking.csv, ...): {figure}" in warnings_of(folder)


@pytest.mark.parametrize(
    "real, said_to_be, figure",
    [
        ("deg/s", "rad/s", "the gyroscope reaches "),
        ("rad/s", "deg/s", "gravity turns 5"),
    ],
)
def test_a_wrong_unit_of_angular_rate(tmp_path, real, said_to_be, figure):
    folder = imu_sets.write_described(tmp_path / "set", 4, 20, angular_rate=real)
    edit(folder, f'unit = "{real}"', f'unit = "{said_to_be}"')
    (warning,) = warnings_of(folder)
    assert f": {figure}" in warning and f": this looks like {real}, dataset.toml says {said_to_be}" in warning


def test_a_wrong_unit_of_angular_rate_without_much_turning(tmp_path):
    """The gyroscope alone: what it reaches."""
    folder = imu_sets.write_described(tmp_path / "set", 4, 20, angular_rate="deg/s")
    edit(folder, '[accelerometer]\ncolumns = ["ax", "ay", "az"]\nunit = "g"\n', "")
    edit(folder, 'unit = "deg/s"', 'unit = "rad/s"')
    (warning,) = warnings_of(folder)
    assert "rad/s, more than such parts measure: this looks like deg/s, dataset.toml says rad/s" in warning


@pytest.mark.parametrize("real, said_to_be", [("ms", "s"), ("ms", "us"), ("ms", "ns")])
def test_a_wrong_unit_of_time_is_refused(tmp_path, real, said_to_be):
    folder = imu_sets.write_described(tmp_path / "set", 3, 12)
    edit(folder, f'unit = "{real}"', f'unit = "{said_to_be}"')
    with pytest.raises(InputError, match=f"with times in {said_to_be}, expected 5 to 2000: the times look like {real}"):
        load(folder)


def test_a_wrong_fixed_rate_beside_a_column_of_times(tmp_path):
    folder = imu_sets.write_described(tmp_path / "set", 4, 20)
    edit(folder, 'column = "timestamp"\nunit = "ms"', "rate_hz = 25.0")
    first, *_ = (w for w in warnings_of(folder) if "column of times" in w)
    assert first.endswith("rate_hz is 25, but its column of times advances 50 times a second")


@pytest.mark.parametrize("said_to_be, figure", [(25.0, "0.5"), (100.0, "2.0"), (200.0, "4.0")])
def test_a_wrong_fixed_rate_without_any_times(tmp_path, said_to_be, figure):
    """Gravity turns twice as far as the gyroscope says where only half of the time has passed."""
    folder = imu_sets.write_described(tmp_path / "set", 4, 20)
    edit(folder, 'column = "timestamp"\nunit = "ms"', f"rate_hz = {said_to_be}")
    for path in folder.glob("*.csv"):
        lines = [line.split(",", 1)[1] for line in path.read_text().splitlines()]
        path.write_text("\n".join(lines) + "\n")
    (warning,) = warnings_of(folder)
    assert (
        f"gravity turns {figure}" in warning and "rate_hz under [time] or the gyroscope's range is another" in warning
    )


PLANTED: dict[str, tuple[Fault, str]] = {
    "axes of a person's files": (
        in_values(columns(1, 0, 2, 4, 3, 5, signs=(1, 1, -1, 1, 1, -1)), "p02"),
        "p02: mean acceleration agrees with that of the same classes elsewhere by",
    ),
    "axes of one file": (
        in_values(columns(2, 0, 1, 5, 3, 4), "p03_waving"),
        "p03_waving.csv: mean acceleration agrees with that of the same classes elsewhere by",
    ),
    "axes of a gyroscope": (in_values(columns(0, 1, 2, 4, 5, 3)), "the gyroscope's axes fit the turning of gravity by"),
    "signs of a gyroscope": (
        in_values(columns(0, 1, 2, 3, 4, 5, signs=(1, 1, 1, 1, -1, -1))),
        "as x-y-z by",
    ),
    "a stuck axis": (in_values(stuck(1), "p01"), "p01_shaking.csv, ...): ay never moves: an axis"),
    "two stuck axes": (in_values(zero(1, 5), "p01_w"), "p01_waving.csv: ay, gz never move: an axis is stuck"),
    "a dead gyroscope": (in_values(zero(3, 4, 5), "p04"), "the gyroscope is zero throughout: it was off"),
    "a dead accelerometer": (in_values(zero(0, 1, 2), "p04_w"), "p04_waving.csv: the accelerometer is zero throughout"),
    "a gap": (
        keep(lambda t: (t < 5000) | (t >= 7000), "p05_waving"),
        "p05_waving.csv: 1 gaps, 2.0 s in all, the longest 2.0 s in p05_waving.csv: samples are missing",
    ),
    "a clock set back": (
        in_times(lambda t: np.where(t < 10_000, t, t - 10_000), "p01_waving"),
        "p01_waving.csv: the clock runs backwards 1 times: set back",
    ),
    "times of packets": (
        in_times(lambda t: np.floor(t / 200) * 200, "p01"),
        "of the rows repeat a time: times of packets, or rounded ones; give rate_hz under [time]",
    ),
    "jitter": (
        in_times(lambda t: t + np.random.default_rng(0).uniform(0, 30, len(t)), "p01_w"),
        "p01_waving.csv: steps scatter by",
    ),
    "clipping": (
        in_values(lambda v: np.clip(v, [-1.05] * 3 + [-1e9] * 3, [1.05] * 3 + [1e9] * 3), "p01_shaking"),
        "(1.1 g) in",
    ),
    "a clipped gyroscope": (
        in_values(lambda v: np.clip(v, [-1e9] * 3 + [-125] * 3, [1e9] * 3 + [125] * 3), "p02_waving"),
        "2.2 rad/s (125 deg/s) in",
    ),
    "gravity removed": (
        in_values(lambda v: v - np.concatenate([v[:, :3].mean(axis=0), np.zeros(3)])),
        "gravity may have been subtracted; use the sensor's own acceleration",
    ),
    "a scale of 0.7": (
        in_values(lambda v: v * np.array([0.7] * 3 + [1] * 3)),
        "files (p01_resting.csv, p02_resting.csv, ...): |a| at rest is 0.7 g, expected 1: the unit or the range",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_named(tmp_path, fault):
    change, said = PLANTED[fault]
    warnings = warnings_of(imu_sets.write_described(tmp_path / "set", 6, 20, change=change))
    assert any(said in warning for warning in warnings), warnings
    assert len(warnings) <= 3, warnings


def copied(folder: Path, name: str, other: str) -> None:
    shutil.copy(folder / name, folder / other)


def test_the_same_data_under_two_names(tmp_path):
    folder = imu_sets.write_described(tmp_path / "set", 4, 12)
    copied(folder, "p02_waving.csv", "p09_waving.csv")
    text = (folder / "p01_resting.csv").read_text().replace(",", ";").replace("\n", "\r\n")  # of other bytes
    (folder / "p01b_resting.csv").write_text(text)
    found = [w for w in warnings_of(folder) if "twice" in w]
    assert found == [
        "p01_resting.csv and p01b_resting.csv hold the same 12 s twice, as p01 and as p01b: one recording under two "
        "names leaks from training to test",
        "p02_waving.csv and p09_waving.csv hold the same 12 s twice, as p02 and as p09: one recording under two names "
        "leaks from training to test",
    ]


def test_the_same_file_twice(tmp_path):
    folder = imu_sets.write_described(tmp_path / "set", 4, 12)
    edit(folder, '"*_{label}.csv"', '"*_{label}.*"')
    copied(folder, "p02_waving.csv", "p02_waving.copy.csv")
    assert "p02_waving.copy.csv and p02_waving.csv hold the same 12 s twice: remove one" in warnings_of(folder)


def test_a_class_of_one_person_and_too_few_people(tmp_path):
    folder = imu_sets.write_described(tmp_path / "set", 4, 12)
    (folder / "p03_waving.csv").rename(folder / "p03_swimming.csv")
    (warning,) = warnings_of(folder)
    assert warning.startswith("swimming: recorded of one person alone; a split by subject trains or tests without")
    few = imu_sets.write_described(tmp_path / "few", 2, 12)
    (warning,) = warnings_of(few)
    assert warning.startswith("recordings of 2 people, a split by subject needs 3 or more")


def test_recordings_shorter_than_a_window(tmp_path):
    folder = imu_sets.write_described(tmp_path / "set", 4, 3)
    edit(folder, "[time]", "window_s = 3.5\n[time]")
    (warning,) = warnings_of(folder)
    assert warning.startswith(
        "12 of 12 stretches are shorter than a window of 3.5 s and are lost, 36 s in all; the shortest"
    )


def test_movement_without_rest_is_not_taken_for_a_wrong_unit(tmp_path):
    folder = imu_sets.write_described(tmp_path / "set", 4, 12)
    for path in folder.glob("*_resting.csv"):
        path.unlink()
    assert warnings_of(folder) == []


def test_there_are_never_many_lines(tmp_path):
    """Each file with a fault of its own."""

    def fault(name: str, times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return times, values * (1 + int(name[1:3]))

    warnings = warnings_of(imu_sets.write_described(tmp_path / "set", 12, 6, change=fault))
    assert 1 <= len(warnings) <= 21


def test_the_watchs_own_opposite_handedness_is_found():
    """Of the embedded watch set, in which the gyroscopes of subjects 3 and 4 fit with y and z negated
    (train/data/watch.py, found from the physics), and of no other.
    """
    from train.data import watch
    from train.data.imu_stretches import Stretch
    from train.data.imu_turn import turn
    from train.data.plausibility import FITS_BETTER, FITS_NOT

    data = watch.read(watch.locate())
    scale = np.array([G] * 3 + [1.0] * 3)
    flagged = {}
    for subject in range(1, 11):
        own = [np.asarray(x) * scale for x, s in zip(data["X"], data["subject"], strict=True) if int(s) == subject]
        found = turn(tuple(Stretch("", "", np.arange(len(x)) / 50, x.astype(np.float32)) for x in own), 50.0)
        if found is not None and found.fit < FITS_NOT and found.best >= FITS_BETTER:
            flagged[subject] = found.axes
            assert found.best_factor == pytest.approx(1, abs=0.15)
    assert flagged == {3: "x-y-z", 4: "x-y-z"}


def test_turning_agrees_with_gravity_in_the_model_of_the_tests():
    """By finite differences: du/dt = -omega x u, of which the sign decides everything above."""
    times = np.arange(2000) / 1000
    values = motion("waving", 1, times)
    up = values[:, :3] - motion_push(times)
    derivative = np.gradient(up, times, axis=0)
    np.testing.assert_allclose(derivative[5:-5], -np.cross(values[:, 3:], up)[5:-5], atol=1e-3)


def motion_push(times: np.ndarray) -> np.ndarray:
    """The device's own acceleration in `motion("waving", 1, ...)`: what is left without it is gravity."""
    rng = np.random.default_rng([1, 1])
    rate = 2 * np.pi * 0.8 * rng.uniform(0.85, 1.15)
    return 0.3 * np.stack([np.sin(rate * times + 1), np.sin(2 * rate * times), np.cos(rate * times)], axis=1)


def edit(folder: Path, old: str, new: str) -> None:
    text = (folder / "dataset.toml").read_text()
    assert old in text
    (folder / "dataset.toml").write_text(text.replace(old, new))


def test_a_single_file_in_another_unit_is_named(tmp_path):
    folder = imu_sets.write_described(tmp_path / "set", 4, 12)
    times = np.arange(600) / 50
    write_csv(
        folder / "p02_resting.csv", imu_sets.HEADER, times * 1000, motion("resting", 1, times) / [1, 1, 1, *[DEG] * 3]
    )
    assert warnings_of(folder) == ["p02_resting.csv: |a| at rest is 9.81 g: this looks like m/s2, dataset.toml says g"]
