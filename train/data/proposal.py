"""A first dataset.toml for a folder that has none: what names and figures suggest, each guess marked as one."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from scl.artifacts import InputError, read_bytes
from scl.artifacts.capture import is_capture
from scl.frontend.sensor import DPS
from scl.units import ACCELERATION, ANGULAR_RATE, COUNTS_OF_G, split, unit_of
from train.data import guesses
from train.data.csv_layout import NUMBER, Layout, cleaned, layout
from train.data.csv_text import MOST_BYTES, read_columns
from train.data.dataset_file import NAME, Accelerometer, DatasetFile, Gyroscope, Time
from train.data.imu_arrays import MOST_BYTES as MOST_ARRAY_BYTES
from train.data.imu_arrays import windows_of
from train.data.imu_figures import measure
from train.data.imu_source import SUFFIXES, beginning, files_below
from train.data.imu_stretches import cut
from train.data.imu_table import read_table

READ = 5  # files whose figures the units are guessed from
HEAD = f"""# {NAME}: what the files of this folder hold. Written by python -m train.data.check, which guessed it from
# names and figures. Look at every line that says so; docs/tutorials/imu-folder.md explains the keys.
"""


@dataclass(frozen=True)
class Proposal:
    """The text of a dataset.toml, and what it could not say."""

    text: str
    missing: tuple[str, ...]


def propose(folder: Path) -> Proposal:
    """Raises InputError where nothing in the folder looks like recordings."""
    if (folder / "X.npy").is_file():
        return _of_arrays(folder)
    suffix, names = _recordings(folder)
    path = str(folder / names[0])
    form = layout(*cleaned(read_bytes(folder / names[0], MOST_BYTES, "recordings")), path)
    axes, time = _columns(folder, names[0], form)
    if not axes:
        columns = ", ".join(form.header) if form.header else f"{form.width} columns without names"
        raise InputError(
            f"{path}: no three columns look like the axes of a sensor, among {columns}; write {folder / NAME} by hand: "
            "docs/tutorials/imu-folder.md has an example"
        )
    lines = _files_line(folder, suffix, names)
    described, missing = _sensor_lines(folder, names, form, axes, time)
    who = _origins(names, form)
    missing += ["[label]"] if "label" not in who else []
    for part, advice in (("subject", "who was recorded"), ("label", "the class")):
        lines_of = who.get(part, [f"# column = ...  # {advice}: nothing here tells it; see the tutorial"])
        described += ["", f"[{part}]" if part in who else f"# [{part}]", *lines_of]
    return Proposal("\n".join([HEAD, *lines, *described]) + "\n", tuple(missing))


def _files_line(folder: Path, suffix: str, names: list[str]) -> list[str]:
    """Which files are recordings, where these are not all of the suffix, or that is not the usual one."""
    same = {PurePosixPath(name).name for name in names}
    if len(same) == 1 and len(names) < len(files_below(folder, f"**/*{suffix}")):
        return [f"files = {_quoted(f'**/{min(same)}')}  # a guess: the others are no recordings of movement"]
    return [f"files = {_quoted(f'**/*{suffix}')}"] if suffix != ".csv" else []


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _recordings(folder: Path) -> tuple[str, list[str]]:
    """The kind of files that most recordings are in, and those files."""
    found = {suffix: files_below(folder, f"**/*{suffix}") for suffix in SUFFIXES}
    usable: dict[str, list[str]] = {}
    for suffix, names in found.items():
        for name in names:
            start = beginning(folder, name)
            if is_capture(start):
                continue
            try:
                form = layout(*cleaned(start[: start.rfind(b"\n") + 1] or start), str(folder / name))
            except InputError:
                continue
            if form.width >= 3 and sum(bool(NUMBER.fullmatch(cell.strip())) for cell in form.first) >= 3:
                usable.setdefault(suffix, []).append(name)
    if not usable:
        raise InputError(
            f"{folder}: holds no table of numbers in a {', '.join(SUFFIXES)} file, and no X.npy; give the folder of "
            f"the recordings, or write a {NAME} where they are ECG: docs/tutorials/ecg-folder.md has an example"
        )
    return max(usable.items(), key=lambda one: len(one[1]))


Axes = dict[str, list[int]]


def _columns(folder: Path, name: str, form: Layout) -> tuple[Axes, int | None]:
    """The columns of the sensors' axes and of time: by their names, else by their values."""
    if form.header is not None and guesses.axes(form.header):
        dates = [place for place, cell in enumerate(form.first) if guesses.is_date(cell)]
        return guesses.axes(form.header), next(iter([*guesses.time_columns(form.header), *dates]), None)
    numeric = [place for place, cell in enumerate(form.first) if NUMBER.fullmatch(cell.strip())]
    if form.rate_hz is not None and len(numeric) == 3:
        return {"accelerometer": numeric}, None
    data, _ = cleaned(read_bytes(folder / name, MOST_BYTES, "recordings"))
    values = read_columns(data, form, str(folder / name), numeric, None, []).numbers
    moving = [bool(np.ptp(column[np.isfinite(column)]) > 0) for column in values.T]
    rising = [bool((np.diff(column) >= 0).mean() > 0.99) for column in values.T]
    time = next((p for p, up, moves in zip(numeric, rising, moving, strict=True) if up and moves), None)
    whole = [bool((column == np.round(column)).all() and len(np.unique(column)) < 100) for column in values.T]
    rest = [p for p, is_id in zip(numeric, whole, strict=True) if p != time and not is_id]
    axes = {"accelerometer": rest[:3]} if len(rest) >= 3 else {}
    return axes | ({"gyroscope": rest[3:6]} if len(rest) >= 6 else {}), time


def _sensor_lines(
    folder: Path, names: list[str], form: Layout, axes: Axes, time: int | None
) -> tuple[list[str], list[str]]:
    """The tables of time and sensors, and what is missing of them."""
    missing: list[str] = []
    iso = time is not None and form.cell(time) and not NUMBER.fullmatch(form.cell(time))
    lines = ["", "[time]"]
    clock = Time(rate_hz=50.0)
    if time is None and form.rate_hz is not None:
        clock = Time(rate_hz=form.rate_hz)
        lines[-1] = f"# no [time]: the files say their rate in the second row, here {form.rate_hz:g} Hz"
    elif time is None:
        missing.append("rate_hz under [time]")
        lines[-1] = "# [time]"
        lines.append("# rate_hz = ...  # rows a second: nothing in the files tells it")
    else:
        unit, why = ("iso", "a guess: the times are dates") if iso else _time_unit(folder, names[0], form, time)
        clock = Time(column=time + 1, unit=unit)  # type: ignore[arg-type]
        lines += [f"column = {_column(form, time)}", f'unit = "{unit}"  # {why}']
    rest, turn, peak = _figures(folder, names, axes, clock)
    if "accelerometer" in axes:
        unit, why = _acceleration_unit(form, axes["accelerometer"], rest)
        lines += ["", "[accelerometer]", _columns_line(form, axes["accelerometer"]), f'unit = "{unit}"  # {why}']
    if "gyroscope" in axes:
        unit, why = _gyroscope_unit(form, axes["gyroscope"], turn, peak)
        lines += ["", "[gyroscope]", _columns_line(form, axes["gyroscope"]), f'unit = "{unit}"  # {why}']
    return lines, missing


def _column(form: Layout, place: int) -> str:
    name = form.header[place] if form.header else ""
    return _quoted(name) if name and list(form.header or ()).count(name) == 1 else str(place + 1)


def _columns_line(form: Layout, places: Sequence[int]) -> str:
    return f"columns = [{', '.join(_column(form, place) for place in places)}]"


def _time_unit(folder: Path, name: str, form: Layout, place: int) -> tuple[str, str]:
    data, _ = cleaned(read_bytes(folder / name, MOST_BYTES, "recordings"))
    times = read_columns(data, form, str(folder / name), [], (place, "s"), []).times_s
    guess = None if times is None else guesses.time_unit(times)
    if guess is None:
        return "ms", "a guess, and no good one: in no unit do the times make a usual rate"
    return guess[0], f"a guess: so it is {guess[1]:.4g} rows a second"


def _figures(folder: Path, names: list[str], axes: Axes, clock: Time) -> tuple[float | None, float | None, float]:
    """|a| at rest as it stands in the files, the factor of the gyroscope against gravity, and its peak."""
    rests, turns, peak = [], [], 0.0
    chosen = {kind: (a + 1, b + 1, c + 1) for kind, (a, b, c) in axes.items()}
    description = DatasetFile(
        time=clock,
        accelerometer=Accelerometer(chosen["accelerometer"], "m/s2") if "accelerometer" in chosen else None,
        gyroscope=Gyroscope(chosen["gyroscope"], "rad/s") if "gyroscope" in chosen else None,
    )
    for name in names[:: max(1, len(names) // READ)][:READ]:
        data = read_bytes(folder / name, MOST_BYTES, "recordings")
        try:
            table = read_table(data, name, description, folder, folder / NAME)
            figures = measure(table, cut(table, None, folder / name))
        except InputError:
            continue
        rests += [figures.rest] if figures.rest is not None else []
        if figures.turn is not None and max(figures.turn.fit, figures.turn.best) > 0.4:
            turns.append(figures.turn.factor if figures.turn.fit > 0.4 else figures.turn.best_factor)
        peak = max(peak, figures.peak.get("gyroscope", 0.0))
    return (float(np.median(rests)) if rests else None), (float(np.median(turns)) if turns else None), peak


def _in_header(form: Layout, places: Sequence[int], units: dict[str, float]) -> str | None:
    """The unit that stands in the columns' names, if it is one of `units`."""
    unit = unit_of(split(form.header[places[0]])[1] or "") if form.header else None
    return unit if unit in units else None


def _acceleration_unit(form: Layout, places: Sequence[int], rest: float | None) -> tuple[str, str]:
    written = _in_header(form, places, ACCELERATION)
    units = ACCELERATION if form.rate_hz is None else ACCELERATION | COUNTS_OF_G
    likely = None if rest is None else guesses.acceleration_unit(rest, units)
    figure = "unknown" if rest is None else f"{rest:.3g}"
    if likely is not None:
        agrees = f", and the columns say {written}" if written is not None else ""
        return likely, f"a guess: |a| at rest is {figure}{agrees}"
    return (
        written or "m/s2",
        f"a guess, and no good one: |a| at rest is {figure}, in no unit of {', '.join(ACCELERATION)} 1 g",
    )


def _gyroscope_unit(form: Layout, places: Sequence[int], turn: float | None, peak: float) -> tuple[str, str]:
    written = _in_header(form, places, ANGULAR_RATE)
    if turn is not None and 0.5 < turn < 2:
        return "rad/s", "a guess: gravity turns as far as it says in rad/s"
    if turn is not None and 0.5 < turn / DPS < 2:
        return "deg/s", "a guess: gravity turns as far as it says in deg/s"
    if written is not None:
        return written, "a guess: the columns' names say so"
    if peak > 40:
        return "deg/s", f"a guess: it reaches {peak:.0f}"
    return "rad/s", f"a guess: it reaches only {peak:.3g}"


def _origins(names: list[str], form: Layout) -> dict[str, list[str]]:
    """The lines of [subject] and [label], where something tells them."""
    found: dict[str, list[str]] = {}
    for part, words in (("subject", guesses.SUBJECT), ("label", guesses.LABEL)):
        columns = guesses.named(form.header or (), words)
        if columns:
            others = ", ".join((form.header or ())[place] for place in columns[1:])
            note = f"  # a guess; it may also be {others}" if others else "  # a guess, by its name"
            found[part] = [f"column = {_column(form, columns[0])}{note}"]
    texts = [place for place, cell in enumerate(form.first) if cell.strip() and not NUMBER.fullmatch(cell.strip())]
    if form.header is None and len(texts) == 1 and not guesses.is_date(form.first[texts[0]]):
        found["label"] = [f"column = {texts[0] + 1}  # a guess: it begins with {form.first[texts[0]].strip()}"]
    levels = min(len(PurePosixPath(name).parts) for name in names) - 1
    for level in range(1, levels + 1):
        folders = {PurePosixPath(name).parts[level - 1] for name in names}
        people = "label" in found or all(guesses.SUBJECT_NAME.fullmatch(one) for one in folders)
        part = "subject" if people else "label"
        if part not in found and len(folders) > 1:
            found[part] = [f"folder = {level}  # a guess: {', '.join(sorted(folders)[:3])}, ..."]
    _of_file_names([PurePosixPath(name).name for name in names], found)
    return found


def _of_file_names(names: list[str], found: dict[str, list[str]]) -> None:
    """Adds what the parts of the files' names tell, where all have as many."""
    split = [re.split(r"([_ .-]+)", re.sub(r"\.\w+$", "", name)) for name in names]
    width = Counter(len(parts) for parts in split).most_common(1)[0][0]
    if any(len(parts) < min(width, 3) for parts in split) and len(names) > 1:
        return
    width = min(len(parts) for parts in split)
    columns = [[parts[place] for parts in split] for place in range(0, width, 2)]
    for part in ("subject", "label"):
        for place, values in enumerate(columns):
            people = all(guesses.SUBJECT_NAME.fullmatch(one) for one in values)
            classes = all(re.fullmatch(r"[^\W\d]+", one) for one in values) and 1 < len(set(values)) < len(values)
            if part not in found and (people if part == "subject" else classes and not people):
                found[part] = [
                    f"file_name = {_quoted(_pattern(part, place, split, width))}  # a guess: {values[0]}, ..."
                ]


def _pattern(part: str, place: int, split: list[list[str]], width: int) -> str:
    """A file name's pattern in which one part is named."""
    before = "".join("*" + split[0][2 * index + 1] for index in range(place))
    last = 2 * place == width - 1 and all(len(parts) == width for parts in split)
    after = ".*" if last else (split[0][2 * place + 1] if 2 * place + 1 < len(split[0]) else "") + "*"
    return f"{before}{{{part}}}{after}"


def _of_arrays(folder: Path) -> Proposal:
    x = windows_of(read_bytes(folder / "X.npy", MOST_ARRAY_BYTES, "an array"), folder / "X.npy")
    first = x[:, :, :3].astype(np.float64)
    lengths, scatter = np.linalg.norm(first, axis=2).mean(axis=1), np.sqrt(first.var(axis=1).sum(axis=1))
    rest = float(np.median(lengths[np.argsort(scatter / np.maximum(lengths, 1e-9))[: max(1, len(x) // 10)]]))
    unit = guesses.acceleration_unit(rest)
    why = f"a guess: |a| in the stillest windows is {rest:.3g}"
    lines = ["# [time]", f"# rate_hz = ...  # of the windows of {x.shape[1]} samples: the arrays do not tell it", ""]
    if x.shape[2] >= 3:
        lines += [
            "[accelerometer]",
            "columns = [1, 2, 3]  # a guess: the first channels",
            f'unit = "{unit or "m/s2"}"  # {why}',
        ]
    if x.shape[2] >= 6:
        peak = float(np.abs(x[:, :, 3:6]).max())
        rate, reason = ("deg/s" if peak > 40 else "rad/s"), f"a guess: it reaches {peak:.3g}"
        lines += ["", "[gyroscope]", "columns = [4, 5, 6]  # a guess", f'unit = "{rate}"  # {reason}']
    return Proposal("\n".join([HEAD, *lines]) + "\n", ("rate_hz under [time]",))
