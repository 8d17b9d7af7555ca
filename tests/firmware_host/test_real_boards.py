"""The real firmware at the other end: the native build on a pseudo-terminal, and both emulated boards.

The model is small and untrained; its golden answers are TFLite Micro's, behind a front end that is written here once
more, in numpy. A window (4.8 kB) is larger than a board's receive ring on purpose.
"""

import json
import re
import shutil
import socket
import struct
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration.gyroscope import gyroscope_bias
from calibration.many_poses import calibrate
from calibration.poses import find_poses
from calibration.unit import still_figures, unit_calibration
from export import capture as converter
from export.proof.runtimes import run_tflite_micro
from export.writers.tflite import write_tflite
from firmware_host import board as board_module
from firmware_host import capture, emulator, live, probe, recording, replay, stream, validate
from firmware_host.board import Board, open_board
from firmware_host.calibration_file import nominal, read_calibration
from firmware_host.flight import Flight
from firmware_host.link import BoardResetError
from firmware_host.measure import measure
from firmware_host.messages import LiveAnswer
from firmware_host.own_sensor import Block, Live, NoSensorError
from firmware_host.played_sensor import loaded
from firmware_host.playing import play
from firmware_host.protocol import Type
from scl import toolchain
from scl.artifacts import InputError, read_npz, sha256_file, write_artifact
from scl.artifacts.bundle import read_run_bundle
from scl.artifacts.calibration import PartCalibration, UnitCalibration
from scl.artifacts.capture import Capture, read_capture, write_capture
from scl.artifacts.golden import read_golden
from scl.frontend.si_units import to_si
from scl.machines import DEFAULT, sensor_base
from tests.board_bundle import CHANNELS, LABELS, WINDOW, WINDOWS, network, quantized, write_board_bundle
from tests.calibration import simulated
from tests.firmware_host.board_that_restarts import board_that_restarts

FIXTURE = Path(__file__).parents[1] / "firmware" / "fixture_model"
HOPS = 4  # of LIVE
EMULATED = ("emulator", "emulator:mps2-an385", "emulator:netduinoplus2")  # with an FPU and without
NEEDS = {"native": ("gcc", "make"), "emulator": ("arm-none-eabi-gcc", "qemu-system-arm", "make")}


@pytest.fixture(params=["native", EMULATED[0], *(pytest.param(name, marks=pytest.mark.exact) for name in EMULATED[1:])])
def port(request):
    """Every board that runs without hardware."""
    return available(request.param)


@pytest.fixture(params=EMULATED)
def emulated(request):
    return available(request.param)


@pytest.fixture
def native():
    return available("native")


def available(port):
    for tool in NEEDS[port.split(":")[0]]:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    return port


@pytest.fixture(scope="module", autouse=True)
def build_folder(tmp_path_factory):
    """Builds stay out of the checkout."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(board_module, "BUILD", tmp_path_factory.mktemp("build"))
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A bundle as export.quantize writes them."""
    return write_board_bundle(tmp_path_factory.mktemp("bundles") / "small")


@pytest.fixture
def bundle(folder):
    return read_run_bundle(folder)


def test_validation_is_exact(folder, port, tmp_path):
    out = tmp_path / "report"
    assert validate.main([str(folder), "--port", port, "--out", str(out)]) == 0
    found = json.loads((out / "validation.json").read_text())
    assert found["passed"] and found["parity"]["compared"] == found["sent"] == 2 * WINDOWS
    assert found["parity"]["max_lsb"] == 0 and found["parity"]["input_crc32_off"] == 0
    assert (found["lost"], found["retried"], found["duplicated"], found["saturated"]) == (0, 0, 0, 1)
    assert found["link"]["board"]["overrun_bytes"] == found["link"]["board"]["crc_errors"] == 0
    assert found["port"] == ("emulator:mps2-an386" if port == "emulator" else port)
    assert found["board"] == {"native": "native", "emulator": "mps2-an386"}.get(port, port.partition(":")[2])


def test_a_probe_ends_in_the_golden_outputs(folder, port, tmp_path):
    out = tmp_path / "probe.npz"
    assert probe.main([str(folder), "--port", port, "--out", str(out)]) == 0
    found, golden = read_npz(out), read_npz(folder / "golden.npz")
    assert found["ticks"].shape == found["sizes"].shape and (found["ticks"] > 0).all()
    *_, features, logits = np.split(found["values"], np.cumsum(found["sizes"])[:-1])
    np.testing.assert_array_equal(features, golden["features"][0, int(found["row"])])
    np.testing.assert_array_equal(logits, golden["logits"][0, int(found["row"])])


def test_instructions_are_the_same_every_time(bundle, emulated):
    counted = []
    for _ in range(2):
        with open_board(bundle, emulated) as board:
            validation, _answers = measure(board, bundle, read_golden(bundle).limited(1))
        counted.append(validation.inference.instructions)
    assert counted[0] == counted[1] > 10_000


def test_a_board_survives_noise(bundle, port):
    """Noise and frames out of turn are counted or refused, and the next window is right."""
    with open_board(bundle, port) as board:
        before = board.link.stats()
        board.link._write(b"\0" + bytes(range(1, 256)) * 8 + b"\0")
        out_of_turn = board.link.request(Type.WINDOW, struct.pack("<HH", 1, 7) + bytes(12))
        assert out_of_turn.payload == struct.pack("<HH", 0, 0)
        with pytest.raises(InputError, match="BAD_LENGTH"):
            board.link.request(Type.WINDOW, struct.pack("<HH", 1, 0) + bytes(11))
        with pytest.raises(InputError, match="NOT_STREAMING"):
            board.link.request(Type.SAMPLES, struct.pack("<I", 0) + bytes(12))
        after = board.link.stats()
        assert after.crc_errors + after.framing_errors > before.crc_errors + before.framing_errors
        validation, _answers = measure(board, bundle, read_golden(bundle).limited(1))
    assert validation.parity.max_lsb == 0 and validation.lost == 0


def test_streamed_windows_get_the_golden_classes(bundle, port):
    """With a hop of one window and no resampling, every hop is one window of the golden set."""
    golden = read_golden(bundle)
    record = Capture("bench", 20.0, CHANNELS, golden.counts[1, :4].reshape(-1, 6))
    with open_board(bundle, port) as board:
        answers = list(play(board, bundle, record, WINDOW))
    assert [answer.end for answer in answers] == [400, 800, 1200, 1600]
    assert [answer.predicted for answer in answers] == golden.predictions[1, :4].tolist()


def test_the_stream_command(folder, native, tmp_path, capsys):
    golden = read_golden(read_run_bundle(folder))
    path = tmp_path / "walk.csv"
    counts = golden.counts[0, :2].reshape(-1, 6)
    write_capture(path, Capture("bench", 20.0, CHANNELS, counts, label=("slow",) * len(counts)))
    arguments = [str(folder), "--port", native, "--record", str(path), "--speed", "max"]
    assert stream.main([*arguments, "--hop", "400"]) == 0
    lines = capsys.readouterr().out.splitlines()
    expected = [LABELS[golden.predictions[0, n]] for n in range(2)]
    hits, hit = expected.count("slow"), expected[:1].count("slow")
    assert lines == [
        f"    20.00 s  {expected[0]}  (label slow)",
        f"    40.00 s  {expected[1]}  (label slow)",
        f"{hits} of 2 labelled classes are right ({hits / 2:.1%})",
    ]
    with pytest.raises(InputError, match="--hop 401: longer than the window of 400 samples"):
        stream.main([*arguments, "--hop", "401"])
    names = ("slow",) * 400 + ("climbing",) * 400
    write_capture(path, Capture("bench", 20.0, CHANNELS, counts, label=names))
    assert stream.main([*arguments, "--hop", "400"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"    20.00 s  {expected[0]}  (label slow)",
        f"    40.00 s  {expected[1]}  (label climbing), which the model does not know",
        f"{hit} of 1 labelled classes are right ({hit:.1%})",
        "labels that the model does not know, counted neither as right nor as wrong:",
        f"  climbing: 20.0 s, 1 class; the model said {expected[1]} 1",
    ]


def test_a_recording_in_other_units_is_played_to_a_board(folder, native, tmp_path, capsys):
    """Golden counts as a CSV in g and degrees per second, made counts again for the bundle: its golden classes."""
    bundle = read_run_bundle(folder)
    golden = read_golden(bundle)
    counts = golden.counts[1, :2].reshape(-1, 6)
    values = to_si(counts[None], bundle.manifest.frontend.sensor)[0].astype(np.float64) / np.repeat(
        [9.80665, np.pi / 180], 3
    )
    rows = [f"{50 * i},{','.join(map(repr, row))},fast" for i, row in enumerate(values.tolist())]
    (tmp_path / "mine.csv").write_text("\n".join([f"time,{','.join(CHANNELS)},label", *rows]) + "\n")
    out = ["--out", str(tmp_path / "played.csv"), "--unit", "g,deg/s"]
    assert converter.main([str(tmp_path / "mine.csv"), "--sensor", str(folder), *out]) == 0
    assert (read_capture(tmp_path / "played.csv").counts == counts).all()
    capsys.readouterr()
    where = ["--port", native, "--record", str(tmp_path / "played.csv"), "--speed", "max", "--hop", "400"]
    assert stream.main([str(folder), *where]) == 0
    names = [LABELS[number] for number in golden.predictions[1, :2]]
    assert [line.split()[2] for line in capsys.readouterr().out.splitlines()[:2]] == names


def test_the_capture_command(folder, native, tmp_path):
    """The native board plays a file as its sensor; a board without one says so."""
    counts = read_golden(read_run_bundle(folder)).counts[0, 0]
    (tmp_path / "sensor.raw").write_bytes(counts.astype("<i2").tobytes())
    out = tmp_path / "walk.csv"
    arguments = [str(folder), "--port", native, "--out", str(out), "--seconds", "0.4"]
    assert capture.main([*arguments, "--position=-z", "--play", str(tmp_path / "sensor.raw")]) == 0
    got = read_capture(out)
    assert (got.counts == counts[:8]).all() and got.dropped == 0 and got.position == ("-z",) * 8
    assert (got.sensor, got.rate_hz, got.channels) == ("bench", 20.0, CHANNELS)
    with pytest.raises(InputError, match=r"cannot capture: ERROR NO_SENSOR .*one that has a sensor"):
        capture.main([*arguments[:-2], "--seconds", "1", "--position=-z", "--append"])


@pytest.mark.parametrize("port", ["native", "emulator"])
def test_live_is_the_desktop_s_answer_and_a_stream_s_to_the_very_samples_of_the_sensor(bundle, port, tmp_path):
    """Both of one run: the blocks of the sensor, and the answers; features and logits against TFLite Micro's behind the
    front end in numpy. The sensor is a file; the emulated board finds it in its memory, and has a FIFO.
    """
    counts = read_golden(bundle).counts.reshape(-1, 6)
    (tmp_path / "sensor.raw").write_bytes(counts.astype("<i2").tobytes())
    arguments = ["--sensor", str(tmp_path / "sensor.raw"), "--sensor-rate", "8000"]
    if available(port) == "emulator":
        arguments = loaded(tmp_path / "sensor.raw", len(counts), 2500, sensor_base(DEFAULT))
    with open_board(bundle, port, more=arguments) as board:
        listening = Live(board, bundle.manifest, 100, HOPS, blocks=True)
        items = list(listening.run())
        answers = [item for item in items if isinstance(item, LiveAnswer)]
        seen = np.concatenate([item.counts for item in items if isinstance(item, Block)])
        assert listening.dropped == 0 and listening.received == len(answers) == HOPS
        assert np.array_equal(seen, counts[: len(seen)])
        ends = [answer.end for answer in answers]
        assert ends == [listening.begin + WINDOW + 100 * number for number in range(HOPS)]
        recording = Capture("bench", 20.0, CHANNELS, counts[listening.begin : ends[-1]])
        streamed = list(play(board, bundle, recording, 100))
    assert [(hop.end + listening.begin, hop.predicted, hop.flags) for hop in streamed] == [
        (answer.end, answer.predicted, answer.flags) for answer in answers
    ]
    windows = np.stack([counts[end - WINDOW : end] for end in ends])
    tflite = write_tflite(network(np.random.default_rng(5)))  # the bundle's
    outputs = run_tflite_micro(tflite, quantized(windows, bundle.manifest.frontend))
    assert np.array_equal(np.stack([answer.features for answer in answers]), outputs["features"].reshape(HOPS, -1))
    assert np.array_equal(np.stack([answer.logits for answer in answers]), outputs["logits"].reshape(HOPS, -1))


def test_the_page_s_program(folder, native, tmp_path, capsys, monkeypatch):
    """docs/SENSORS.md as it stands, with the native board at its port."""
    page = (Path(__file__).parents[2] / "docs" / "SENSORS.md").read_text().split("## " + "In Python")[1]
    program = re.search(r"^```python.*?\n(.*?)^```", page, re.MULTILINE | re.DOTALL)[1]
    counts = read_golden(read_run_bundle(folder)).counts.reshape(-1, 6)
    (tmp_path / "sensor.raw").write_bytes(counts.astype("<i2").tobytes())
    more = ["--sensor", str(tmp_path / "sensor.raw")]
    monkeypatch.setattr(board_module, "open_board", lambda bundle, _port: open_board(bundle, native, more=more))
    (tmp_path / "bundles").mkdir()
    (tmp_path / "bundles" / "lsm6ds3").symlink_to(folder)
    monkeypatch.chdir(tmp_path)
    exec(compile(program, "SENSORS.md", "exec"), {})
    ends = [int(line.split()[0]) for line in capsys.readouterr().out.splitlines()]
    assert ends == [WINDOW + 100 * number for number in range(20)]


def test_the_live_command(folder, native, tmp_path, capsys, monkeypatch):
    """The native board plays a file as its sensor; a board without one says so."""
    counts = read_golden(read_run_bundle(folder)).counts[0, :2].reshape(-1, 6)
    (tmp_path / "sensor.raw").write_bytes(counts.astype("<i2").tobytes())
    monkeypatch.setattr(live, "sensor_arguments", lambda *_: ["--sensor", str(tmp_path / "sensor.raw")])
    assert live.main([str(folder), "--port", native, "--hop", "100", "--seconds", "40"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [float(line.split()[0]) for line in lines[:-1]] == [20.0, 25.0, 30.0, 35.0, 40.0]
    assert lines[-1] == "5 classes, 0 lost on the line; 800 samples of the sensor, 0 lost on the board"
    monkeypatch.undo()
    with pytest.raises(NoSensorError, match="port native: the board has no sensor of its own: ERROR NO_SENSOR"):
        live.main([str(folder), "--port", native])


def test_a_capture_that_the_sensor_ends(folder, tmp_path, capsys, monkeypatch):
    """The file that the native board plays ends in the middle of a block: the board, stopped, gives what it has."""
    monkeypatch.setattr(recording, "BLOCK_TIMEOUT_S", 0.2)
    counts = read_golden(read_run_bundle(folder)).counts[0, 0]
    (tmp_path / "sensor.raw").write_bytes(counts[:19].astype("<i2").tobytes())
    out = tmp_path / "walk.csv"
    arguments = [str(folder), "--port", "native", "--out", str(out), "--play", str(tmp_path / "sensor.raw")]
    with pytest.raises(
        InputError, match="port native: no sample for 1 s, after 19 of 60 samples; the sensor is silent"
    ):
        capture.main([*arguments, "--seconds", "3"])
    got = read_capture(out)
    assert (got.counts == counts[:19]).all() and got.dropped == 0
    assert capsys.readouterr().out.startswith(f"ended after 19 of 60 samples: {out}: 19 samples of bench at 20 Hz")


def test_a_units_calibration_stays_until_it_is_put_back(bundle, port, tmp_path, capsys):
    """Other bias, other network input; validation then puts the nominal sensor back and is exact again."""
    path = tmp_path / "unit.json"
    eye = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    biases = (("accelerometer", (1.5, 0.0, 0.0)), ("gyroscope", (0.0, 0.1, 0.0)))
    parts = tuple(PartCalibration(kind, bias, eye) for kind, bias in biases)
    write_artifact(path, UnitCalibration("bench", parts, None, "0" * 64))
    unit, golden = read_calibration(path, bundle), read_golden(bundle).limited(1)
    with open_board(bundle, port) as board:
        unit.send(board.link)
        assert board.link.greet().calibration_hash == unit.hash
        (changed,) = Flight(board.link, board.hello, 1, golden.counts[0].__getitem__).run().results
        assert changed.input_crc32 != golden.input_crc32[0, 0]
        with pytest.raises(InputError, match=f"has calibration {unit.hash.hex()}, {'0' * 16} was expected"):
            measure(board, bundle, golden)  # with the HELLO from before: nothing is put back
        board = Board(board.link, board.link.greet(), board.emulated, board.baud)
        exact, _answers = measure(board, bundle, golden)
        assert exact.parity.input_crc32_off == exact.parity.max_lsb == 0
        assert board.link.greet().calibration_hash == nominal(bundle).hash == bytes(8)
    assert "a unit's calibration is replaced" in capsys.readouterr().err


def test_a_board_applies_what_still_poses_gave(bundle, port, tmp_path):
    """Bias and alignment from a capture reach the network's input in every bit, on top of the sensor file's own."""
    sensor, rng, path = bundle.manifest.frontend.sensor, np.random.default_rng(3), tmp_path / "unit.json"
    counts = simulated.recording(rng, simulated.unit(rng), simulated.by_hand(rng), sensor=sensor)
    poses, stretches = find_poses(tmp_path, Capture("bench", 20.0, CHANNELS, counts), sensor)
    found, gyroscope = still_figures(calibrate(tmp_path, poses)), gyroscope_bias(counts, sensor, stretches.slices)
    saved = unit_calibration(sensor, *found, gyroscope, "0" * 64)
    write_artifact(path, saved)
    parts = zip(sensor.parts, saved.sensors, strict=True)
    own = replace(sensor, parts=tuple(replace(part, bias=c.bias, alignment=c.alignment) for part, c in parts))
    sent, golden = read_calibration(path, bundle), read_golden(bundle).limited(1)
    with open_board(bundle, port) as board:
        sent.send(board.link)
        (answer,) = Flight(board.link, board.link.greet(), 1, golden.counts[0].__getitem__).run().results
    expected = quantized(golden.counts[0, 0], replace(bundle.manifest.frontend, sensor=own))
    assert answer.input_crc32 == zlib.crc32(expected.tobytes()) != golden.input_crc32[0, 0]


@pytest.fixture
def started(monkeypatch):
    """The board processes that are started, builds left out."""
    processes = []

    class Noted(subprocess.Popen):
        def __init__(self, command, **options):
            super().__init__(command, **options)
            if command[0] != "make":
                processes.append(self)

    monkeypatch.setattr(subprocess, "Popen", Noted)
    return processes


def test_a_board_that_dies_is_reported(bundle, port, started):
    with pytest.raises(InputError, match="ended with status -9"), open_board(bundle, port) as board:
        started[0].kill()
        measure(board, bundle, read_golden(bundle))


def test_no_process_is_left(bundle, port, started):
    """Neither after a good end nor after a failure inside."""
    with open_board(bundle, port):
        assert started[0].poll() is None
    with pytest.raises(RuntimeError), open_board(bundle, port):
        raise RuntimeError
    assert len(started) == 2 and all(process.returncode is not None for process in started)


def test_firmware_of_another_model(folder, native, tmp_path):
    """The C files are of one model, the manifest says another."""
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    held = json.loads((other / "manifest.json").read_text())
    actual, held["model_hash"] = held["model_hash"], "0" * 64
    (other / "manifest.json").write_text(json.dumps(held))
    with (
        pytest.raises(InputError, match=f"the board holds model {actual}, .* is model {'0' * 64}; flash"),
        open_board(read_run_bundle(other), native),
    ):
        pass


def test_a_bundle_in_any_folder(folder, port, tmp_path, monkeypatch):
    """Its name reaches neither make nor a shell."""
    odd = shutil.copytree(folder, tmp_path / "d$(shell touch executed) 'ü\"#%;\\")
    monkeypatch.setattr(board_module, "BUILD", odd / "build")
    with open_board(read_run_bundle(odd), port) as board:
        assert board.hello.labels == LABELS
    assert not list(tmp_path.rglob("executed"))


def test_a_build_that_fails_says_why(folder, native, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    (broken / "c" / "model_data.c").write_text("#error broken on purpose\n")
    held = json.loads((broken / "manifest.json").read_text())
    held["files"]["c/model_data.c"] = sha256_file(broken / "c" / "model_data.c")
    held["model_hash"] = "f" * 64
    (broken / "manifest.json").write_text(json.dumps(held))
    with (
        pytest.raises(InputError, match="(?s)building the firmware failed.*broken on purpose"),
        open_board(read_run_bundle(broken), native, trust=True),
    ):
        pass


@pytest.mark.parametrize("board", ["native", "mps2-an386"])
def test_c_that_is_more_than_data_is_built_with_trust_alone(folder, native, tmp_path, capsys, board):
    """And what runs on this computer is said before, on stderr."""
    hostile = shutil.copytree(folder, tmp_path / "hostile")
    source = hostile / "c" / "model_data.c"
    source.write_text(f"{source.read_text()}static void run(void) __attribute__((constructor));\n")
    held = json.loads((hostile / "manifest.json").read_text())
    held["files"]["c/model_data.c"], held["model_hash"] = sha256_file(source), "e" * 64
    (hostile / "manifest.json").write_text(json.dumps(held))
    bundle = read_run_bundle(hostile)
    with pytest.raises(InputError, match=r"model_data\.c, line \d+: .* is not what export\.quantize writes.*--trust"):
        board_module.build(bundle, board)
    assert not (board_module.BUILD / f"{'e' * 16}-{board}").exists() and not capsys.readouterr().err
    with pytest.raises(InputError, match="building the firmware failed"):  # of a function that is not there
        board_module.build(bundle, board, trust=True)
    assert f"{hostile / 'c'}: is built without a check, since --trust is given" in capsys.readouterr().err
    board_module.build(read_run_bundle(folder), board)
    assert ("is constant data; runs here in the firmware's own code" in capsys.readouterr().err) == (board == "native")


def test_validation_goes_on_when_the_board_is_killed_and_starts_again(folder, bundle, native, tmp_path):
    """In the middle of window 9 of 18; the report is that of a board that lives on."""
    firmware = board_module.build(bundle, native)
    reports = []
    for number, lives in enumerate(([], [9 * 4800 + 700])):
        out = tmp_path / f"report{number}"
        with board_that_restarts([firmware] * (1 + len(lives)), lives) as port:
            assert validate.main([str(folder), "--port", port, "--out", str(out)]) == 0
        report = json.loads((out / "validation.json").read_text())
        del report["breakdown"]["latency"]
        reports.append(report)
    assert [report["resets"] for report in reports] == [0, 1]
    assert reports[1]["retried"] >= 1 and reports[1]["link"]["board"] is None
    changing = {"port", "resets", "retried", "inference", "latency", "link", "provenance"}
    lived, restarted = ({key: report[key] for key in report.keys() - changing} for report in reports)
    assert lived == restarted


def test_a_board_that_starts_again_with_another_model(folder, bundle, native, tmp_path):
    firmwares = [board_module.build(bundle, native), toolchain.build(FIXTURE, tmp_path / "other", native)]
    with board_that_restarts(firmwares, [9 * 4800 + 700]) as port:
        assert validate.main([str(folder), "--port", port, "--out", str(tmp_path / "report")]) == 2
    found = json.loads((tmp_path / "report" / "validation.json").read_text())
    assert re.search(rf"the board holds model \w{{64}} now, {bundle.manifest.model_hash} when", found["stopped"])
    assert found["verdict"] == "incomplete" and found["parity"]["max_lsb"] == 0 and 0 < found["lost"] < found["sent"]


@pytest.mark.parametrize(
    ("command", "when"), [("stream", r"after \d+ of 3200 samples"), ("probe", "after 0 of 1 windows")]
)
def test_a_board_that_is_killed_ends_a_stream_and_a_probe(folder, bundle, native, tmp_path, command, when):
    path = tmp_path / "walk.csv"
    write_capture(path, Capture("bench", 20.0, CHANNELS, read_golden(bundle).counts[0, :8].reshape(-1, 6)))
    run = {
        "stream": lambda port: stream.main([str(folder), "--port", port, "--record", str(path), "--speed", "max"]),
        "probe": lambda port: probe.main([str(folder), "--port", port, "--out", str(tmp_path / "probe.npz")]),
    }
    with (
        pytest.raises(BoardResetError, match=rf"the board was reset \(its session is gone\) {when}"),
        board_that_restarts([board_module.build(bundle, native)] * 2, [3000]) as port,
    ):
        run[command](port)
    assert not (tmp_path / "probe.npz").exists()


def test_validation_goes_on_when_the_emulated_board_is_reset(bundle, emulated, tmp_path, monkeypatch):
    """By QEMU's own system_reset, between two chunks: memory stays, the start-up code runs again."""
    control = tmp_path / "qmp"
    command = emulator.qemu_command
    monkeypatch.setattr(
        emulator, "qemu_command", lambda *of: [*command(*of), "-qmp", f"unix:{control},server=on,wait=off"]
    )
    with open_board(bundle, emulated) as board, socket.socket(socket.AF_UNIX) as qmp:
        qmp.connect(str(control))
        send, sent = board.link.send, []

        def send_or_reset(kind, payload=b""):
            sent.append(kind)
            if sent.count(Type.WINDOW) == 30 and kind == Type.WINDOW:
                qmp.sendall(b'{"execute": "qmp_capabilities"}{"execute": "system_reset"}')
                while b"RESET" not in qmp.recv(4096):
                    pass
            return send(kind, payload)

        monkeypatch.setattr(board.link, "send", send_or_reset)
        validation, _answers = measure(board, bundle, read_golden(bundle))
    assert validation.resets == 1 and validation.lost == 0 and validation.parity.max_lsb == 0
    assert validation.parity.compared == 2 * WINDOWS and validation.link.board is None


def test_a_trace_of_a_real_run_is_measured_again(folder, port, tmp_path, capsys):
    """Real firmware, real time-outs: the host's own code comes to the same answers from the trace alone."""
    path, out = tmp_path / "board.trace", tmp_path / "out"
    assert validate.main([str(folder), "--port", port, "--trace", str(path), "--out", str(out)]) == 0
    expected = json.loads((out / "validation.json").read_text())
    found = replay.replay(path, read_run_bundle(folder))
    for name in ("port", "board", "sent", "lost", "retried", "accuracy", "consistency"):
        assert getattr(found, name) == expected[name]
    assert vars(found.parity) == expected["parity"] and found.link.bytes_sent == expected["link"]["bytes_sent"]
    assert vars(found.inference) == expected["inference"]
    assert replay.main([str(path)]) == 0
    assert "malformed" not in (printed := capsys.readouterr().out) and "WINDOW answer" in printed
