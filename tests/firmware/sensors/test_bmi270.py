"""BMI270: its configuration and the frames of its FIFO."""

import pytest

from tests.firmware.sensors.driver import CONFIGURATION, DATA, OK, START, Driver, feed
from tests.firmware.sensors.fake_parts import Bmi270


def test_the_bmi270_s_start(library):
    """Reset, awake, its configuration word by word, whose acceptance is waited for; then rates, ranges and the FIFO."""
    driver = Driver(library, "bmi270", part := Bmi270(CONFIGURATION))
    assert driver.start() == OK and part.resets == 1 and part.memory == CONFIGURATION
    pieces = [data for address, data in part.written() if address == 0x5E]
    assert b"".join(pieces) == CONFIGURATION and max(map(len, pieces)) < 32
    kinds = [(kind, address) for kind, address, _ in part.trace]
    assert kinds[:3] == [("r", 0), ("r", 0), ("w", 0x7E)]
    awake, first = kinds.index(("w", 0x7C)), kinds.index(("w", 0x59))
    assert awake < first and ("s", 450) in kinds[awake:first] and ("r", 0x21) in kinds[first:]
    last = [(0x40, 0xA8), (0x41, 1), (0x42, 0xA8), (0x43, 0), (0x7D, 0x06), (0x48, 0), (0x49, 0xD0), (0x7E, 0xB0)]
    assert part.written()[-8:] == [(address, bytes([value])) for address, value in last]


def test_frames_of_the_bmi270_that_are_no_sample(opened):
    driver = opened("bmi270")
    driver.part.fifo += bytes([0x48, 1, 2, 3, 4]) + bytes([0x44, 5, 6, 7])
    counts = feed(driver.part, 1)
    assert driver.read() == (OK, 1, counts)
    feed(driver.part, 2)
    del driver.part.fifo[7:]  # half of it is there
    assert driver.read()[:2] == (OK, 0)


@pytest.mark.parametrize("before", [bytes([0x48, 1, 2, 3, 4]), bytes([0x44, 5, 6, 7]), bytes([0x40, 2]) * 3])
def test_a_skip_frame_of_the_bmi270_behind_others_counts(opened, before):
    """A burst that reads several frames to their end has the part forget them all."""
    driver = opened("bmi270")
    driver.part.fifo += before + bytes([0x40, 9]) + bytes([0x48, 1, 2, 3, 4])
    counts, lost = feed(driver.part, 1), 9 + (6 if before[0] == 0x40 else 0)
    assert driver.read() == (OK, 1 + lost, counts)


def test_a_fifo_of_the_bmi270_that_holds_no_frame_is_emptied(opened):
    driver = opened("bmi270")
    driver.part.fifo += bytes([0x13]) * 20
    assert driver.read()[:2] == (DATA, 0) and driver.part.flushes == 2
    counts = feed(driver.part, 1)
    assert driver.read() == (OK, 2, counts)


def test_a_configuration_that_the_bmi270_does_not_take(library):
    driver = Driver(library, "bmi270", Bmi270(bytes(8192)))
    assert driver.start() == START
