"""The manifest of a bundle for tests, with every field filled in."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from scl.artifacts.bundle import hashes
from scl.artifacts.manifest import (
    Cost,
    InputTensor,
    Int8Figures,
    Manifest,
    NetworkManifest,
    Outputs,
    OutputTensor,
    SplitName,
)
from scl.artifacts.run import WindowInfo
from scl.frontend.spec import FrontEndSpec
from scl.partition import Partition
from tests.run_info import ROTATION

COST = Cost(
    *(1, 1),
    flash_bytes=1,
    ram_bytes=1,
    arena_bytes=1,
    instructions=1,
    stack_bytes=1,
)

IMU = ("ax", "ay", "az", "gx", "gy", "gz"), ("m/s^2",) * 3 + ("rad/s",) * 3


def manifest(
    folder: Path,
    spec: FrontEndSpec,
    labels: tuple[str, ...],
    partition: Partition,
    features: tuple[float, int] = (0.1, 4),
    transforms: tuple[str, ...] = ("as recorded", "rotation 1", "rotation 2"),
    **changes: Any,
) -> Manifest:
    """Of a model on an IMU, or on one lead, that reads `spec`'s inputs; it lists the files that `folder` has.

    Args:
        features: scale and zero point of the kept latent.
        changes: replace fields.
    """
    inputs, zero_point = spec.inputs, spec.input_zero_point
    made = Manifest(
        name="tiny",
        task="imu",
        transformation=ROTATION,
        method="scl",
        labels=labels,
        partition=partition,
        kept=tuple(partition.kept.tolist()),
        run_hash="cd" * 32,
        window=WindowInfo(
            spec.window_samples,
            spec.model_rate_hz,
            *((("MLII",), ("mV",)) if spec.sensor.channels == 1 else IMU),
        ),
        frontend=spec,
        input=InputTensor((1, 1, spec.window_samples, inputs), 1 / spec.inv_input_scale, zero_point),
        outputs=Outputs(OutputTensor(partition.kept_size, *features), OutputTensor(len(labels), 0.1, 0)),
        split=SplitName("subject", False),
        data="watch",
        seed=0,
        thresholds=None,
        decision=None,
        transforms=transforms,
        model_hash="ab" * 32,
        cost=COST,
        streaming=None,
        int8=Int8Figures(1, len(transforms) - 1, 1.0, 1.0, 1.0, 1.0, 1.0),
        files=hashes(folder),
    )
    return replace(made, **changes)


def network_manifest(folder: Path, **changes: Any) -> NetworkManifest:
    """Of a network from elsewhere that takes 48 samples of 3 channels as int8; it lists the files that `folder` has."""
    made = NetworkManifest(
        name="net",
        labels=("still", "slow", "fast"),
        model_hash="ab" * 32,
        input=InputTensor((1, 1, 48, 3), 0.1, 0),
        outputs=Outputs(None, OutputTensor(3, 0.1, 0)),
        partition=None,
        frontend=None,
        transformation=None,
        transforms=("random inputs",),
        thresholds=None,
        decision=None,
        streaming=None,
        data="random inputs",
        seed=0,
        int8=Int8Figures(4, 0, None, None, None, None, None),
        cost=COST,
        files=hashes(folder),
    )
    return replace(made, **changes)
