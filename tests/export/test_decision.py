"""The decision behind a run's logits, on made-up logits."""

from types import SimpleNamespace

import numpy as np
import pytest

from export.decision import Fitted, decides, fitted, worth
from export.network.layers import LOGITS
from scl.artifacts import InputError
from scl.artifacts.decision import Decision
from scl.frontend.flags import LEAD_OFF


def model(labels=("a", "b", "c"), thresholds=None, beats=None):
    """What a decision asks of a model: 50 samples of a hop at 20 Hz."""
    return SimpleNamespace(
        labels=labels,
        thresholds=thresholds,
        default_hop=50,
        frontend=SimpleNamespace(beats=beats, model_rate_hz=20.0),
        network=SimpleNamespace(activations={LOGITS: SimpleNamespace(scale=0.1, zero_point=0)}),
    )


def run(validation=(1, 2)):
    return SimpleNamespace(path="runs/some", info=SimpleNamespace(split=SimpleNamespace(validation=validation)))


def test_which_runs_decide():
    assert decides(run(), model())
    for other in (model(labels=("a",)), model(thresholds=(0, 0, 0)), model(beats=object()), model(labels=("a",) * 257)):
        assert not decides(run(), other)
        assert fitted(run(), other, None, None, 0.0) is None
    assert not decides(run(()), model())


def test_options_that_do_not_fit():
    for bout_s, unsure in ((60.0, 0.0), (None, 0.1)):
        with pytest.raises(InputError, match="runs/some: has no validation windows, .*; leave --bout and --unsure out"):
            fitted(run(()), model(), None, bout_s, unsure)
    with pytest.raises(InputError, match=r"--bout 2.5: a hop of a stream has 2.5 s; give a longer one"):
        fitted(run(), model(), None, 2.5, 0.0)


def test_what_a_decision_is_worth():
    """Four windows: sure and right, sure and wrong, close, and one from which the board abstains."""
    logits = np.array([[100, 0, 0], [0, 100, 0], [10, 9, -100], [100, 0, 0]], np.int8)
    labels, flags = np.array([0, 0, 0, 0]), np.array([0, 0, 0, LEAD_OFF], np.uint8)
    found = worth(model(), Fitted(Decision(2.0, 60.0, 0.1), 7), logits, labels, flags)
    assert (found.temperature, found.fitted_on, found.bout_s, found.unsure_margin) == (2.0, 7, 60.0, 0.1)
    assert (found.windows, found.unsure, found.accuracy, found.accuracy_answered) == (4, 1, 0.25, 1 / 3)
    assert found.coverage == 0.75

    def error(temperature):
        """Confidences in one bin each but for the two sure ones, of which one is right; 0 is not right."""
        sure = np.exp([10 / temperature, 0, 0])
        close = np.exp(np.array([1.0, 0.9, -10]) / temperature)
        return (abs(2 * sure[0] / sure.sum() - 1) + abs(close[0] / close.sum() - 1)) / 4

    assert found.ece_before == pytest.approx(error(1.0), abs=1e-4)
    assert found.ece == pytest.approx(error(2.0), abs=1e-4)
