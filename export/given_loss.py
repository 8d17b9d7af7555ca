"""What int8 costs a float model from elsewhere: its answers beside those of model_float.onnx in ONNX Runtime, over the
windows that travel with the bundle and their copies.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from export.given_model import Model
from export.given_options import Options
from export.given_windows import Windows
from export.golden.figures import int8_figures
from export.network.layers import LOGITS
from export.proof.gates import ExportError
from export.proof.runtimes import run_onnx_float
from scl.artifacts import InputError
from scl.artifacts.export_report import FloatModel
from scl.artifacts.golden import Golden
from scl.artifacts.manifest import Int8Figures

ROUNDING = 1e-4  # of the largest output: float32 sums in another order, layer behind layer
QUIETEST = 1e-20  # of an error, beside the power of what it is of


def largest_difference(onnx: bytes, windows: np.ndarray, expected: Mapping[str, np.ndarray], where: str) -> float:
    """How far ONNX Runtime's answers on a float ONNX file are from those of the model that it was made of, as a share
    of the largest one: on windows float32 (n, channels, samples), `expected` (n, size) for each output.

    Raises ExportError if that is more than rounding.
    """
    outputs, most = run_onnx_float(onnx, windows), 0.0
    for name, values in expected.items():
        apart = float(np.abs(outputs[name] - values).max() / max(np.abs(values).max(), 1))
        if not apart <= ROUNDING:
            raise ExportError(
                f"{where}: model_float.onnx in ONNX Runtime differs from it in {name} by {apart:.2g} of the largest "
                "value; please report it with the model"
            )
        most = max(most, apart)
    return most


def beside_float(model: Model, windows: Windows, golden: Golden, options: Options) -> FloatModel | None:
    """The float model that was given, on the same windows; None of a model that was int8 already.

    Raises ExportError if int8 loses more than is allowed.
    """
    if options.onnx_float is None:
        return None
    x = windows.copies.windows
    if model.c.frontend is not None:  # from the network's input on
        x = model.network.activations["input"].dequantize(windows.inputs).transpose(0, 1, 3, 2)
    logits = run_onnx_float(options.onnx_float, x.reshape(-1, *x.shape[2:]))[LOGITS]
    int8 = model.network.activations[model.logits].dequantize(golden.logits).reshape(logits.shape)
    noise = max(float(np.mean((logits - int8) ** 2)), QUIETEST * float(np.mean(logits**2)), QUIETEST)
    floats = replace(golden, logits=logits.reshape(golden.logits.shape))
    float_model = FloatModel(
        apart=options.float_apart,
        figures=int8_figures(floats),
        same_class=float((logits.argmax(axis=1) == int8.argmax(axis=1)).mean()),
        snr_db=10 * float(np.log10(max(float(np.mean(logits**2)), QUIETEST) / noise)),
    )
    require_small_loss(float_model, int8_figures(golden), options.max_loss)
    return float_model


def require_small_loss(float_model: FloatModel, int8: Int8Figures, limit: float | None) -> None:
    """Raises ExportError if int8 loses more than `limit` points of a figure that is known; None allows any."""
    if limit is None:
        return
    for name, loss in float_model.losses(int8).items():
        if loss > limit:
            raise ExportError(
                f"int8 loses {loss:.2f} points of {name} on {int8.windows} windows and {int8.copies} copies of each; "
                f"allowed are {limit:g}; give more windows of what the board will meet, or allow more with --max-loss"
            )


def require_gate(where: str, options: Options, is_float: bool) -> None:
    """Raises InputError if a loss is limited of what has no float model, or no figure that could be lost."""
    if options.max_loss is None:
        return
    if not is_float:
        raise InputError(
            f"--max-loss: {where} is int8 already, there is no float model that it could be worse than; leave it out"
        )
    given = options.representative
    if options.transformation is None and (given is None or given.labels is None):
        raise InputError(
            f"--max-loss: the windows of {where} have no labels and no copies, so there is no accuracy and no "
            "consistency to lose; give labels, or --transformation"
        )
