"""What tests of packages need installed."""

import shutil

import pytest


@pytest.fixture(scope="module")
def build_tools(board_tools):
    for tool in ("cmake", "arm-none-eabi-g++"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
