"""The firmware of every board with an ECG's front end and labels that hold together, run as a process and on QEMU.

Answers are compared with fixture_model/make_ecg_model.py.
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from firmware_host import emulator
from firmware_host.flight import Flight
from firmware_host.link import Link
from firmware_host.messages import ABSTAIN, Hop, Result, samples_chunk
from firmware_host.playing import Due
from firmware_host.protocol import Type
from scl.frontend.flags import LEAD_OFF, SATURATED
from scl.machines import MACHINES

LARGEST = np.array([1500] * 3 + [20_000] * 3)  # counts, within the rails


@pytest.fixture(scope="module", params=("native", *MACHINES))
def link(
    request: pytest.FixtureRequest, make_firmware: Callable[..., Path], ecg_folder: Path, tmp_path_factory
) -> Iterator[Link]:
    firmware = make_firmware(request.param, ecg_folder, tmp_path_factory.mktemp(request.param))
    start = emulator.native(firmware) if request.param == "native" else emulator.qemu(firmware, request.param)
    with start as transport:
        link = Link(transport)
        link.greet()
        yield link


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(8)


def some_counts(rng: np.random.Generator, samples: int) -> np.ndarray:
    """Noise that never stands still."""
    return np.rint(rng.uniform(-LARGEST, LARGEST, (samples, 6))).astype(np.int16)


def classify(link: Link, ecg: ModuleType, counts: np.ndarray) -> Result:
    """The board's answer to one window, in which all but class and flags is as computed."""
    (result,) = Flight(link, link.ask(), 1, lambda _index: counts).run().results
    assert result is not None
    window = ecg.network_input(counts)[-ecg.model.WINDOW :]
    features, logits = ecg.model.network(window)
    assert result.input_crc32 == zlib.crc32(window.tobytes())
    assert (result.features.tolist(), result.logits.tolist()) == (features, logits)
    return result


def test_windows(link, ecg, rng):
    """Each from a reset front end, whose filters start in the steady state of its own first sample."""
    masks = set()
    for _ in range(20):
        result = classify(link, ecg, some_counts(rng, ecg.RAW_SAMPLES))
        assert result.flags == 0 and result.predicted == ecg.mask(result.logits.tolist())
        masks.add(result.predicted)
    assert len(masks) > 3 and any(mask.bit_count() > 1 for mask in masks)


@pytest.mark.parametrize(("channel", "rail"), [(0, -3000), (2, 2047), (3, -32768), (5, 32767)])
def test_a_count_at_a_rail_is_flagged_and_classified(link, ecg, rng, channel, rail):
    counts = some_counts(rng, ecg.RAW_SAMPLES)
    counts[17, channel] = rail
    result = classify(link, ecg, counts)
    assert result.flags == SATURATED and result.predicted == ecg.mask(result.logits.tolist())
    counts[17, channel] -= np.sign(rail)
    assert classify(link, ecg, counts).flags == 0


@pytest.mark.parametrize("channel", [0, 4])
@pytest.mark.parametrize("first", [0, 20])
def test_a_count_that_stands_still_makes_the_board_abstain(link, ecg, rng, channel, first):
    counts = some_counts(rng, ecg.RAW_SAMPLES)
    counts[first : first + ecg.LEAD_OFF, channel] = 700
    result = classify(link, ecg, counts)
    assert (result.flags, result.predicted) == (LEAD_OFF, ABSTAIN)
    counts[first + ecg.LEAD_OFF - 1, channel] = 701
    result = classify(link, ecg, counts)
    assert (result.flags, result.predicted) == (0, ecg.mask(result.logits.tolist()))


def test_a_lead_at_its_rail_is_both(link, ecg, rng):
    counts = some_counts(rng, ecg.RAW_SAMPLES)
    counts[-ecg.LEAD_OFF :, 1] = 2047
    result = classify(link, ecg, counts)
    assert (result.flags, result.predicted) == (SATURATED | LEAD_OFF, ABSTAIN)


def test_a_window_begins_without_the_last_ones_counts(link, ecg, rng):
    """Two windows that together stand still for long, neither of them for long enough."""
    before, after = some_counts(rng, ecg.RAW_SAMPLES), some_counts(rng, ecg.RAW_SAMPLES)
    before[1 - ecg.LEAD_OFF :], after[: ecg.LEAD_OFF - 1] = 500, 500
    assert classify(link, ecg, before).flags == classify(link, ecg, after).flags == 0


def test_stream(link, ecg, rng):
    """Every class of a stream: from when a count has stood still until no sample of that is in the window. A class
    comes with every second sample, so either flag ends once at a sample with one and once at a sample without.
    """
    bad = some_counts(rng, ecg.RAW_SAMPLES)
    bad[-ecg.LEAD_OFF :, 1] = 2047
    assert classify(link, ecg, bad).flags == SATURATED | LEAD_OFF  # of which the stream must know nothing
    counts = some_counts(rng, 320)
    counts[100:114, 4] = -5
    counts[201:216, 2] = 800
    counts[[50, 261], 1] = 2047
    inputs = ecg.network_input(counts)
    off = {*range(100 + ecg.LEAD_OFF - 1, 114), *range(201 + ecg.LEAD_OFF - 1, 216)}  # samples: the lead is off
    link.request(Type.STREAM, struct.pack("<H", 1))
    hops = 0
    for t in range(len(counts)):
        hop = Hop.parse(link.request(Type.SAMPLES, samples_chunk(t, counts[t : t + 1])).payload)
        if hop.hops == hops:
            continue
        hops, made = hop.hops, t // ecg.DOWN + 1
        newest = range(t - ecg.RAW_SAMPLES + 1, t + 1)
        flags = SATURATED * (50 in newest or 261 in newest) + LEAD_OFF * any(sample in newest for sample in off)
        mask = ecg.mask(ecg.model.network(inputs[made - ecg.model.WINDOW : made])[1])
        assert (hop.end, hop.flags, hop.predicted) == (t + 1, flags, ABSTAIN if flags & LEAD_OFF else mask), t
    assert hops == len(inputs) - ecg.model.WINDOW + 1


@pytest.mark.parametrize("hop", [1, 3, 16])
def test_classes_come_when_the_host_expects_them(link, ecg, rng, hop):
    """Behind a resampler that makes a sample of every two; the host takes no other answer."""
    counts, due = some_counts(rng, 120), Due(ecg.model.WINDOW, hop, ecg.UP, ecg.DOWN)
    link.request(Type.STREAM, struct.pack("<H", hop))
    for start in range(0, len(counts), 2):
        answer = Hop.parse(link.request(Type.SAMPLES, samples_chunk(start, counts[start : start + 2])).payload)
        assert answer.hops == due.after(start + 2)
        assert answer.end == (due.end(answer.hops) if answer.hops else 0)
