"""What a bundle's model says in words and numbers, and whether a board holds it."""

import numpy as np

from firmware_host.hello import Hello, InputKind
from firmware_host.message_error import MessageError
from firmware_host.messages import ABSTAIN
from scl.artifacts import InputError
from scl.artifacts.bundle import Bundle
from scl.artifacts.manifest import BundleManifest, Manifest, OutputTensor
from scl.decision import LOST


def class_name(manifest: BundleManifest, code: int, otherwise: str = "abstained") -> str:
    """The label of a class ("class7" where classes have no names), the labels of a mask joined by "+", or `otherwise`
    for LOST.

    Raises MessageError for a class that the model does not have.
    """
    if code == LOST:
        return otherwise
    if code == ABSTAIN or not is_class(manifest, code):
        raise MessageError(f"class {code}, of a model with {manifest.classes} classes")
    if manifest.thresholds is None:
        return manifest.labels[code] if manifest.labels else f"class{code}"
    return "+".join(label for i, label in enumerate(manifest.labels) if code >> i & 1) or "none"


def answered_name(manifest: BundleManifest, predicted: int) -> str:
    """`class_name` of the class in an answer; "abstained" for ABSTAIN."""
    return class_name(manifest, LOST if predicted == ABSTAIN else predicted)


def is_class(manifest: BundleManifest, code: int) -> bool:
    """Whether the model can answer this number: a class, a mask of labels, or that it abstains."""
    return code == ABSTAIN or 0 <= code < manifest.classes


def dequantized(values: np.ndarray, output: OutputTensor) -> np.ndarray:
    """Int8 outputs of the network as float64, of the same shape."""
    return np.asarray((values.astype(np.float64) - output.zero_point) * output.scale)


def finds_beats(manifest: BundleManifest) -> bool:
    """Whether the board finds heartbeats by itself, and answers those."""
    return manifest.frontend is not None and manifest.frontend.beats is not None


def of_strips(manifest: BundleManifest) -> bool:
    """Whether the heartbeats that the board finds are to tell what ten seconds are."""
    return finds_beats(manifest) and isinstance(manifest, Manifest) and manifest.task == "strip"


def check_streams(bundle: Bundle[BundleManifest]) -> None:
    """InputError for a model of beats: it answers beats that it finds, or has windows around given ones, and a stream's
    windows lie anywhere.
    """
    if finds_beats(bundle.manifest):
        raise InputError(
            f"{bundle.path}: answers heartbeats and no windows; use python -m firmware_host.stream, or live with a "
            "sensor"
        )
    if isinstance(bundle.manifest, Manifest) and bundle.manifest.task == "beat":
        raise InputError(
            f"{bundle.path}: classifies the beat in the middle of a window, and nothing here finds beats; use "
            "validate, or the monitor without --record and --live: both send it windows around annotated ones"
        )


def input_kind(manifest: BundleManifest) -> InputKind:
    """What a board with the bundle's model takes."""
    if manifest.frontend is None:
        return InputKind.TENSOR
    return InputKind.BEATS if finds_beats(manifest) else InputKind.COUNTS


def check_board(hello: Hello, bundle: Bundle[BundleManifest], port: str) -> None:
    """InputError if the board holds another model than the bundle, or describes it otherwise."""
    manifest = bundle.manifest
    if hello.model_hash != manifest.model_hash:
        raise InputError(
            f"port {port}: the board holds model {hello.model_hash}, {bundle.path} is model {manifest.model_hash}; "
            f"flash the firmware of this bundle, or name the bundle that the board was built from"
        )
    described = (
        *(hello.input, hello.raw_samples, hello.channels, hello.window, hello.features, hello.classes),
        list(hello.labels),
    )
    expected = (
        int(input_kind(manifest)),
        manifest.raw_samples,
        manifest.values,
        manifest.window_samples,
        manifest.features,
        manifest.outputs.logits.size,
        list(manifest.labels),
    )
    if described != expected:
        raise InputError(
            f"port {port}: the board describes its model as {described}, the manifest of {bundle.path} as {expected} "
            "(input, raw samples, channels, window, features, classes, labels); build and flash the firmware again"
        )
