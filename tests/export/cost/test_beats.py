"""What heartbeats cost, counted on the emulated board."""

import pytest

from export.cost.beats import beat_cost
from export.cost.size import measure
from tests.firmware.beat_model import BeatModel, recording


@pytest.fixture(scope="module")
def folder(board_tools, tmp_path_factory):
    folder = tmp_path_factory.mktemp("beats")
    BeatModel.of(recording(0.3), "features").write(folder)
    return folder


def test_a_minute_of_ecg(folder, tmp_path):
    """A beat every 0.8 s; the same figures in every run."""
    cost = beat_cost(folder, tmp_path)
    print(cost, measure(folder))
    assert 60 <= cost.beats <= 75
    assert cost == beat_cost(folder, tmp_path)
    assert 1_000 < cost.per_beat < cost.per_second and cost.per_second / 360 < cost.most
    assert cost.finder_bytes < cost.model_bytes == measure(folder).ram_bytes
