"""A run's network and front end as they are deployed, and written in every form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from export.network import arena, streaming
from export.network.from_encoder import fold
from export.network.integers import Int8Network
from export.network.layers import LOGITS
from export.network.placing import Arena
from export.network.quantization import quantize
from export.writers.c_source import CModel, write_c
from export.writers.onnx import write_onnx
from export.writers.tflite import write_tflite
from scl.artifacts import InputError
from scl.artifacts.bundle import model_hash
from scl.artifacts.decision import Decision
from scl.artifacts.fields import MOST_LABELS
from scl.artifacts.manifest import MOST_LABELS_TOGETHER, quarter
from scl.belief import DecisionSettings
from scl.decision import LOST, decide
from scl.frontend.chain import design_front_end
from scl.frontend.flags import LEAD_OFF
from scl.frontend.resampler import design
from scl.frontend.sensor import Sensor
from scl.frontend.spec import FrontEndSpec

if TYPE_CHECKING:
    from train.run.folder import Run

LABEL_BYTES = 920  # what a board's HELLO has room for beside the names of board and firmware, docs/PROTOCOL.md


@dataclass(frozen=True, eq=False)
class Model:
    """What a board runs.

    Attributes:
        thresholds: of the int8 logits, where labels may hold together.
        memory: the plan of the arena.
        step: of a stream that keeps columns.
        tflite, onnx: the files.
        decision: what decides behind the logits.
    """

    network: Int8Network
    frontend: FrontEndSpec
    labels: tuple[str, ...]
    thresholds: tuple[int, ...] | None
    memory: Arena
    step: streaming.Step | None
    tflite: bytes
    onnx: bytes
    decision: Decision | None = None

    @cached_property
    def hash(self) -> str:
        """SHA-256 of all that decides its answers."""
        return model_hash(self.tflite, self.frontend, self.labels, self.thresholds, self.decision)

    @property
    def default_hop(self) -> int:
        """Model-rate samples from one class of a stream to the next."""
        return self.step.hop if self.step else quarter(self.frontend.window_samples)

    @property
    def decision_settings(self) -> DecisionSettings | None:
        """The decision in integers."""
        if self.decision is None:
            return None
        rate_hz, scale = self.frontend.model_rate_hz, float(self.network.activations[LOGITS].scale)
        return self.decision.settings(scale, self.default_hop / rate_hz, self.frontend.window_samples / rate_hz)

    @property
    def mask_labels(self) -> int | None:
        """How many labels there are, where classes are bit masks of several."""
        return None if self.thresholds is None else len(self.labels)

    def answers(self, logits: np.ndarray, flags: np.ndarray) -> np.ndarray:
        """Classes (transforms, n) of int8 logits (transforms, n, classes), lost where the board abstains."""
        return np.where(flags & LEAD_OFF, LOST, decide(logits, self.thresholds))

    def write(self, folder: Path) -> None:
        """Writes all forms into `folder`."""
        (folder / "model.tflite").write_bytes(self.tflite)
        (folder / "model.onnx").write_bytes(self.onnx)
        (folder / "model_float.onnx").write_bytes(write_onnx(self.network.network))
        (folder / "c").mkdir()
        coefficients = design(self.frontend.sensor.rate_hz, self.frontend.model_rate_hz).coefficients
        c_model = CModel(
            *(self.network, self.memory, self.labels, self.hash),
            *(self.frontend, coefficients, self.thresholds, self.step),
            decision=self.decision_settings,
        )
        write_c(c_model, folder / "c")


def quantized(run: "Run", ranges: Mapping[str, Sequence[float]], sensor: Sensor, hop: int | None) -> Model:
    """The run's network in int8, behind a sensor; with a hop, also for a stream that keeps columns.

    Raises InputError if the network cannot keep columns.
    """
    network = quantize(fold(run.model, run.info.window.samples), ranges)
    # A probability of a half is a logit of 0.
    threshold = network.activations[LOGITS].zero_point
    return Model(
        network,
        frontend_for(run, network, sensor),
        labels=run.info.labels,
        thresholds=(threshold,) * len(run.info.labels) if run.info.multilabel else None,
        memory=arena.schedule(network.network),
        step=None if hop is None else streaming.step(network.network, hop),
        tflite=write_tflite(network),
        onnx=write_onnx(network.network, network),
    )


def frontend_for(run: "Run", network: Int8Network, sensor: Sensor) -> FrontEndSpec:
    """A sensor's counts to the network's input; `export.sensor.sensor_for` has looked at the sensor."""
    window = run.info.window
    scale, zero_point = network.activations["input"].scale, network.activations["input"].zero_point
    return design_front_end(
        sensor, window.samples, window.rate_hz, run.info.normalisation, float(scale), zero_point, run.info.frontend
    )


def check_labels(run_folder: Path, labels: Sequence[str], multilabel: bool = False) -> None:
    """Raises InputError unless a class fits into its two bytes and all labels into the board's HELLO frame."""
    if multilabel and len(labels) > MOST_LABELS_TOGETHER:
        raise InputError(
            f"{run_folder}: has {len(labels)} labels that hold together, expected at most {MOST_LABELS_TOGETHER}; "
            "train with fewer"
        )
    size = sum(len(label.encode()) + 1 for label in labels)
    if len(labels) > MOST_LABELS or size > LABEL_BYTES or any("\n" in label for label in labels):
        raise InputError(
            f"{run_folder}: has {len(labels)} labels of {size} bytes together, "
            f"expected at most {MOST_LABELS} labels of one line, {LABEL_BYTES} bytes together; shorten them"
        )
