"""Parts of tensors: STRIDED_SLICE, SLICE, SPLIT and SPLIT_V against numpy and TFLite Micro, on both orders of axes."""

import numpy as np
import pytest

from export.network import arena, from_file
from export.network.layers import Network, Tensor
from export.network.slices import Slice
from scl.artifacts import InputError
from tests.firmware.foreign_files import assert_exact
from tests.firmware.random_models import Model
from tests.firmware.test_operators import run

SHAPE = (1, 12, 6)


def model_of(shape=SHAPE) -> Model:
    model = Model()
    model.input(list(shape), 0.1, 3)
    return model


def strided(*bounds, shape, of=SHAPE, **options: int) -> Model:
    model = model_of(of)
    model.strided_slice(bounds, shape, **options)
    return model


ALL = (0, 99, 1)  # an end beyond the axis
FOUR = (1, 5, 4, 6)
TAKEN = {
    "[:, -1, :]": strided(ALL, (-1, 0, 1), ALL, shape=[1, 6], shrinkAxisMask=2),
    "[:, 2:, :]": strided(ALL, (2, 0, 1), ALL, shape=[1, 10, 6], endMask=2),
    "[:, :-3, :]": strided(ALL, (5, -3, 1), ALL, shape=[1, 9, 6], beginMask=2),
    "[:, 1::3, :]": strided(ALL, (1, 12, 3), ALL, shape=[1, 4, 6]),
    "[:, :, :3]": strided(ALL, ALL, (0, 3, 1), shape=[1, 12, 3]),
    "[:, :, -2]": strided(ALL, ALL, (-2, 0, 1), shape=[1, 12], shrinkAxisMask=4),
    "[0, 3:9:2, 1:5]": strided((0, 1, 1), (3, 9, 2), (1, 5, 1), shape=[3, 4], shrinkAxisMask=1),
    "[:, :, 1]": strided(ALL, ALL, (1, 2, 1), ALL, of=FOUR, shape=[1, 5, 6], shrinkAxisMask=4),
    "[:, 2:, :, :3]": strided(ALL, (2, 5, 1), ALL, (0, 3, 1), of=(1, 5, 1, 6), shape=[1, 3, 1, 3]),
    "[:, 1::2, 2:, :]": strided(ALL, (1, 5, 2), (2, 4, 1), ALL, of=FOUR, shape=[1, 2, 2, 6]),
}


def engine_takes(engine, model: Model) -> np.ndarray:
    """What the C makes of a model of one layer that reads its input of 0, 1, 2, ..."""
    network = from_file.read(model.bytes(), "model.tflite").network
    x = np.arange(network.network.input.size, dtype=np.int8)
    return run(engine, network, x, np.random.default_rng(0))[network.network.names[-1]]


@pytest.mark.parametrize("taken", TAKEN)
def test_a_strided_slice_is_numpys_and_tflite_micros(engine, taken):
    model = TAKEN[taken]
    x = np.arange(120, dtype=np.int8)[: np.prod(model.graph.tensors[0].shape)].reshape(model.graph.tensors[0].shape)
    np.testing.assert_array_equal(engine_takes(engine, model), eval(f"x{taken}", {"x": x}).ravel())
    assert_exact(engine, model.bytes())


@pytest.mark.parametrize("kind", ["SPLIT", "SPLIT_V"])
@pytest.mark.parametrize(("axis", "sizes"), [(1, [4, 4, 4]), (2, [3, 3]), (-1, [2, 2, 2]), (1, [12]), (2, [1, 4, 1])])
def test_all_parts_joined_in_the_other_order(engine, kind, axis, sizes):
    """A SLICE of the joined parts behind it."""
    if kind == "SPLIT" and len(set(sizes)) > 1:
        return
    model, x = model_of(), np.arange(72).reshape(SHAPE)
    options = model.s.ConcatenationOptionsT()
    options.axis = axis
    model.operator("CONCATENATION", model.split(axis, sizes, kind)[::-1], model.like(SHAPE), options)
    model.slice_of([0, 3, 1], [-1, 7, 5], [1, 7, 5])
    parts = np.split(x, np.cumsum(sizes)[:-1], axis)[::-1]
    found = engine_takes(engine, model)
    np.testing.assert_array_equal(found, np.concatenate(parts, axis)[:, 3:10, 1:6].ravel())
    assert_exact(engine, model.bytes())


@pytest.mark.parametrize(
    ("begins", "sizes"), [([0, 0, 9], [-1, 4, 3]), ([0, 1, 0], [1, -1, 5]), ([0, 5, 2], [1, 1, 1])]
)
def test_channels_before_time(engine, begins, sizes):
    """A part of what a TRANSPOSE has moved; moved back, it is in the order of TFLite Micro."""
    model = model_of()
    for axes in ((0, 2, 1), None, (0, 2, 1)):
        shape = [int(n) for n in model.graph.tensors[model.at].shape]
        if axes is None:
            shape = [n - begin if size < 0 else size for n, begin, size in zip(shape, begins, sizes, strict=True)]
            model.slice_of(begins, sizes, shape)
        else:
            places = model.integers(axes)
            result = model.like([shape[axis] for axis in axes])
            model.operator("TRANSPOSE", [model.at, places], result, model.s.TransposeOptionsT())
    assert_exact(engine, model.bytes())


def test_the_whole_of_a_tensor_is_no_layer():
    model = TAKEN["[:, 2:, :]"]
    model.strided_slice([ALL, ALL, ALL], [10, 6], shrinkAxisMask=1)
    assert len(from_file.read(model.bytes(), "model.tflite").network.network.layers) == 1


@pytest.mark.parametrize(("start", "stride", "first"), [(11, 1, 0), (5, 1, 2), (1, 3, 0), (0, 1, 4)])
def test_a_part_lies_in_the_tensor_that_it_is_taken_of(start, stride, first):
    length = -(-(12 - start) // stride)
    network = Network((Slice("part", Tensor("input", 12, 6), start, length, first, 6 - first, stride),), ("part",))
    assert arena.schedule(network).size == 72


@pytest.mark.parametrize("part", [(12, 1, 0, 6), (3, 10, 0, 6), (0, 12, 1, 6), (-1, 3, 0, 6), (0, 0, 0, 6)])
def test_a_part_that_is_not_there_is_a_mistake(part):
    with pytest.raises(ValueError, match=r"part: samples .* channels .* of Tensor\("):
        Slice("part", Tensor("input", 12, 6), *part)


def split_of(kind: str, axis: int, sizes, **constants: list[int]) -> Model:
    """A SPLIT or SPLIT_V with other constants than those of its outputs: sizes or the axis."""
    model = model_of()
    model.split(axis, sizes, kind)
    for name, values in constants.items():
        model.graph.operators[0].inputs[{"sizes_given": 1, "axis_given": 2}[name]] = model.integers(values)
    return model


def sliced(begins, sizes, shape) -> Model:
    model = model_of()
    model.slice_of(begins, sizes, shape)
    return model


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (strided(ALL, (-1, 0, -1), ALL, shape=[1, 11, 6]), "STRIDED_SLICE in steps of -1; .* is steps from 1 on"),
        (strided(ALL, ALL, (0, 6, 2), shape=[1, 12, 3]), r"in steps of 2 along the axes \[2\] of .*; .* a step of 1"),
        (strided(ALL, (12, 0, 1), ALL, shape=[1, 6], shrinkAxisMask=2), "of place 12 of 12; .* a place that there is"),
        (strided(ALL, (2, 0, 1), shape=[1, 10, 6], endMask=2), r"of 2 axes of .*; .* as of x\[:, -1, :\] where"),
        (strided(ALL, ALL, shape=[1, 1, 12, 6], newAxisMask=1), "a new axis or an offset; .* plain bounds, and a RES"),
        (strided(ALL, (2, 6, 1), ALL, shape=[1, 3, 6]), r"that writes \[1, 3, 6\] where \[1, 4, 6\] was expected"),
        (strided(ALL, (1, 5, 1), ALL, (2, 4, 1), of=FOUR, shape=[1, 4, 4, 2]), r"of the axes \[1, 3\] of .*; .* one a"),
        (sliced([0, 3, 0], [1, 10, 6], [1, 10, 6]), r"SLICE of \[1, 10, 6\] from .*; .* bounds within the tensor"),
        (sliced([0, 3], [1, 9], [1, 9, 6]), r"SLICE of \[1, 9\] from .*; .* bounds within the tensor"),
        (split_of("SPLIT", 1, [5, 7]), r"that writes \[1, 5, 6\] where \[1, 6, 6\] was expected"),
        (split_of("SPLIT", 2, [1, 1, 1, 1]), r"of 6 into 4 parts of .*; .* parts that make up the axis"),
        (
            split_of("SPLIT_V", 2, [3, 3], sizes_given=[3, 2]),
            r"of 6 into 2 parts of \[3, 2\]; .* parts that make up the axis",
        ),
        (split_of("SPLIT_V", 2, [3, 3], axis_given=[3]), r"along the axes \[3\] of \[1, 12, 6\]; .* one axis"),
    ],
)
def test_what_is_not_supported_is_said(model, message):
    with pytest.raises(InputError, match=message):
        from_file.read(model.bytes(), "model.tflite")
