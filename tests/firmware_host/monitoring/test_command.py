"""The command: which options and bundles go together."""

from dataclasses import replace

import pytest

from firmware_host import monitor
from scl.artifacts import InputError
from tests.manifests import network_manifest


def test_bundles_that_take_other_windows_are_not_compared(bundle):
    monitor.check_comparable(bundle, bundle)
    other = replace(bundle, manifest=network_manifest(bundle.path))
    with pytest.raises(
        InputError, match="samples of a window is 48, of .* it is 200; both get the same counts: export"
    ):
        monitor.check_comparable(bundle, other)


def test_a_model_of_beats_classifies_no_sensor_live(bundle, monkeypatch):
    beats = replace(bundle, manifest=replace(bundle.manifest, task="beat"))
    monkeypatch.setattr(monitor, "read_front_end_bundle", lambda _path: beats)
    with pytest.raises(InputError, match="nothing here finds beats; use validate"):
        monitor.main([str(bundle.path), "--port", "native", "--live"])


def test_a_file_that_stands_in_for_a_sensor_needs_live(bundle):
    with pytest.raises(InputError, match=r"--play walk\.bin: .*--live"):
        monitor.main([str(bundle.path), "--port", "native", "--play", "walk.bin"])


def test_models_of_heartbeats_are_not_compared(heart):
    with pytest.raises(InputError, match="--compare other: is for models of windows, not of heartbeats; leave it out"):
        monitor.main([str(heart.bundle.path), "--port", "native", "--compare", "other"])
