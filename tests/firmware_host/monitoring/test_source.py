"""What the monitor plays: windows of a bundle, recordings, and strips along which a window is shifted."""

from dataclasses import replace

import numpy as np
import pytest

from firmware_host.monitoring.messages import Shift
from firmware_host.monitoring.session import Session
from firmware_host.monitoring.source import BundleWindows, Recording
from firmware_host.monitoring.state import about, state
from firmware_host.monitoring.strips import strips_of
from scl.artifacts import InputError, write_npz
from scl.artifacts.bundle import hashes, read_bundle, write_manifest
from scl.artifacts.capture import Capture, write_capture
from scl.artifacts.golden import read_golden
from scl.artifacts.run import TransformationInfo
from scl.frontend.sensor import Part, Sensor
from scl.partition import Partition
from tests.bundles import LABELS, SAMPLES
from tests.firmware_host.monitoring.parts import ODD, Clock, about_axis, reading
from tests.manifests import manifest, network_manifest
from tests.scl.frontend.designs import front_end_spec


def test_the_windows_of_a_bundle_come_with_their_labels(bundle):
    source, golden = BundleWindows(bundle), read_golden(bundle)
    assert (source.count, source.interval_s, source.shifts) == (12, 50 / 20, (0, 0))
    for number in range(12):
        step = source.step(number)
        np.testing.assert_array_equal(step.window(SAMPLES), golden.counts[0, number])
        assert (step.label, step.place) == (LABELS[number % 3], f"window {number + 1} of 12")


def test_a_recording_is_played_hop_by_hop(bundle, tmp_path):
    counts = np.random.default_rng(4).integers(-999, 999, (430, 6)).astype(np.int16)
    labels = ("walking",) * 300 + ("sitting",) * 130
    path = tmp_path / "walk.csv"
    write_capture(path, Capture("bmi270", 20.0, bundle.manifest.channels, counts, label=labels))
    source = Recording(path, bundle)
    assert (source.count, source.interval_s) == (5, 2.5)
    for number in range(5):
        step, begin = source.step(number), 50 * number
        np.testing.assert_array_equal(step.window(SAMPLES), counts[begin : begin + SAMPLES])
        assert step.label == ("walking" if begin + SAMPLES <= 300 else "sitting")
        assert step.fresh == (50 if number else SAMPLES)
    assert source.step(4).place == "20.0 s of 21.5 s"
    write_capture(path, Capture("bmi270", 20.0, bundle.manifest.channels, counts[:199]))
    with pytest.raises(InputError, match=r"walk\.csv: holds 199 samples, .* take 200 \(10\.0 s\): record for longer"):
        Recording(path, bundle)
    write_capture(path, Capture("bmi270", 50.0, bundle.manifest.channels, counts))
    with pytest.raises(InputError, match="rate in Hz is 50.0, .* was exported for 20.0"):
        Recording(path, bundle)


def test_cuts_join_to_the_strip_they_were_cut_from():
    strip = np.random.default_rng(5).integers(-99, 99, (3, 500, 2)).astype(np.int16)
    starts = [100, 160, 40, 220, 101]
    cuts = np.stack([strip[:, start : start + 200] for start in starts])
    nearly = np.array([0, 60.4, -59.3, 119.2, 0.8])
    joined = strips_of(cuts, nearly)
    assert joined.shifts == (-60, 120)
    for samples, first, whole in zip(joined.samples, joined.first, strip, strict=True):
        np.testing.assert_array_equal(samples, whole[40:420])
        assert first == 60
    cuts[3, 1, 0] += 1  # where cut 3 lies over another one
    apart = strips_of(cuts, nearly)
    assert apart.shifts == (0, 0)
    np.testing.assert_array_equal(apart.samples, cuts[0])


@pytest.fixture
def shifting(tmp_path):
    """A bundle of one lead whose windows travel as recorded and up to 30 samples later."""
    folder = tmp_path / "ecg"
    folder.mkdir()
    strips = np.random.default_rng(6).integers(-999, 999, (4, 130, 1)).astype(np.int16)
    counts = np.stack([strips[:, start : start + 100] for start in (0, 10, 20, 30)])
    zeros = {"features": np.zeros((4, 4, 5), np.int8), "logits": np.zeros((4, 4, 3), np.int8)}
    write_npz(
        folder / "golden.npz",
        counts=counts,
        **zeros,
        input_crc32=np.zeros((4, 4), np.uint32),
        flags=np.zeros((4, 4), np.uint8),
        shift=np.array([0, 20, 40, 60], np.int32),  # of a source with twice the rate
    )
    write_npz(folder / "evaluation.npz", labels=np.zeros((4, 4), np.int64), groups=np.arange(4))
    lead = Sensor("ad8232", 180.0, (Part("ecg", 1, 0.001, (0.0,), ((1.0,),), "mV", ""),))
    spec = front_end_spec(lead, 100, 180.0, 0.05)
    info = TransformationInfo("shift", {"least": 0, "most": 30, "samples": 100, "source_samples": 2.0}, "a shift")
    made = manifest(
        folder, front_end_spec(ODD.select(["accelerometer", "gyroscope"]), 100, 50.0), LABELS, Partition(3, 4, 2)
    )
    window = replace(made.window, samples=100, rate_hz=180.0, channels=("ecg",), units=("mV",))
    shapes = replace(made.input, shape=(1, 1, 100, 1), scale=0.05)
    names = ("as recorded", "shift +20 samples", "shift +40 samples", "shift +60 samples")
    write_manifest(
        folder,
        replace(
            made, task="strip", frontend=spec, input=shapes, window=window, transformation=info, transforms=names,
            files=hashes(folder),
        ),
    )  # fmt: skip
    return read_bundle(folder), strips


def test_a_window_is_shifted_along_its_strip(shifting, tmp_path):
    bundle, strips = shifting
    session = Session(BundleWindows(bundle), [bundle.manifest], Clock())
    assert session.source.shifts == (0, 30) and not session.turns
    assert session.job(0, 0).moved is None
    session.order(Shift("shift", 17))
    job = session.job(0, 1)
    np.testing.assert_array_equal(job.plain, strips[0, :100])
    np.testing.assert_array_equal(job.moved, strips[0, 17:117])
    session.order(Shift("shift", 9999))
    assert session.shift == 30
    session.order(about_axis((0, 0, 1), 90))  # a lead has no axes to turn
    assert session.job(0, 3).serial == 4 and session.quaternion == (1, 0, 0, 0)
    path = tmp_path / "heart.csv"
    write_capture(path, Capture("ad8232", 180.0, ("ecg",), strips[1]))
    recorded = Recording(path, bundle)
    assert (recorded.shifts, recorded.count) == ((0, 30), 1)
    np.testing.assert_array_equal(recorded.step(0).window(100, 30), strips[1, 30:])


def test_models_from_elsewhere_play_their_windows(tmp_path):
    folder = tmp_path / "net"
    folder.mkdir()
    counts = np.random.default_rng(7).integers(-128, 128, (1, 4, 48, 3)).astype(np.int8)
    write_npz(
        folder / "golden.npz",
        counts=counts,
        features=np.zeros((1, 4, 0), np.int8),
        logits=np.zeros((1, 4, 3), np.int8),
        input_crc32=np.zeros((1, 4), np.uint32),
        flags=np.zeros((1, 4), np.uint8),
    )
    write_npz(folder / "evaluation.npz", labels=np.full((1, 4), -1, np.int64), groups=np.arange(4))
    write_manifest(folder, network_manifest(folder))
    bundle = read_bundle(folder)
    session = Session(BundleWindows(bundle), [bundle.manifest], Clock())
    session.order(about_axis((1, 0, 0), 90))
    job = session.job(0, 0)
    np.testing.assert_array_equal(job.plain, counts[0, 0])
    assert job.moved is None and "nothing can be turned" in about(session)["unmoved"] and not about(session)["records"]
    session.take(0, job, reading(1, features=()), None)
    assert state(session)["boards"][0]["similarity"] is None and state(session)["label"] == ""
    with pytest.raises(ValueError, match="without a front end"):
        session.capture()
    with pytest.raises(InputError, match="--record: .* has no front end"):
        Recording(tmp_path / "walk.csv", bundle)
