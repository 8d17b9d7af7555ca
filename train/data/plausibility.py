"""What looks wrong with recordings, as sentences with the figure and the likely cause.

docs/tutorials/imu-folder.md lists them. Nothing here changes a value: a doubt may be wrong, and is the reader's.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from scl.frontend.sensor import DPS, G
from scl.units import ANGULAR_RATE, FACTORS, NS
from train.data.dataset_file import DatasetFile
from train.data.guesses import FASTEST_HZ, SLOWEST_HZ, acceleration_unit, plain_rate
from train.data.imu_figures import FileFigures
from train.data.imu_source import ImuSource
from train.data.set_doubts import FITS, RATE_NEAR, listed, of_set

AT_REST, BUSY = (0.85, 1.15), (0.5, 2.5)  # |a| in g, at rest and where a sensor never rests
GRAVITY_REMOVED = 4.0  # m/s^2, more than |a| of a sensor at rest whose gravity somebody subtracted
FASTEST_TURN = 40.0  # rad/s; gyroscopes of wearables end at 2000 degrees per second, which are 34.9
FITS_NOT, FITS_BETTER = 0.2, 0.6  # correlation of the gyroscope with the turning of gravity
REPEATED, CLIPPED = 0.02, 0.0005  # shares
JITTER = 0.5  # of the usual step
LEFT_OUT = 0.002  # share of rows
BIAS, SPIN = 0.12, 3.0  # rad/s: more than a gyroscope has at rest, and than a body turns for long
LEAST_S = 5.0  # of a recording whose mean counts
LIGHT = 0.85  # of 1 g
MOST_LINES = 20


def clock_problem(file: FileFigures, description: DatasetFile) -> str | None:
    """What is wrong with a clock that cannot be in its unit, so that nothing can be made of the file; else None."""
    if SLOWEST_HZ <= file.rate_hz <= FASTEST_HZ:
        return None
    unit = None if description.time is None else description.time.unit
    found = f"{file.rate_hz:.3g} rows a second"
    if unit is None or unit == "iso":
        return f"{found}, expected {SLOWEST_HZ:g} to {FASTEST_HZ:g}; correct rate_hz"
    likely = [u for u, ns in NS.items() if SLOWEST_HZ <= file.rate_hz * NS[unit] / ns <= FASTEST_HZ]
    cause = f"the times look like {likely[0]}" if likely else "another column may hold the times"
    return f"{found} with times in {unit}, expected {SLOWEST_HZ:g} to {FASTEST_HZ:g}: {cause}; correct [time]"


def doubts(files: Sequence[FileFigures], source: ImuSource, window_s: float) -> list[str]:
    """What looks wrong over all files, a line for each kind; the same for every file is said once."""
    said = source.described
    where = "dataset.toml says" if said else f"{source.convention} means"
    about_files: list[Callable[[FileFigures], str | None]] = [
        lambda f: clock_problem(f, source.description),
        lambda f: _gravity(f, source.description, where),
        lambda f: _angular_rate(f, source.description, where),
        _axes_of_gyroscope,
        *([] if any(_angular_rate(f, source.description, where) for f in files) else [_bias]),
        *([] if any(_gravity(f, source.description, where) for f in files) else [_too_light]),
        _rate,
        _clock,
        _rows,
        _still,
        _stuck,
        _clipped,
    ]
    lines = [line for judge in about_files for line in _grouped(files, judge)]
    lines += of_set(files, window_s)
    return lines if len(lines) <= MOST_LINES else [*lines[:MOST_LINES], f"{len(lines) - MOST_LINES} more doubts"]


def _grouped(files: Sequence[FileFigures], judge: Callable[[FileFigures], str | None]) -> Iterable[str]:
    """One line for all files of which the same is said, with the first one's name; figures stand behind a bar."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for file in files:
        text = judge(file)
        if text:
            figure, _, cause = text.rpartition("|")
            groups.setdefault(cause, []).append((file.name, figure))
    for cause, found in groups.items():
        figure = f"{found[0][1]}{cause}"
        yield f"{listed([name for name, _ in found], len(files))}: {figure}"


def _gravity(file: FileFigures, description: DatasetFile, where: str) -> str | None:
    if file.rest is None or not np.isfinite(file.rest) or file.peak["accelerometer"] == 0:
        return None
    low, high = AT_REST if file.rests else BUSY
    if low <= file.rest / G <= high:
        return None
    unit = None if description.accelerometer is None else description.accelerometer.unit
    scale = 1.0 if unit is None else FACTORS[unit]
    figure = f"|a| at rest is {file.rest / scale:.3g} {unit or 'm/s2'}|"
    likely = acceleration_unit(file.rest / scale)
    if unit is not None and likely is not None and likely != unit:
        return f"{figure}: this looks like {likely}, {where} {unit}"
    if file.rest < GRAVITY_REMOVED:
        return (
            f"{figure}, expected {G / scale:.3g}: gravity may have been subtracted; use the sensor's own acceleration"
        )
    return (
        f"{figure}, expected {G / scale:.3g}: the unit or the range of the sensor is another, or it is not calibrated"
    )


def _angular_rate(file: FileFigures, description: DatasetFile, where: str) -> str | None:
    unit = None if description.gyroscope is None else description.gyroscope.unit
    turn, peak = file.turn, file.peak.get("gyroscope", 0.0)
    said = ANGULAR_RATE.get(unit or "", 1.0)
    others = {name: scale / said for name, scale in ANGULAR_RATE.items() if unit and name != unit}
    if turn is not None and max(turn.fit, turn.best) >= FITS:
        factor = turn.factor if turn.fit >= FITS else turn.best_factor
        likely = [name for name, ratio in others.items() if 0.5 < factor / ratio < 2]
        if likely:
            return (
                f"gravity turns {factor:.3g} times as far as the gyroscope says|: this looks like {likely[0]}, {where} "
                f"{unit}"
            )
    if peak > FASTEST_TURN:
        fitting = {name: ratio for name, ratio in others.items() if peak * ratio <= FASTEST_TURN}
        likely = sorted(fitting, key=lambda name: -fitting[name])
        named = (
            f"this looks like {likely[0]}, {where} {unit}" if likely else "the sensor file's unit or range is another"
        )
        return f"the gyroscope reaches {peak / said:.0f} {unit or 'rad/s'}, more than such parts measure|: {named}"
    return None


def _axes_of_gyroscope(file: FileFigures) -> str | None:
    turn = file.turn
    if turn is None:
        return None
    if turn.fit >= FITS_NOT or turn.best < FITS_BETTER:
        names = " and ".join(f"g{axis}" for axis in turn.turned)
        return f"gravity turns against {names}|: its sign is another than the accelerometer's" if names else None
    return (
        f"the gyroscope's axes fit the turning of gravity by {turn.fit:.2f}, as {turn.axes} by {turn.best:.2f}|: "
        "its columns are in another order or sign than the accelerometer's"
    )


def _bias(file: FileFigures) -> str | None:
    if file.spin is None or file.duration < LEAST_S:
        return None
    rest = file.bias or (0.0, 0.0, 0.0)
    axis = int(np.argmax(np.abs(rest)))
    if abs(rest[axis]) > BIAS:
        return (
            f"g{'xyz'[axis]} is {rest[axis]:.2f} rad/s ({rest[axis] / DPS:.0f} deg/s) at rest|: the gyroscope has a "
            "bias; subtract it, or calibrate the sensor"
        )
    axis = int(np.argmax(np.abs(file.spin)))
    if abs(file.spin[axis]) > SPIN:
        return (
            f"g{'xyz'[axis]} has a mean of {file.spin[axis]:.1f} rad/s over {file.duration:.0f} s|: nobody turns so; a "
            "column is another, or the gyroscope has a bias"
        )
    return None


def _too_light(file: FileFigures) -> str | None:
    if file.least is None or file.least >= LIGHT * G or file.peak["accelerometer"] == 0:
        return None
    return (
        f"|a| has a mean of {file.least:.2f} m/s2 over 5 s, and no movement makes it less than {G:.2f}|: an axis is "
        "stuck, a column is another, or a bias drifts"
    )


def _rate(file: FileFigures) -> str | None:
    if not file.fixed or file.clock_hz is None or abs(file.clock_hz / file.rate_hz - 1) <= RATE_NEAR:
        return None
    return (
        f"rate_hz is {file.rate_hz:g}, but its column of times advances {plain_rate(file.clock_hz):g} times a second|"
    )


def _rows(file: FileFigures) -> str | None:
    counts = {"hold a missing value": file.missing, "are malformed": file.malformed}
    found = {what: count for what, count in counts.items() if count > LEFT_OUT * (file.rows + file.malformed)}
    if not found:
        return None
    what, count = max(found.items(), key=lambda one: one[1])
    return f"{count} of {file.rows + file.malformed} rows {what}|: they are left out; mend the file, or export it again"


def _stuck(file: FileFigures) -> str | None:
    if not file.stuck:
        return None
    names = " and ".join(file.stuck) if len(file.stuck) < 3 else ", ".join(file.stuck)
    verb = "stands" if len(file.stuck) == 1 else "stand"
    longest = max(file.stuck.values())
    return f"{names} {verb} still for {longest:.1f} s in the midst of movement|: stuck, or samples are lost"


def _clock(file: FileFigures) -> str | None:
    if file.set_back:
        return f"the clock runs backwards {file.set_back} times|: set back, or several recordings in one file"
    if file.repeated > REPEATED * file.rows:
        return (
            f"{file.repeated / file.rows:.0%} of the rows repeat a time|: times of packets, or rounded ones; give "
            "rate_hz under [time] instead of a column"
        )
    if file.jitter_ms > JITTER * 1000 / file.rate_hz:
        return (
            f"steps scatter by {file.jitter_ms:.1f} ms around {1000 / file.rate_hz:.1f} ms|: times of arrival, not of "
            "sampling; give rate_hz under [time] if the sensor's rate is steady"
        )
    if file.late > LEFT_OUT * file.rows:
        return f"{file.late} of {file.rows} rows come late|: their time is before that of the row above; sort by time"
    return None


def _still(file: FileFigures) -> str | None:
    if not file.still:
        return None
    sensors = {"a": "accelerometer", "g": "gyroscope"}
    whole = [kind for letter, kind in sensors.items() if sum(name[0] == letter for name in file.still) == 3]
    if whole:
        zero = all(file.peak[kind] == 0 for kind in whole)
        what = "is zero throughout" if zero else "never changes"
        return f"the {' and the '.join(whole)} {what}|: it was off, or the columns are others"
    verb = "moves" if len(file.still) == 1 else "move"
    return f"{', '.join(file.still)} never {verb}|: an axis is stuck, or a column is another"


def _clipped(file: FileFigures) -> str | None:
    found = {name: share for name, share in file.clipped.items() if share[0] > CLIPPED}
    if not found:
        return None
    name, (share, rail) = max(found.items(), key=lambda one: one[1][0])
    value = f"{rail:.1f} m/s2 ({rail / G:.1f} g)" if name[0] == "a" else f"{rail:.1f} rad/s ({rail / DPS:.0f} deg/s)"
    return f"{name} stops at {value} in {share:.1%} of the samples|: clipped; record with a wider range"
