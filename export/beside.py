"""The int8 network beside others: TensorFlow's converter on equal ranges, and the float model on equal windows."""

from typing import TYPE_CHECKING

import numpy as np

from export.model import Model
from export.network.quantization import quantize
from export.proof import converter, loss
from export.proof.runtimes import run_tflite_micro
from export.writers.tflite import write_tflite
from scl.artifacts.export_report import Evaluation, SecondOpinion
from scl.decision import LOST, decide
from scl.frontend.flags import LEAD_OFF

if TYPE_CHECKING:
    from export.pipeline import Evaluated, Ranges
    from train.run.folder import Run


def second_opinion(model: Model, ranges: "Ranges", inputs: np.ndarray) -> SecondOpinion:
    """What TensorFlow's converter makes of the same network, compared on int8 inputs (n, samples, channels)."""
    nearest = quantize(model.network.network, ranges, keep_sums=False)
    theirs = converter.convert(model.network.network, ranges)
    return converter.compare(theirs, nearest, inputs, run_tflite_micro(write_tflite(nearest), inputs))


def compared_with_float(run: "Run", model: Model, logits: np.ndarray, windows: "Evaluated") -> Evaluation:
    """What int8 loses over all evaluated windows, of its logits (transforms, windows, classes)."""
    int8_classes = windows.gathered(model.answers(logits, windows.flags))
    return loss.evaluate(windows.labels, windows.groups, float_classes(run, windows), int8_classes, model.mask_labels)


def float_classes(run: "Run", windows: "Evaluated") -> np.ndarray:
    """Classes (transforms, windows) that the float model gives to the windows under each transformation; LOST where the
    board abstains for want of a signal, which is no loss of int8.
    """
    import torch

    from train.run.evaluate import predict

    thresholds = np.zeros(len(run.info.labels)) if run.info.multilabel else None
    views = [decide(predict(run.model, torch.from_numpy(x))[1], thresholds) for x in windows.views()]
    return windows.gathered(np.where(windows.flags & LEAD_OFF, LOST, np.stack(views)))
