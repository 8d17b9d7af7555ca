"""Dilated convolutions that a converter has taken apart: whole again, they are TFLite Micro's, and what TensorFlow Lite
computes of the file as it is, whose shapes TFLite Micro would take at their word.
"""

import numpy as np
import pytest

from export.network import from_file
from export.network.dilation import with_dilation
from export.proof.runtimes import tflite_micro_runner
from scl.artifacts import InputError
from tests.firmware.foreign_files import assert_exact
from tests.firmware.random_models import Model

CHANNELS, OUT = 3, 4


class Apart(Model):
    """SPACE_TO_BATCH_ND, a convolution and BATCH_TO_SPACE_ND, between views as of a Conv1D, or over (1, time, 1,
    channels) as of a Conv2D; shapes are as for a batch of 1.
    """

    def __init__(self, seed: int, kernel=3, block=2, length=20, pads=None, crops=None, tall=False) -> None:
        super().__init__(seed)
        over = (kernel - 1) * block
        pads = pads or (over // 2, over - over // 2 + -(length + over) % block)
        crops = crops or (0, -(length + over) % block)
        spread = (length + sum(pads)) // block
        self.tall, axes = tall, (lambda n, c: [1, n, 1, c]) if tall else (lambda n, c: [1, n, c])
        self.input(axes(length, CHANNELS), 0.1, 3)
        self.around("SPACE_TO_BATCH_ND", block, pads, axes(spread, CHANNELS))
        if not tall:
            axis = self.integers(-3)
            self.operator(
                "EXPAND_DIMS", [self.at, axis], self.like([1, 1, spread, CHANNELS]), self.s.ExpandDimsOptionsT()
            )
        self.conv(kernel, spread - kernel + 1)
        if not tall:
            shape = self.integers([-1, spread - kernel + 1, OUT])
            view = self.s.ReshapeOptionsT()
            self.operator("RESHAPE", [self.at, shape], self.like([1, spread - kernel + 1, OUT]), view)
        self.around("BATCH_TO_SPACE_ND", block, crops, axes((spread - kernel + 1) * block - sum(crops), OUT))

    def around(self, kind: str, block: int, rows, shape) -> None:
        blocks, table = ([block, 1], [list(rows), [0, 0]]) if self.tall else ([block], [list(rows)])
        options = getattr(self.s, {"S": "SpaceToBatchND", "B": "BatchToSpaceND"}[kind[0]] + "OptionsT")()
        self.operator(kind, [self.at, self.integers(blocks), self.integers(table)], self.like(shape), options)

    def conv(self, kernel: int, length: int) -> None:
        options = self.s.Conv2DOptionsT()
        options.padding, options.strideH, options.strideW = self.s.Padding.VALID, 1, 1
        options.dilationHFactor = options.dilationWFactor = 1
        values = self.rng.integers(-127, 128, [OUT, kernel, CHANNELS]).astype(np.int8)
        w = self.tensor(
            [OUT, *([kernel, 1] if self.tall else [1, kernel]), CHANNELS], self.s.TensorType.INT8, 0.01, 0, values
        )
        bias = self.rng.integers(-500, 500, OUT).astype(np.int32)
        b = self.tensor([OUT], self.s.TensorType.INT32, 0.1 * np.float32(0.01), 0, bias)
        result = self.activation([1, length, 1, OUT] if self.tall else [1, 1, length, OUT], 0.2)
        self.operator("CONV_2D", [self.at, w, b], result, options)


def assert_whole(engine, data: bytes) -> None:
    """The C and TFLite Micro on the file made whole, and TensorFlow Lite's reference kernels on the file as it is."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    whole = with_dilation(data, "model.tflite")
    assert whole != data and with_dilation(whole, "model.tflite") == whole
    read = assert_exact(engine, whole)
    lite = Interpreter(model_content=data, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    lite.allocate_tensors()
    (source,), (result,), micro = lite.get_input_details(), lite.get_output_details(), tflite_micro_runner(whole)
    rng = np.random.default_rng(0)
    for _ in range(10):
        x = rng.integers(-128, 128, source["shape"]).astype(np.int8)
        lite.set_tensor(source["index"], x)
        lite.invoke()
        np.testing.assert_array_equal(lite.get_tensor(result["index"]).ravel(), micro(x)(read.ends[0]).ravel())


@pytest.mark.parametrize("tall", [False, True])
@pytest.mark.parametrize(
    "shape",
    [
        {},
        {"block": 5, "kernel": 2, "length": 17},
        {"block": 4, "pads": (0, 0), "crops": (0, 0)},
        {"block": 3, "pads": (6, 1), "crops": (0, 1)},
        {"block": 2, "length": 21, "pads": (2, 3), "crops": (1, 2)},
    ],
)
def test_a_dilated_convolution_is_whole_again(engine, shape, tall):
    assert_whole(engine, Apart(0, **shape, tall=tall).bytes())


def test_tflite_micro_itself_computes_something_else_of_the_file():
    """Else nothing would have to be made whole."""
    data = Apart(0).bytes()
    whole = with_dilation(data, "model.tflite")
    x = np.random.default_rng(0).integers(-128, 128, (1, 20, CHANNELS)).astype(np.int8)
    at = from_file.read(whole, "model.tflite").ends[0]
    found, right = (tflite_micro_runner(file)(x)(at) for file in (data, whole))
    assert not np.array_equal(found.ravel(), right.ravel())


def _read_twice(model: Apart) -> None:
    model.graph.outputs = [model.graph.operators[0].outputs[0], model.at]


def _strided(model: Apart) -> None:
    model.graph.operators[2].builtinOptions.strideW = 2


def _other_block(model: Apart) -> None:
    model.graph.operators[4].inputs[1] = model.integers([3])


def _cut_more(model: Apart) -> None:
    model.graph.operators[4].inputs[2] = model.integers([[3, 0]])


def _no_block(model: Apart) -> None:
    for place in (0, 4):
        model.graph.operators[place].inputs[1] = model.integers([1])


def _negative(model: Apart) -> None:
    model.graph.operators[0].inputs[2] = model.integers([[-2, 6]])


def _without_convolution(model: Apart) -> None:
    del model.graph.operators[2]


@pytest.mark.parametrize(
    "change", [_read_twice, _strided, _other_block, _cut_more, _no_block, _negative, _without_convolution]
)
def test_what_is_no_dilated_convolution_stays_and_is_refused(change):
    model = Apart(0)
    change(model)
    data = model.bytes()
    assert with_dilation(data, "model.tflite") == data
    with pytest.raises(InputError, match=r"SPACE_TO_BATCH_ND; .* dilation factor of its own, .*batch_size=1"):
        from_file.read(data, "model.tflite")
