"""The real set, against what its description prints and what physics asks for: for make test-exact."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from scl.frontend.counts import to_counts
from scl.frontend.flags import lead_off_at
from scl.frontend.sensor import load_sensor
from train.data import wisdm
from train.data.recordings import Recordings, windows

pytestmark = pytest.mark.exact

ROWS = """
A 167554/167471 B 162842/162772 C 164375/164286 D 170072/169997 E 173588/173506 F 162196/162113 G 165782/165699
H 166514/166430 I 167109/167026 J 169103/169011 K 172940/172857 L 169679/169592 M 166552/166477 O 167166/167088
P 169871/169786 Q 172424/172343 R 165796/165716 S 168398/168311"""
FAST = """
1600S 1602E 1605I 1607L 1608J 1609K 1609M 1609O 1609P 1612L 1617P 1620Q 1621D 1621E 1624Q 1624S 1625O 1626K 1628E
1642L 1644K 1644O 1644P 1645C 1645H 1647B 1650A"""


@pytest.fixture(scope="module")
def real(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Recordings:
    """The real set, parsed here and now: a cache may be older than the loader."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCL_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        return wisdm.load(data_dir / "wisdm" / "wisdm-dataset.zip")


def test_facts_of_the_real_set(real: Recordings) -> None:
    """Against what the data set's description prints."""
    recordings, report, amiss = real, real.report, real.report["amiss"]
    published = {code: tuple(map(int, rows.split("/"))) for code, rows in re.findall(r"([A-S]) (\S+)", ROWS)}
    assert {c: (report["rows"]["accel"][c], n) for c, n in report["rows"]["gyro"].items()} == published
    assert sum(report["rows"]["accel"].values()) == 3_021_961 and report["joined_rows"] > 0.999 * 3_020_481
    assert amiss["malformed_rows"] == amiss["rows_out_of_order"] == amiss["rows_of_unknown_activities"] == 0
    assert report["subjects"] == 46 and amiss["missing_subjects"] == [1629, 1637, 1638, 1639, 1640]
    assert report["blocks"] == 824 and amiss["missing_activities"] == ["1616B", "1618O", "1642C", "1642F"]
    assert amiss["fast_blocks"] == FAST.split()
    assert sorted(g.split()[1] for g in amiss["gaps"]) == ["1.6", "17.5", "23.8", "56.7", "56.7"]
    assert all(g.startswith("1649M") for g in amiss["gaps"])
    assert len(recordings.labels) == 18 and recordings.labels[0] == "walking"
    still = [
        np.linalg.norm(b.x[:3], axis=0).mean() for b in recordings.blocks if recordings.labels[b.label] == "sitting"
    ]
    assert np.median(still) == pytest.approx(9.8, abs=0.2)
    cut = windows(recordings, recordings.groups, 10.0, 0.0)
    assert 14_000 <= len(cut) <= 14_200 and cut.x.shape[1:] == (6, 200)
    assert Counter(cut.groups.tolist()).most_common()[-1][1] > 200


def test_the_gyroscope_turns_gravity_as_the_accelerometer_sees_it(real: Recordings) -> None:
    """While eating, acceleration is mostly gravity g, and dg/dt = -w x g: slope 1 only for right-handed rad/s, on the
    accelerometer's axes and clock.
    """
    eating = {real.labels.index(name) for name in ("soup", "drinking")}
    measured, expected = [], []
    for block in real.blocks:
        if block.label in eating:
            smooth = np.stack([np.convolve(row, np.full(21, 1 / 21), "valid") for row in block.x])
            measured.append(np.gradient(smooth[:3], 1 / real.rate_hz, axis=1).ravel())
            expected.append(-np.cross(smooth[3:], smooth[:3], axis=0).ravel())
    y, x = np.concatenate(measured), np.concatenate(expected)
    assert x @ y / (x @ x) == pytest.approx(1, abs=0.05) and np.corrcoef(x, y)[0, 1] > 0.9


def test_a_working_sensor_hardly_ever_holds_a_count_for_a_second(real: Recordings) -> None:
    """As a BMI270 counts, whose sensor file takes three seconds of one count for a sensor that stopped."""
    sensor, second, still, windows = load_sensor("bmi270"), round(real.rate_hz), 0, 0
    for block in real.blocks:
        counts = to_counts(block.x[None], sensor)[0][0]
        whole = counts[: len(counts) // (10 * second) * 10 * second].reshape(-1, 10 * second, counts.shape[1])
        still += int(lead_off_at(whole, second).any(axis=1).sum())
        windows += len(whole)
    assert windows > 10_000 and still < windows / 1000
