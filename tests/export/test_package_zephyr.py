"""The Zephyr package: built against stand-ins of Zephyr's headers and build system, its races played here."""

import ctypes
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from firmware_host.board import open_board
from firmware_host.messages import LiveAnswer
from firmware_host.own_sensor import Block, live
from firmware_host.playing import Due, play
from firmware_host.stream_windows import Windows as Samples
from scl import toolchain
from scl.artifacts import read_json
from scl.artifacts.bundle import read_run_bundle
from tests.export.packages import CORE, STUBS, made, renamed, run, tried, validated

ZEPHYR = STUBS / "zephyr"
HOST = ["gcc", "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-I", ZEPHYR, "-Dmain=sample_main"]
HOST += ['-DCONFIG_BOARD_TARGET="stub/soc"', "-DCONFIG_SYS_CLOCK_HW_CYCLES_PER_SEC=1000000"]


def configure(folder: Path, build: Path, *more: str, sample: str = "link") -> subprocess.CompletedProcess[str]:
    toolchain = build.with_suffix(".cmake")
    toolchain.write_text(
        "set(CMAKE_SYSTEM_NAME Generic)\nset(CMAKE_C_COMPILER arm-none-eabi-gcc)\n"
        f'set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)\nset(CMAKE_C_FLAGS_INIT "{" ".join(CORE)} -Wall -Werror")\n'
    )
    settings = ["-D", f"CMAKE_TOOLCHAIN_FILE={toolchain}", "-D", f"Zephyr_DIR={ZEPHYR}"]
    return tried("cmake", "-S", folder / "samples" / sample, "-B", build, *settings, *more)


def test_zephyr_s_sample_builds_against_its_interfaces(bundle_folder, build_tools, tmp_path):
    folder = made(bundle_folder, "zephyr", tmp_path)
    name = read_json(folder / "scl_package.json", "package")["name"]
    assert (folder / "zephyr" / "module.yml").read_text().splitlines()[0] == f"name: {name}"
    assert "\n\timply FPU\n" in (folder / "zephyr" / "Kconfig").read_text()
    symbols = re.findall(r"^config (\w+)$", (folder / "zephyr" / "Kconfig").read_text(), re.MULTILINE)
    configured = re.findall(r"^CONFIG_(SCL_\w+)=y$", (folder / "samples/link/prj.conf").read_text(), re.MULTILINE)
    assert symbols == configured == ["SCL_MODEL", "SCL_MODEL_LINK"]
    done = configure(folder, tmp_path / "build")
    assert done.returncode == 0, done.stderr
    run("cmake", "--build", tmp_path / "build")
    defined = "".join(run("arm-none-eabi-nm", path) for path in (tmp_path / "build").rglob("*.a"))
    for function in ("scl_main", "scl_model_run", "scl_network_run", "port_write", "port_ticks", "port_sensor_read"):
        assert f" T {function}\n" in defined


def test_the_sample_with_a_sensor_builds_against_its_interfaces(bundle_folder, build_tools, tmp_path):
    folder = made(bundle_folder, "zephyr", tmp_path)
    done = configure(folder, tmp_path / "build", sample="live")
    assert done.returncode == 0, done.stderr
    run("cmake", "--build", tmp_path / "build")
    defined = "".join(run("arm-none-eabi-nm", path) for path in (tmp_path / "build").rglob("*.a"))
    for function in ("scl_main", "port_write", "port_sensor_read", "port_sensor_waits", "scl_lsm6ds3_read"):
        assert defined.count(f" T {function}\n") == 1


@pytest.fixture(scope="module")
def imu_library(bundle_folder, board_tools, tmp_path_factory) -> ctypes.CDLL:
    """The sample's sensor above the IMU of stubs/zephyr/sensor.c."""
    tmp_path = tmp_path_factory.mktemp("imu")
    folder = made(bundle_folder, "zephyr", tmp_path)
    (tmp_path / "rest.c").write_text(
        "#include <zephyr/device.h>\n#include <zephyr/kernel.h>\nint woken;\nstruct k_sem arrived;\n"
        "void k_sem_give(struct k_sem *sem) { (void)sem; woken++; }\n"
        "bool device_is_ready(const struct device *dev) { return dev != 0; }\n"
    )
    flat = folder / "src" / "scl"
    engine = [flat / path.name for path in toolchain.sources("engine", "frontend")]
    sources = [folder / "samples/live/src/sensor.c", ZEPHYR / "sensor.c", tmp_path / "rest.c", flat / "model_data.c"]
    sources += engine
    run(*HOST, "-I", folder / "src", "-fno-math-errno", "-shared", "-fPIC", *sources, "-o", tmp_path / "imu.so")
    library = ctypes.CDLL(str(tmp_path / "imu.so"))
    for function in ("port_sensor_start", "port_sensor_waits"):
        getattr(library, function).restype = ctypes.c_bool
    return library


@pytest.fixture
def imu(imu_library, bundle_folder) -> ctypes.CDLL:
    """The library; its IMU gives `imu_counts` in SI units."""
    scales = (ctypes.c_double * 2).in_dll(imu_library, "imu_scale")
    scales[:] = [part.unit_per_count for part in read_run_bundle(bundle_folder).manifest.frontend.sensor.parts]
    number(imu_library, "woken").value = 0
    return imu_library


def given(library: ctypes.CDLL, counts: list[int]) -> None:
    (ctypes.c_int16 * 6).in_dll(library, "imu_counts")[:] = counts
    library.imu_period()


def taken(library: ctypes.CDLL) -> tuple[int, list[int]]:
    counts = (ctypes.c_int16 * 6)()
    return library.port_sensor_read(counts), list(counts)


def test_samples_in_si_units_become_the_bundle_s_counts(imu):
    """Exactly: the API's millionths are finer than a count. Rails, and what lies beyond them, too."""
    assert imu.port_sensor_start() and not imu.port_sensor_waits() and taken(imu)[0] == 0
    rows = [[-32768, 32767, 0, 1, -1, 32766], *np.random.default_rng(4).integers(-32768, 32768, (60, 6)).tolist()]
    for row in rows:
        given(imu, row)
        assert imu.port_sensor_waits() and taken(imu) == (1, row)
    assert number(imu, "woken").value == len(rows)
    (ctypes.c_double * 2).in_dll(imu, "imu_scale")[0] *= 3
    given(imu, [-32768, 32767, 20000, 0, 0, 0])
    assert taken(imu) == (1, [-32768, 32767, 32767, 0, 0, 0])


def test_rate_and_range_are_the_bundle_s(imu, bundle_folder):
    assert imu.port_sensor_start()
    sensor = read_run_bundle(bundle_folder).manifest.frontend.sensor
    scales = [32768 * part.unit_per_count for part in sensor.parts]
    found = np.array((ctypes.c_double * 2 * 2).in_dll(imu, "imu_attributes"))
    np.testing.assert_allclose(found, [[sensor.rate_hz, scale] for scale in scales], rtol=1e-3)


def test_samples_that_nobody_takes_are_counted(imu):
    """64 are held while the network runs; what comes then, what the part does not give and periods that the work queue
    was late for are lost, before the next one.
    """
    assert imu.port_sensor_start()
    for i in range(70):
        given(imu, [i] * 6)
    assert [taken(imu) for _ in range(64)] == [(1, [i] * 6) for i in range(64)]
    assert taken(imu)[0] == 0
    given(imu, [70] * 6)
    assert taken(imu) == (1 + 6, [70] * 6)
    flag(imu, "imu_fails").value = True
    given(imu, [0] * 6)
    flag(imu, "imu_fails").value = False
    flag(imu, "imu_busy").value = True
    given(imu, [0] * 6)
    given(imu, [0] * 6)
    flag(imu, "imu_busy").value = False
    given(imu, [71] * 6)
    assert taken(imu) == (1 + 3, [71] * 6)
    imu.port_sensor_stop()
    given(imu, [72] * 6)
    assert not imu.port_sensor_waits()


def test_a_sample_that_is_being_fetched_does_not_outlive_the_stop(imu):
    """Else it would be the next session's first."""
    assert imu.port_sensor_start()
    flag(imu, "imu_sleeps").value = True
    given(imu, [9] * 6)
    flag(imu, "imu_sleeps").value = False
    imu.port_sensor_stop()
    imu.imu_wakes()
    assert not imu.port_sensor_waits()
    assert imu.port_sensor_start()
    given(imu, [1] * 6)
    assert taken(imu) == (1, [1] * 6)


def test_the_sample_classifies_its_own_sensor(bundle_folder, board_tools, tmp_path):
    """The whole sample on this computer: its samples are those that the API gave, its classes a stream's of them."""
    folder = made(bundle_folder, "zephyr", tmp_path)
    objects = []
    for source in sorted(path for path in (folder / "src/scl").glob("*.c") if path.name != "no_sensor.c"):
        objects.append(tmp_path / f"{source.stem}.o")
        run("gcc", "-O2", "-ffp-contract=off", "-fno-math-errno", "-DSCL_STRICT_FLAGS", "-c", source, "-o", objects[-1])
    host = [*HOST, "-I", folder / "src", "-DSTUB_SENSOR"]
    for name, source in (("main", "link/src/main.c"), ("imu", "live/src/sensor.c")):
        objects.append(tmp_path / f"sample_{name}.o")
        run(*host, "-c", folder / "samples" / source, "-o", objects[-1])
    stand_ins = [ZEPHYR / name for name in ("uart.c", "socket.c", "sensor.c")]
    run(*host, "-Umain", *stand_ins, *objects, "-o", tmp_path / "live")
    bundle = read_run_bundle(bundle_folder)
    with subprocess.Popen([tmp_path / "live"], stdout=subprocess.PIPE, text=True) as process:
        try:
            port = f"socket://127.0.0.1:{process.stdout.readline().strip()}"
            with open_board(bundle, port) as board:
                items = list(live(board, bundle, hop=20, hops=5, blocks=True))
                seen = {
                    block.start + i: row
                    for block in items
                    if isinstance(block, Block)
                    for i, row in enumerate(block.counts.tolist())
                }
                answers = [item for item in items if isinstance(item, LiveAnswer)]
                begin = answers[0].end - Due.of(bundle.manifest, 20).end(1)
                counts = np.array([[n * 37 * (i + 1) % 4001 - 2000 for i in range(6)] for n in range(answers[-1].end)])
                record = Samples(counts[begin:].astype(np.int16))
                streamed = [(hop.end + begin, hop.predicted) for hop in play(board, bundle, record, 20)]
        finally:
            process.kill()
    assert all(row == counts[number].tolist() for number, row in seen.items() if number < len(counts)) and seen
    assert [(answer.end, answer.predicted) for answer in answers] == streamed and len(answers) == 5


def test_two_packages_in_one_application_are_refused(bundle_folder, build_tools, tmp_path):
    folder = made(bundle_folder, "zephyr", tmp_path)
    second = made(renamed(bundle_folder, tmp_path / "other"), "zephyr", tmp_path / "packages")
    done = configure(folder, tmp_path / "build", "-D", f"ZEPHYR_EXTRA_MODULES={second}")
    assert done.returncode != 0
    assert "scl_tiny: the model scl_other is in this program already" in " ".join(done.stderr.split())


@pytest.fixture
def uart(bundle_folder, board_tools, tmp_path) -> ctypes.CDLL:
    """The sample's port above the UART of stubs/zephyr/uart.c; `ring` is its queue, `take` empties it."""
    folder = made(bundle_folder, "zephyr", tmp_path)
    (tmp_path / "rest.c").write_text(
        "#include <scl/ring.h>\n#include <zephyr/drivers/uart.h>\n#include <zephyr/kernel.h>\n"
        "scl_ring ring;\nint started;\nvoid scl_main(void) { started++; }\n"
        "int take(void) { uint8_t byte; return scl_ring_get(&ring, &byte) ? byte : -1; }\n"
        "int k_sem_take(struct k_sem *sem, k_timeout_t wait) { (void)sem; return (int)wait.ms; }\n"
        "uint32_t k_cycle_get_32(void) { return 0; }\n"
        "_Bool port_sensor_waits(void) { return 0; }\n"
        "void uart_poll_out(const struct device *dev, unsigned char byte) { (void)dev; (void)byte; }\n"
    )
    sources = [folder / "samples" / "link" / "src" / "main.c", ZEPHYR / "uart.c", tmp_path / "rest.c"]
    run(*HOST, "-I", folder / "src", "-shared", "-fPIC", *sources, "-o", tmp_path / "uart.so")
    return ctypes.CDLL(str(tmp_path / "uart.so"))


def number(library: ctypes.CDLL, name: str) -> ctypes.c_int:
    return ctypes.c_int.in_dll(library, name)


def flag(library: ctypes.CDLL, name: str) -> ctypes.c_bool:
    return ctypes.c_bool.in_dll(library, name)


def init(library: ctypes.CDLL) -> None:
    library.port_init(ctypes.byref(ctypes.c_char.in_dll(library, "ring")))


def received(library: ctypes.CDLL) -> bytes:
    return bytes(iter(library.take, -1))


@pytest.mark.parametrize("behind", ["", "b", "bcd"])
@pytest.mark.parametrize("late", ["", "y"])
@pytest.mark.parametrize("waiting", ["", "a"])
def test_no_byte_around_the_start_makes_the_board_deaf(uart, waiting, behind, late):
    """A byte that waits before reception starts, and bytes that arrive while it starts, come first and in order."""
    for byte in waiting.encode():
        uart.uart_arrive(byte)
    coming = behind if waiting else ""  # behind a byte that is taken
    ctypes.c_char_p.in_dll(uart, "uart_behind").value = coming.encode()
    ctypes.c_char_p.in_dll(uart, "uart_late").value = late.encode()
    init(uart)
    for byte in b"012":
        uart.uart_arrive(byte)
    assert received(uart).decode() == waiting + coming + late + "012"
    assert number(uart, "uart_lost").value == 0


@pytest.mark.parametrize("looks", [-1, 0, 3])
def test_usb_waits_for_a_program_on_the_other_side(uart, looks):
    """A UART without line control (-1) is not waited for."""
    number(uart, "uart_looks").value = looks
    init(uart)
    assert flag(uart, "uart_enabled").value
    assert number(uart, "uart_slept_ms").value == 10 * max(looks, 0)


def test_a_console_that_is_not_there_stops_the_sample(uart):
    flag(uart, "uart_ready").value = False
    uart.sample_main()
    assert flag(uart, "uart_panicked").value
    assert ctypes.string_at(ctypes.addressof(ctypes.c_char.in_dll(uart, "port_name"))) == b"stub/soc"


def test_the_sample_answers_a_client_that_waited_for_it(bundle_folder, board_tools, tmp_path):
    """The whole sample on this computer; the client's first bytes arrive before its UART is ready."""
    folder = made(bundle_folder, "zephyr", tmp_path)
    objects = []
    for source in sorted((folder / "src" / "scl").glob("*.c")):
        objects.append(tmp_path / f"{source.stem}.o")
        run("gcc", "-O2", "-ffp-contract=off", "-fno-math-errno", "-DSCL_STRICT_FLAGS", "-c", source, "-o", objects[-1])
    run(*HOST, "-I", folder / "src", "-c", folder / "samples/link/src/main.c", "-o", tmp_path / "sample.o")
    program = [ZEPHYR / "uart.c", ZEPHYR / "socket.c", tmp_path / "sample.o", *objects]
    run(*HOST, "-Umain", *program, "-o", tmp_path / "link")
    report = validated(tmp_path / "link", bundle_folder, tmp_path)
    assert report["board"] == "stub/soc"
    assert report["parity"]["max_lsb"] == 0 and report["parity"]["compared"] == report["sent"] == 200
