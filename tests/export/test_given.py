"""Models from elsewhere on the boards: what validation measures there is what TFLite Micro's own interpreter gives,
asked here window by window with arithmetic of this file's own.
"""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from export import package, profile, quantize
from export.given import Options, export_given
from export.given_file import is_onnx
from export.representative import Representative
from firmware_host import capture, stream, validate
from scl.artifacts import InputError, read_npz
from scl.artifacts.bundle import read_bundle
from scl.artifacts.capture import read_capture
from scl.partition import Partition
from tests.documents import document
from tests.firmware.damaged_models import Net, SmallNet

SAMPLES, CHANNELS, CLASSES, COPIES = 20, 3, 3, 4
NAMES = ("still", "slow", "fast")
NEEDS = {"native": "gcc", "emulator": "qemu-system-arm"}


class TwoOutputs(Net):
    """A latent of 8 values, an output named features, and logits of it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv(3, 8, 0.1)
        self.mean([1, 2], [1, 8])
        features = self.at
        self.graph.tensors[features].name = "features"
        self.dense(8, 3)
        self.graph.outputs = [features, self.at]


@pytest.fixture(scope="module")
def windows() -> dict[str, np.ndarray]:
    """50 windows of 10 people, some values of them beyond the input's range."""
    rng = np.random.default_rng(2)
    x = rng.normal(0, 3, (50, CHANNELS, SAMPLES)).astype(np.float32)
    return {
        "windows": x,
        "labels": rng.integers(0, CLASSES, 50),
        "groups": np.arange(50) // 5,
        "names": np.array(NAMES),
    }


@pytest.fixture(scope="module")
def bundle(board_tools, windows, tmp_path_factory) -> Path:
    """SmallNet with its windows under rotation, by the command."""
    folder = tmp_path_factory.mktemp("given")
    (folder / "model.tflite").write_bytes(SmallNet().bytes())
    np.savez(folder / "windows.npz", **windows)
    asked = ["--from", str(folder / "model.tflite"), "--representative", str(folder / "windows.npz")]
    assert quantize.main([*asked, "--transformation", "rotation", "--out", str(folder / "bundle")]) == 0
    return folder / "bundle"


def tflite_micro(tflite: bytes, x: np.ndarray, output: int = -1) -> np.ndarray:
    """One output of every window x float (n, channels, samples), by the interpreter itself."""
    from tflite_micro.python.tflite_micro import runtime

    micro = runtime.Interpreter.from_bytes(tflite)
    details = micro.get_input_details(0)
    parameters = details["quantization_parameters"]
    scale, zero_point = float(parameters["scales"][0]), int(parameters["zero_points"][0])
    answers = []
    for window in x:
        values = np.clip(np.round(window.T.astype(np.float64) / scale) + zero_point, -128, 127)
        micro.set_input(values.astype(np.int8).reshape(details["shape"]), 0)
        micro.invoke()
        answers.append(micro.get_output(output if output >= 0 else 0).ravel().copy())
    return np.stack(answers)


@pytest.mark.parametrize("port", ["native", "emulator"])
def test_consistency_on_the_board_is_tflite_micro_s(bundle, windows, tmp_path, port):
    """Of the rotated windows, which are turned here once more by the rotations that the bundle names."""
    out = tmp_path / "report"
    assert validate.main([str(bundle), "--port", port, "--out", str(out)]) == 0
    found = json.loads((out / "validation.json").read_text())
    assert found["verdict"] == "exact" and found["sent"] == 50 * (1 + COPIES) and found["lost"] == 0
    turns = read_npz(bundle / "golden.npz", "rotation")["rotation"]
    tflite = (bundle / "model.tflite").read_bytes()
    predicted = []
    for turn in turns:
        turned = np.stack([r @ w for r, w in zip(turn, windows["windows"].astype(np.float64), strict=True)])
        predicted.append(tflite_micro(tflite, turned.astype(np.float32)).argmax(axis=1))
    same = np.array(predicted[1:]) == predicted[0]
    assert found["consistency"] == pytest.approx(same.mean())
    assert found["accuracy"] == pytest.approx((predicted[0] == windows["labels"]).mean())
    assert found["accuracy_transformed"] == pytest.approx((np.array(predicted[1:]) == windows["labels"]).mean())
    low, high = found["consistency_ci95"]
    assert low < found["consistency"] < high
    by_person = same.mean(axis=0).reshape(10, 5).mean(axis=1)  # clusters of five windows
    assert (high - low) / 2 == pytest.approx(1.96 * by_person.std() / np.sqrt(10), rel=0.35)
    assert found["parity"]["input_crc32_off"] == 0 and found["similarity_invariant"] is None
    assert (found["sensor"], found["split"], found["transformation"]) == (None, None, "rotation")
    page = (out / "validation.html").read_text()
    assert "sent as the network&#39;s int8 input" in page or "sent as the network's int8 input" in page


def test_what_the_export_says_is_the_board_s(bundle, windows):
    manifest = read_bundle(bundle).manifest
    assert manifest.labels == NAMES and manifest.frontend is None and manifest.data == "windows.npz"
    assert manifest.transforms == ("as recorded", *(f"rotation {draw}" for draw in range(1, 1 + COPIES)))
    logits = tflite_micro((bundle / "model.tflite").read_bytes(), windows["windows"])
    assert manifest.int8.accuracy == pytest.approx((logits.argmax(axis=1) == windows["labels"]).mean())
    np.testing.assert_array_equal(read_npz(bundle / "golden.npz", "logits")["logits"][0], logits)


def test_a_stream_plays_the_windows(bundle, capsys):
    assert stream.main([str(bundle), "--port", "native"]) == 0
    printed = capsys.readouterr().out
    assert "50 of 50 classes are TFLite Micro's" in printed and "(label slow)" in printed
    assert stream.main([str(bundle), "--port", "native", "--json"]) == 0
    found = document(capsys.readouterr().out)
    assert found["right"] == len(found["answers"]) == 50 and found["answers"][0]["label"] in NAMES
    with pytest.raises(InputError, match="--record: .* has no front end, so it takes no sensor's counts; leave"):
        stream.main([str(bundle), "--port", "native", "--record", "walk.csv"])


def test_layers_are_compared_and_timed_behind_a_port(bundle, capsys):
    assert profile.main([str(bundle), "--port", "emulator", "--bisect"]) == 0
    assert "every layer equals TFLite Micro's: 4 layers" in capsys.readouterr().out
    assert profile.main([str(bundle), "--port", "emulator"]) == 0
    assert "instructions in the layers of one inference" in capsys.readouterr().out


def test_without_windows_random_inputs_tell_exactness_alone(board_tools, tmp_path, capsys):
    (tmp_path / "model.tflite").write_bytes(SmallNet().bytes())
    assert quantize.main(["--from", str(tmp_path / "model.tflite"), "--out", str(tmp_path / "bundle")]) == 0
    capsys.readouterr()
    status = validate.main([str(tmp_path / "bundle"), "--port", "native", "--out", str(tmp_path / "report")])
    printed = re.sub(r"\s+", " ", capsys.readouterr().out)
    assert status == 0 and "passed: exact" in printed and "accuracy │" not in printed and "consistency │" not in printed
    assert "no accuracy: the windows have no labels" in printed and "no consistency: there are no" in printed
    found = json.loads((tmp_path / "report" / "validation.json").read_text())
    assert (found["accuracy"], found["consistency"], found["parity"]["compared"]) == (None, None, 100)


def test_a_threshold_that_cannot_be_measured_is_missed(board_tools, bundle, tmp_path):
    asked = ["--port", "native", "--min-consistency", "0.99", "--out", str(tmp_path / "report")]
    assert validate.main([str(bundle), *asked]) == 1


def test_an_output_named_features_is_the_latent(board_tools, windows, tmp_path):
    """With a partition: its invariant dimensions' similarity, between window and copy. Its stream keeps the columns of
    a convolution with SAME padding, 5 of 20 are computed anew; TFLite Micro's residual sum beside one keeps none.
    """
    given = Representative(windows["windows"], None, None, None)
    options = Options(given, "windows.npz", "shift", Partition(5, 2, 3), draws=2)
    longer = Representative(np.concatenate([windows["windows"], windows["windows"][:, :, :6]], axis=2))
    tflite = TwoOutputs().bytes()
    with pytest.raises(InputError, match="m.tflite: .* keeps 8 dimensions, the model has no output named features"):
        export_given("m.tflite", SmallNet().bytes(), tmp_path / "none", options)
    with pytest.raises(InputError, match="--streaming 3: .* needs the whole window anew .* give a short hop"):
        export_given("m.tflite", SmallNet().bytes(), tmp_path / "none", Options(streaming=3))
    options = Options(longer, "windows.npz", "shift", Partition(5, 2, 3), draws=2, streaming=3)
    kept = export_given("m.tflite", tflite, tmp_path / "bundle", options).streaming
    manifest = read_bundle(tmp_path / "bundle").manifest
    assert manifest.streaming == kept and kept.hop == manifest.default_hop == 3
    assert kept.windows_compared >= 200 and kept.board_values_compared >= 8 * (8 + 3) and kept.share < 0.6
    assert manifest.features == 8 and manifest.outputs.features is not None and not manifest.labelled
    assert validate.main([str(tmp_path / "bundle"), "--port", "native", "--out", str(tmp_path / "report")]) == 0
    found = json.loads((tmp_path / "report" / "validation.json").read_text())
    output = manifest.outputs.features
    latent = [
        (tflite_micro(tflite, longer.windows[:, :, at : at + SAMPLES], 0)[:, :5] - float(output.zero_point))
        * output.scale
        for at in (0, 3, 6)
    ]
    cosines = [
        np.mean([a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in zip(latent[0], copy, strict=True)])
        for copy in latent[1:]
    ]
    assert found["similarity_invariant"] == pytest.approx(np.mean(cosines))
    assert found["accuracy"] is None and 0 <= found["consistency"] <= 1 and found["effective_rank"] > 0


def record_and_stream(folder: Path, counts: np.ndarray, classes: np.ndarray, capsys) -> None:
    """The board's sensor gives windows one behind the other; they are recorded, and played to the board again."""
    (folder / "counts").write_bytes(counts.tobytes())
    seconds, bundle, record = counts.shape[0] * SAMPLES / 50, str(folder / "bundle"), folder / "walk.csv"
    asked = ["--play", str(folder / "counts"), "--seconds", str(seconds), "--out", str(record)]
    assert capture.main([bundle, "--port", "native", *asked]) == 0
    recorded = read_capture(record)
    assert (recorded.sensor, recorded.channels) == ("wrist", ("ax", "ay", "az"))
    np.testing.assert_array_equal(recorded.counts, counts.reshape(-1, CHANNELS))
    capsys.readouterr()
    played = ["--record", str(record), "--speed", "max", "--hop", str(SAMPLES)]
    assert stream.main([bundle, "--port", "native", *played]) == 0
    assert re.findall(r" s  (\w+)", capsys.readouterr().out) == [NAMES[number] for number in classes]


def test_behind_a_front_end_the_board_takes_a_sensor_s_counts(board_tools, windows, tmp_path, capsys):
    """What it answers is TFLite Micro's on counts that are scaled and normalized here."""
    (tmp_path / "sensor.toml").write_text(
        'name = "wrist"\nrate_hz = 50.0\n[[sensors]]\nkind = "accelerometer"\naxes = 3\nrange = "+-4 g"\nunit = "g"\n'
        "counts_per_unit = 8192.0\n"
    )
    (tmp_path / "front.toml").write_text(
        f'sensor = "{tmp_path / "sensor.toml"}"\nrate_hz = 50\nmean = [1.0, 0.0, -0.5]\nstd = [2.0, 2.0, 1.0]\n'
    )
    given = Representative(windows["windows"], windows["labels"], windows["groups"], NAMES)
    options = Options(given, "windows.npz", "rotation", draws=1, front_end=tmp_path / "front.toml")
    report = export_given("m.tflite", SmallNet().bytes(), tmp_path / "bundle", options)
    assert report.clipped == 0
    assert validate.main([str(tmp_path / "bundle"), "--port", "native", "--out", str(tmp_path / "r")]) == 0
    found = json.loads((tmp_path / "r" / "validation.json").read_text())
    assert (found["sensor"], found["verdict"], found["sent"]) == ("wrist", "exact", 100)
    counts = np.rint(windows["windows"].astype(np.float64) * 8192 / 9.80665)
    x = (counts * 9.80665 / 8192 - np.array([1.0, 0.0, -0.5])[:, None]) / np.array([2.0, 2.0, 1.0])[:, None]
    logits = tflite_micro(SmallNet().bytes(), x)
    np.testing.assert_array_equal(read_npz(tmp_path / "bundle" / "golden.npz", "logits")["logits"][0], logits)
    assert found["accuracy"] == pytest.approx((logits.argmax(axis=1) == windows["labels"]).mean())
    record_and_stream(tmp_path, counts[:3].transpose(0, 2, 1).astype("<i2"), logits[:3].argmax(axis=1), capsys)
    assert package.main([str(tmp_path / "bundle"), "--for", "cmake", "--out", str(tmp_path / "package")]) == 0
    readme = (tmp_path / "package" / "README.md").read_text()
    assert "| sensor | wrist, 50 Hz, counts of 3 channels in the order accelerometer |" in readme


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rate_hz = 50", "sensor"),
        ('sensor = "bmi270"\nrate_hz = 50', "sensor bmi270 gives 6 channels, the model takes 3"),
        ('sensor = "ad8232"\nrate_hz = 50', "gives 1 channels, the model takes 3"),
        ('sensor = "bmi270"\nrate = 50', "key rate_hz is missing"),
    ],
)
def test_a_front_end_that_does_not_fit(board_tools, tmp_path, text, says):
    (tmp_path / "front.toml").write_text(text)
    with pytest.raises(InputError, match=f"front.toml: .*{says}"):
        export_given("m.tflite", SmallNet().bytes(), tmp_path / "b", Options(front_end=tmp_path / "front.toml"))


@pytest.mark.parametrize(
    ("model", "partition", "says"),
    [
        (SmallNet, "2/1/1", "keeps 3 dimensions, the model has no output named features; leave the partition out"),
        (TwoOutputs, "3/1/1", "keeps 4 dimensions, the model has 8 features; leave the partition out"),
        (TwoOutputs, "4/2/2", r"keeps 6 .* 8 features; its layers are int8 already, .* latent\[:, partition.kept\]"),
    ],
)
def test_a_partition_that_is_not_the_latent_s(model, partition, says, tmp_path):
    with pytest.raises(InputError, match=f"m.tflite: the partition {says}"):
        export_given("m.tflite", model().bytes(), tmp_path / "b", Options(partition=Partition.parse(partition)))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"windows": np.zeros((4, 5, SAMPLES), np.float32)}, "windows have 5 channels, the model takes 3"),
        ({"labels": np.array([0, 1, 2, 3])}, "labels holds 3, the model has 3 outputs, 0 to 2"),
        ({"names": ("a", "b")}, "has 3 outputs, 2 names were given; give one for each"),
        (
            {"names": ("a" * 900, "b", "c" * 100)},
            "its 3 outputs' names have 1004 bytes together, expected at most 255 names of 920",
        ),
    ],
)
def test_windows_that_do_not_fit_the_model(board_tools, tmp_path, changes, says):
    fields = {"windows": np.zeros((4, CHANNELS, SAMPLES), np.float32), **changes}
    with pytest.raises(InputError, match=says):
        export_given("m.tflite", SmallNet().bytes(), tmp_path / "bundle", Options(Representative(**fields), "w.npz"))
    assert not (tmp_path / "bundle").exists()


def test_a_transformation_needs_windows(board_tools, tmp_path):
    with pytest.raises(InputError, match="--transformation rotation needs windows to transform; give --representative"):
        export_given("m.tflite", SmallNet().bytes(), tmp_path / "bundle", Options(transformation="rotation"))


def test_the_wrong_thing_is_told_from_the_right_one(tmp_path):
    (tmp_path / "model.tflite").write_bytes(b"x")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text('{"kind": "run"}')
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "manifest.json").write_text('{"kind": "network"}')
    (tmp_path / "net" / "model.tflite").write_bytes(b"x")
    file, run, net = (str(tmp_path / name) for name in ("model.tflite", "run", "net"))
    for command, arguments, says in (
        (quantize, [file, "--out", "b"], f"is a file, expected a run folder; .* with --from {file}"),
        (
            quantize,
            ["--from", run, "--out", "b"],
            "is a run, expected a .tflite or .onnx file; give the run without --from",
        ),
        (
            quantize,
            ["--from", net, "--out", "b"],
            f"is a folder, expected a .tflite or .onnx file; give --from {net}/model.tflite",
        ),
        (
            quantize,
            [net, "--out", "b"],
            f"is a bundle, exported already, .* --from {net}/model.tflite exports it again",
        ),
        (profile, [file], f"is a model's file, expected a bundle; python -m export.quantize --from {file}"),
        (profile, [net, "--estimate"], "is a bundle, whose cost is counted, not estimated; leave --estimate out"),
        (validate, [run], "is a run, expected a bundle; python -m export.quantize"),
    ):
        with pytest.raises(InputError, match=says):
            command.main(arguments)


@pytest.mark.parametrize(
    ("name", "head", "onnx"),
    [
        ("model.tflite", b"\x1c\0\0\0TFL3", False),
        ("model.onnx", b"\x1c\0\0\0TFL3", False),
        ("model.onnx", b"\x08\x0a\x12\x07pytorch", True),
        ("model.tflite", b"\x08\x0a\x12\x07pytorch", True),
        ("MODEL.ONNX", b"damaged", True),
        ("model.bin", b"damaged", False),
        ("missing.onnx", None, True),
        ("missing.tflite", None, False),
    ],
)
def test_a_file_is_read_as_what_it_holds(tmp_path, name, head, onnx):
    if head is not None:
        (tmp_path / name).write_bytes(head)
    assert is_onnx(tmp_path / name, 100) is onnx


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("model.pt", "is a .pt file, .*; give the module to deploy"),
        ("model.keras", "is a .keras file, .*; convert the model to int8"),
        ("windows.npz", "is a .npz file, .*; give windows with --representative"),
    ],
)
def test_files_of_another_kind_are_refused_with_the_door_for_them(tmp_path, name, says):
    (tmp_path / name).write_bytes(b"PK\x03\x04")
    with pytest.raises(InputError, match=says):
        quantize.main(["--from", str(tmp_path / name), "--out", str(tmp_path / "out")])
