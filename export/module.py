"""An nn.Module as ONNX in memory: captured by torch.export, written by torch.onnx, in evaluation mode."""

import contextlib
import copy
import io
import logging
import re
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from scl.artifacts import InputError
from scl.artifacts.errors import shortened

if TYPE_CHECKING:
    from torch import nn


def fixed(module: "nn.Module") -> "nn.Module":
    """A copy of a module in evaluation mode, in float32 on the CPU. The module itself stays as it is.

    Raises InputError for what is no module that torch.export takes.
    """
    import torch

    name = type(module).__name__
    module = getattr(module, "_orig_mod", module)  # what torch.compile was given
    if not isinstance(module, torch.nn.Module):
        raise InputError(f"{name}: is no nn.Module, expected one; load the weights into your module, and give that")
    if isinstance(module, torch.jit.ScriptModule):
        raise InputError(f"module {name}: is compiled by torch.jit; give the nn.Module that it was made from")
    if any(torch.nn.parameter.is_lazy(parameter) for parameter in module.parameters()):
        raise InputError(f"module {name}: has parameters without a shape (Lazy...); call it on a window before")
    # An activation that a module keeps, as a weight norm does, cannot be copied with its gradient.
    kept = [value for part in module.modules() for value in vars(part).values() if isinstance(value, torch.Tensor)]
    copied = {id(value): value.detach().clone() for value in kept if value.grad_fn is not None}
    return copy.deepcopy(module, copied).cpu().eval().float()


def outputs(module: "nn.Module", windows: np.ndarray) -> tuple[np.ndarray, ...]:
    """What a module in evaluation mode returns for windows float32 (n, channels, samples): one array, or several.

    Raises InputError if it ends on them, or returns something else than finite tensors, or not the same twice.
    """
    import torch

    name, x = type(module).__name__, torch.from_numpy(np.ascontiguousarray(windows))
    evaluated = fixed(module)
    try:
        values = _tensors(_called(evaluated, x), name)
    except InputError:
        raise
    except Exception as error:  # of the module's own code
        size, advice = " x ".join(map(str, windows.shape[1:])), _fit(evaluated, x)
        raise InputError(f"module {name}: ends on a window of {size} ({_first(error)}); {advice}") from error
    if not all(bool(torch.isfinite(value).all()) for value in values):
        raise InputError(f"module {name}: returns NaN or infinite values; check its weights, and the windows' units")
    if not all(map(torch.equal, values, _tensors(_called(evaluated, x), name))):
        raise InputError(
            f"module {name}: returns other values for the same windows a second time, in evaluation mode; give "
            "functional dropout its training=self.training, and draw nothing at random"
        )
    return tuple(np.asarray(value.numpy()) for value in values)


def _tensors(returned: Any, name: str) -> tuple[Any, ...]:
    """What a module returned, one tensor or several."""
    import torch

    values = tuple(returned) if isinstance(returned, (tuple, list)) else (returned,)
    other = [type(value).__name__ for value in values if not isinstance(value, torch.Tensor)]
    if other or not values:
        raise InputError(
            f"module {name}: returns {', '.join(other) or 'nothing'}, expected tensors; make it return logits "
            "(n, classes), or (latent, logits)"
        )
    return values


def captured(module: "nn.Module", channels: int, samples: int) -> bytes:
    """ONNX of a module for one window (1, channels, samples). The module itself stays as it is.

    Raises InputError if torch cannot capture it, or has no ONNX for a part of it.
    """
    import torch

    name, evaluated = type(module).__name__, fixed(module)
    try:
        with _silent():
            program = torch.export.export(evaluated, (torch.zeros(1, channels, samples),))
    except Exception as error:  # torch raises anything, also what the module's own code raises
        raise InputError(
            f"module {name}: torch.export cannot capture it for a window of {channels} x {samples} ({_first(error)}); "
            "write its forward in torch's operations, without branches on values"
        ) from error
    try:
        with _silent():
            written = torch.onnx.export(program, dynamo=True, verbose=False)
        assert written is not None  # of dynamo
        return bytes(written.model_proto.SerializeToString())
    except Exception as error:
        raise InputError(
            f"module {name}: torch.onnx has no form for a part of it ({_first(_cause(error))}); take an operation of "
            "docs/tutorials/pytorch.md in its place"
        ) from error


def _called(module: "nn.Module", x: Any) -> Any:
    import torch

    with torch.inference_mode():
        return module(x)


def _fit(module: "nn.Module", x: Any) -> str:
    """What to do with a module that ends on windows."""
    with contextlib.suppress(Exception):
        _called(module, x.transpose(1, 2))
        return (
            "it takes them transposed: if their last axis is channels, transpose the windows, (n, channels, samples) "
            "is expected; if it is samples, give a module around it whose forward returns net(x.transpose(1, 2))"
        )
    return "it has to take windows (n, channels, samples) alone, of samples=... if these are longer"


def _first(error: BaseException) -> str:
    """The first line of an error, without colours."""
    lines = [line for line in re.sub(r"\x1b\[\d*m", "", str(error)).splitlines() if line.strip()]
    return shortened(lines[0].strip() if lines else type(error).__name__, 200)


def _cause(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Without torch's advice on packages that nothing here needs, and without graphs of what failed."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
