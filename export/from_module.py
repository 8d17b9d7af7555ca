"""`from export import deploy`: from an nn.Module of one's own to a bundle.

The module is captured by torch.export, calibrated on the windows that its user hands over, quantized by our quantizer,
and written as TFLite, ONNX and C with the proof that a file from elsewhere has (`export.given`).
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from export import module as modules
from export.cost.budget import Budget
from export.given import Options, export_given
from export.given_loss import largest_difference, require_gate
from export.golden.window_copies import KINDS
from export.imported import COMPARED, calibrated, expected, written
from export.network.from_onnx import read
from export.network.layers import FEATURES, Network
from export.network.without_variant import without_variant
from export.representative import Representative, from_arrays
from export.writers.onnx import write_onnx
from scl.artifacts import InputError, shortened
from scl.artifacts.export_report import NetworkReport
from scl.artifacts.folders import check_replaceable
from scl.partition import Partition

if TYPE_CHECKING:
    from torch import nn

GIVEN = "give deploy windows float (n, channels, samples), labels and groups integers (n,), as arrays or tensors"


def deploy(
    module: "nn.Module",
    windows: Any,
    out: Path | str,
    *,
    labels: Any = None,
    groups: Any = None,
    names: Sequence[str] | None = None,
    partition: Partition | None = None,
    transformation: str | None = None,
    samples: int | None = None,
    max_loss: float | None = None,
    budget: str | None = None,
    seed: int = 0,
) -> NetworkReport:
    """Writes the bundle `out` of a module in evaluation mode; returns its report. The module itself stays as it is.

    Args:
        module: takes windows (n, channels, samples) and returns logits (n, classes), or (latent, logits).
        windows: array or tensor float (n, channels, samples) in the units that the module takes. Activation ranges are
            calibrated on some of them, and up to 600 travel with the bundle for validation: take windows that stand
            for what the board will meet, of people who did not train if their accuracy is to count.
        labels: integers (n,), groups: integers (n,), subject or record of each window; both may be left out.
        names: of the classes.
        partition: of the latent. Its variant rows are left out, if the logits depend on none of them; without it all
            dimensions are kept.
        transformation: "rotation", "mirror" or "shift": copies of the windows under it travel along, and the board's
            consistency is measured on them.
        samples: that the module takes, if the windows are longer, as a shift needs them.
        max_loss: points of accuracy (of labels) and consistency (under a transformation) that int8 may lose.
        budget: as `export.quantize --budget`.

    Raises:
        InputError: torch cannot capture the module, it uses what the engine lacks, or the windows do not fit it.
        ExportError: a runtime differs from TFLite Micro, or the float network from the module; the network is beyond
            the budget, or int8 loses too much.
    """
    where = f"module {type(module).__name__}"
    check_replaceable(out, "bundle")  # before minutes of work
    _check_transformation(where, transformation)
    representative = _representative(where, names, windows=windows, labels=labels, groups=groups)
    length = _length(where, samples, representative.windows.shape[2])
    compared = np.ascontiguousarray(representative.windows[:COMPARED, :, :length])
    network, answers = _captured(module, compared, partition, where)
    onnx_float = write_onnx(network)
    options = Options(
        representative=representative,
        partition=partition,
        transformation=transformation,
        onnx_float=onnx_float,
        float_apart=largest_difference(onnx_float, compared, answers, where),
        max_loss=max_loss,
        budget=None if budget is None else Budget.parse(budget),
        seed=seed,
    )
    require_gate(where, options, is_float=True)
    files = written(calibrated(network, options, where))
    return export_given(where, files.tflite, Path(out), replace(options, onnx=files.onnx))


def _check_transformation(where: str, transformation: str | None) -> None:
    if transformation is not None and transformation not in KINDS:
        raise InputError(
            f"{where}: transformation is {transformation!r}; choose from {', '.join(KINDS)}, or leave it out"
        )


def _length(where: str, samples: int | None, longest: int) -> int:
    """Samples that the module takes, of windows with `longest`."""
    length = longest if samples is None else samples
    if not 1 <= length <= longest:
        raise InputError(f"{where}: samples is {length}; give 1 to {longest}, as many as the windows have")
    return length


def _captured(
    module: "nn.Module", windows: np.ndarray, partition: Partition | None, where: str
) -> tuple[Network, dict[str, np.ndarray]]:
    """The module's network, without variant rows, and what the module answers to windows (n, channels, samples)."""
    returned = modules.outputs(module, windows)
    imported = read(modules.captured(module, *windows.shape[1:]), where, channels_first=True)
    answers = expected(imported, returned)
    if partition is None:
        return imported.network, answers
    network = without_variant(imported.network, partition, where)
    answers[FEATURES] = answers[FEATURES][:, partition.kept]
    return network, answers


def _representative(where: str, names: Sequence[str] | None, **given: Any) -> Representative:
    """Windows and what is known of them, from arrays or tensors."""
    arrays = {name: _array(where, name, value) for name, value in given.items() if value is not None}
    if names is not None:
        arrays["names"] = np.asarray([names] if isinstance(names, str) else list(names))
    return from_arrays(where, arrays, GIVEN)


def _array(where: str, name: str, value: Any) -> np.ndarray:
    import torch

    try:
        if isinstance(value, torch.Tensor):
            value = value.detach().cpu()
            return np.asarray(value.float() if value.is_floating_point() else value)
        return np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:  # rows of several lengths, a data set
        raise InputError(
            f"{where}: {name} is a {type(value).__name__} that is no array ({shortened(str(error), 80)}); {GIVEN}"
        ) from error
