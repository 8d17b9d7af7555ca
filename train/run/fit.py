"""An encoder's strides for a window of any length, and what is said of a window that no encoder fits.

What is averaged before the latent is a row of columns, one for each step of the strides' product. A short window leaves
few: the last strides are taken back where one would be left.
"""

from dataclasses import replace

from scl.artifacts import InputError
from scl.artifacts.architecture import Architecture, check_weights
from scl.artifacts.fields import MOST
from train.run.config import EncoderOptions
from train.run.options import Sizes

# With zeros at the edges; without, 4 s at 20 Hz have one. docs/RATES.md has what more columns are worth.
LEAST_COLUMNS = 2


def shaped(own: Architecture, encoder: EncoderOptions, window_s: float, rate_hz: float) -> Architecture:
    """A task's own architecture with the widths, strides and kernels that are asked for, fitted to a window.

    Raises InputError for sizes that make no encoder, and where strides that are asked for leave too few columns.
    """
    samples = samples_of(window_s, rate_hz)
    try:
        wanted = replace(
            own,
            widths=encoder.widths or own.widths,
            strides=encoder.strides or own.strides,
            kernel=encoder.kernels or own.kernels,
        )
        check_weights(wanted, 1, samples, encoder.partition, 1)  # of one channel and class: before either is known
    except ValueError as error:
        raise InputError(
            f"{error}; give --widths, --strides and --kernels of one length, and smaller ones for fewer weights"
        ) from error
    result = fitted(wanted, window_s, rate_hz)
    if encoder.strides and result.strides != wanted.strides:
        raise InputError(
            f"--strides {encoder.strides} leave {columns(wanted, samples)} columns of a window of {samples:,} samples; "
            f"give smaller ones, such as {Sizes(result.strides)}, or a longer --window"
        )
    return result


def fitted(architecture: Architecture, window_s: float, rate_hz: float) -> Architecture:
    """The architecture with as many of its strides as leave enough columns of a window.

    Raises InputError for a window that is too short for it at any strides, or too long for a board.
    """
    samples, strides = samples_of(window_s, rate_hz), list(architecture.strides)
    _check(architecture, window_s, rate_hz)
    least = LEAST_COLUMNS if architecture.padding == "same" else 1
    while columns(replace(architecture, strides=tuple(strides)), samples) < least and max(strides) > 1:
        strides[max(index for index, stride in enumerate(strides) if stride > 1)] = 1
    return replace(architecture, strides=tuple(strides))


def samples_of(window_s: float, rate_hz: float) -> int:
    """Samples of a window, as windows are cut."""
    return round(window_s * rate_hz)


def columns(architecture: Architecture, samples: int) -> int:
    """What the blocks leave of so many samples, in time; 0 if a kernel is longer than what it reads."""
    for stride, kernel in zip(architecture.strides, architecture.kernels, strict=True):
        if architecture.padding == "valid":
            samples -= kernel - 1
        if samples < 1:
            return 0
        samples = -(-samples // stride)
    return samples


def needed(architecture: Architecture) -> int:
    """The least samples of a window that the architecture fits with strides of 1."""
    if architecture.padding == "valid":
        return sum(architecture.kernels) - len(architecture.kernels) + 1
    return max(LEAST_COLUMNS, *architecture.kernels)


def _check(architecture: Architecture, window_s: float, rate_hz: float) -> None:
    samples, least = samples_of(window_s, rate_hz), needed(architecture)
    said = f"a window of {window_s:g} s at {rate_hz:g} Hz has {samples:,} samples"
    if samples < least:
        other = ", or --padding same" if architecture.padding == "valid" else ""
        raise InputError(
            f"{said}, the encoder with --padding {architecture.padding} needs {least}: give --window "
            f"{least / rate_hz:.4g} or more, a higher --rate{other}"
        )
    if samples > MOST:
        raise InputError(f"{said}, a board counts {MOST:,} at most: give a shorter --window or a lower --rate")
