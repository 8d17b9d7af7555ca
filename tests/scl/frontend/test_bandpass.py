"""The band-pass against its promises, scalar single precision and scipy in double precision."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import lfilter, sosfilt, sosfilt_zi

from scl.frontend.bandpass import Bandpass, design

F = np.float32
RATE_HZ, LOW_HZ, HIGH_HZ = 180.0, 0.5, 40.0
UNIT = 2.0**-24  # largest relative error of a rounding


@pytest.fixture(scope="module")
def band() -> Bandpass:
    return design(RATE_HZ, LOW_HZ, HIGH_HZ)


@pytest.fixture(scope="module")
def signals() -> np.ndarray:
    """Spikes on a drifting baseline with noise, in mV, far from zero: (3, samples, 2)."""
    rng = np.random.default_rng(0)
    t = np.arange(2000) / RATE_HZ
    drift = 0.4 * np.sin(2 * np.pi * 0.2 * t[:, None] + rng.uniform(0, 6, (3, 1, 2)))
    spikes = 1.5 * np.exp(-(((t % 0.8) - 0.3) ** 2) / (2 * 0.012**2))
    offset = rng.uniform(-3, 3, (3, 1, 2))
    return (offset + drift + spikes[:, None] + rng.normal(0, 0.03, (3, 2000, 2))).astype(F)


def sos(band: Bandpass) -> np.ndarray:
    """scipy's rows b0, b1, b2, a0, a1, a2 in double precision."""
    return np.insert(band.sections.astype(float), 3, 1, axis=1)


@pytest.mark.parametrize("rate_hz", [100.0, 180.0, 500.0])
def test_response_of_two_butterworth_filters(rate_hz):
    """|H|^2 = 1 / (1 + (w_low / w)^4) / (1 + (w / w_high)^4) at w = tan(pi f / rate), which the bilinear map bends."""
    band = design(rate_hz, LOW_HZ, HIGH_HZ)
    hz = np.array([0.05, 0.2, 0.5, 1, 5, 10, 20, 40, 45, 49])
    z = np.exp(-2j * np.pi * hz[:, None] / rate_hz)
    b0, b1, b2, a1, a2 = band.sections.astype(float).T
    found = np.abs(((b0 + b1 * z + b2 * z**2) / (1 + a1 * z + a2 * z**2)).prod(axis=1))
    w, low, high = (np.tan(np.pi * f / rate_hz) for f in (hz, LOW_HZ, HIGH_HZ))
    np.testing.assert_allclose(found, ((1 + (low / w) ** 4) * (1 + (w / high) ** 4)) ** -0.5, rtol=2e-3)
    assert 20 * np.log10(found[(hz == 0.5) | (hz == 40)]) == pytest.approx([-3.01, -3.01], abs=0.02)
    assert np.abs(found[(hz >= 1) & (hz <= 10)] - 1).max() < 0.035
    assert b0[0] + b1[0] + b2[0] == 0


@pytest.mark.parametrize("steady", [None, [[0.3, -0.7], [1.1, 0.2]]])
def test_equals_scalar_single_precision(band, signals, steady):
    """In the order of the module's docstring, one number after the other, to the last bit; every section starts from
    the cascade's input.
    """
    band = band if steady is None else replace(band, steady=np.array(steady, F))
    found = band.apply(signals)
    assert found.shape == signals.shape and found.dtype == F
    for row, channel in np.ndindex(3, 2):
        column = list(signals[row, :, channel])
        first = column[0]
        for (b0, b1, b2, a1, a2), (s1, s2) in zip(band.sections, band.steady, strict=True):
            z1, z2 = first * s1, first * s2
            for t, x in enumerate(column):
                y = b0 * x + z1
                z1 = (b1 * x - a1 * y) + z2
                z2 = b2 * x - a2 * y
                column[t] = y
        np.testing.assert_array_equal(found[row, :, channel], column)


def test_within_single_precision_of_scipy(band, signals):
    """As `exact_and_bound` derives. The bound is less than one count of a converter of 5 uV, for signals up to 5 mV,
    and not a hundred times what is found.
    """
    exact, bound = exact_and_bound(band, signals)
    difference = np.abs(band.apply(signals) - exact)
    assert (difference <= bound).all()
    assert np.abs(signals).max() > 4.5 and bound.max() < 5e-3  # mV
    assert bound.max() < 100 * difference.max()


@pytest.mark.parametrize(("low", "high"), [(0.501, 40), (0.499, 40), (0.5, 40.1), (0.5, 39.9)])
def test_another_filter_is_not_within_single_precision(band, signals, low, high):
    exact, bound = exact_and_bound(band, signals)
    assert (np.abs(design(RATE_HZ, low, high).apply(signals) - exact) > bound).any()


def exact_and_bound(band: Bandpass, signals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """scipy's output in double precision from the same coefficients and state, and how far single precision may be
    from it, both (rows, samples, channels).

    A rounding of v is an error of at most UNIT * |v| that enters the recursion where v does. The recursion is linear,
    so an error e in y[t] adds e * g[t'] to y[t + t'], with g the impulse response of 1 / A: its absolute value is
    summed, as the signs of errors are unknown, while the coefficients of A keep theirs. Errors in z1 and z2 reach y one
    and two samples later. Per sample these sums and products round: y, z1, b1*x - a1*y, a1*y, z2 and a2*y.

    The products with b err together. b is b0 * (1, -2, 1) or b0 * (1, 2, 1), and doubling is exact, so fl(b0*x) =
    b0 * x * (1 + d) makes the others b1 * x * (1 + d) and b2 * x * (1 + d): one error d * x of the input, which passes
    B / A. So does what the section before erred. A hundredth is added for the errors of errors.
    """
    x, first = signals.astype(float), signals[:, 0].astype(float)
    zi = first[None, :, None] * band.steady.astype(float)[:, None, :, None]  # (sections, rows, 2, channels)
    exact = sosfilt(sos(band), x, axis=1, zi=zi)[0]
    bound, impulse = np.zeros(x.shape), np.eye(1, x.shape[1])[0]
    for (b0, b1, b2, a1, a2), start in zip(band.sections.astype(float), zi, strict=True):
        assert abs(b1) == 2 * b0 and b2 == b0
        y = lfilter([b0, b1, b2], [1, a1, a2], x, axis=1, zi=start)[0]
        z2 = np.concatenate([start[:, 1:], b2 * x - a2 * y], axis=1)  # before the first sample and after each
        z1 = np.concatenate([start[:, :1], b1 * x - a1 * y + z2[:, :-1]], axis=1)
        np.testing.assert_allclose(b0 * x + z1[:, :-1], y, atol=1e-12)
        errors = np.abs(y) + np.abs(z1[:, :-1])
        errors[:, 1:] += (np.abs(a1 * y) + np.abs(b1 * x - a1 * y))[:, :-1]
        errors[:, 1:] += np.abs(z2[:, :-2])
        errors[:, 2:] += np.abs(a2 * y)[:, :-2]
        passed_on, added = (np.abs(lfilter(b, [1, a1, a2], impulse)) for b in ([b0, b1, b2], [1]))
        bound = lfilter(passed_on, [1], bound + UNIT * np.abs(x), axis=1)
        bound = 1.01 * (bound + UNIT * lfilter(added, [1], errors, axis=1))
        x = y
    return exact, bound


def test_what_is_left_of_a_cold_start(band):
    """From a state of zeros, an offset of 1 mV gives 2 Re(c p^n), as soon as the low-pass has settled: p is the pole
    (1 + s) / (1 - s) of the Butterworth high-pass, s = tan(pi f / rate) exp(3/4 pi i), and c its residue in
    b0 (1 - 1/z) / A(z), what the high-pass makes of a step, times the low-pass's response at p. After 5 s a 50,000th.
    """
    cold, offset = replace(band, steady=np.zeros((2, 2), F)), np.ones((1, 2000, 1), F)
    (b0, _, _, a1, a2), low_pass = band.sections.astype(float)
    p = (-a1 + 1j * np.sqrt(4 * a2 - a1**2)) / 2
    s = np.tan(np.pi * LOW_HZ / RATE_HZ) * np.exp(0.75j * np.pi)
    assert abs(p - (1 + s) / (1 - s)) < 1e-5
    c = b0 * (1 - 1 / p) / (1 - p.conjugate() / p)
    c *= np.dot(low_pass[:3], [1, 1 / p, p**-2]) / (1 + np.dot(low_pass[3:], [1 / p, p**-2]))
    n = np.arange(60, 2000)
    left = 2 * (c * p**n).real
    exact, bound = exact_and_bound(cold, offset)
    np.testing.assert_allclose(exact[0, n, 0], left, rtol=0, atol=1e-12)
    found = cold.apply(offset)[0, n, 0]
    assert (np.abs(found - left) <= bound[0, n, 0]).all()
    envelope = 2 * abs(c) * abs(p) ** (5 * RATE_HZ)
    assert envelope == pytest.approx(1 / 50000, rel=0.1)
    assert np.abs(found[n >= 5 * RATE_HZ]).max() <= envelope


@pytest.mark.parametrize("value", [5.12, -0.37, 1e-3, 300.0])
def test_a_constant_is_gone_from_the_first_sample(band, value):
    np.testing.assert_array_equal(band.apply(np.full((1, 50, 1), value, F)), 0)


def test_steady_state_of_the_cascade(band):
    """After a constant of 1 the high-pass gives 0: z1 = -b0 and z2 = b2. The low-pass behind it is empty."""
    b0, _, b2, _, _ = band.sections[0]
    np.testing.assert_array_equal(band.steady, [[-b0, b2], [0, 0]])
    np.testing.assert_allclose(band.steady, sosfilt_zi(sos(band)), atol=1e-12)


def test_rows_do_not_mix(band, signals):
    whole = band.apply(signals)
    for row in range(3):
        np.testing.assert_array_equal(band.apply(signals[row : row + 1]), whole[row : row + 1])


@pytest.mark.parametrize(("low", "high"), [(0, 40), (-1, 40), (40, 40), (41, 40), (0.5, 90), (0.5, 100)])
def test_bands_that_are_none(low, high):
    with pytest.raises(ValueError, match=f"band {low:g} to {high:g} Hz does not fit below half of 180 Hz"):
        design(180.0, low, high)
