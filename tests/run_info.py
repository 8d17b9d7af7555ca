"""The description of a run for tests, with every field filled in."""

from dataclasses import replace
from typing import Any

from scl.artifacts.architecture import Architecture
from scl.artifacts.run import (
    DataSource,
    InputSteps,
    Normalisation,
    RunInfo,
    SensorChannels,
    Split,
    TransformationInfo,
    WindowInfo,
)
from scl.partition import Partition

ROTATION = TransformationInfo("rotation", {}, "3-D rotation of the sensor")


def run_info(
    architecture: Architecture,
    partition: Partition,
    window: WindowInfo,
    labels: tuple[str, ...],
    std: tuple[float, ...] | None = None,
    **changes: Any,
) -> RunInfo:
    """A run of an accelerometer, of one and a gyroscope, or of a lead, under rotation; `changes` replace its fields."""
    channels = len(window.channels)
    sensors = (SensorChannels("accelerometer", (0, 1, 2)), SensorChannels("gyroscope", (3, 4, 5)))[: channels // 3]
    info = RunInfo(
        name="x",
        task="imu",
        method="scl",
        transformation=ROTATION,
        labels=labels,
        multilabel=False,
        partition=partition,
        window=window,
        sensors=sensors or (SensorChannels("lead", (0,)),),
        frontend=InputSteps(),
        normalisation=Normalisation((0.0,) * channels, std or (1.0,) * channels, 4.0),
        architecture=architecture,
        parameters=1,
        split=Split("subject", False, 0, (1,), (2,), (3,)),
        data=DataSource("wisdm", {}, "0" * 64, {}),
        config={},
        seed=0,
        versions={},
        weights_sha256="0" * 64,
    )
    return replace(info, **changes)
