"""Fixtures: a board made up in memory, and a bundle for it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bundles import write_bundle
from tests.firmware_host.fake_board import FakeBoard, fake_board


@pytest.fixture
def make_board() -> Callable[..., FakeBoard]:
    """make_board(raw_samples=..., protocol=..., ...): a board whose HELLO says so; other arguments are FakeBoard's."""
    return fake_board


@pytest.fixture
def fake_bundle(tmp_path: Path) -> Path:
    """A bundle folder without model files: 12 windows, 2 copies of each, golden outputs of the made-up network."""
    return write_bundle(tmp_path / "bundle")


@pytest.fixture
def edit_manifest() -> Callable[..., None]:
    """edit_manifest(folder, key=value, ...): changes top-level keys of a bundle's manifest, unchecked."""

    def edit(folder: Path, **changes: object) -> None:
        path = folder / "manifest.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return edit


@pytest.fixture(scope="module")
def heart_counts():
    """int16 (samples, 1): 0.7 minutes of ECG."""
    from tests.firmware.beat_model import recording  # with it comes the exporter, which most tests here do without

    return recording(0.7)


@pytest.fixture(scope="module")
def heart_model(heart_counts):
    """A BeatModel of them that does not wait for the next beat."""
    from tests.firmware.beat_model import BeatModel

    return BeatModel.of(heart_counts, "causal")


@pytest.fixture(scope="module")
def heart_beats(heart_model, heart_counts):
    """The records that a board must answer."""
    return heart_model.expected(heart_counts)
