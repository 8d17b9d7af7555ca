"""The decision behind a run's logits: its temperature, fitted on validation windows in int8, and what it is worth."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from export.golden.choice import spread
from export.model import Model
from export.network.layers import LOGITS
from export.proof.runtimes import run_tflite_micro
from scl.artifacts import InputError
from scl.artifacts.decision import Decision
from scl.artifacts.export_report import Decided
from scl.belief import MOST_CLASSES, ONE, UNSURE, decide_alone
from scl.frontend.chain import FrontEnd
from scl.frontend.flags import LEAD_OFF
from scl.temperature import expected_calibration_error, fitted_temperature
from train.data.recordings import WindowSet
from train.data.stored import recordings_for_run, windows_for_run
from train.transformations import from_info

if TYPE_CHECKING:
    from train.run.folder import Run

FITTED = 2_000  # validation windows at most


@dataclass(frozen=True)
class Fitted:
    """A decision, and over how many validation windows its temperature was fitted."""

    decision: Decision
    windows: int


def decides(run: "Run", model: Model) -> bool:
    """Whether a run has windows of one of a few classes, and validation windows."""
    one_class = model.thresholds is None and model.frontend.beats is None
    return one_class and 2 <= len(model.labels) <= MOST_CLASSES and len(run.info.split.validation) > 0


def fitted(run: "Run", model: Model, data: Path | None, bout_s: float | None, unsure: float) -> Fitted | None:
    """The decision behind a model's logits; None where it can have none.

    Raises InputError for options of a decision that there is none, and for a bout that is not longer than the hop.
    """
    if not decides(run, model):
        if bout_s is not None or unsure > 0:
            raise InputError(
                f"{run.path}: has no validation windows, each of one of 2 to {MOST_CLASSES} classes, so there is no "
                "decision behind its logits; leave --bout and --unsure out"
            )
        return None
    hop_s = model.default_hop / model.frontend.model_rate_hz
    if bout_s is not None and not bout_s > hop_s:
        raise InputError(f"--bout {bout_s:g}: a hop of a stream has {hop_s:g} s; give a longer one")
    logits, windows = logits_of(run, model, "validation", data, FITTED)
    scale = model.network.activations[LOGITS]
    temperature = fitted_temperature((logits.astype(float) - scale.zero_point) * float(scale.scale), windows.labels)
    return Fitted(Decision(temperature, bout_s, unsure), len(windows))


def logits_of(run: "Run", model: Model, part: str, data: Path | None, most: int) -> tuple[np.ndarray, WindowSet]:
    """TFLite Micro's int8 logits (n, classes) of at most so many windows of a part of a run's recordings, spread over
    all, as a board sees them; and these windows.
    """
    windows = windows_for_run(run.info, part, data)
    copies = from_info(run.info.transformation).sensor_copies(
        *(windows, 1, 0), lambda: recordings_for_run(run.info, data), model.frontend
    )
    rows = spread(len(windows), most)
    inputs = FrontEnd.from_spec(model.frontend).quantized_windows(copies.counts(0, rows))
    return run_tflite_micro(model.tflite, inputs)[LOGITS], windows.take(rows)


def worth(model: Model, fitted: Fitted, logits: np.ndarray, labels: np.ndarray, flags: np.ndarray) -> Decided:
    """What a decision about each test window by itself is worth: int8 logits (n, classes), labels and flags (n,)."""
    decision, off = fitted.decision, flags & LEAD_OFF > 0
    scale, right = float(model.network.activations[LOGITS].scale), logits.argmax(axis=-1) == labels
    errors = []
    for temperature in (1.0, decision.temperature):
        settings = Decision(temperature, None, decision.unsure).settings(scale, 1.0, 1.0)
        found = decide_alone(settings, logits, off)
        errors.append(expected_calibration_error(found.confidences / ONE, right & ~off))
    sure = found.answers != UNSURE
    return Decided(
        temperature=decision.temperature,
        fitted_on=fitted.windows,
        bout_s=decision.bout_s,
        unsure_margin=decision.unsure,
        ece_before=errors[0],
        ece=errors[1],
        windows=len(labels),
        unsure=int((~sure).sum()),
        accuracy=float((found.answers == labels).mean()),
        accuracy_answered=float((found.answers == labels)[sure].mean()) if sure.any() else None,
    )
