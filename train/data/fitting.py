"""Recordings of another set as a model's windows have them: channels by name, units and rate."""

from dataclasses import replace

import numpy as np

from scl.artifacts import InputError
from scl.artifacts.run import WindowInfo
from train.data.recordings import Recordings
from train.data.resample import average

SLOWER = 1 - 1e-6  # of a rate: they are written as decimal numbers


def with_channels(recordings: Recordings, window: WindowInfo) -> Recordings:
    """The channels that a model's window names, in its order.

    Raises InputError if one is missing or in another unit, or if they were sampled more slowly than the model's rate.
    """
    have = dict(zip(recordings.channels, recordings.units, strict=True))
    wanted = dict(zip(window.channels, window.units, strict=True))
    if wanted.items() - have.items():
        raise InputError(
            f"{recordings.name}: has {_listed(have)}, the run needs {_listed(wanted)}; give recordings of its sensors "
            "in its units"
        )
    slowest = recorded_hz(recordings)
    if slowest < window.rate_hz * SLOWER:
        raise InputError(
            f"{recordings.name}: has {slowest:g} samples per second, the run needs {window.rate_hz:g}: what lies "
            f"between two samples cannot be made up; give recordings of {window.rate_hz:g} Hz or more, or a run of "
            f"{slowest:g} Hz or less"
        )
    if recordings.channels == window.channels:
        return recordings
    rows = [recordings.channels.index(name) for name in window.channels]
    blocks = tuple(replace(block, x=block.x[rows]) for block in recordings.blocks)
    places = {row: place for place, row in enumerate(rows)}
    kept = [(kind, tuple(sorted(places[c] for c in channels if c in places))) for kind, channels in recordings.sensors]
    sensors = tuple((kind, channels) for kind, channels in kept if channels)
    return replace(recordings, channels=window.channels, units=window.units, sensors=sensors, blocks=blocks)


def recorded_hz(recordings: Recordings) -> float:
    """The rate of the slowest file, where the loader's report tells the files' rates: it may have interpolated."""
    rates = recordings.report.get("rates_hz")
    return min(map(float, rates)) if rates else recordings.rate_hz


def at_rate(recordings: Recordings, rate_hz: float) -> Recordings:
    """The recordings at a lower rate, each new sample the mean over its period."""
    if abs(recordings.rate_hz / rate_hz - 1) <= 1 - SLOWER:
        return recordings
    blocks = tuple(
        replace(block, x=average(np.arange(block.x.shape[1]) / recordings.rate_hz, block.x.T, rate_hz))
        for block in recordings.blocks
    )
    return replace(recordings, rate_hz=rate_hz, blocks=blocks)


def _listed(units: dict[str, str]) -> str:
    return ", ".join(f"{name} in {unit}" for name, unit in units.items())
