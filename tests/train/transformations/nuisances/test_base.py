import numpy as np
import torch

from tests.train.transformations.nuisances.signals import ECG, IMU, cuts
from train.transformations.nuisances import NUISANCES
from train.transformations.nuisances.base import Signal, at_times, drawn_strength


def test_channels_are_known_by_their_names() -> None:
    assert IMU.channels == {"accelerometer": slice(0, 3), "gyroscope": slice(3, 6)}
    assert ECG.channels == {"ecg": slice(0, 1)}
    assert Signal.of(20.0, ("gx", "gy", "gz")).channels == {"gyroscope": slice(0, 3)}


def test_a_cubic_through_four_samples_is_exact_for_parabolas() -> None:
    time = torch.arange(50, dtype=torch.float64)
    parabola = (0.3 * time**2 - 4 * time + 2).expand(1, 1, -1)
    times = torch.tensor([[1.0, 1.25, 17.5, 30.9]], dtype=torch.float64)
    expected = 0.3 * times**2 - 4 * times + 2
    torch.testing.assert_close(at_times(parabola, times)[0], expected)


def test_times_agree_with_catmull_and_romans_matrix_and_are_mirrored_at_the_ends() -> None:
    x = cuts(1, 12, 1)
    matrix = 0.5 * np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]])

    def sample(index: int) -> float:
        while not 0 <= index < 12:
            index = -index if index < 0 else 22 - index
        return float(x[0, 0, index])

    times = [-3.3, 0.2, 5.75, 10.6, 13.1]
    expected = []
    for time in times:
        whole = int(np.floor(time))
        powers = (time - whole) ** np.arange(4)
        expected.append(powers @ matrix @ [sample(whole + step) for step in (-1, 0, 1, 2)])
    seen = at_times(x, torch.tensor([times], dtype=torch.float64))[0, 0]
    np.testing.assert_allclose(seen.numpy(), expected, atol=1e-12)


def test_training_draws_every_strength_up_to_the_strongest_and_switches_half_of_the_windows() -> None:
    like, generator = torch.zeros(1), torch.Generator().manual_seed(0)
    noise = drawn_strength(NUISANCES["accelerometer-noise"], 4000, generator, like)
    assert noise.min() >= 0 and 0.49 < noise.max() < 0.5 and abs(noise.mean() - 0.25) < 0.01
    mirrored = drawn_strength(NUISANCES["mirror"], 4000, generator, like)
    assert set(mirrored.tolist()) == {0.0, 1.0} and abs(mirrored.mean() - 0.5) < 0.03
