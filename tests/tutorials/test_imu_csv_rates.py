"""The same commands on sets of 25 Hz in g and degrees per second, and of 104 Hz in m/s^2 and rad/s."""

from pathlib import Path

import pytest

from tests.imu_sets import write_described
from tests.tutorials.pages import accuracy, passed, play, sections
from tests.tutorials.test_imu_csv import SECTION
from tests.tutorials.truth import check_imu_windows
from train.data.dataset_file import read_dataset_file

pytestmark = pytest.mark.timeout(600)


@pytest.mark.usefixtures("board_tools")
@pytest.mark.parametrize(
    "rate_hz, acceleration, angular_rate",
    [(25, "g", "deg/s"), pytest.param(104, "m/s2", "rad/s", marks=pytest.mark.exact)],
)
def test_another_rate_and_other_units(tmp_path: Path, rate_hz: int, acceleration: str, angular_rate: str) -> None:
    project = tmp_path / "project"
    write_described(project / "recordings" / "mine", 8, 60, rate_hz, acceleration, angular_rate, described=False)
    make, *commands = sections("imu-folder.md")[SECTION]
    assert make.startswith('python "$SCL/tests/imu_sets.py" recordings/mine described')
    assert "--limit 20" in commands[-1]
    commands[-1] = commands[-1].replace("--limit 20", "--limit 5")
    ended = play(commands, project)
    passed(ended)
    assert accuracy(ended[-1].output) >= 0.8
    sensors = read_dataset_file(project / "recordings" / "mine" / "dataset.toml").sensors
    assert [sensor.unit for sensor in sensors.values()] == [acceleration, angular_rate]
    check_imu_windows(project, "mine", rate_hz, rate_hz, 60, 1e-3)
