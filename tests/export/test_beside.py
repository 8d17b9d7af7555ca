"""What int8 loses beside the float model, where the board has no signal."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from export.beside import float_classes
from scl.decision import LOST
from scl.frontend.flags import LEAD_OFF, SATURATED


def test_a_window_without_a_signal_is_no_loss_of_int8(monkeypatch: pytest.MonkeyPatch) -> None:
    """The board abstains from it, and the float model is not asked about it either."""
    monkeypatch.setattr("train.run.evaluate.predict", lambda _model, x: (None, x.numpy()[:, :, 0]))
    views = [np.eye(3, dtype=np.float32)[:, :, None], np.eye(3, dtype=np.float32)[::-1, :, None].copy()]
    flags = np.array([[0, SATURATED, LEAD_OFF], [LEAD_OFF | SATURATED, 0, 0]], np.uint8)
    windows = SimpleNamespace(views=lambda: views, flags=flags, gathered=lambda classes: classes)
    run = SimpleNamespace(model=torch.nn.Identity(), info=SimpleNamespace(labels=("a", "b", "c"), multilabel=False))
    assert float_classes(run, windows).tolist() == [[0, 1, LOST], [LOST, 1, 0]]  # type: ignore[arg-type]
