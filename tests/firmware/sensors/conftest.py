"""The drivers as a library, and one that runs on its part."""

import ctypes
import shutil
import subprocess

import pytest

from scl import toolchain
from tests.firmware.sensors.driver import (
    OK,
    PARTS,
    Driver,
)


@pytest.fixture(scope="session")
def library(tmp_path_factory) -> ctypes.CDLL:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    out = tmp_path_factory.mktemp("sensors") / "sensors.so"
    flags = ["-std=c99", "-O1", "-fsanitize=undefined", "-fno-sanitize-recover=all", "-shared", "-fPIC"]
    subprocess.run(["gcc", *flags, *toolchain.sources("sensors"), "-o", out], check=True)
    return ctypes.CDLL(str(out))


@pytest.fixture
def opened(library):
    """opened(name, part's options): a driver that was started."""

    def opened(name: str, **options: object) -> Driver:
        driver = Driver(library, name, PARTS[name](**options))
        assert driver.start() == OK
        driver.part.trace.clear()
        return driver

    return opened
