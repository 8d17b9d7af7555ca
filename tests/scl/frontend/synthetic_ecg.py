"""ECGs made of bumps, in mV at 180 Hz, with their R peaks."""

import numpy as np

# Height in mV, place behind the R peak in samples and width of P, Q, R, S and T.
SINUS = ((0.12, -28, 4), (-0.1, -5, 1.6), (1.1, 0, 1.8), (-0.25, 6, 2), (0.3, 48, 9))
VENTRICULAR = ((1.4, -2, 6), (-0.9, 13, 6), (-0.35, 50, 12))


def ecg(rr, ventricular=(), gain=1.0, noise=0.01, seed=0):
    """Beats with intervals rr (n,) in samples, the first of them 200 samples in; float32 (samples,) and their peaks.

    Those whose number is in `ventricular` have no P wave and a wide QRS.
    """
    at = 200 + np.concatenate([[0], np.cumsum(rr[1:])]).astype(int)
    x = np.random.default_rng(seed).normal(0, noise, at[-1] + 900)
    n = np.arange(len(x))
    for i, peak in enumerate(at):
        near = slice(max(peak - 100, 0), peak + 140)
        for height, place, width in VENTRICULAR if i in set(ventricular) else SINUS:
            x[near] += height * np.exp(-(((n[near] - peak - place) / width) ** 2) / 2)
    return (gain * x).astype(np.float32), at


def rhythm(beats, seed=0, spread=4):
    """Intervals around 150 samples, every ninth one premature, with a pause behind it."""
    rr = np.random.default_rng(seed).normal(150, spread, beats).round().astype(int)
    rr[8::9] -= 50
    rr[9::9] += 40
    return rr
