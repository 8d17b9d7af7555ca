"""The search for inputs at which C and TFLite Micro differ finds the differences that random inputs do not."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from export.network import arena, from_file
from export.network.from_file import Foreign
from export.network.operators import tflite_operators
from export.proof.c_engine import CEngine, build_library
from export.proof.cut import CutOperator
from export.proof.foreign import prove
from export.proof.gates import ExportError
from export.proof.search import search
from export.writers.c_source import CModel, write_c
from scl.artifacts.export_report import Searched
from tests.firmware.random_models import Model, RandomModel, read_dense_with_float32_product

pytestmark = pytest.mark.usefixtures("board_tools")


def compiled(read: Foreign, folder: Path) -> CEngine:
    network = read.network.network
    labels = [str(index) for index in range(network.tensors[network.outputs[-1]].size)]
    (folder / "c").mkdir()
    write_c(CModel(read.network, arena.schedule(network), labels, "ab" * 32, None, None), folder / "c")
    return CEngine(build_library(folder / "c", folder))


def dense(source: float, weights: float, result: float, values: np.ndarray, bias: np.ndarray) -> bytes:
    """A FULLY_CONNECTED with one scale of weights; values int8 (out, width)."""
    model = Model()
    out, width = values.shape
    at = model.input([1, width], source)
    w = model.tensor([out, width], model.s.TensorType.INT8, np.float32(weights), 0, values.astype(np.int8))
    scale = np.float32(source) * np.float32(weights)
    b = model.tensor([out], model.s.TensorType.INT32, scale, 0, bias.astype(np.int32))
    model.operator("FULLY_CONNECTED", [at, w, b], model.activation([1, out], result), model.s.FullyConnectedOptionsT())
    return model.bytes()


def random_dense(seed: int) -> bytes:
    """24 values to 6, with random scales."""
    rng = np.random.default_rng(seed)
    source, weights = 10 ** rng.uniform(-3, 0), 10 ** rng.uniform(-3, -1)
    typical = 74 * 74 * np.sqrt(24)
    result = source * weights * typical / 64 * 10 ** rng.uniform(-0.3, 0.7)
    return dense(source, weights, result, rng.integers(-127, 128, (6, 24)), rng.normal(0, typical, 6))


def the_dense_layer_that_was_wrong() -> bytes:
    """The scales at which the float32 product was noticed, with weights so that inputs choose the sum."""
    rng = np.random.default_rng(0)
    values = rng.integers(-127, 128, (4, 24))
    return dense(0.024790890514850616, 0.0195566825568676, 0.36449846625334064, values, rng.normal(0, 20_000, 4))


# Of 60 seeds those for which the float32 product gives another multiplier and some reachable sum another value.
SEEDS = (10, 14, 29, 33, 40, 41)
WRONG = {"the one that was wrong": the_dense_layer_that_was_wrong} | {
    f"24 to 6, {seed}": lambda seed=seed: random_dense(seed) for seed in SEEDS
}


@pytest.mark.parametrize("layer", WRONG.values(), ids=WRONG)
def test_a_float32_product_of_scales_is_found_where_random_inputs_find_nothing(layer, monkeypatch, tmp_path):
    data = layer()
    read_dense_with_float32_product(monkeypatch)
    read = from_file.read(data, "model.tflite")
    engine = compiled(read, tmp_path)
    assert prove(read, data, engine, seed=0) > 0  # 500 random inputs: equal
    with pytest.raises(ExportError, match=r"layer t\d+: its output \d .* is -?\d+, expected -?\d+"):
        search(read, data, engine, seed=0)
    monkeypatch.undo()
    (tmp_path / "right").mkdir()
    read = from_file.read(data, "model.tflite")
    assert search(read, data, compiled(read, tmp_path / "right"), seed=0).borders > 0


def slightly_wrong(read: Foreign, name: str) -> Foreign:
    """The network with biases, factors or a limit of one layer that are not TFLite Micro's."""
    int8 = read.network
    if name in int8.convs:
        conv = int8.convs[name]
        return replace(read, network=replace(int8, convs=int8.convs | {name: replace(conv, bias=conv.bias + 1)}))
    if name in int8.rescales:
        rescale = int8.rescales[name]
        constants = rescale.constants.copy()
        constants[100:101] ^= 1  # one value of a table
        factors = rescale.multiplier - rescale.multiplier // 50
        wrong = int8.rescales | {name: replace(rescale, multiplier=factors, constants=constants)}
        return replace(read, network=replace(int8, rescales=wrong))
    least, largest = int8.limits(name)
    return replace(read, network=replace(int8, clamps=int8.clamps | {name: (least, largest - 1)}))


def models_with(kind: str, count: int) -> Iterator[tuple[bytes, Foreign, str]]:
    """Random models with an operator behind the first layer whose values vary: file, network and the layer's name."""
    rng = np.random.default_rng(0)
    for seed in range(300):
        model = RandomModel(seed)
        read = from_file.read(data := model.bytes(), "model.tflite")
        written = (model.graph.tensors[op.outputs[0]].name for op in model.graph.operators)
        kinds = dict(zip(written, model.kinds, strict=True))
        network = read.network.network
        if network.tensors[network.outputs[-1]].size > 256:
            continue
        for layer in network.layers[1:]:
            if kinds.get(layer.name) == kind and count:
                operator = CutOperator(data, read, layer)
                noise = ({s.name: rng.integers(-128, 128, s.size, np.int8) for s in layer.sources} for _ in range(50))
                if len({int(value) for x in noise for value in operator.run(x)}) > 20:
                    count -= 1
                    yield data, read, layer.name
        if not count:
            return


# These compare or copy integers as they are: nothing of theirs could be slightly wrong.
PLAIN = {"MAXIMUM", "MINIMUM", "CONCATENATION", "SLICE", "SPLIT", "SPLIT_V", "STRIDED_SLICE"}
ELSEWHERE = {"GATHER"}  # a table as others are, which the random models do not have


@pytest.mark.parametrize("models", [1, pytest.param(3, marks=pytest.mark.exact)])
@pytest.mark.parametrize("kind", sorted(tflite_operators().keys() - PLAIN - ELSEWHERE))
def test_a_small_fault_in_an_inner_layer_is_found(kind, models, tmp_path):
    found = list(models_with(kind, models))
    assert len(found) == models
    for index, (data, read, name) in enumerate(found):
        (folder := tmp_path / str(index)).mkdir()
        engine = compiled(slightly_wrong(read, name), folder)
        with pytest.raises(ExportError, match=f"in layer {name}: "):
            search(read, data, engine, seed=0)


def test_equal_networks_are_found_equal_and_the_work_is_bounded(tmp_path):
    for seed in (3, 4, 11):  # of models with many borders
        (folder := tmp_path / str(seed)).mkdir()
        data = RandomModel(seed).bytes()
        read = from_file.read(data, "model.tflite")
        engine = compiled(read, folder)
        everything, little = (search(read, data, engine, seed=0, work=work) for work in (4_000_000_000, 4_000_000))
        assert 0.9 * everything.all_borders < everything.borders <= everything.all_borders
        assert isinstance(little, Searched) and little.all_borders == everything.all_borders
        assert little.borders < everything.borders and little.inputs < everything.inputs / 10
