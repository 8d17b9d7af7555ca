"""The template against a slow one in fractions of a microvolt, and which beats move it how far."""

import numpy as np

from scl.frontend.beat_shape import QRS, cuts_at
from scl.frontend.beat_template import ALIKE, follow
from scl.frontend.beats import microvolts
from tests.scl.frontend.synthetic_ecg import ecg, rhythm


def course(beats=60, ventricular=(20, 31, 40, 41)):
    rr = rhythm(beats)
    x, at = ecg(rr, ventricular, noise=0.02)
    rr[0] = 180
    cuts = cuts_at(microvolts(x), at)
    return cuts, rr, follow(cuts, rr)


def test_against_floating_point():
    cuts, rr, known = course()
    template, alike_before, nn, every = cuts[0].astype(float), False, [], []
    for i, cut in enumerate(cuts):
        assert np.abs(known.template[i] / 256 - template).max() < 0.05  # uV: 60 roundings of half a 256th
        r = np.corrcoef(cut[QRS], template[QRS])[0, 1]
        assert abs(known.correlation[i] / 4096 - r) < 2 / 4096
        base = nn[-32:] if len(nn) >= 4 else every[-16:] or [rr[i]]
        assert known.median[i] == 2 * np.median(base)
        alike, k = r > 0.75, 1 / min(i + 1, 16)
        if i >= 8 and not (alike and 0.85 < rr[i] / np.median(base) < 1.3):
            k = k / 6 if alike else k / 12
        template = template + k * (cut - template)
        every += [rr[i]] if i else []
        nn += [rr[i]] if i and alike and alike_before else []
        alike_before = alike


def test_ventricular_beats_are_not_alike():
    _, _, known = course()
    assert np.flatnonzero(known.correlation <= ALIKE).tolist() == [20, 31, 40, 41]


def test_a_template_of_equal_beats_stays():
    cut = np.arange(83)[None] * 7 % 500
    known = follow(np.repeat(cut, 30, axis=0), np.full(30, 150))
    assert (known.template == 256 * cut).all() and (known.correlation == 4096).all()
