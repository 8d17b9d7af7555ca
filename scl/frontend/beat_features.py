"""The features of a heartbeat, from microvolts and R peaks: integers, in Q12.

All is causal: intervals and shapes of the beats so far, and for four features (next..) of the next beat. Of a beat, q
and p are the samples of its QRS (-14..17 around the R peak) and of its P wave (-50..-13), Q and P' those of the
template before it (`scl.frontend.beat_template`); pp is the largest of q less the least, plus 10 uV, PP that of Q; RR,
quantile, median, change and long quantile as in `scl.frontend.rr_series`, before this beat. Divisions round to the
nearest integer, halves up; log2 is `integer_math.log2_q12`. Ranges are those of the integers, which no signal leaves.

    interval            log2(RR / quantile)                                              +-16000
    change              log2(.01 + change / median), plus log2(100)                      0..53248
    before              corr of the beat before; 4096 for the first                      +-4096
    corr                correlation of q and Q                                           +-4096
    size                log2(pp / PP)                                                    +-60000
    difference          4 mean |q - Q|, each less its mean, / PP                         0..131072
    p_corr              correlation of p and P'                                          +-4096
    p_size              log2((sd of p + 10 uV) / (sd of P' + 10 uV))                     +-60000
    width               steps of -24..32 steeper than .25 of the steepest                0..56 * 4096
    wider               log2((width + 1) / (width of the template + 1))                  +-24000
    q_corr              correlation of q and the q of the beat before; 4096 for the first  +-4096
    height              log2(pp in uV)                                                   0..65538
    upright             (largest of q - |least of q|) / pp                               +-131072
    irregular           share of look-alikes with a change of RR by more than .08        0..4096
    p_corr_mean         mean p_corr of look-alikes; 2048 before the first                +-4096
    change_mean         4 mean min(change of RR, .5) of look-alikes                      0..8192
    interval128         log2(RR / long quantile)                                         +-16000
    median128           log2(median / long quantile)                                     +-16000
    upright_t           (largest of Q - |least of Q|) / PP                               +-131072
    p_corr_near         correlation of -36..-13 and the template there                   +-4096
    wider_low           as wider, of steps steeper than .12 of the steepest              +-24000
    steeper             log2((steepest step of -24..32 + 5 uV) / (the template's + 5 uV))  +-60000
    irregular3          share of look-alikes whose RR differs by more than .05 of the
                        median from each of the three before it                          0..4096
    st                  2 (mean of 16..25 - mean of -20..-13) / PP                       +-131072
    corr_best           largest correlation of q, moved by -6, -4, .. 6 samples, and Q   +-4096
    next_interval       log2(RR of the next beat / quantile)                             +-16000
    next                corr of the next beat                                            +-4096
    next_ratio          log2(RR of the next beat / RR)                                   +-16000
    next_q_corr         q_corr of the next beat                                          +-4096
    sample_-50 .. sample_32  each sample of the cut, in microvolts, / PP                 +-131072

Look-alikes: of the last 64 of them, this beat among them; changes of RR in parts of the median.
With corrected polarity all of that is of the turned stream, and upright, upright_t and st are multiplied by the running
polarity before the beat (`scl.frontend.beat_polarity`): no feature has the lead's sign.
A beat with no next one within 3 s is answered with an interval of 3 s and correlations of 4096.
firmware/src/frontend/beat_features.c is the same.
"""

import numpy as np

from scl.frontend import beat_polarity as polarity
from scl.frontend import beat_shape as shape
from scl.frontend import beat_template as template
from scl.frontend.beat_shape import PR, QRS, STEEP, P
from scl.frontend.beat_template import FRACTION, Course
from scl.frontend.integer_math import ONE, log2_q12, quotient
from scl.frontend.rr_series import (
    IRREGULAR,
    LONGEST,
    NO_P_CORRELATION,
    changes,
    erratic,
    over_look_alikes,
)

NAMES = (
    *("interval", "change", "before", "corr", "size", "difference", "p_corr", "p_size", "width", "wider", "q_corr"),
    *("height", "upright", "irregular", "p_corr_mean", "change_mean", "interval128", "median128", "upright_t"),
    *("p_corr_near", "wider_low", "steeper", "irregular3", "st", "corr_best"),
)
SIGNED = ("upright", "upright_t", "st")  # which have the lead's sign, as the samples have
NEXT_NAMES = ("next_interval", "next", "next_ratio", "next_q_corr")
SAMPLE_NAMES = tuple(f"sample_{place}" for place in range(shape.FIRST, shape.LAST + 1))
SMALL, SMALL_STEP = 10, 5  # uV
LARGEST = 32 * ONE  # of ratios to the template's size


def features(cuts: np.ndarray, rr: np.ndarray, followed: np.ndarray, corrected: bool = False) -> np.ndarray:
    """Of consecutive beats, int64 (beats, 112): NAMES, NEXT_NAMES and SAMPLE_NAMES.

    Args:
        cuts: int64 (beats, 83) microvolts, as `beat_shape.cuts_at` makes them.
        rr: int64 (beats,), as `rr_series` has it; the beats follow each other.
        followed: bool (beats,), the next beat comes in time; False for the last.
        corrected: their sign is not the lead's.
    """
    if not len(cuts):
        return np.zeros((0, len(NAMES) + len(NEXT_NAMES) + len(SAMPLE_NAMES)), np.int64)
    cuts = polarity.turned(cuts) if corrected else cuts
    course = template.follow(cuts, rr)
    columns = {**_intervals(rr, course), **_qrs(cuts, course), **_slopes(cuts, course), **_waves(cuts, course)}
    columns |= _irregularity(rr, course, columns["p_corr"])
    samples = _samples(cuts, course)
    if corrected:
        sign = polarity.running(course.template)
        columns |= {name: sign * columns[name] for name in SIGNED}
        samples *= sign[:, None]
    next_rr = np.where(followed, np.append(rr[1:], LONGEST), LONGEST)
    columns["next_interval"] = log2_q12(next_rr) - log2_q12(course.quantile)
    columns["next_ratio"] = log2_q12(next_rr) - log2_q12(rr)
    for name, of_next in (("next", "corr"), ("next_q_corr", "q_corr")):
        columns[name] = np.where(followed, np.append(columns[of_next][1:], ONE), ONE)
    measures = np.stack([columns[name] for name in NAMES + NEXT_NAMES], axis=1)
    return np.concatenate([measures, samples], axis=1)


def _intervals(rr: np.ndarray, course: Course) -> dict[str, np.ndarray]:
    quantile, median, long_quantile = map(log2_q12, (course.quantile, course.median, course.long_quantile))
    return {
        "interval": log2_q12(rr) - quantile,
        "change": log2_q12(course.median + 100 * course.change) - median,
        "before": np.concatenate([[ONE], course.correlation[:-1]]),
        "interval128": log2_q12(rr) - long_quantile,
        "median128": median - ONE - long_quantile,
    }


def _qrs(cuts: np.ndarray, course: Course) -> dict[str, np.ndarray]:
    q, usual = cuts[:, QRS], course.template[:, QRS]
    size, usual_size = shape.extent(q) + SMALL, _usual_size(course)
    apart = shape.difference(FRACTION * q, usual)
    return {
        "corr": course.correlation,
        "size": log2_q12(FRACTION * size) - log2_q12(usual_size),
        "difference": np.minimum(quotient(4 * ONE * apart, q.shape[1] ** 2 * usual_size), LARGEST),
        "q_corr": np.concatenate([[ONE], shape.correlation(q[1:], q[:-1])]),
        "height": log2_q12(size),
        "upright": _upright(q, size),
        "upright_t": _upright(usual, usual_size),
        "st": quotient(2 * ONE * FRACTION * shape.level(cuts), 80 * usual_size).clip(-LARGEST, LARGEST),
    }


def _usual_size(course: Course) -> np.ndarray:
    """PP (beats,) in 256ths of a microvolt."""
    return shape.extent(course.template[:, QRS]) + FRACTION * SMALL


def _samples(cuts: np.ndarray, course: Course) -> np.ndarray:
    return np.asarray(quotient(ONE * FRACTION * cuts, _usual_size(course)[:, None]).clip(-LARGEST, LARGEST))


def _upright(q: np.ndarray, size: np.ndarray) -> np.ndarray:
    return np.asarray(quotient(ONE * (q.max(axis=1) - np.abs(q.min(axis=1))), size).clip(-LARGEST, LARGEST))


def _slopes(cuts: np.ndarray, course: Course) -> dict[str, np.ndarray]:
    near, usual = cuts[:, STEEP], course.template[:, STEEP]
    width, foot = shape.steep(near, 25), shape.steep(near, 12)
    steepest, usual_steepest = shape.steepest(near) + SMALL_STEP, shape.steepest(usual) + FRACTION * SMALL_STEP
    return {
        "width": ONE * width,
        "wider": log2_q12(width + 1) - log2_q12(shape.steep(usual, 25) + 1),
        "wider_low": log2_q12(foot + 1) - log2_q12(shape.steep(usual, 12) + 1),
        "steeper": log2_q12(FRACTION * steepest) - log2_q12(usual_steepest),
    }


def _waves(cuts: np.ndarray, course: Course) -> dict[str, np.ndarray]:
    p, usual = cuts[:, P], course.template[:, P]
    small = FRACTION * SMALL * p.shape[1]
    return {
        "p_corr": shape.correlation(p, usual),
        "p_size": log2_q12(FRACTION * shape.spread(p) + small) - log2_q12(shape.spread(usual) + small),
        "p_corr_near": shape.correlation(cuts[:, PR], course.template[:, PR]),
        "corr_best": shape.best_correlation(cuts, course.template),
    }


def _irregularity(rr: np.ndarray, course: Course, p_corr: np.ndarray) -> dict[str, np.ndarray]:
    alike = course.correlation > template.ALIKE
    change = changes(rr, course.median)
    return {
        "irregular": over_look_alikes(ONE * (change >= IRREGULAR), alike, 0),
        "p_corr_mean": over_look_alikes(p_corr, alike, NO_P_CORRELATION),
        "change_mean": over_look_alikes(4 * change, alike, 0),
        "irregular3": over_look_alikes(ONE * erratic(rr, course.median), alike, 0),
    }
