"""A bundle of the monitor, and a session that plays it."""

import pytest

from firmware_host.monitoring.session import Session
from firmware_host.monitoring.source import BundleWindows
from scl.artifacts.bundle import read_bundle
from tests.firmware_host.monitoring.parts import Clock


@pytest.fixture
def bundle(fake_bundle):
    return read_bundle(fake_bundle)


@pytest.fixture
def session(bundle):
    return Session(BundleWindows(bundle), [bundle.manifest], Clock())


@pytest.fixture(scope="session")
def heart(tmp_path_factory):
    """A HeartBundle."""
    from tests.firmware_host.monitoring.heart_parts import write_heart_bundle  # with it comes the exporter

    return write_heart_bundle(tmp_path_factory.mktemp("heart") / "hearts")
