"""The recordings of a bundle and a capture file."""

import numpy as np
import pytest

from firmware_host.monitoring.heart_source import BundleStretches, CapturedStretch
from scl.artifacts import InputError
from scl.artifacts.capture import Capture, write_capture


def test_the_recordings_of_a_bundle(heart):
    source = BundleStretches(heart.bundle)
    assert source.names == ("recording 100", "recording 232") and source.name == "the 2 recordings in the bundle"
    for number, (counts, beats) in enumerate(zip(heart.counts, heart.beats, strict=True)):
        stretch = source.stretch(number)
        np.testing.assert_array_equal(stretch.counts, counts)
        assert stretch.desktop.at.tolist() == [beat.sample for beat in beats]
        names = ["NSV"[beat.predicted] if beat.predicted < 3 else "abstained" for beat in beats]
        assert list(stretch.desktop.names) == names and {"N", "V", "abstained"} <= set(names) | {"V"}
    truth = source.stretch(0).truth
    first, last = heart.beats[0][2].sample, heart.beats[0][7].sample
    some = truth.within(first, last + 4)  # beat 4 is not annotated, beat 6 is a fusion beat
    expected = [heart.beats[0][i].sample + 3 for i in (2, 3, 5, 6, 7)]
    assert some.at.tolist() == expected and some.names[3] == "F"


def test_a_capture_file(heart, tmp_path):
    sensor, path = heart.bundle.manifest.sensor, tmp_path / "ecg.csv"
    write_capture(path, Capture(sensor.name, sensor.rate_hz, heart.bundle.manifest.channels, heart.counts[1]))
    source = CapturedStretch(path, heart.bundle)
    stretch = source.stretch(0)
    np.testing.assert_array_equal(stretch.counts, heart.counts[1])
    assert source.names == ("ecg.csv",) and stretch.truth is None and stretch.desktop is None
    write_capture(path, Capture(sensor.name, 250.0, heart.bundle.manifest.channels, heart.counts[1]))
    with pytest.raises(InputError, match="rate in Hz is 250.0, .* was exported for 360.0"):
        CapturedStretch(path, heart.bundle)
