"""Shared fixtures. Threads are limited before torch is imported: spinning OpenMP workers slow small machines down."""

import os
import shutil
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("KMP_BLOCKTIME", "0")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pytest


@pytest.fixture(scope="session")
def board_tools() -> None:
    """Skips where networks cannot be built for a board and run there."""
    for tool in ("make", "gcc", "arm-none-eabi-gcc", "qemu-system-arm"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder with the real recordings (wisdm/, mitdb/, ptbxl/); skips where there is none."""
    value = os.environ.get("SCL_DATA_DIR")
    if not value:
        pytest.skip("SCL_DATA_DIR is not set: real recordings are not at hand")
    folder = Path(value)
    if not folder.is_dir():
        pytest.skip(f"SCL_DATA_DIR names {folder}, which is not a folder")
    return folder
