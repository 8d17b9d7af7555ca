"""Copies of measured beats: the first is the beat as recorded, the others are drawn and given out in order."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from scl.artifacts import InputError
from scl.artifacts.run import InputSteps
from tests.train.data.beats import recordings
from train.transformations import from_info
from train.transformations.disturbance import KINDS, Disturbance

X = torch.arange(3 * 4 * (1 + len(KINDS)), dtype=torch.float32).reshape(3, 4, 1 + len(KINDS))
Y = torch.tensor([0, 1, 2])


def test_the_beat_as_recorded_is_first() -> None:
    x, y = Disturbance().identity(X, Y)
    assert torch.equal(x[:, :, 0], X[:, :, 0]) and x.shape == (3, 4, 1) and torch.equal(y, Y)


def test_copies_are_one_of_each_kind() -> None:
    copies = list(Disturbance().copies(X, Y, draws=1, seed=0))
    assert len(copies) == len(KINDS)
    for place, (x, y) in enumerate(copies, start=1):
        assert torch.equal(x[:, :, 0], X[:, :, place]) and torch.equal(y, Y)


def test_a_draw_is_a_whole_copy_of_each_beat_and_all_kinds_come() -> None:
    generator = torch.Generator().manual_seed(0)
    seen = set()
    for _ in range(50):
        x, y = Disturbance()(X, Y, generator)
        assert x.shape == (3, 4, 1) and torch.equal(y, Y)
        for beat in range(3):
            kinds = [k for k in range(X.shape[2]) if torch.equal(X[beat, :, k], x[beat, :, 0])]
            assert len(kinds) == 1 and kinds[0] > 0
            seen.add(kinds[0])
    assert seen == set(range(1, 1 + len(KINDS)))


def test_probed_copies_and_description() -> None:
    copies = Disturbance().probed(X, Y, draws=1, seed=0)
    assert len(copies.windows) == 1 + len(KINDS)
    assert np.array_equal(copies.parameters.argmax(axis=2), np.repeat(np.arange(len(KINDS))[:, None], 3, axis=1))
    assert from_info(Disturbance().describe()) == Disturbance() and Disturbance().describe().parameters == {}
    assert Disturbance().by_construction(InputSteps()) is None and Disturbance().window(5) == 1


@pytest.mark.parametrize(
    ("against", "names", "sentence"),
    [
        ("", (), ""),
        ("inverted", ("inverted",), ", inverted lead"),
        ("lead", ("lead",), ", other lead"),
        ("lead+inverted", ("inverted", "lead"), ", inverted lead, other lead"),
    ],
)
def test_kinds_besides(against: str, names: tuple[str, ...], sentence: str) -> None:
    """Behind the ones that every beat has, in an order of their own; run.json brings them back."""
    disturbance = Disturbance.of(against)
    info = disturbance.describe()
    assert info.sentence == "another R peak, gain, baseline wander, electrode motion" + sentence
    assert info.name == "disturbance" and info.parameters == dict.fromkeys(names, 1.0)
    assert from_info(info) == disturbance and len(disturbance.kinds) == len(KINDS) + len(names)
    assert disturbance.kinds[: len(KINDS)] == KINDS


def test_parameters_that_are_none_of_its_own() -> None:
    info = Disturbance.of("inverted").describe()
    for parameters in ({"mirror": 1.0}, {"inverted": 0.5}):
        with pytest.raises(InputError, match="transformation disturbance: parameters .* do not fit"):
            from_info(replace(info, parameters=parameters))


def test_recordings_of_one_lead_have_no_copies_in_another() -> None:
    one = recordings()
    assert Disturbance.of("inverted+lead").fitting(one) == Disturbance.of("inverted")
    two = replace(one, other_lead=one)
    assert Disturbance.of("inverted+lead").fitting(two) == Disturbance.of("inverted+lead")
