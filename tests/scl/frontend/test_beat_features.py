"""Each feature against its definition in floating point, and what a lead's gain and polarity leave of it."""

import numpy as np
import pytest

from scl.frontend.beat_features import NAMES, NEXT_NAMES, SAMPLE_NAMES, features
from scl.frontend.beat_shape import cuts_at
from scl.frontend.beat_template import follow
from scl.frontend.beats import microvolts
from tests.scl.frontend.synthetic_ecg import ecg, rhythm

BEATS, VENTRICULAR = 150, (20, 31, 40, 41, 77)
# Steps by which the integers may be off, where it is not one: a floored root of a small P wave's spread is off by more.
TOLERANCE = {"p_corr": 3, "p_corr_mean": 3, "p_size": 5, "p_corr_near": 5}


def measured(**kind):
    rr = rhythm(BEATS)
    x, at = ecg(rr, VENTRICULAR, **kind)
    rr[0] = 180
    cuts = cuts_at(microvolts(x), at)
    return cuts, rr, features(cuts, rr, np.arange(BEATS) < BEATS - 1)


CUTS, RR, VALUES = measured(noise=0.02)
ALL = NAMES + NEXT_NAMES + SAMPLE_NAMES
VALUES = dict(zip(ALL, VALUES.T, strict=True))


def defined():
    """The features in floating point, from the templates and usual intervals, which have tests of their own."""
    course = follow(CUTS, RR)
    columns = {name: [] for name in ALL}
    past, erratic, every_corr = [], [], []
    for i, (cut, usual) in enumerate(zip(CUTS.astype(float), course.template / 256, strict=True)):
        q, p = cut[36:68], cut[:38]
        Q, P = usual[36:68], usual[:38]
        quantile, median, change = course.quantile[i], course.median[i] / 2, course.change[i] / 2
        corr = [np.corrcoef(CUTS[j, 36:68], course.template[j, 36:68])[0, 1] for j in range(max(i - 1, 0), i + 1)]
        steps, usual_steps = np.abs(np.diff(cut[26:83])), np.abs(np.diff(usual[26:83]))
        width, usual_width = (steps > steps.max() / 4).sum(), (usual_steps > usual_steps.max() / 4).sum()
        foot, usual_foot = (steps > 0.12 * steps.max()).sum(), (usual_steps > 0.12 * usual_steps.max()).sum()
        columns["interval"].append(np.log2(RR[i] / quantile))
        columns["change"].append(np.log2(0.01 + change / median) + np.log2(100))
        columns["before"].append(corr[0] if i else 1)
        columns["corr"].append(corr[-1])
        columns["size"].append(np.log2((np.ptp(q) + 10) / (np.ptp(Q) + 10)))
        columns["difference"].append(4 * np.abs(q - q.mean() - Q + Q.mean()).mean() / (np.ptp(Q) + 10))
        columns["p_corr"].append(np.corrcoef(p, P)[0, 1])
        columns["p_size"].append(np.log2((p.std() + 10) / (P.std() + 10)))
        columns["width"].append(width)
        columns["wider"].append(np.log2((width + 1) / (usual_width + 1)))
        columns["q_corr"].append(np.corrcoef(q, CUTS[i - 1, 36:68])[0, 1] if i else 1)
        columns["height"].append(np.log2(np.ptp(q) + 10))
        columns["upright"].append((q.max() - abs(q.min())) / (np.ptp(q) + 10))
        every_corr.append(corr[-1])
        if corr[-1] > 0.75:
            past.append((min(abs(RR[i] - RR[max(i - 1, 0)]) / median, 0.5), columns["p_corr"][-1]))
        sizes, ps = np.array(past[-64:]).T
        columns["irregular"].append((sizes > 0.08).mean())
        columns["p_corr_mean"].append(ps.mean())
        columns["change_mean"].append(4 * sizes.mean())
        recent = RR[max(i - 3, 0) : i]
        erratic.append(i >= 3 and (abs(RR[i] - recent) > 0.05 * median).all())
        columns["irregular3"].append(
            np.mean([one for one, r in zip(erratic, every_corr, strict=True) if r > 0.75][-64:])
        )
        columns["interval128"].append(np.log2(RR[i] / course.long_quantile[i]))
        columns["median128"].append(np.log2(median / course.long_quantile[i]))
        columns["upright_t"].append((Q.max() - abs(Q.min())) / (np.ptp(Q) + 10))
        columns["p_corr_near"].append(np.corrcoef(cut[14:38], usual[14:38])[0, 1])
        columns["wider_low"].append(np.log2((foot + 1) / (usual_foot + 1)))
        columns["steeper"].append(np.log2((steps.max() + 5) / (usual_steps.max() + 5)))
        columns["st"].append(2 * (cut[66:76].mean() - cut[30:38].mean()) / (np.ptp(Q) + 10))
        moved = [np.corrcoef(cut[36 + k : 68 + k], Q)[0, 1] for k in (-6, -4, -2, 0, 2, 4, 6)]
        columns["corr_best"].append(max(moved))
        for place in range(-50, 33):
            columns[f"sample_{place}"].append(cut[50 + place] / (np.ptp(Q) + 10))
        following = RR[i + 1] if i + 1 < BEATS else 540
        columns["next_interval"].append(np.log2(following / quantile))
        columns["next_ratio"].append(np.log2(following / RR[i]))
    columns["next"] = [*columns["corr"][1:], 1]
    columns["next_q_corr"] = [*columns["q_corr"][1:], 1]
    return columns


DEFINED = defined()


@pytest.mark.parametrize("name", ALL)
def test_a_feature_is_what_its_definition_says(name):
    off = VALUES[name] - 4096 * np.array(DEFINED[name], float)
    assert np.abs(off).max() < TOLERANCE.get(name, 1.1), name
    assert np.ptp(DEFINED[name]) > 0.01  # it says something of these beats


@pytest.mark.parametrize("gain", [0.5, 2.0])
def test_a_gain_leaves_all_but_the_height(gain):
    """Within what rounding to microvolts and the 10 uV beside a size make of it: .02."""
    _, _, values = measured(noise=0.0, gain=gain)
    _, _, plain = measured(noise=0.0)
    off = np.abs(values - plain).max(axis=0) / 4096
    for name, one in zip(ALL, off, strict=True):
        limit = {"height": 1.01, "p_size": 0.4, "width": 2, "wider": 0.2, "wider_low": 0.3}.get(name, 0.02)
        assert one <= limit, name
    assert abs((values - plain)[:, NAMES.index("height")] / 4096 - np.log2(gain)).max() < 0.02


def test_polarity_turns_what_lies_above_zero():
    """Within the steps that halves, which round upwards in both, make of a template."""
    values, turned = (features(sign * CUTS, RR, np.arange(BEATS) < BEATS - 1) for sign in (1, -1))
    for name, one, other in zip(ALL, values.T, turned.T, strict=True):
        sign = -1 if name in ("upright", "upright_t", "st", *SAMPLE_NAMES) else 1
        assert np.abs(one - sign * other).max() <= 8, name


def test_samples_are_limited():
    """A patient's beats of 1 uV, then one of 20 mV: 32 sizes of the usual beat."""
    cuts = np.tile(np.where(np.arange(83) == 50, 1, 0), (5, 1))
    cuts[4] *= 20_000
    values = features(cuts, np.full(5, 150), np.zeros(5, bool))[:, -83:]
    assert values[4, 50] == 32 * 4096 and not values[:, :50].any() and not values[:, 51:].any()
    assert values[:4, 50].tolist() == [round(4096 / 11)] * 4


def test_no_beats():
    assert features(np.zeros((0, 83), int), np.zeros(0, int), np.zeros(0, bool)).shape == (0, 112)
