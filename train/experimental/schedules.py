"""Weights that change over the training."""

from collections.abc import Callable

# What a weight is multiplied by when `done` of the training, 0 to 1, is over.
SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda done: 1.0,
    "rise": lambda done: done,
    "fall": lambda done: 1 - done,
}


def scheduled(weight: float, schedule: str) -> Callable[[float], float]:
    """A weight when `done` of the training is over."""
    return lambda done: weight * SCHEDULES[schedule](done)
