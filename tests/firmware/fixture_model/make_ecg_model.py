"""The fixture model behind the front end of an ECG: 360 Hz to 180 Hz, band-pass, rails, lead-off, and labels that hold
together. Computes slowly what the board then answers; make_model.py has the network.

The filters are scipy's, of no great quality: only their arithmetic is looked at.
"""

import importlib.util
import re
from pathlib import Path

import numpy as np
from scipy import signal

_spec = importlib.util.spec_from_file_location("make_model", Path(__file__).with_name("make_model.py"))
model = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(model)

F = np.float32
UP, DOWN, PHASE_TAPS = 1, 2, 9
COEFFICIENTS = signal.firwin(PHASE_TAPS, 0.4).astype(F)
SOS = np.concatenate([signal.butter(2, hz, kind, fs=180, output="sos") for hz, kind in ((0.5, "high"), (40, "low"))])
SECTIONS = SOS[:, [0, 1, 2, 4, 5]].astype(F)  # b0, b1, b2, a1, a2
STEADY = signal.sosfilt_zi(SOS).astype(F)
RAW_SAMPLES = 41  # 21 outputs: 5 of warm-up and the window of 16
LEAD_OFF = 12
RAILS = ((-3000, 2047), (-32768, 32767))  # of either sensor
THRESHOLDS = (0, 5, 0)


def write(folder: Path) -> None:
    """model_data.c and model_data.h into `folder`."""
    filters = (
        f"static const float coefficients[] = {_braces(COEFFICIENTS)};\n"
        f"static const float sections[][5] = {_braces(SECTIONS)};\n"
        f"static const float steady[][2] = {_braces(STEADY)};\n"
        f"static const int8_t thresholds[] = {_braces(np.array(THRESHOLDS))};\n"
    )
    source = model.source()
    for old, new in (
        ("static const scl_op ops", filters + "static const scl_op ops"),
        ("labels, NULL}", "labels, thresholds}"),
        ("-32768, 32767},\n    {3", f"{RAILS[0][0]}, {RAILS[0][1]}}},\n    {{3"),
        (
            "1, 1, 0, NULL, 0, NULL, NULL, 0, 0",
            f"{UP}, {DOWN}, {PHASE_TAPS}, coefficients, 2, sections, steady, {LEAD_OFF}, 0",
        ),
    ):
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    (folder / "model_data.c").write_text(source)
    header = re.sub("SCL_RAW_SAMPLES [0-9]+", f"SCL_RAW_SAMPLES {RAW_SAMPLES}", model.header())
    (folder / "model_data.h").write_text(re.sub("SCL_PHASE_TAPS 0", f"SCL_PHASE_TAPS {PHASE_TAPS}", header))


def _braces(values: np.ndarray) -> str:
    """A C initializer."""
    if values.ndim == 0:
        return f"{values!s}f" if values.dtype == F else str(values)
    return "{" + ", ".join(map(_braces, values)) + "}"


def network_input(counts: np.ndarray) -> np.ndarray:
    """counts int16 (n, 6) from a reset on -> int8 (model-rate samples, 6), the steps of frontend.h.

    Every operation on the six channels is six single-precision operations.
    """
    samples = [row.astype(F) * np.repeat(F(model.UNITS), 3) for row in counts]
    out = []
    state: list[tuple[np.ndarray, np.ndarray]] = []
    for newest in range(0, len(samples), DOWN):
        x = np.zeros(6, F)
        for k in range(PHASE_TAPS):
            x = x + COEFFICIENTS[k] * samples[max(newest - k, 0)]
        state = state or [(x * z1, x * z2) for z1, z2 in STEADY]
        for s, (b0, b1, b2, a1, a2) in enumerate(SECTIONS):
            z1, z2 = state[s]
            y = b0 * x + z1
            state[s] = (b1 * x - a1 * y) + z2, b2 * x - a2 * y
            x = y
        steps = np.clip(x * np.repeat(F([1 / std for std in model.STDS]), 3) * F(1 / model.INPUT_SCALE), -512, 512)
        out.append(np.clip(np.rint(steps).astype(int) + model.INPUT_ZERO_POINT, -128, 127).astype(np.int8))
    return np.array(out)


def mask(logits: list[int]) -> int:
    return sum(2**i for i, (logit, threshold) in enumerate(zip(logits, THRESHOLDS, strict=True)) if logit >= threshold)
