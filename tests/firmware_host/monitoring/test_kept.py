"""What was sent, kept for a capture file."""

import numpy as np
import pytest

from firmware_host.monitoring.kept import Kept
from firmware_host.monitoring.messages import Press
from firmware_host.monitoring.session import Session
from firmware_host.monitoring.source import Recording
from scl.artifacts.capture import Capture, capture_bytes, parse_capture, write_capture
from tests.firmware_host.monitoring.parts import Clock, reading


def test_what_was_sent_is_kept_once_for_each_step(session, tmp_path):
    """The last sending of a step counts; of windows that overlap, the newest samples alone."""
    kept, counts = Kept(), np.arange(40, dtype=np.int16).reshape(20, 2)
    kept.add(15, counts, "before it is on")
    assert kept.samples == 0
    kept.start()
    kept.add(20, counts, "a")  # the first window whole
    kept.add(25, counts + 100, "a")
    kept.add(25, counts + 200, "a")
    kept.add(30, counts + 300, "b, c")
    capture = kept.capture(session.manifest.sensor, ("x", "y"))
    assert kept.samples == len(capture.counts) == 30
    np.testing.assert_array_equal(capture.counts, np.concatenate([counts, counts[15:] + 200, counts[15:] + 300]))
    assert capture.label == ("a",) * 25 + ("b, c",) * 5
    read = parse_capture(tmp_path / "x.csv", capture_bytes(tmp_path / "x.csv", capture))
    np.testing.assert_array_equal(read.counts, capture.counts)
    assert (read.label, read.sensor, read.rate_hz) == (capture.label, "bmi270", 20.0)
    with pytest.raises(ValueError, match="nothing was recorded"):
        session.capture()


def test_samples_of_steps_that_were_skipped_come_from_the_next_window_or_count_as_dropped(bundle, tmp_path):
    counts = np.random.default_rng(8).integers(-999, 999, (900, 6)).astype(np.int16)
    path = tmp_path / "walk.csv"
    write_capture(path, Capture("bmi270", 20.0, bundle.manifest.channels, counts))
    session = Session(Recording(path, bundle), [bundle.manifest], Clock())
    session.order(Press("press", "record"))
    for steps, end, dropped in ((0, 200, 0), (1, 250, 0), (2, 350, 0), (6, 650, 100)):
        for _ in range(steps):
            session.order(Press("press", "step"))
        for _ in range(2):  # sent again, it takes its own place
            session.take(0, session.current, reading(), None)
        capture = session.capture()
        assert (len(capture.counts), capture.dropped) == (end - dropped, dropped)
        assert session.kept.samples == len(capture.counts)
    np.testing.assert_array_equal(capture.counts, np.concatenate([counts[:350], counts[450:650]]))
