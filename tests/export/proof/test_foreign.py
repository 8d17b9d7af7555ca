"""TFLite Micro on files that end it, in a process of its own."""

import numpy as np
import pytest

from export.network import from_file
from export.proof.foreign import tensors
from export.proof.runtimes import arena_bytes, run_tflite_micro, tflite_micro_runner
from scl.artifacts import InputError
from tests.firmware.damaged_models import Net, SmallNet, named, scaled


@pytest.mark.parametrize(
    "name",
    [
        "softmax of tiny steps",
        "softmax at the limit",
        "softmax with beta 0",
        "softmax with beta -1",
        "addition to tiny steps",
    ],
)
def test_what_ends_tflite_micro_ends_its_own_process(name, tmp_path):
    """Here it gets the files that `export.network.from_file` would refuse."""
    path = tmp_path / "model.tflite"
    path.write_bytes(named(name))
    with pytest.raises(
        InputError, match="model.tflite: TFLite Micro ended with SIGABRT when it was to run 4 operators"
    ):
        tensors(path, np.zeros((20, 3), np.int8), [0])


def test_the_tensors_are_those_of_the_interpreter(tmp_path):
    path, model = tmp_path / "model.tflite", SmallNet()
    path.write_bytes(model.bytes())
    read = from_file.read(model.bytes(), "model.tflite")
    x = np.random.default_rng(0).integers(-128, 128, (20, 3)).astype(np.int8)
    indices, expected = list(read.tensors.values()), tflite_micro_runner(model.bytes())(x)
    for index, values in zip(indices, tensors(path, x, indices), strict=True):
        np.testing.assert_array_equal(values, expected(index))


@pytest.mark.parametrize(
    ("size", "indices", "message"),
    [(61, [0], r"reads \[1, 1, 20, 3\], expected 61 values"), (60, [1, 2], "expected 60 values, all tensors int8")],
)
def test_tensors_that_the_file_does_not_have(size, indices, message, tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(SmallNet().bytes())
    with pytest.raises(InputError, match=message):
        tensors(path, np.zeros(size, np.int8), indices)


def test_28_layers_over_5000_samples_have_room():
    """With the views that a converter puts between them: 4 MiB do not hold its tensors, and once ended the export."""
    model, length, channels = Net(), 5000, 12
    model.graph.tensors[0].shape = [1, 1, length, 3]
    for width in [3, *[channels] * 27]:
        model.conv(width, channels, 0.06)
        model.graph.tensors[model.at].shape = [1, 1, length, channels]
        for shape in ([1, length, channels], [1, 1, length, channels]):
            model.operator("RESHAPE", [model.at], model.like(shape), model.s.ReshapeOptionsT())
    model.mean([1, 2], [1, channels])
    data = model.bytes()
    assert sum(tensor.size for tensor in from_file.read(data, "").network.network.tensors.values()) > 1 << 20
    assert arena_bytes(data) > 1 << 22
    x = np.random.default_rng(0).integers(-128, 128, (length, 3)).astype(np.int8)
    whole = run_tflite_micro(data, x[None])
    read = from_file.read(data, "")
    last = read.tensors[read.network.network.outputs[-1]]
    np.testing.assert_array_equal(tflite_micro_runner(data)(x)(last), next(iter(whole.values()))[0])


def test_what_it_does_not_take_is_said():
    model = SmallNet()
    scaled(1.0)(model)
    model.graph.operators[0].inputs = model.graph.operators[0].inputs[:1]
    with pytest.raises(InputError, match="model.tflite: TFLite Micro does not take it .*allocate"):
        tflite_micro_runner(model.bytes())
