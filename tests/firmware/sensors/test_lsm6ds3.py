"""LSM6DS3 and LSM6DSO: the FIFO of words in a pattern, and that of tagged words."""

import pytest

from tests.firmware.sensors.driver import DATA, OK, Driver, feed
from tests.firmware.sensors.fake_parts import Lsm6ds3, Lsm6dso


@pytest.mark.parametrize("identity", [0x69, 0x6A])
def test_the_lsm6ds3_s_start(library, identity):
    """Who it is; reset; 104 Hz, 4 g and 2000 dps in their bits; the FIFO emptied, its pattern, and on."""
    driver = Driver(library, "lsm6ds3", Lsm6ds3(identity))
    assert driver.start() == OK
    assert driver.part.trace[0] == ("r", 0x0F, bytes([identity]))
    expected = [(0x12, 0x01), (0x12, 0x44), (0x10, 0x48), (0x11, 0x4C), (0x0A, 0x00), (0x08, 0x09), (0x0A, 0x26)]
    assert driver.part.written() == [(address, bytes([value])) for address, value in expected]
    assert sum(us for kind, us, _ in driver.part.trace if kind == "s") >= 70_000


def test_the_lsm6dso_s_start(library):
    driver = Driver(library, "lsm6dso", Lsm6dso())
    assert driver.start(208, 8, 500) == OK
    expected = [(0x12, 0x01), (0x12, 0x44), (0x10, 0x5C), (0x11, 0x54), (0x0A, 0x00), (0x09, 0x55), (0x0A, 0x06)]
    assert driver.part.written() == [(address, bytes([value])) for address, value in expected]


@pytest.mark.parametrize("pattern", range(1, 6))
def test_half_a_sample_of_the_lsm6ds3_is_read_away(opened, pattern):
    """Else every later axis would be another one."""
    driver = opened("lsm6ds3")
    driver.part.pattern = pattern
    driver.part.words += [9] * (6 - pattern)
    counts = feed(driver.part, 1)
    results = [driver.read() for _ in range(2)]
    assert results[0][:2] == (OK, 0) and results[1] == (OK, 2, counts)


def test_an_overrun_that_leaves_half_a_sample_counts_once(opened):
    driver = opened("lsm6ds3")
    driver.part.overrun, driver.part.pattern = True, 2
    driver.part.words += [9] * 4
    counts = feed(driver.part, 1)
    assert driver.read()[:2] == (OK, 0) and driver.read() == (OK, 2, counts)
    driver = opened("lsm6dso")
    driver.part.overrun = True
    driver.part.word(2, (9, 9, 9), slot=3)
    counts = feed(driver.part, 1)
    assert driver.read() == (OK, 2, counts)


@pytest.mark.parametrize("full", [False, True])
def test_a_fifo_of_the_lsm6ds3_at_no_place_of_a_sample_is_emptied(opened, full):
    """A start as the first one's: bypass, then continuous at its rate."""
    driver = opened("lsm6ds3")
    driver.part.overrun, driver.part.pattern = full, 700
    feed(driver.part, 1)
    assert driver.read()[:2] == (DATA, 0) and not driver.part.words
    assert driver.part.written() == [(0x0A, b"\0"), (0x0A, b"\x26")]
    counts = feed(driver.part, 2)
    assert driver.read() == (OK, 2, counts)


def test_a_half_from_before_an_overrun_of_the_lsm6dso_meets_no_other(opened):
    """Slots repeat after four samples."""
    driver = opened("lsm6dso")
    driver.part.word(1, (1, 2, 3), slot=0)
    assert driver.read()[:2] == (OK, 0)
    driver.part.overrun = True
    driver.part.word(2, (7, 8, 9), slot=0)  # of the fourth sample later, whose gyroscope's word is lost too
    driver.part.slot = 1
    counts = feed(driver.part, 1)
    assert driver.read() == (OK, 2, counts)


def test_words_of_another_sensor_do_not_hold_the_lsm6dso_s_reader(opened):
    """A call is short: eight words at most."""
    driver = opened("lsm6dso")
    for _ in range(20):
        driver.part.word(4, (1, 2, 3))
    counts, before = feed(driver.part, 1), driver.part.transfers
    assert [driver.read()[:2] for _ in range(2)] == [(OK, 0)] * 2
    assert driver.part.transfers - before == 2 * (1 + 8)
    assert driver.read() == (OK, 1, counts)


def test_half_a_sample_of_the_lsm6dso_is_left_out(opened):
    driver = opened("lsm6dso")
    driver.part.word(1, (1, 2, 3), slot=3)  # without its accelerometer's
    counts = feed(driver.part, 1)
    driver.part.word(4, (1, 2, 3))  # temperature
    assert driver.read() == (OK, 2, counts)
    later = feed(driver.part, 2)
    assert driver.read() == (OK, 1, later) and driver.read()[:2] == (OK, 0)
    driver.part.word(2, (4, 5, 6), slot=1)  # half now, half later
    assert driver.read()[:2] == (OK, 0)
    driver.part.word(1, (7, 8, 9), slot=1)
    assert driver.read() == (OK, 1, [4, 5, 6, 7, 8, 9])
