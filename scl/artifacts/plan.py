"""A planned run: the part of run.json that an estimate of a network's cost needs, before any training."""

from dataclasses import dataclass

from scl.artifacts.architecture import Architecture, check_weights
from scl.artifacts.fields import Channels, Count, Labels
from scl.artifacts.json_files import Artifact
from scl.artifacts.run import InputSteps, RunInfo
from scl.partition import Partition


@dataclass(frozen=True)
class PlannedWindow:
    """What of a window decides an encoder's shape."""

    samples: Count
    channels: Channels


@dataclass(frozen=True)
class PlannedRun(Artifact):
    """What of a run.json decides the network's shape. What else it holds is ignored, and what has a default may be left
    out: people write such files.
    """

    architecture: Architecture
    partition: Partition
    window: PlannedWindow
    labels: Labels
    frontend: InputSteps = InputSteps()

    def __post_init__(self) -> None:
        inputs = self.frontend.inputs(len(self.window.channels))
        check_weights(self.architecture, inputs, self.window.samples, self.partition, len(self.labels))

    kind = RunInfo.kind
    schema = RunInfo.schema
    advice = (
        "expected at least architecture, partition, window (channels, samples) and labels, as train.imu's run.json does"
    )
    __pydantic_config__ = {**Artifact.__pydantic_config__, "extra": "ignore"}
