"""ECG tasks: what the label of a window is, and the encoder for it."""

from dataclasses import replace
from functools import partial
from typing import cast

import torch

from scl.artifacts import InputError
from scl.artifacts.architecture import Architecture
from scl.artifacts.fields import TaskName
from scl.artifacts.run import InputSteps, Split
from scl.frontend.beats import RATE_HZ, BeatInput, BeatSpec
from train.augment.variation import vary_ecg, vary_features
from train.data import beats, ecg, strips
from train.data.data_set import DataSet, Source
from train.data.mitdb import RHYTHM
from train.data.model_rate import model_rate
from train.data.recordings import Recordings, WindowSet
from train.data.registry import data_set
from train.run.config import CORRECTED, FEATURES, EncoderOptions, TrainConfig
from train.run.fit import shaped
from train.run.objective import unvaried
from train.run.session import feature_statistics
from train.run.task import Task
from train.transformations import Disturbance

# Fusion and unclassifiable beats neither train nor count, as ANSI/AAMI EC57 exempts them; where they go is reported.
OTHERS = ("F", "Q")
INPUT_LIMIT = 6.0  # standard deviations: R peaks rise far above the rest of an ECG
# A receptive field of 4.2 s, so that a beat can be held against the ones around it.
STRIDES = (2, 2, 2, 2, 2, 2, 1)
WIDTHS = (12, 16, 24, 32, 48, 64, 64)
FLAT_WIDTHS = (12, 16, 24, 32, 48, 64, 32)
KERNEL = 7
FEATURE_LIMIT = 5.0  # standard deviations
FEATURE_WIDTH = 32  # of the hidden layer


def ecg_architecture(encoder: EncoderOptions, window_s: float, rate_hz: float) -> Architecture:
    """The encoder of an ECG's windows. Raises InputError for windows that it does not fit."""
    widths = WIDTHS if encoder.pool == "average" else FLAT_WIDTHS
    own = Architecture(widths, STRIDES, KERNEL, encoder.pool, encoder.padding)
    return shaped(own, encoder, window_s, rate_hz)


def check_ecg(name: str, config: TrainConfig, wanted: DataSet) -> None:
    """Before anything is read: raises InputError for options that no recordings of the set can fit."""
    rate_hz = config.window.rate_hz or wanted.rate_hz
    if config.encoder.input in FEATURES:
        _check_features(config)
    elif rate_hz:
        ecg.check_band(wanted.name, rate_hz)
        ecg_architecture(config.encoder, config.window.seconds or ecg.window_for(name), rate_hz)


def ecg_task(name: TaskName, recordings: Recordings, source: Source, config: TrainConfig) -> Task:
    """Windows of ECG recordings under time shift, divided by record.

    Args:
        name: "strip" or "beat". Where features are the input, both train on beats, and the test figures of "strip" are
            of strips by their worst beat.
        recordings: at the source's rate.

    Raises InputError for beats of a set that has none annotated.
    """
    if name == "beat" and not any(len(block.beats) for block in recordings.blocks):
        raise InputError(f"{recordings.name}: has no annotated beats; use --task strip")
    if config.encoder.input in FEATURES:
        return _features_task(name, recordings, source, config)
    registered = data_set(source.data_set)
    assert registered.rate_hz is not None and registered.split is not None  # as all of ECG have
    rate_hz = model_rate(recordings, registered.rate_hz, config.window.rate_hz)
    shift = ecg.shift_for(name, recordings, rate_hz, config.window.seconds)
    architecture = ecg_architecture(config.encoder, shift.samples / rate_hz, rate_hz)
    behind = ecg.prepared(recordings, rate_hz)
    split = registered.split(recordings, config.run.seed)
    parts = {p: ecg.split_windows(behind, split, p, name, shift) for p in ("train", "validation", "test")}
    labels = ecg.task_labels(recordings)
    frontend = InputSteps(ecg.BAND_HZ, ecg.WARM_UP_S, canonical=config.encoder.input == "canonical")
    others = None
    exempt = tuple(label for label in OTHERS if label in recordings.labels)
    if name == "beat" and ecg.holds(behind, split.test, exempt):
        others = ecg.beats(behind, split.test, shift, exempt), exempt
    return Task(
        name, behind, source, labels, split, parts, shift, architecture, INPUT_LIMIT, frontend, others, vary_ecg
    )


def _check_features(config: TrainConfig) -> None:
    """Raises InputError for options that measured beats have no use for."""
    if config.window.seconds or config.window.rate_hz not in (0, RATE_HZ):
        raise InputError(
            f"--window and --rate are not chosen where beats are measured, at {RATE_HZ:g} Hz; leave them out, or give "
            "--input raw"
        )
    Disturbance.of(config.method.against)
    if config.encoder.strides or config.encoder.kernels:
        raise InputError("--strides and --kernels: a beat's features have no order in time; leave them out")


def _features_task(name: TaskName, recordings: Recordings, source: Source, config: TrainConfig) -> Task:
    """The features of beats that the board finds, under what may disturb their measurement, divided by record."""
    reason = strips.not_measurable(recordings)
    if reason is not None:
        raise InputError(f"{recordings.name}: {reason}; give other recordings, or --input raw")
    registered = data_set(source.data_set)
    assert registered.split is not None  # as all of ECG have
    divided = registered.split(recordings, config.run.seed)
    # Options were chosen by cross-validation, and few records have S beats: none is kept from training.
    split = replace(divided, train=tuple(sorted((*divided.train, *divided.validation))), validation=())
    spec, kinds = beat_spec(config), Disturbance.of(config.method.against).kinds
    found = beats.versions(recordings, spec, kinds)
    trained = found if config.window.peaks == "detected" else beats.versions(recordings, spec, kinds, annotated=True)
    parts = {p: beats.windows(of, split.part(p), RHYTHM) for p, of in (("train", trained), ("test", found))}
    exempt, others = tuple(label for label in OTHERS if label in recordings.labels), None
    if name == "beat" and ecg.holds(found[0], split.test, exempt):
        others = beats.windows(found, split.test, exempt), exempt
    task = features_task(name, ecg.prepared(recordings, RATE_HZ), source, config, split, parts, others)
    return replace(task, strips=strips.strips(recordings, spec, split.test)) if name == "strip" else task


def beat_spec(config: TrainConfig) -> BeatSpec:
    """How the beats of a run are measured."""
    return BeatSpec.of(cast(BeatInput, config.encoder.input), config.encoder.polarity == CORRECTED)


def features_task(
    name: TaskName,
    recordings: Recordings,
    source: Source,
    config: TrainConfig,
    split: Split,
    parts: dict[str, WindowSet],
    others: tuple[WindowSet, tuple[str, ...]] | None = None,
) -> Task:
    """The task of beats that are measured and divided."""
    widths = tuple(config.encoder.widths) or (FEATURE_WIDTH,)
    ones = (1,) * len(widths)
    std = torch.from_numpy(feature_statistics(parts["train"])[1])
    strength = config.augmentation.variation
    return Task(
        name,
        replace(recordings, rate_hz=RATE_HZ),
        source,
        RHYTHM,
        split,
        parts,
        Disturbance.of(config.method.against),
        Architecture(widths, ones, ones),
        FEATURE_LIMIT,
        InputSteps(ecg.BAND_HZ, ecg.WARM_UP_S, beats=beat_spec(config)),
        others,
        partial(vary_features, strength=strength * std) if strength else unvaried,
    )
