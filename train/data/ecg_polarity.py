"""Whether an ECG is the lead, and the way round, that others are: what a model has to have seen.

The figure of a beat is (up - down) / (up + down), of how far its QRS complex rises above the line and falls below it:
1 where it only rises, -1 where it only falls. A record's is the median of its beats.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from scl.text import listed
from train.data.recordings import Recordings

QRS_S = 0.08  # to either side of the R peak
AROUND_S = 0.3  # to either side, over which the line is taken
REFRACTORY_S = 0.25
ENERGY_S = 0.1  # over which a slope's energy is averaged
THRESHOLD = 0.25  # of the energy of large beats
MOST_S = 600.0  # of a record that are looked at
CLEAR = 0.2  # a figure nearer to 0 has no direction


def detected(x: np.ndarray, rate_hz: float) -> np.ndarray:
    """Samples (k,) int64 of QRS complexes in x (samples,) mV: where the slope has most energy.

    A plain detector, for polarity, amplitude and rate of whole records; no diagnosis rests on it.
    """
    from scipy.ndimage import uniform_filter1d
    from scipy.signal import find_peaks

    if len(x) < rate_hz:
        return np.zeros(0, np.int64)
    slope = np.gradient(x.astype(np.float64)) ** 2
    energy = uniform_filter1d(slope, max(round(ENERGY_S * rate_hz), 1))
    size = round(2 * rate_hz)
    largest = [energy[at : at + size].max() for at in range(0, len(energy) - size + 1, size)] or [energy.max()]
    limit = THRESHOLD * float(np.median(largest))
    if limit <= 0:
        return np.zeros(0, np.int64)
    peaks, _ = find_peaks(energy, height=limit, distance=max(round(REFRACTORY_S * rate_hz), 1))
    return np.asarray(peaks, np.int64)


def beat_figures(x: np.ndarray, rate_hz: float, peaks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Polarity (k,) and amplitude in mV (k,) of the beats of x (samples,) at `peaks` that are whole and finite."""
    inner, outer = round(QRS_S * rate_hz), round(AROUND_S * rate_hz)
    peaks = peaks[(peaks >= outer) & (peaks < len(x) - outer)]
    if not len(peaks):
        return np.zeros(0), np.zeros(0)
    around = x[peaks[:, None] + np.arange(-outer, outer + 1)].astype(np.float64)
    around = around[np.isfinite(around).all(axis=1)]
    line = np.median(around, axis=1, keepdims=True)
    qrs = (around - line)[:, outer - inner : outer + inner + 1]
    up, down = np.maximum(qrs.max(axis=1, initial=0), 0), np.maximum(-qrs.min(axis=1, initial=0), 0)
    total = up + down
    seen = total > 0
    return (up - down)[seen] / total[seen], np.maximum(up, down)[seen]


def figure(x: np.ndarray, rate_hz: float, peaks: np.ndarray | None = None) -> float | None:
    """Polarity of x (samples,) from its annotated R peaks, else from detected ones; None without a beat."""
    x = x[: round(MOST_S * rate_hz)]
    polarity, _ = beat_figures(x, rate_hz, detected(_whole(x), rate_hz) if peaks is None else peaks)
    return float(np.median(polarity)) if len(polarity) else None


def polarity(recordings: Recordings) -> dict[str, float]:
    """The figure of each group by its name: of normal beats where beats are annotated, else of detected ones."""
    figures: dict[str, list[float]] = {}
    normal = recordings.labels.index("N") if "N" in recordings.labels else -1
    for block in recordings.blocks:
        peaks = block.beats[block.beats[:, 1] == normal, 0]
        found = figure(block.x[0], recordings.rate_hz, peaks if len(peaks) else None)
        if found is not None:
            name = recordings.group_names[block.group] if recordings.group_names else str(block.group)
            figures.setdefault(name, []).append(found)
    return {name: float(np.median(values)) for name, values in figures.items()}


def direction(figures: Mapping[str, float]) -> float:
    """The median of records: what is usual in a set."""
    return float(np.median(list(figures.values()))) if figures else 0.0


def inverted(figures: Mapping[str, float], usual: float | None = None) -> dict[str, float]:
    """The records that look inverted, with their figures: against `usual`, else against most of them.

    None where it is not clear which way most point.
    """
    usual = direction(figures) if usual is None else usual
    if abs(usual) < CLEAR:
        return {}
    return {name: value for name, value in figures.items() if value * np.sign(usual) <= -CLEAR}


def sentences(figures: Mapping[str, float], usual: float | None = None) -> list[str]:
    """What to say of records that look inverted; `usual` is the figure of the set that a model was trained on."""
    found = inverted(figures, usual)
    if not found:
        return []
    against = direction(figures) if usual is None else usual
    named = listed((f"{name} ({value:+.2f})" for name, value in found.items()), 10)
    whom = "the others" if usual is None else "the training set"
    return [
        f"{len(found)} of {len(figures)} records look inverted against {whom} ({against:+.2f}; +1: QRS rises, -1: it "
        f"falls): {named}; swapped electrodes, or another lead: turn them round or leave them out"
    ]


def unseen_leads(leads: Sequence[str], trained: Sequence[str]) -> list[str]:
    """What to say of leads that no record of the training set had."""
    known = {lead.casefold() for lead in trained}
    others = [lead for lead in leads if lead.casefold() not in known]
    if not others:
        return []
    return [
        f"lead {', '.join(others)}: the model was trained on {', '.join(trained)}, and a lead that it has not seen may "
        "turn its answers round"
    ]


def _whole(x: np.ndarray) -> np.ndarray:
    """x (samples,) with its last sample in the place of those that are none."""
    bad = ~np.isfinite(x)
    if not bad.any():
        return x
    last: np.ndarray = np.maximum.accumulate(np.where(bad, 0, np.arange(len(x))))
    filled: np.ndarray = np.nan_to_num(x[last])
    return filled
