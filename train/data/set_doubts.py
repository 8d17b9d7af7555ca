"""What looks wrong with recordings as a set: files that differ from the others."""

from collections.abc import Sequence

import numpy as np

from scl.text import listed as listed_names
from train.data.guesses import plain_rate
from train.data.imu_figures import FileFigures
from train.data.imu_turn import SIGNED_AXES
from train.data.people_doubts import of_people

FITS = 0.4  # correlation of the gyroscope with the turning of gravity, from which on its factor is believed
FACTOR = (0.6, 1.6)  # of the gyroscope against gravity; movement makes it smaller than 1
RATE_NEAR = 0.05
LOST = 0.05  # share of the recordings in stretches that hold no window
AGREE, TURNED, EXPLAINED = 0.85, 0.5, 0.95  # cosines between mean accelerations
TRUSTED = 0.85  # correlation from which on the factor of one file's gyroscope is believed
TURNS_FASTER, ALONE, AGREEING = 0.3, 20.0, 4.0  # rad/s of a class; factors of one file, and of nearly all others


def of_set(files: Sequence[FileFigures], window_s: float) -> list[str]:
    """The doubts, one line each."""
    lines = _turning(files) + _ranges(files) + _levels(files) + _rates(files) + _gaps(files) + _swapped(files)
    return lines + of_people(files) + _short(files, window_s)


def listed(names: Sequence[str], total: int) -> str:
    """Which files, in few words."""
    if total == 1 or len(names) == 1:
        return names[0]
    which = f"all {total}" if len(names) == total else f"{len(names)} of {total}"
    return f"{which} files ({', '.join(names[:2])}{', ...' if len(names) > 2 else ''})"


def _turning(files: Sequence[FileFigures]) -> list[str]:
    """Whether gravity turns as far as the gyroscope says. Of all files together: where somebody shakes the sensor in
    step with its turning, a single file may differ.
    """
    found = [f for f in files if f.turn is not None and f.turn.fit >= FITS]
    factor = float(np.median([f.turn.factor for f in found if f.turn is not None])) if found else 1.0
    if FACTOR[0] <= factor <= FACTOR[1] or not 0.1 < factor < 10:
        return []
    rate = "rate_hz under [time]" if any(f.fixed for f in found) else "the rate"
    return [
        f"{listed([f.name for f in found], len(files))}: gravity turns {factor:.2f} times as far as the gyroscope "
        f"says, expected about 1: {rate} or the gyroscope's range is another"
    ]


def _ranges(files: Sequence[FileFigures]) -> list[str]:
    """People of whom all that can be trusted says another turning by the gyroscope than gravity does, while it agrees
    in most files.
    """
    found = [(f, f.turn.factor) for f in files if f.turn is not None and f.turn.fit >= TRUSTED]
    usual = float(np.median([factor for _, factor in found])) if found else 0.0
    of_person: dict[str, list[tuple[FileFigures, float]]] = {}
    for file, factor in found:
        for subject in {subject or file.name for subject, _ in file.seconds}:
            of_person.setdefault(subject, []).append((file, factor))
    odd = [
        one
        for own in of_person.values()
        if all(not FACTOR[0] <= factor <= FACTOR[1] and 0.1 < factor < 10 for _, factor in own)
        for one in own
    ]
    if not odd or not FACTOR[0] <= usual <= FACTOR[1]:
        return []
    return [
        f"{listed([f.name for f, _ in odd], len(files))}: gravity turns {odd[0][1]:.2f} times as far as the gyroscope "
        f"says, in most files {usual:.2f}: its rate or its gyroscope's range is another"
    ]


def _levels(files: Sequence[FileFigures]) -> list[str]:
    """Files whose gyroscope turns far more or less than that of everybody else in the same class."""
    of_class: dict[str, list[tuple[FileFigures, float]]] = {}
    for file in files:
        for (_, label), size in file.turning.items():
            if label:
                of_class.setdefault(label, []).append((file, size))
    odd: dict[str, tuple[float, float, str]] = {}
    for label, those in of_class.items():
        sizes = np.array([size for _, size in those])
        low, usual, high = np.quantile(sizes, [0.2, 0.5, 0.8])
        if len(those) < 4 or usual < TURNS_FASTER or high > AGREEING * low:
            continue
        for file, size in those:
            if size > ALONE * usual or 0 < size < usual / ALONE:
                odd.setdefault(file.name, (size, float(usual), label))
    if not odd:
        return []
    size, usual, label = next(iter(odd.values()))
    return [
        f"{listed(list(odd), len(files))}: the gyroscope turns by {size:.3g} rad/s in {label}, elsewhere by "
        f"{usual:.3g}: its unit or range is another, or it was off"
    ]


def _rates(files: Sequence[FileFigures]) -> list[str]:
    hours: dict[float, float] = {}
    for file in files:
        rate = plain_rate(file.rate_hz)
        hours[rate] = hours.get(rate, 0.0) + file.duration
    usual = max(hours, key=lambda rate: hours[rate])
    others = [f for f in files if abs(f.rate_hz / usual - 1) > RATE_NEAR]
    if not others:
        return []
    rates = ", ".join(f"{rate:g}" for rate in sorted({plain_rate(f.rate_hz) for f in others}))
    return [f"{listed([f.name for f in others], len(files))}: recorded at {rates} Hz, most at {usual:g} Hz; resampled"]


def _gaps(files: Sequence[FileFigures]) -> list[str]:
    found = [f for f in files if f.gaps]
    if not found:
        return []
    worst = max(found, key=lambda f: max(f.gaps))
    count, lost = sum(len(f.gaps) for f in found), sum(sum(f.gaps) for f in found)
    return [
        f"{listed([f.name for f in found], len(files))}: {count} gaps, {lost:.1f} s in all, the longest "
        f"{max(worst.gaps):.1f} s in {worst.name}: samples are missing; no window crosses a gap"
    ]


def _swapped(files: Sequence[FileFigures]) -> list[str]:
    """People, and else files, whose gravity lies on other axes than in most of the same classes, where these agree."""
    of_person: dict[str, dict[str, np.ndarray]] = {}
    of_file: dict[str, dict[str, np.ndarray]] = {}
    persons_of: dict[str, set[str]] = {}
    everywhere: dict[str, list[np.ndarray]] = {}
    for file in files:
        for (subject, label), mean in file.means.items():
            length = float(np.linalg.norm(mean))
            if label and length > 0:
                direction = np.array(mean) / length
                everywhere.setdefault(label, []).append(direction)
                of_file.setdefault(file.name, {})[label] = direction
                of_person.setdefault(subject or file.name, {})[label] = direction
                persons_of.setdefault(file.name, set()).add(subject or file.name)
    usual = {label: middle for label, found in everywhere.items() if (middle := _middle(np.array(found))) is not None}
    people = {name: turned for name, own in of_person.items() if (turned := _turned(own, usual)) is not None}
    odd = {
        name: turned
        for name, own in of_file.items()
        if not persons_of[name] <= set(people) and (turned := _turned(own, usual)) is not None
    }
    groups: dict[str, list[tuple[str, str, float]]] = {}
    for name, (axes, score) in people.items():
        groups.setdefault(axes, []).append((name, axes, score))
    if odd:
        groups[""] = [(name, axes, score) for name, (axes, score) in odd.items()]
    return [
        f"{listed_names([name for name, _, _ in those], 4)}: mean acceleration agrees with that of the same classes "
        f"elsewhere by {those[0][2]:.2f}, by {EXPLAINED} or more with axes {those[0][1]}: axes are swapped, or the "
        "device was worn another way round"
        for those in groups.values()
    ]


def _middle(directions: np.ndarray) -> np.ndarray | None:
    """The direction (3,) that most of (n, 3) have; None where they have none in common."""
    middle = np.median(directions, axis=0)
    length = float(np.linalg.norm(middle))
    if len(directions) < 3 or length == 0 or np.median(directions @ middle) < AGREE * length:
        return None
    return np.asarray(middle / length)


def _turned(own: dict[str, np.ndarray], usual: dict[str, np.ndarray]) -> tuple[str, float] | None:
    """The order and signs of axes that make directions the usual ones, and their cosine without; None: they are."""
    labels = [label for label in own if label in usual]
    if not labels:
        return None
    a, b = np.array([own[label] for label in labels]), np.array([usual[label] for label in labels])
    score = float((a * b).sum(axis=1).mean())
    best, axes = max((float((a[:, list(o)] * np.array(s) * b).sum(axis=1).mean()), _axes(o, s)) for o, s in SIGNED_AXES)
    return (axes, score) if score < TURNED and best >= EXPLAINED else None


def _axes(order: Sequence[int], signs: Sequence[int]) -> str:
    return " ".join(("-" if sign < 0 else "") + "xyz"[axis] for axis, sign in zip(order, signs, strict=True))


def _short(files: Sequence[FileFigures], window_s: float) -> list[str]:
    lengths = [(length, f.name) for f in files for length in f.lengths]
    short = [(length, name) for length, name in lengths if length < window_s * (1 - 1e-6)]
    lost = sum(length for length, _ in short)
    if not short or lost <= LOST * sum(length for length, _ in lengths):
        return []
    shortest = min(short)
    return [
        f"{len(short)} of {len(lengths)} stretches are shorter than a window of {window_s:g} s and are lost, "
        f"{lost:.0f} s in all; the shortest has {shortest[0]:.2f} s, in {shortest[1]}: set a shorter window_s"
    ]
