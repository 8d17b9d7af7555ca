"""python -m export.quantize from end to end: the bundle it writes, and what it refuses."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import train.data.stored
from export import model, pipeline, quantize, recording
from export.cost import size
from export.proof.c_engine import build_library
from scl import toolchain
from scl.artifacts import InputError, read_json, sha256_bytes
from scl.artifacts.bundle import read_bundle, read_run_bundle
from scl.artifacts.export_report import read_report
from scl.artifacts.manifest import OutputTensor, SplitName
from scl.frontend import sensor
from scl.frontend.chain import FrontEnd
from tests.scl.frontend.c_frontend import c_inputs

FILES = {
    "model.tflite", "model.onnx", "model_float.onnx", "c/model_data.c", "c/model_data.h",
    "golden.npz", "evaluation.npz", "battery.npz", "export_report.json", "export_report.html",
}  # fmt: skip
REPLAY = Path(sensor.__file__).parent / "sensors" / "replay-imu.toml"
QUICK = ["--windows", "20", "--draws", "1", "--max-loss", "100"]  # a model of few epochs; the gate has tests of its own


@pytest.fixture(autouse=True)
def embedded_set(monkeypatch):
    monkeypatch.delenv("SCL_DATA_DIR", raising=False)


@pytest.fixture
def copied_run(run_folder, tmp_path) -> Path:
    return shutil.copytree(run_folder, tmp_path / "run")


def refused(run: Path, out: Path, *arguments: str) -> str:
    """The message of an export that the input forbids; nothing may be left of it."""
    with pytest.raises(InputError) as caught:
        quantize.main([str(run), "--out", str(out), *arguments])
    assert leftovers(out) == []
    return str(caught.value)


def leftovers(out: Path) -> list[Path]:
    return [path for path in out.parent.iterdir() if out.name in path.name] if out.parent.is_dir() else []


def test_bundle_is_whole_and_hashed(bundle_folder):
    bundle = read_bundle(bundle_folder)
    assert set(bundle.manifest.files) == FILES
    assert {str(p.relative_to(bundle_folder)) for p in bundle_folder.rglob("*") if p.is_file()} == FILES | {
        "manifest.json"
    }
    assert leftovers(bundle_folder) == [bundle_folder]


def test_manifest_describes_the_model(bundle_folder, exported):
    manifest = read_run_bundle(bundle_folder).manifest
    info = exported.run.info
    assert manifest.name == "tiny"
    for key in ("task", "transformation", "method", "labels", "partition", "window"):
        assert getattr(manifest, key) == getattr(info, key)
    assert list(manifest.kept) == exported.run.partition.kept.tolist()
    assert manifest.split == SplitName("subject", False) and manifest.data == "watch"
    assert manifest.run_hash == read_json(exported.run.path / "ranges.json", "ranges", 2)["run_hash"]
    assert manifest.frontend == exported.frontend
    assert manifest.input.shape == (1, 1, *exported.inputs.shape[1:])
    for name in ("features", "logits"):
        affine = exported.network.activations[name]
        size = exported.network.network.tensors[name].size
        assert getattr(manifest.outputs, name) == OutputTensor(size, float(affine.scale), affine.zero_point)
    facts = json.loads((bundle_folder / "manifest.json").read_text())
    facts = {name: facts[name] for name in ("frontend", "labels", "decision")} | {"thresholds": None}
    described = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    tflite = (bundle_folder / "model.tflite").read_bytes()
    assert manifest.model_hash == sha256_bytes(tflite + described.encode())
    assert bytes.fromhex(manifest.model_hash)[:4].hex() in (bundle_folder / "c/model_data.h").read_text()


def test_manifest_figures_are_those_of_the_stored_outputs(bundle_folder):
    golden, evaluation = np.load(bundle_folder / "golden.npz"), np.load(bundle_folder / "evaluation.npz")
    classes, labels = golden["logits"].argmax(axis=-1), evaluation["labels"]
    assert classes.shape == (5, 40)
    figures = read_run_bundle(bundle_folder).manifest.int8
    assert (figures.windows, figures.copies) == (40, 4)
    assert figures.accuracy == pytest.approx((classes[0] == labels[0]).mean())
    assert figures.accuracy_transformed == pytest.approx((classes[1:] == labels[1:]).mean())
    assert figures.consistency == pytest.approx((classes[1:] == classes[0]).mean())


def test_report_has_its_figures(bundle_folder, exported):
    report = read_report(read_run_bundle(bundle_folder))
    network, cost = exported.network.network, report.cost
    assert cost.parameters == network.parameters and cost.macs == network.macs
    integers = sum(conv.weights.size + 9 * len(conv.bias) for conv in exported.network.convs.values())
    assert integers < cost.flash_bytes < integers + 12_000, "weights, biases, multipliers, and a small engine"
    assert cost.arena_bytes < cost.ram_bytes < cost.arena_bytes + 8_000
    assert report.bytes["model.tflite"] == (bundle_folder / "model.tflite").stat().st_size
    assert {result.runtime: result.max_steps for result in report.agreement}["C"] == 0
    assert all(result.inputs >= 500 for result in report.agreement)
    assert report.evaluation.windows == len(exported.test)
    seconds = sum(s for n, s in report.seconds.items() if n != "total")
    assert report.seconds["total"] == pytest.approx(seconds, abs=0.1)


def test_the_same_run_gives_the_same_bundle(bundle_folder, run_folder, tmp_path):
    options = ["--windows", "40", "--max-loss", "100", "--battery", "small"]
    quantize.main([str(run_folder), "--out", str(tmp_path / "tiny"), *options])
    first, second = (read_bundle(folder).manifest.files for folder in (bundle_folder, tmp_path / "tiny"))
    timed = {"export_report.json", "export_report.html"}
    arrays = {"golden.npz", "evaluation.npz", "battery.npz"}  # zip members carry a date
    assert {n: h for n, h in first.items() if n not in timed | arrays} == {
        n: h for n, h in second.items() if n not in timed | arrays
    }
    for name in arrays:
        one, two = np.load(bundle_folder / name), np.load(tmp_path / "tiny" / name)
        assert all(np.array_equal(one[key], two[key]) for key in one.files)


def test_a_faster_sensor_is_resampled(run_folder, tmp_path, capsys):
    """A BMI270 at 100 Hz: five counts for a sample of the model, and still one answer in C and TFLite Micro."""
    assert quantize.main([str(run_folder), "--out", str(tmp_path / "fast"), "--sensor", "bmi270", *QUICK]) == 0
    manifest = read_run_bundle(tmp_path / "fast").manifest
    assert manifest.frontend.sensor.name == "bmi270" and manifest.frontend.resampling.down == 5
    counts = np.load(tmp_path / "fast" / "golden.npz")["counts"]
    assert counts.shape[2] == manifest.frontend.raw_samples >= 5 * (manifest.window.samples - 1) + 1
    assert ".coefficients = coefficients" in (tmp_path / "fast/c/model_data.c").read_text()
    front_end, shape = FrontEnd.from_spec(manifest.frontend), manifest.input.shape[2:]
    library = build_library(tmp_path / "fast" / "c", tmp_path / "build")
    np.testing.assert_array_equal(c_inputs(library, counts[0, :5], *shape), front_end.quantized_windows(counts[0, :5]))
    printed = capsys.readouterr().out
    assert "equal in every bit" in printed and str(tmp_path / "fast") in printed


def test_the_c_front_end_has_the_manifests_constants(exported, tmp_path):
    library = build_library(exported.c_folder, tmp_path)
    inputs = exported.inputs8[1, :10]
    np.testing.assert_array_equal(c_inputs(library, exported.counts[1, :10], *inputs.shape[1:]), inputs)


def test_stale_ranges_are_refused(copied_run, tmp_path):
    ranges = json.loads((copied_run / "ranges.json").read_text())
    (copied_run / "ranges.json").write_text(json.dumps(ranges | {"run_hash": "0" * 64}))
    message = refused(copied_run, tmp_path / "out")
    assert "ranges.json: is stale, made for run 000000000000" in message and "calibration.ranges" in message


def test_missing_ranges_are_named(copied_run, tmp_path):
    (copied_run / "ranges.json").unlink()
    assert "ranges.json: no such file; run python -m calibration.ranges" in refused(copied_run, tmp_path / "out")


def test_changed_weights_are_refused(copied_run, tmp_path):
    data = bytearray((copied_run / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (copied_run / "model.safetensors").write_bytes(bytes(data))
    assert "model.safetensors: SHA-256 is" in refused(copied_run, tmp_path / "out")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sensor", "nosuch"], "nosuch"),
        (["--streaming", "13"], "--streaming 13: layer block0 needs the whole window anew with each hop"),
        (["--streaming", "80"], "--streaming 80: expected 1 to 79 samples"),
    ],
)
def test_wrong_arguments_are_named(run_folder, tmp_path, arguments, message):
    assert message in refused(run_folder, tmp_path / "out", *arguments)


@pytest.mark.parametrize(("option", "most"), [("--windows", 10**9), ("--draws", 1000)])
def test_counts_without_bound_are_refused(run_folder, tmp_path, capsys, option, most):
    with pytest.raises(SystemExit):
        quantize.main([str(run_folder), "--out", str(tmp_path / "out"), option, "0"])
    assert f"argument {option}: '0' is not a whole number from 1 to {most}" in capsys.readouterr().err


def test_a_sensor_without_a_gyroscope_is_refused(run_folder, tmp_path):
    sensor = tmp_path / "half.toml"
    sensor.write_text(
        'name = "half"\nrate_hz = 20.0\n'
        '[[sensors]]\nkind = "accelerometer"\naxes = 3\nunit = "g"\ncounts_per_unit = 8192.0\n'
    )
    assert "gyroscope" in refused(run_folder, tmp_path / "out", "--sensor", str(sensor))


@pytest.mark.parametrize("rate_hz", [10.0, 19.99, 101.7234, 4000.0])
def test_an_unsupported_rate_is_refused_before_anything_is_read(run_folder, tmp_path, monkeypatch, rate_hz):
    def read(*arguments):
        raise AssertionError("reading WISDM takes minutes")

    monkeypatch.setattr(pipeline, "windows_for_run", read)
    monkeypatch.setattr(train.data.stored, "recordings_for_run", read)
    odd, out = tmp_path / "odd.toml", tmp_path / "out"
    odd.write_text(REPLAY.read_text().replace("rate_hz = 20.0", f"rate_hz = {rate_hz}"))
    expected = f"a sensor of {rate_hz:g} Hz cannot be resampled to the model's 20 Hz"
    assert expected in refused(run_folder, out, "--sensor", str(odd))
    with pytest.raises(InputError, match=re.escape(expected)):
        recording.main([str(run_folder), "--sensor", str(odd), "--out", str(out)])
    assert not out.exists()


def test_a_run_folder_is_never_replaced(copied_run):
    before = sorted(copied_run.iterdir())
    with pytest.raises(InputError, match=r"holds a run \(run.json\), which a bundle would replace"):
        quantize.main([str(copied_run), "--out", str(copied_run)])
    assert sorted(copied_run.iterdir()) == before


@pytest.mark.parametrize("mark", ["run.json", "validation.json", "scl_package.json", "chapter.tex"])
def test_a_bundle_replaces_no_other_artefact(copied_run, tmp_path, mark):
    out = tmp_path / "out"
    out.mkdir()
    (out / mark).write_text("precious")
    with pytest.raises(InputError, match=r"out: (holds|is a run).*choose another"):
        quantize.main([str(copied_run), "--out", str(out)])
    with pytest.raises(InputError, match=f"{mark}: is a file, expected a folder"):
        quantize.main([str(copied_run), "--out", str(out / mark)])
    assert [path.read_text() for path in out.iterdir()] == ["precious"]


def test_a_loss_beyond_the_gate_is_status_1_and_leaves_nothing(run_folder, tmp_path, capsys):
    assert quantize.main([str(run_folder), "--out", str(tmp_path / "out"), "--max-loss", "-50"]) == 1
    message = capsys.readouterr().err
    assert re.search(r"export failed, nothing was written: int8 loses -?\d+\.\d+ points of accuracy", message)
    assert leftovers(tmp_path / "out") == []


def test_damaged_c_is_status_1_and_leaves_the_old_bundle(run_folder, bundle_folder, tmp_path, monkeypatch, capsys):
    out = shutil.copytree(bundle_folder, tmp_path / "out")
    write = model.write_c

    def write_damaged(c_model, folder):
        write(c_model, folder)
        source = folder / "model_data.c"
        source.write_text(re.sub(r"(block1_bias\[\] = {\s*-?\d+)", r"\g<1>99", source.read_text()))

    monkeypatch.setattr(model, "write_c", write_damaged)
    assert quantize.main([str(run_folder), "--out", str(out), *QUICK]) == 1
    assert re.search(
        r"C differs from TFLite Micro in layer block1: \d+ of \d+ values by up to \d+ steps", capsys.readouterr().err
    )
    assert read_bundle(out).manifest == read_bundle(bundle_folder).manifest
    assert leftovers(out) == [out]


def test_a_missing_cross_compiler_says_what_to_install(exported, monkeypatch):
    monkeypatch.setattr(toolchain.shutil, "which", lambda name: None)
    with pytest.raises(
        InputError, match="not installed: .*arm-none-eabi-gcc; run: sudo apt-get install -y .*gcc-arm-none-eabi"
    ):
        size.measure(exported.c_folder)


def test_sizes_grow_with_the_model(exported, tmp_path):
    before = size.measure(exported.c_folder)
    folder = shutil.copytree(exported.c_folder, tmp_path / "c")
    header = (folder / "model_data.h").read_text()
    arena = int(re.search(r"SCL_ARENA_BYTES (\d+)", header)[1])
    (folder / "model_data.h").write_text(header.replace(f"SCL_ARENA_BYTES {arena}", f"SCL_ARENA_BYTES {arena + 1000}"))
    source = (folder / "model_data.c").read_text()
    longer = re.sub(r"(_weights\[\] \S+ = {\n)", lambda start: start[1] + "1, " * 500, source, count=1)
    unused = "extern const uint8_t more[300];\nconst uint8_t more[300] = {1};\n"  # which a linker leaves out
    (folder / "model_data.c").write_text(longer + unused)
    after = size.measure(folder)
    assert after.ram_bytes - before.ram_bytes == 1000
    assert after.flash_bytes - before.flash_bytes == 500


@pytest.mark.parametrize("name", ["golden.npz", "c/model_data.c", "model.tflite"])
def test_a_changed_file_is_named(bundle_folder, tmp_path, name):
    copy = shutil.copytree(bundle_folder, tmp_path / "copy")
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / name).write_bytes(bytes(data))
    with pytest.raises(InputError, match=f"{name}: SHA-256 is"):
        read_bundle(copy)
    (copy / name).unlink()
    with pytest.raises(InputError, match=f"{name}: no such file; copy the whole folder"):
        read_bundle(copy)


def test_a_folder_without_a_manifest_is_no_bundle(tmp_path):
    with pytest.raises(InputError, match="is no bundle .*python -m export.quantize"):
        read_bundle(tmp_path)
