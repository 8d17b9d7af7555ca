"""What a whole model costs, counted on the emulated board."""

import pytest

from export.cost.front_end import front_end_cost
from export.cost.instructions import measure as network_alone
from export.cost.size import measure
from tests.export.cost.test_instructions import FIXTURE
from tests.firmware.beat_model import BeatModel, recording


@pytest.fixture(scope="module")
def folder(board_tools, tmp_path_factory):
    folder = tmp_path_factory.mktemp("beats")
    BeatModel.of(recording(0.3), "features").write(folder)
    return folder


def test_a_minute_of_ecg(folder, tmp_path):
    """A beat every 0.8 s; the same figures in every run."""
    cost = front_end_cost(folder, tmp_path, 360.0)
    assert cost.seconds == 60
    assert 60 <= cost.answers <= 75
    assert cost == front_end_cost(folder, tmp_path, 360.0)
    assert 1_000 < cost.per_answer < cost.per_second and cost.per_second / 360 < cost.most
    assert cost.finder_bytes < cost.model_bytes == measure(folder).ram_bytes


def test_windows_of_a_sensor(board_tools, tmp_path):
    """An answer is an inference, the copy of its window and the decision."""
    cost, alone = front_end_cost(FIXTURE, tmp_path / "a", 100.0), network_alone(FIXTURE, tmp_path / "b")
    assert cost.finder_bytes is None and cost.answers > 1
    assert alone.instructions < cost.per_answer < alone.instructions + 4_000
    assert 0 < cost.per_second < 100 * cost.most
