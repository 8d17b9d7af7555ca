import pickle
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from scl.artifacts import InputError, sha256_file
from train.data import watch


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCL_CACHE_DIR", str(tmp_path / "cache"))


def test_embedded_set_is_what_the_package_describes() -> None:
    recordings = watch.load()
    assert len(recordings.blocks) == 140 and recordings.groups.tolist() == list(range(1, 11))
    assert recordings.labels == ("PEN", "ABD", "FEL", "IR", "ER", "TRAP", "ROW")
    a = np.concatenate([b.x[:3] for b in recordings.blocks], axis=1)
    # Gravity is in it: over slow exercises the mean length is about 1 g, in m/s^2.
    assert 8.5 < np.median(np.linalg.norm(a, axis=0)) < 11.5
    again = watch.load()
    assert np.array_equal(again.blocks[7].x, recordings.blocks[7].x)


def explained(a: np.ndarray, w: np.ndarray, seconds: float, rate_hz: float = 20.0) -> float:
    """How constant the acceleration a (3, n) is once turned back by the integrated angular rate w (3, n) in rad/s:
    share of its mean square that is its mean over some seconds, which is gravity.
    """
    steps = Rotation.from_rotvec((w[:, :-1] + w[:, 1:]).T / 2 / rate_hz).as_matrix()
    n, shares = int(seconds * rate_hz), []
    for start in range(0, a.shape[1] - n, n):
        turn, fixed = np.eye(3), [a[:, start]]
        for k in range(start, start + n - 1):
            turn = turn @ steps[k]
            fixed.append(turn @ a[:, k + 1])
        shares.append(np.sum(np.mean(fixed, axis=0) ** 2) / np.mean(np.sum(np.square(fixed), axis=1)))
    return float(np.mean(shares))


def test_the_gyroscope_is_in_rad_per_second() -> None:
    """Of all units of angular rate, rad/s holds gravity still best; and the mirrored subjects are those named."""
    recordings = watch.load()
    wide = [b for b in recordings.blocks if recordings.labels[b.label] in ("ABD", "FEL")]  # these turn the wrist most

    def score(factor: tuple[float, float, float], groups: range | tuple[int, ...]) -> float:
        scale = np.array(factor)[:, None]
        return float(np.mean([explained(b.x[:3], b.x[3:] * scale, 2.0) for b in wide if b.group in groups]))

    right, mirrored = (1, 2, 5, 6, 7, 8, 9, 10), (3, 4)
    factors = (np.pi / 180, 0.5, 0.75, 1.0, 1.25, 2.0)
    assert max(factors, key=lambda f: score((f, f, f), right)) == 1.0
    assert score((1, 1, 1), right) > score((1, -1, -1), right) + 0.1
    assert score((1, -1, -1), mirrored) > score((1, 1, 1), mirrored) + 0.3


def test_resampled_to_20_hz_within_the_original() -> None:
    raw = watch.read(watch.locate())
    block = watch.load().blocks[0]
    seconds = (len(raw["X"][0]) - 1) / 50
    assert block.x.shape[1] == int(seconds * 20) + 1
    # The box filter takes the mean of three samples at 50 Hz; the first output stands at the first sample.
    assert block.x[3:, 0] == pytest.approx(np.mean(raw["X"][0][:2, 3:], axis=0), rel=1e-5)
    assert block.x[:3, 0] == pytest.approx(9.80665 * np.mean(raw["X"][0][:2, :3], axis=0), rel=1e-5)


def test_another_checksum_is_refused(tmp_path: Path) -> None:
    data = bytearray(watch.locate().read_bytes())
    data[-100] ^= 1
    path = tmp_path / "watch_dataset.npy"
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match="SHA-256 is .* expected eb122f23"):
        watch.read(path)


class Evil:
    """Unpickled by an ordinary unpickler this would create a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple:
        return (open, (str(self.target), "w"))


def test_a_malicious_pickle_is_not_executed(tmp_path: Path) -> None:
    target, path = tmp_path / "owned", tmp_path / "evil.npy"
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False, "shape": ()})
        file.write(pickle.dumps(Evil(target)))
    with pytest.raises(InputError, match="asks for .*open, expected numpy arrays only"):
        watch.read(path, sha256=sha256_file(path))
    assert not target.exists()
