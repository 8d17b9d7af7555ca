"""What a training command hands to the shared session: windows, what they are robust to, and an encoder's shape."""

from dataclasses import dataclass, replace
from functools import partial

from scl.artifacts import InputError
from scl.artifacts.architecture import Architecture
from scl.artifacts.fields import TaskName
from scl.artifacts.run import InputSteps, Split
from train.augment.variation import vary_imu
from train.data.data_set import DataSet, Source
from train.data.recordings import Recordings, WindowSet
from train.data.splits import SPLITS, split_windows
from train.data.strips import Strips
from train.model.encoder import INPUT_LIMIT
from train.run.config import EncoderOptions, TrainConfig
from train.run.fit import shaped
from train.run.labelled import few_labels
from train.run.objective import Vary, unvaried
from train.transformations import Rotation, Several, Transformation
from train.transformations.nuisances import Signal
from train.transformations.several import check_against

# Standard deviations: compressed, few invariants lie beyond, and the input's steps are finer for it.
INVARIANT_LIMIT = 3.0
# Without zeros at its edges the last block of the embedded set's windows of 4 s has 3 samples to read.
VALID_KERNELS = (5, 3, 5, 3, 5, 3, 3)


def imu_architecture(encoder: EncoderOptions, window_s: float, rate_hz: float) -> Architecture:
    """The encoder of an IMU's windows. Raises InputError for windows that it does not fit."""
    architecture = Architecture(pool=encoder.pool, padding=encoder.padding)
    if encoder.padding == "valid":
        architecture = replace(architecture, kernel=VALID_KERNELS)
    return shaped(architecture, encoder, window_s, rate_hz)


def check_imu(config: TrainConfig, wanted: DataSet) -> None:
    """Before anything is read: raises InputError for options that no recordings of the set can fit."""
    window_s, rate_hz = config.window.seconds or wanted.window_s, config.window.rate_hz or wanted.rate_hz
    check_against(config.method.against)
    if window_s and rate_hz:
        imu_architecture(config.encoder, window_s, rate_hz)


@dataclass(frozen=True)
class Task:
    """A data set divided and cut.

    Attributes:
        name: "imu", "strip" or "beat".
        recordings: at the model's rate.
        source: the data set and how it was loaded, for run.json.
        labels: of the head's outputs.
        parts: "train", "test" and, where some are kept for it, "validation".
        limit: of the normalized input, in standard deviations.
        frontend: what happens between resampling and normalization.
        others: test windows whose classes are not the model's, and their labels: where they go is reported.
        vary: what every view that is trained on may differ in besides.
        strips: of the test part, where beats are trained on and figures are of strips.
    """

    name: TaskName
    recordings: Recordings
    source: Source
    labels: tuple[str, ...]
    split: Split
    parts: dict[str, WindowSet]
    transformation: Transformation
    architecture: Architecture
    limit: float = INPUT_LIMIT
    frontend: InputSteps = InputSteps()
    others: tuple[WindowSet, tuple[str, ...]] | None = None
    vary: Vary = unvaried
    strips: Strips | None = None

    @property
    def samples(self) -> int:
        """Of a window, without what lies around it."""
        return self.transformation.window(self.parts["train"].x.shape[2])


def imu_task(recordings: Recordings, source: Source, config: TrainConfig) -> Task:
    """Windows of an IMU under rotation, divided by the split that the options name.

    Raises InputError for groups that are none of the recordings' labels, and for more labelled subjects than train.
    """
    try:
        config.run.groups.check(recordings.labels)
    except ValueError as error:
        raise InputError(f"{recordings.name}: {error}; give other --groups") from error
    split = SPLITS[config.run.split](recordings.groups, config.run.seed)
    window_s = config.window.seconds or recordings.window_s
    architecture = imu_architecture(config.encoder, window_s, recordings.rate_hz)
    parts = {p: split_windows(recordings, split, p, window_s) for p in ("train", "validation", "test")}
    parts["train"] = few_labels(parts["train"], config.run.labelled, config.run.seed, recordings.name)
    invariant = config.encoder.input == "invariant"
    vary = partial(vary_imu, strength=config.augmentation.variation) if config.augmentation.variation else unvaried
    return Task(
        *("imu", recordings, source, recordings.labels, split, parts, _against(recordings, config), architecture),
        limit=INVARIANT_LIMIT if invariant else INPUT_LIMIT,
        frontend=InputSteps(invariant=invariant),
        vary=vary,
    )


def _against(recordings: Recordings, config: TrainConfig) -> Transformation:
    """What copies of windows differ in. Raises InputError for a nuisance that does not fit the sensors."""
    name = config.method.against
    if name in ("", Rotation.name):
        return Rotation()
    return Several.of(name, Signal.of(recordings.rate_hz, recordings.channels))
