"""An nn.Module as ONNX in memory: captured by torch.export, written by torch.onnx, in evaluation mode."""

import contextlib
import copy
import logging
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from scl.artifacts import InputError
from scl.artifacts.errors import shortened

if TYPE_CHECKING:
    from torch import nn


def captured(module: "nn.Module", channels: int, samples: int) -> bytes:
    """ONNX of a module for one window (1, channels, samples). The module itself stays as it is.

    Raises InputError if torch cannot capture it, or has no ONNX for a part of it.
    """
    import torch

    name = type(module).__name__
    try:
        fixed = copy.deepcopy(module).cpu().eval()
        with _silent():
            program = torch.export.export(fixed, (torch.zeros(1, channels, samples),))
            written = torch.onnx.export(program, dynamo=True, verbose=False)
        assert written is not None  # of dynamo
        return bytes(written.model_proto.SerializeToString())
    except Exception as error:  # torch raises anything, also what the module's own code raises
        first = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
        raise InputError(
            f"module {name}: torch.export cannot capture it for a window of {channels} x {samples} "
            f"({shortened(first, 200)}); write its forward without branches on values, for windows (n, channels, "
            "samples)"
        ) from error


def outputs(module: "nn.Module", windows: np.ndarray) -> tuple[np.ndarray, ...]:
    """What a module in evaluation mode returns for windows float32 (n, channels, samples): one array, or several."""
    import torch

    fixed = copy.deepcopy(module).cpu().eval()
    with torch.inference_mode():
        returned = fixed(torch.from_numpy(np.ascontiguousarray(windows)))
    values = returned if isinstance(returned, (tuple, list)) else (returned,)
    return tuple(np.asarray(value.numpy()) for value in values)


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Without torch's advice on packages that nothing here needs."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
