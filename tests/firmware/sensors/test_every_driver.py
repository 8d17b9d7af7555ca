"""What every driver does: samples in order, axes and signs, faults that are named. They have met no real part."""

import pytest

from export.package_sensor import DRIVERS
from scl.frontend.sensor import load_sensor
from tests.firmware.sensors.driver import BUS, IDENTITY, OK, PARTS, SETTING, START, Driver, feed
from tests.firmware.sensors.fake_parts import Lsm6ds3


@pytest.mark.parametrize("name", PARTS)
def test_samples_come_in_order_and_once(opened, name):
    driver = opened(name)
    expected = [feed(driver.part, number) for number in range(5)]
    assert [driver.read() for _ in range(5)] == [(OK, 1, counts) for counts in expected]
    assert driver.read()[:2] == (OK, 0)
    assert all(kind == "r" for kind, _, _ in driver.part.trace)


@pytest.mark.parametrize("value", [-32768, -1, 0, 1, 32767])
@pytest.mark.parametrize("name", ["lsm6ds3", "lsm6dso", "bmi270"])
def test_every_axis_has_its_place_and_its_sign(opened, name, value):
    """Accelerometer x, y, z, gyroscope x, y, z, as the sensor's file has them."""
    for axis in range(6):
        driver = opened(name)
        values = [5 * i + 7 for i in range(6)]
        values[axis] = value
        give = driver.part.frame if name == "bmi270" else driver.part.sample
        give(tuple(values[:3]), tuple(values[3:]))
        assert driver.read() == (OK, 1, values)


@pytest.mark.parametrize("name", PARTS)
def test_another_part_is_named(library, name):
    wrong = {"info": 0x400000} if name == "max30003" else {"identity": 0x33}
    driver = Driver(library, name, Lsm6ds3(0x33) if name == "lsm6dso" else PARTS[name](**wrong))
    assert driver.start() == IDENTITY
    assert [address for address, _ in driver.part.written()] in ([], [0x08])


@pytest.mark.parametrize("name", PARTS)
def test_a_rate_or_range_that_the_part_does_not_have(library, name):
    driver = Driver(library, name, PARTS[name]())
    for settings in ((99,), (None, 5), *([(None, 4, 1999)] if name != "max30003" else [])):
        assert driver.start(*settings) == SETTING and driver.part.trace == []
    if name == "bmi270":
        for size in (0, 31, 8224):
            assert driver.start(size=size) == SETTING


@pytest.mark.parametrize("name", PARTS)
def test_every_transfer_that_is_not_acknowledged(library, name):
    """Of the start and of a read: a typed error each time, and the next start or read is as if it had not been."""
    transfers = 0
    while True:
        driver = Driver(library, name, PARTS[name](fails=transfers))
        error = driver.start()
        if driver.part.transfers <= transfers:
            break
        # The BMI270's first read after power-up and after a reset may fail: it is read again.
        assert error == (OK if name == "bmi270" and transfers in (0, 3) else BUS)
        assert driver.start() == OK
        transfers += 1 if transfers < 8 or name != "bmi270" else 40
    assert transfers > 5
    driver = Driver(library, name, PARTS[name]())
    assert driver.start() == OK
    counts = feed(driver.part, 3)
    driver.part.fails = driver.part.transfers
    assert driver.read()[:2] == (BUS, 0)
    assert driver.read() == (OK, 1, counts)


@pytest.mark.parametrize("name", PARTS)
def test_an_overrun_is_counted(opened, name):
    """What was lost comes before the oldest sample that is left; the MAX30003 begins anew."""
    driver = opened(name)
    lost = 1
    if name == "max30003":
        driver.part.ecg(5, tag=7)
        assert driver.read()[:2] == (OK, 0) and driver.part.resets[-1] == 0x0A
        lost = 32
    elif name == "bmi270":
        driver.part.fifo += bytes([0x40, 17])
        lost = 17
    else:
        driver.part.overrun = True
    first, second = feed(driver.part, 1), feed(driver.part, 2)
    assert driver.read() == (OK, 1 + lost, first)
    assert driver.read() == (OK, 1, second)


@pytest.mark.parametrize("identity", ["lsm6ds3", "lsm6dso"])
def test_a_part_that_stays_in_its_reset(library, identity):
    driver = Driver(library, identity, part := PARTS[identity]())
    part.sleep = lambda us: None
    assert driver.start() == START


@pytest.mark.parametrize("name", PARTS)
def test_the_end_powers_it_down(opened, name):
    driver = opened(name)
    assert driver.call("stop") == OK
    off = {"lsm6ds3": (0x11, b"\0"), "lsm6dso": (0x11, b"\0"), "bmi270": (0x7D, b"\0"), "max30003": (0x10, bytes(3))}
    assert driver.part.written()[-1] == off[name]


@pytest.mark.parametrize("name", PARTS)
def test_packages_know_what_a_driver_can_be_set_to(library, name):
    """export.package_sensor leaves an example out whose driver would not start."""
    known, driver = DRIVERS[name], Driver(library, name, PARTS[name]())
    taken = [{value for value in range(1, 1000) if driver.start(value) == OK}]
    expected = [known.rates_hz]
    if name == "max30003":
        taken += [{value for value in range(5, 400) if driver.start(None, value) == OK}]
        expected += [known.gain]
    else:
        taken += [{value for value in range(1, 100) if driver.start(None, value) == OK}]
        taken += [{value for value in range(1, 3000) if driver.start(None, 4, value) == OK}]
        expected += [known.g, known.dps]
    assert taken == [set(values) for values in expected]


@pytest.mark.parametrize(("name", "rate"), [("lsm6ds3", 104), ("bmi270", 100), ("max30003", 512)])
def test_the_sensor_s_file_has_a_rate_and_a_range_of_the_part(library, name, rate):
    sensor = load_sensor(name)
    assert sensor.rate_hz == rate
    assert Driver(library, name, PARTS[name]()).start(rate) == OK
