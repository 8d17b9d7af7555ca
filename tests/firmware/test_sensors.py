"""The drivers of firmware/src/sensors on parts made up from their data sheets: what goes over the bus, what comes of
it, and what becomes of every fault. They have met no real part.
"""

import ctypes
import shutil
import subprocess

import numpy as np
import pytest

from export.package_sensor import DRIVERS
from scl import toolchain
from scl.frontend.sensor import load_sensor
from tests.firmware.fake_parts import Bmi270, CBus, Lsm6ds3, Lsm6dso, Max30003, Part

OK, BUS, IDENTITY, SETTING, START, DATA = range(6)
SLEEP = {"lsm6ds3": 104, "lsm6dso": 104, "bmi270": 100, "max30003": 512}
CONFIGURATION = bytes(np.random.default_rng(3).integers(0, 256, 8192, np.uint8))


class ImuSettings(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint16) for name in ("rate_hz", "g", "dps")]


class EcgSettings(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint16) for name in ("rate_hz", "gain")]


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> ctypes.CDLL:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    out = tmp_path_factory.mktemp("sensors") / "sensors.so"
    flags = ["-std=c99", "-O1", "-fsanitize=undefined", "-fno-sanitize-recover=all", "-shared", "-fPIC"]
    subprocess.run(["gcc", *flags, *toolchain.sources("sensors"), "-o", out], check=True)
    return ctypes.CDLL(str(out))


class Driver:
    """A driver of the library on a part."""

    def __init__(self, library: ctypes.CDLL, name: str, part: Part) -> None:
        self.library, self.name, self.part = library, "lsm6ds3" if name == "lsm6dso" else name, part
        self.ecg = name == "max30003"
        self.bus: CBus = part.bus()
        self.state = ctypes.create_string_buffer(128)

    def call(self, function: str, *arguments: object) -> int:
        return getattr(self.library, f"scl_{self.name}_{function}")(self.state, *arguments)

    def start(self, rate: int | None = None, g: int = 4, dps: int = 2000, size: int = 8192) -> int:
        rate = SLEEP[self.name] if rate is None else rate
        if self.ecg:
            return self.call("start", ctypes.byref(self.bus), EcgSettings(rate, g if g != 4 else 20))
        more = (CONFIGURATION, ctypes.c_size_t(size)) if self.name == "bmi270" else ()
        return self.call("start", ctypes.byref(self.bus), ImuSettings(rate, g, dps), *more)

    def read(self) -> tuple[int, int, list[int]]:
        """The error, `taken` and the counts."""
        counts, taken = (ctypes.c_int16 * 6)(), ctypes.c_uint32(99)
        error = self.call("read", counts, ctypes.byref(taken))
        return error, taken.value, list(counts)[: 1 if self.ecg else 6]


PARTS = {
    "lsm6ds3": Lsm6ds3,
    "lsm6dso": Lsm6dso,
    "bmi270": lambda **options: Bmi270(CONFIGURATION, **options),
    "max30003": Max30003,
}


@pytest.fixture
def opened(library):
    """opened(name, part's options): a driver that was started."""

    def opened(name: str, **options: object) -> Driver:
        driver = Driver(library, name, PARTS[name](**options))
        assert driver.start() == OK
        driver.part.trace.clear()
        return driver

    return opened


def feed(part: Part, number: int) -> list[int]:
    """Gives the part a sample, and returns the counts that are to come of it."""
    values = [(-1) ** i * (1000 * number + i) for i in range(6)]
    if isinstance(part, Max30003):
        part.ecg(-4000 * number + 3)
        return [(-4000 * number + 3) >> 2]
    (part.frame if isinstance(part, Bmi270) else part.sample)(tuple(values[:3]), tuple(values[3:]))
    return values


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


def test_the_max30003_s_start(library):
    """Reset, its identity at the second read, 512 Hz at 20 V/V, the clock waited for, and synchronized."""
    driver = Driver(library, "max30003", part := Max30003())
    assert driver.start() == OK and part.slept >= 5000
    expected = [(0x08, 0), (0x10, 0x080017), (0x14, 0), (0x15, 0), (0x04, 4), (0x09, 0)]
    assert part.written() == [(address, value.to_bytes(3, "big")) for address, value in expected]
    assert [address for kind, address, _ in part.trace if kind == "r"][:2] == [0x0F, 0x0F]
    driver = Driver(library, "max30003", part := Max30003())
    assert driver.start(128, 160) == OK and part.values[0x15] == 0x830000


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


@pytest.mark.parametrize("value", [-(1 << 17), -5, -4, -1, 0, 3, 4, (1 << 17) - 1])
def test_an_ecg_sample_loses_the_bits_of_its_sensor_file(opened, value):
    driver = opened("max30003")
    driver.part.ecg(value)
    (part,) = load_sensor("max30003").parts
    assert part.shift == 2 and driver.read() == (OK, 1, [value >> part.shift])


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


def test_an_ecg_without_a_clock(library):
    driver = Driver(library, "max30003", part := Max30003())
    part.sleep = lambda us: None
    assert driver.start() == START


@pytest.mark.parametrize("identity", ["lsm6ds3", "lsm6dso"])
def test_a_part_that_stays_in_its_reset(library, identity):
    driver = Driver(library, identity, part := PARTS[identity]())
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
