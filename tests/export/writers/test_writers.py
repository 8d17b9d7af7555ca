"""The three written forms, each read back by another program than the one that wrote it: LiteRT, onnx, a C compiler."""

import ctypes
import shutil
import subprocess
import zlib
from dataclasses import replace

import numpy as np
import pytest

from export.network import arena
from export.network.layers import LOGITS, Conv, Network, Tensor
from export.network.quantization import quantize
from export.network.tflite_file import read_operators
from export.proof.gates import ExportError
from export.proof.runtimes import run_litert, run_onnx
from export.writers import c_source, tflite
from export.writers.onnx import write_onnx
from export.writers.tflite import write_tflite
from firmware_host import emulator
from firmware_host.flight import Flight
from firmware_host.link import Link
from firmware_host.messages import ABSTAIN
from scl import toolchain
from scl.frontend.chain import FrontEnd
from scl.frontend.flags import LEAD_OFF, SATURATED
from scl.frontend.resampler import design
from scl.frontend.sensor import Part, Sensor
from scl.frontend.spec import FrontEndSpec
from tests.scl.frontend.designs import front_end_spec

FIELDS = ("weights", "bias", "weight_scales", "bias_scales", "scale", "zero_point")


def table(network) -> dict[str, dict[str, np.ndarray]]:
    """What every form must hold, by layer and the input: integers, scales and zero points."""
    values = {
        name: {"scale": np.float32(a.scale), "zero_point": np.int32(a.zero_point)}
        for name, a in network.activations.items()
    }
    for name, conv in network.convs.items():
        values[name] |= {field: getattr(conv, field) for field in FIELDS[:4]}
    return values


def from_tflite(data: bytes) -> dict[str, dict[str, np.ndarray]]:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    reader = Interpreter(model_content=data, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    reader.allocate_tensors()
    values: dict[str, dict[str, np.ndarray]] = {}
    for detail in reader.get_tensor_details():
        name, _, part = detail["name"].partition("/")
        quantization = detail["quantization_parameters"]
        entry = values.setdefault(name, {})
        if part:
            integers = reader.get_tensor(detail["index"])
            entry[part] = integers[:, 0] if part == "weights" else integers  # (out, 1, kernel, in)
            entry["weight_scales" if part == "weights" else "bias_scales"] = quantization["scales"]
            assert not quantization["zero_points"].any() and quantization["quantized_dimension"] == 0
        elif detail["name"]:
            entry["scale"], entry["zero_point"] = quantization["scales"][0], quantization["zero_points"][0]
    return values


def from_onnx(data: bytes) -> dict[str, dict[str, np.ndarray]]:
    """Follows the graph: what quantizes each operator's result, and what dequantizes its constants."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load_from_string(data).graph
    constants = {c.name: numpy_helper.to_array(c) for c in graph.initializer}
    made_by = {output: node for node in graph.node for output in node.output}
    values: dict[str, dict[str, np.ndarray]] = {}
    for node in graph.node:
        if node.op_type != "QuantizeLinear":
            continue
        name = node.output[0].removesuffix("/int8")
        values[name] = {"scale": constants[node.input[1]], "zero_point": constants[node.input[2]]}
        origin = made_by.get(node.input[0])
        origin = made_by[origin.input[0]] if origin is not None and origin.op_type == "Relu" else origin
        if origin is not None and origin.op_type == "Conv":
            for part, value in zip(("weights", "bias"), origin.input[1:], strict=True):
                dequantize = made_by[value]
                integers, scales, zero_points = (constants[i] for i in dequantize.input)
                assert not zero_points.any()
                values[name][part] = integers.transpose(0, 2, 1) if part == "weights" else integers
                values[name]["weight_scales" if part == "weights" else "bias_scales"] = scales
    return values


def from_c(engine, names: list[str]) -> dict[str, dict[str, np.ndarray]]:
    """The compiled constants; scales stand there as multipliers only."""
    values: dict[str, dict[str, np.ndarray]] = {}
    for index, name in enumerate(names):
        op = engine.model.ops[index]
        values[name] = {"zero_point": np.int32(op.out_zero_point)}
        if index == 0:
            values["input"] = {"zero_point": np.int32(op.in_zero_point)}
        if op.weights:
            shape = (op.out_channels, op.kernel, op.in_channels)
            values[name]["weights"] = np.ctypeslib.as_array(op.weights, (int(np.prod(shape)),)).reshape(shape)
            for field in ("bias", "multiplier", "shift"):
                values[name][field] = np.ctypeslib.as_array(getattr(op, field), (op.out_channels,))
    return values


def test_tflite_and_onnx_hold_the_same_numbers(exported):
    expected = table(exported.network)
    for form in (from_tflite(exported.tflite), from_onnx(exported.onnx)):
        assert set(form) == set(expected)
        for name, fields in expected.items():
            assert set(form[name]) == set(fields), name
            for field, value in fields.items():
                np.testing.assert_array_equal(form[name][field], value, err_msg=f"{name} {field}")


def test_c_holds_the_same_numbers(exported):
    expected = table(exported.network)
    found = from_c(exported.engine, exported.network.network.names)
    assert set(found) == set(expected)
    for name, fields in found.items():
        for field in set(fields) & set(FIELDS):
            np.testing.assert_array_equal(fields[field], expected[name][field], err_msg=f"{name} {field}")


def test_c_multipliers_are_the_scales_of_the_table(exported):
    expected = table(exported.network)
    found = from_c(exported.engine, exported.network.network.names)
    for layer in exported.network.network.convs:
        entry = found[layer.name]
        scales = entry["multiplier"] * 2.0 ** (entry["shift"].astype(float) - 31)
        wanted = (
            float(expected[layer.source.name]["scale"])
            * expected[layer.name]["weight_scales"].astype(float)
            / float(expected[layer.name]["scale"])
        )
        np.testing.assert_allclose(scales, wanted, rtol=2**-30)


def test_c_header_gives_the_sizes(exported):
    text = (exported.c_folder / "model_data.h").read_text()
    sizes = dict(
        line.split()[1:] for line in text.splitlines() if line.startswith("#define SCL_") and len(line.split()) == 3
    )
    model = exported.engine.model
    assert int(sizes["SCL_ARENA_BYTES"]) == model.arena_bytes == len(exported.engine.arena)
    assert int(sizes["SCL_WINDOW"]) == model.window == exported.test.x.shape[2]
    assert int(sizes["SCL_INPUTS"]) == model.channels == exported.inputs.shape[2]
    assert int(sizes["SCL_CHANNELS"]) == exported.test.x.shape[1]
    assert int(sizes["SCL_FEATURES"]) == model.features == exported.run.partition.kept_size
    assert int(sizes["SCL_CLASSES"]) == model.classes == len(list(exported.run.info.labels))
    assert int(sizes["SCL_RAW_SAMPLES"]) == exported.counts.shape[2]


def test_c_carries_hash_and_labels(exported):
    model = exported.engine.model
    assert bytes(model.hash.contents).hex() == "ab" * 32
    assert [model.labels[i].decode() for i in range(model.classes)] == list(exported.run.info.labels)


def noise(frontend: FrontEndSpec, windows: int) -> np.ndarray:
    """Counts within the rails of `leads`, none of which stands still."""
    return np.random.default_rng(1).integers(-900, 900, (windows, frontend.raw_samples, 6)).astype(np.int16)


@pytest.fixture(scope="module")
def leads(exported) -> c_source.CModel:
    """The small network behind sensors with rails of their own, resampled, band-passed, made invariant; independent
    labels.
    """
    rng = np.random.default_rng(0)
    alignment = tuple(tuple(row) for row in (np.eye(3) + rng.normal(0, 0.05, (3, 3))).tolist())
    parts = tuple(
        Part(f"leads{i}", 3, 0.01, tuple(rng.normal(0, 1, 3)), alignment, "mV", "", (-1000 - i, 900 + i), lead_off_s=s)
        for i, s in enumerate((0.7, 0.3))
    )
    size = exported.inputs.shape[2]
    mean, std = rng.normal(0, 0.1, size).tolist(), rng.uniform(2, 3, size).tolist()
    affine = exported.network.activations["input"]
    frontend = front_end_spec(
        Sensor("leads", 52.0, parts), exported.frontend.window_samples, 20.0, affine.scale, affine.zero_point,
        mean, std, band_hz=(0.5, 8.0), warmup_s=2.0, invariant=True,
    )  # fmt: skip
    labels = list(exported.run.info.labels)
    inputs = FrontEnd.from_spec(frontend).quantized_windows(noise(frontend, 30))
    thresholds = np.median(exported.engine.run(inputs)[LOGITS], axis=0).astype(int).tolist()  # masks differ
    memory = arena.schedule(exported.network.network)
    coefficients = design(52.0, 20.0).coefficients
    return c_source.CModel(exported.network, memory, labels, "cd" * 32, frontend, coefficients, thresholds)


def test_the_board_does_what_numpy_does(leads, tmp_path):
    """A process of the firmware, built from the written files, is sent windows: inputs, flags and masks are numpy's."""
    for tool in ("make", "gcc"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    c_source.write_c(leads, tmp_path)
    firmware = toolchain.build(tmp_path, tmp_path / "out")
    counts, needed = noise(leads.frontend, 10), leads.frontend.lead_off_samples
    assert needed == 36
    counts[1, 40, 5] = 901
    counts[2, 40, 5] = 900
    counts[3, -1, 0] = -1000
    counts[4, 10 : 10 + needed, 2] = 7
    counts[5, 11 : 10 + needed, 4] = 7
    counts[6, -needed:, 3] = 2000
    end = FrontEnd.from_spec(leads.frontend)
    inputs, flags = end.quantized_windows(counts), end.flags(counts)
    assert flags.tolist() == [0, SATURATED, 0, SATURATED, LEAD_OFF, 0, LEAD_OFF | SATURATED, 0, 0, 0]
    masks = set()
    with emulator.native(firmware) as transport:
        link = Link(transport)
        hello = link.greet()
        results = Flight(link, hello, len(counts), counts.__getitem__).run().results
        for result, x, expected in zip(results, inputs, flags.tolist(), strict=True):
            assert (result.input_crc32, result.flags) == (zlib.crc32(x.tobytes()), expected)
            pairs = zip(result.logits.tolist(), leads.thresholds, strict=True)
            mask = sum(2**i for i, (logit, threshold) in enumerate(pairs) if logit >= threshold)
            assert result.predicted == (ABSTAIN if expected & LEAD_OFF else mask)
            masks.add(result.predicted)
    assert len(masks) > 2


def test_thresholds_that_fit_no_class(leads):
    with pytest.raises(ValueError, match=f"1 thresholds for {len(leads.labels)} labels"):
        replace(leads, thresholds=[0])
    with pytest.raises(ValueError, match="16 thresholds for 16 labels, expected one for each and at most 15"):
        replace(leads, labels=list("abcdefghijklmnop"), thresholds=[0] * 16)


def test_tflite_of_an_encoder_holds_convolutions_and_a_pool(exported):
    operators = read_operators(exported.tflite)
    assert operators == ["CONV_2D"] * 7 + ["AVERAGE_POOL_2D"] + ["CONV_2D"] * 2


def test_another_operator_fails_the_writer(exported, monkeypatch):
    monkeypatch.setattr(tflite, "supported", lambda: ["CONV_2D"])
    with pytest.raises(ExportError, match=r"holds \['AVERAGE_POOL_2D'\]"):
        write_tflite(exported.network)


@pytest.mark.parametrize(
    ("reads_back", "value", "message"),
    [
        ("output_names", ["logits", "features"], r"has the outputs \['logits', 'features'\], expected \['features', "),
        ("tensor_indices", {"input": 0}, r"lacks the tensors \['block0', "),
    ],
)
def test_a_file_that_reads_back_otherwise_fails_the_writer(reads_back, value, message, exported, monkeypatch):
    monkeypatch.setattr(tflite, reads_back, lambda data: value)
    with pytest.raises(ExportError, match=message):
        write_tflite(exported.network)


@pytest.mark.parametrize("length", [7, 8, 50])
@pytest.mark.parametrize(("kernel", "stride"), [(2, 1), (5, 2), (4, 3), (5, 8)])
def test_same_padding_is_tensorflows(length, kernel, stride):
    """ONNX takes the pads we compute; LiteRT computes its own from the word SAME."""
    rng = np.random.default_rng([length, kernel, stride])

    def conv(name: str, source: Tensor, out: int, kernel: int, *options) -> Conv:
        weights = rng.normal(size=(out, kernel, source.channels)).astype(np.float32)
        return Conv(name, source, weights, np.zeros(out, np.float32), *options)

    first = conv("block0", Tensor("input", length, 2), 3, kernel, stride, True)
    flat = conv("features", first.result, 4, first.result.length)
    head = conv("logits", flat.result, 2, 1)
    ranges = {"input": [-3, 3], "block0": [-12, 12], "features": [-40, 40], "logits": [-90, 90]}
    network = quantize(Network((first, flat, head)), ranges)
    x = rng.integers(-128, 128, (20, length, 2)).astype(np.int8)
    expected = run_litert(write_tflite(network), x, reference=True)
    found = run_onnx(write_onnx(network.network, network), x, network.activations)
    for name in expected:
        assert np.abs(expected[name].astype(int) - found[name]).max() <= 1
    assert np.ptp(expected["features"].astype(int)) > 60


@pytest.mark.parametrize("label", ['say "hi"', "back\\slash", "Gehen – schnell", "what??/", "tab\there", "1\x002"])
def test_labels_survive_the_compiler(label, tmp_path):
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    source = tmp_path / "label.c"
    source.write_text(
        f"extern const char label[];\nconst char label[] = {c_source._string(label)};\n", encoding="utf-8"
    )
    subprocess.run(
        ["gcc", "-std=c99", "-Wall", "-Werror", "-shared", "-fPIC", source, "-o", tmp_path / "label.so"], check=True
    )
    expected = label.encode() + b"\0"
    found = (ctypes.c_char * len(expected)).in_dll(ctypes.CDLL(str(tmp_path / "label.so")), "label")
    assert bytes(found) == expected


@pytest.mark.parametrize("value", [0.0, 1.0, -0.1, 1e-30, 3.4e38, 1 / 3, 1.4e-45])
def test_hexadecimal_floats_are_exact(value):
    text = c_source._float(value)
    assert text.endswith("f") and np.float32(float.fromhex(text[:-1])) == np.float32(value)
