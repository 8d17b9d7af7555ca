"""The resampler's filter against its promises, and its output against scipy in double precision."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import upfirdn

from scl.artifacts import InputError
from scl.frontend.resampler import MAX_PHASE_TAPS, design, nearest_served, served

RATES_PAGE = Path(__file__).parents[3] / "docs" / "RATES.md"
MODEL_HZ = 20.0
RATES = {100.0: (1, 5), 104.0: (5, 26), 119.0: (20, 119)}
ECG_HZ = 180.0
ECG_RATES = {250.0: (18, 25), 360.0: (1, 2), 512.0: (45, 128)}


def prototype(sensor_hz: float, model_hz: float = MODEL_HZ) -> np.ndarray:
    """h of frontend.h in double precision: coefficients[p][k] = h[p + k * up]."""
    return design(sensor_hz, model_hz).coefficients.T.ravel().astype(np.float64)


@pytest.mark.parametrize(
    ("sensor_hz", "model_hz", "ratio"),
    [(hz, to, ratio) for to, rates in ((MODEL_HZ, RATES), (ECG_HZ, ECG_RATES)) for hz, ratio in rates.items()],
)
def test_ratio_and_frequency_response(sensor_hz, model_hz, ratio):
    resampler = design(sensor_hz, model_hz)
    assert (resampler.up, resampler.down) == ratio
    assert resampler.coefficients.dtype == np.float32 and resampler.phase_taps <= MAX_PHASE_TAPS
    points = 1 << 17
    gain = np.abs(np.fft.rfft(prototype(sensor_hz, model_hz) / resampler.up, points))
    hz = np.arange(len(gain)) / points * sensor_hz * resampler.up
    assert np.abs(gain[hz <= 0.35 * model_hz] - 1).max() < 0.002
    assert 20 * np.log10(gain[hz >= 0.5 * model_hz].max()) < -59
    np.testing.assert_allclose(resampler.coefficients.sum(axis=1, dtype=np.float64), 1, atol=1e-6)


@pytest.mark.parametrize("sensor_hz", [20.0, *RATES])
def test_delay_is_whole_and_the_phase_linear(sensor_hz):
    resampler, h = design(sensor_hz, MODEL_HZ), prototype(sensor_hz)
    centre = resampler.delay * resampler.up
    if len(h):
        np.testing.assert_allclose(h[: 2 * centre + 1], h[: 2 * centre + 1][::-1], atol=2e-6)
        np.testing.assert_array_equal(h[2 * centre + 1 :], 0)
    else:
        assert resampler.delay == 0


@pytest.mark.parametrize("sensor_hz", RATES)
def test_within_single_precision_of_scipy(sensor_hz):
    """Products and sums round taps times each: |error| <= (taps + 1) * 2^-24 * sum |h x|."""
    x = np.random.default_rng(0).normal(0, 10, (2, 400, 3)).astype(np.float32)
    resampler = design(sensor_hz, MODEL_HZ)
    up, down, taps = resampler.up, resampler.down, resampler.phase_taps
    y = resampler.apply(x)
    rested = np.concatenate([np.repeat(x[:, :1], taps - 1, axis=1), x], axis=1).astype(np.float64)

    def filtered(h: np.ndarray, signal: np.ndarray) -> np.ndarray:
        return upfirdn(h, signal, up, axis=1)[:, (taps - 1) * up :: down][:, : y.shape[1]]

    bound = (taps + 1) * 2.0**-24 * filtered(np.abs(prototype(sensor_hz)), np.abs(rested))
    assert y.dtype == np.float32 and y.shape[1] == -(-400 * up // down)
    assert (np.abs(y - filtered(prototype(sensor_hz), rested)) <= bound).all()


@pytest.mark.parametrize("sensor_hz", RATES)
@pytest.mark.parametrize(("hz", "gain"), [(0.3, 1), (2, 1), (6.9, 1), (10.2, 0), (17, 0), (39.9, 0)])
def test_tones_below_keep_their_amplitude_and_tones_above_nyquist_vanish(sensor_hz, hz, gain):
    seconds, resampler = 12, design(sensor_hz, MODEL_HZ)
    t = np.arange(int(seconds * sensor_hz)) / sensor_hz
    y = resampler.apply((9 * np.sin(2 * np.pi * hz * t)).astype(np.float32)[None, :, None])[0, :, 0]
    m = np.arange(len(y)) / MODEL_HZ
    expected = gain * 9 * np.sin(2 * np.pi * hz * (m - resampler.delay / sensor_hz))
    settled = m > resampler.phase_taps / sensor_hz
    assert np.abs(y - expected)[settled].max() < 9 * 0.003


@pytest.mark.parametrize("sensor_hz", [20.0, *RATES])
def test_raw_samples_by_counting(sensor_hz):
    """Output m is due with the first sensor sample at or after m model periods."""
    resampler = design(sensor_hz, MODEL_HZ)
    made, counts = 0, {}
    for sample in range(300):
        if sample * resampler.up <= made * resampler.down < (sample + 1) * resampler.up:
            made += 1
            counts[made] = sample + 1
    assert made > 40
    assert all(resampler.raw_samples(outputs) == sample for outputs, sample in counts.items())


@pytest.mark.parametrize("sensor_hz", [ECG_HZ, *ECG_RATES])
@pytest.mark.parametrize("outputs", [0, 1, 2, 44, 45, 46, 900])
def test_outputs_to_throw_away_by_counting(sensor_hz, outputs):
    """The first one that coincides with a sensor sample, is not before the wanted, and has the delay behind it."""
    resampler = design(sensor_hz, ECG_HZ)
    up, down = resampler.up, resampler.down
    due = (m for m in range(2000) if m * down % up == 0 and m >= outputs and m * down / up >= resampler.delay)
    assert resampler.before(outputs) == next(due)


@pytest.mark.parametrize(
    ("sensor_hz", "nearest"),
    [
        (19.0, [20]),
        (99.9, [20 * 319 / 64, 100]),
        (103.7, [20 * 197 / 38, 20 * 140 / 27]),
        (400.0, [20 * 583 / 56]),  # longer filters do not fit: 254 / (52.55 / (14.36 * 0.15)) = 10.411
        (6664.0, [20 * 583 / 56]),
    ],
)
def test_unsupported_rates_name_the_nearest_supported(sensor_hz, nearest):
    """With at most 64 phases, 103.7 / 20 = 5.185 lies between 197/38 and 140/27, whose mediant has 65."""
    with pytest.raises(InputError, match=rf"{sensor_hz:g} Hz.* {MODEL_HZ:g} Hz") as error:
        design(sensor_hz, MODEL_HZ)
    named = str(error.value).split("nearest supported: ")[1].split(" Hz")[0].split(" and ")
    np.testing.assert_allclose([float(hz) for hz in named], nearest, rtol=1e-8)
    for hz in named:
        assert design(float(hz), MODEL_HZ).phase_taps <= MAX_PHASE_TAPS


@pytest.mark.parametrize("sensor_hz", [0.0, -100.0, float("nan"), float("inf")])
def test_rates_that_are_none(sensor_hz):
    with pytest.raises(InputError, match="above 0"):
        design(sensor_hz, MODEL_HZ)


def tabled() -> dict[tuple[float, float], str]:
    """The table of docs/RATES.md: what it says of each sensor rate and model rate."""
    rows = [line for line in RATES_PAGE.read_text().splitlines() if line.startswith("| ") and line[2].isdigit()]
    head = next(line for line in RATES_PAGE.read_text().splitlines() if line.startswith("| sensor"))
    models = [float(cell.split()[0]) for cell in head.strip("| ").split(" | ")[1:]]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return {(float(row[0]), model): cell for row in cells for model, cell in zip(models, row[1:], strict=True)}


def test_the_documented_rates_are_those_that_the_board_has() -> None:
    """By hand: the ratio in lowest terms has 64 phases at most, the sensor is not slower, the taps fit."""
    table = tabled()
    assert {hz for hz, _ in table} == {125, 128, 130, 200, 250, 256, 257, 300, 360, 500, 512}
    assert {hz for _, hz in table} == {100, 125, 128, 130, 180, 250}
    for (sensor_hz, model_hz), said in table.items():
        ratio = Fraction(int(model_hz), int(sensor_hz))
        can = ratio.numerator <= 64 and ratio <= 1
        assert served(sensor_hz, model_hz) == can
        if not can:
            assert said == "-"
            with pytest.raises(InputError, match="cannot be resampled"):
                design(sensor_hz, model_hz)
            continue
        resampler = design(sensor_hz, model_hz)
        assert (resampler.up, resampler.down) == (ratio.numerator, ratio.denominator)
        assert said == f"{resampler.up}/{resampler.down}, {1000 * resampler.delay / sensor_hz:.0f} ms"


@pytest.mark.parametrize(("sensor_hz", "model_hz"), [(360, 257), (257, 180), (512, 130), (104, 25), (130, 180)])
def test_the_nearest_rates_that_a_sensor_serves(sensor_hz: int, model_hz: int) -> None:
    """Every rate in hundredths, one after the other, until one is served."""

    def can(hundredths: int) -> bool:
        ratio = Fraction(hundredths, 100 * sensor_hz)
        return ratio.numerator <= 64 and ratio <= 1

    below = next(h for h in range(100 * model_hz - 1, 0, -1) if can(h))
    above = next((h for h in range(100 * model_hz + 1, 100 * sensor_hz + 1) if can(h)), None)
    expected = [below / 100] + ([] if above is None else [above / 100])
    assert nearest_served(float(sensor_hz), float(model_hz)) == pytest.approx(expected)
