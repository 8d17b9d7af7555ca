"""Fixtures of the training tests."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.train.wisdm_archive import write_wisdm


@pytest.fixture
def make_wisdm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Writes a small archive in WISDM's format, with a cache of its own."""
    monkeypatch.setenv("SCL_CACHE_DIR", str(tmp_path / "cache"))
    return partial(write_wisdm, tmp_path)
