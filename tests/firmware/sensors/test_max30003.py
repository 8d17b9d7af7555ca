"""MAX30003: its clock, its tags, and a line without a part."""

import pytest

from scl.frontend.sensor import load_sensor
from tests.firmware.sensors.driver import BUS, DATA, OK, START, Driver, feed
from tests.firmware.sensors.fake_parts import Max30003


def test_the_max30003_s_start(library):
    """Reset, its identity at the second read, 512 Hz at 20 V/V, the clock waited for, and synchronized."""
    driver = Driver(library, "max30003", part := Max30003())
    assert driver.start() == OK and part.slept >= 5000
    expected = [(0x08, 0), (0x10, 0x080017), (0x14, 0), (0x15, 0), (0x04, 4), (0x09, 0)]
    assert part.written() == [(address, value.to_bytes(3, "big")) for address, value in expected]
    assert [address for kind, address, _ in part.trace if kind == "r"][:2] == [0x0F, 0x0F]
    driver = Driver(library, "max30003", part := Max30003())
    assert driver.start(128, 160) == OK and part.values[0x15] == 0x830000


@pytest.mark.parametrize("value", [-(1 << 17), -5, -4, -1, 0, 3, 4, (1 << 17) - 1])
def test_an_ecg_sample_loses_the_bits_of_its_sensor_file(opened, value):
    driver = opened("max30003")
    driver.part.ecg(value)
    (part,) = load_sensor("max30003").parts
    assert part.shift == 2 and driver.read() == (OK, 1, [value >> part.shift])


def test_an_ecg_without_a_clock(library):
    driver = Driver(library, "max30003", part := Max30003())
    part.sleep = lambda us: None
    assert driver.start() == START


def test_samples_of_an_ecg_while_its_input_recovers(opened):
    """They have a time and no voltage: so they are lost."""
    driver = opened("max30003")
    driver.part.ecg(77777, tag=1)
    driver.part.ecg(77777, tag=3)
    driver.part.ecg(800, tag=2)
    assert [driver.read()[:2] for _ in range(2)] == [(OK, 0)] * 2
    assert driver.read() == (OK, 3, [200])


def test_a_fifo_of_the_max30003_that_holds_no_such_tag_is_emptied(opened):
    driver = opened("max30003")
    driver.part.ecg(1, tag=4)
    driver.part.ecg(2)
    assert driver.read()[:2] == (DATA, 0) and driver.part.resets[-1] == 0x0A and not driver.part.fifo
    counts = feed(driver.part, 1)
    assert driver.read() == (OK, 2, counts)


@pytest.mark.parametrize(("line", "error"), [(0x00, OK), (0xFF, BUS)])
def test_a_line_without_a_max30003_gives_no_sample(opened, line, error):
    """SPI has no acknowledgement: zeros are no sample, ones no overrun."""
    driver = opened("max30003")
    driver.part.line = line
    assert [driver.read()[:2] for _ in range(3)] == [(error, 0)] * 3 and not driver.part.written()
    driver.part.line = None
    counts = feed(driver.part, 1)
    assert driver.read() == (OK, 1, counts)
