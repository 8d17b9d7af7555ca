"""Damaged .tflite files: each is refused in words, or read and then equal to TFLite Micro in every bit.

An id in a failure makes the file again (tests/firmware/damage.py): a field's path and value, a length, or a seed.
"""

import ctypes

import numpy as np
import pytest

from export.network import arena, from_file
from export.network.placing import Arena
from export.proof.cut import between_int8
from export.proof.runtimes import tflite_micro_runner
from scl.artifacts import InputError
from tests.export.network.test_from_file import convert, keras_encoder
from tests.firmware.conftest import BUILDS
from tests.firmware.damage import mutations, outcome, prefixes, with_other_fields
from tests.firmware.damaged_models import NAMED, EveryOperator, SmallNet, named, scaled
from tests.firmware.random_models import RandomModel
from tests.firmware.test_operators import run_layer

WHERE = "model.tflite"
LARGEST = 1 << 20  # bytes of all tensors of a net that is run; boards have less
MUTATIONS = 2000


@pytest.fixture(scope="module")
def engine_library(compile_engine):
    return ctypes.CDLL(str(compile_engine("gcc", *BUILDS["sanitized"], "-shared", "-fPIC")))


@pytest.fixture
def judge(engine):
    """judge(data): the refusal; None if the file is read and equals TFLite Micro in every tensor for a few inputs."""

    def judge(data: bytes) -> str | None:
        try:
            read = from_file.read(data, WHERE)
        except InputError as error:
            assert str(error).startswith(f"{WHERE}: ") and str(error).isprintable(), repr(str(error))
            return str(error)
        network, rng = read.network.network, np.random.default_rng(0)
        if sum(tensor.size for tensor in network.tensors.values()) > LARGEST:
            return "too large"
        inner = between_int8(data, read)
        micro, shape = tflite_micro_runner(inner), (network.input.length, network.input.channels)
        noise = [rng.integers(-128, 128, shape) for _ in range(3)]
        for x in (*noise, np.full(shape, -128), np.full(shape, 127), np.where(noise[0] < 0, -128, 127)):
            expected = micro(read.to_file(read.tensors["input"], x.astype(np.int8)))
            for name, values in run_apart(engine, read.network, x.astype(np.int8)).items():
                right = read.to_network(name, expected(read.tensors[name]))
                np.testing.assert_array_equal(values, right, err_msg=name)
        return None

    return judge


def run_apart(engine, int8, x: np.ndarray) -> dict[str, np.ndarray]:
    """Every layer's values, each tensor in a place of its own: to plan the arena takes longer than to run it."""
    sizes = {tensor.name: tensor.size for tensor in int8.network.tensors.values()}
    sizes |= {arena.scratch_name(layer): arena.scratch_bytes(layer) for layer in int8.network.layers}
    sizes = {name: -(-size // 4) * 4 for name, size in sizes.items() if size}
    ends = np.cumsum(list(sizes.values())).tolist()
    memory = Arena({name: end - sizes[name] for name, end in zip(sizes, ends, strict=True)}, ends[-1])
    block = np.zeros(memory.size, np.int8)
    block[memory.offsets["input"] :][: x.size] = x.ravel()
    for layer in int8.network.layers:
        run_layer(engine, int8, memory, layer, block)
    return {layer.name: block[memory.offsets[layer.name] :][: layer.result.size] for layer in int8.network.layers}


def test_whole_files_are_read(judge):
    files = [("every operator", EveryOperator().bytes()), ("small", SmallNet().bytes())]
    limit = SmallNet()
    scaled(float(np.nextafter(np.float32(2.0**-26), np.float32(1))))(limit)
    files.append(("softmax above its limit", limit.bytes()))
    files += [(f"random {seed}", RandomModel(seed).bytes()) for seed in range(20)]
    assert not outcome(files, judge).refused
    assert set(EveryOperator().kinds) == set(from_file.supported())


def test_every_named_file_is_refused_by_name(judge):
    refused = outcome([(name, named(name)) for name in NAMED], judge).refused
    for name, (_, message) in NAMED.items():
        with pytest.raises(InputError, match=message):
            raise InputError(refused.get(name, "accepted"))


@pytest.mark.parametrize("name", ["inDataType", "outDataType"])
def test_a_cast_to_a_type_that_nobody_knows_is_refused(name):
    """TFLite Micro ends on it, though it goes by the tensors' types."""
    model = EveryOperator()
    setattr(model.graph.operators[model.kinds.index("CAST")].builtinOptions, name, 127)
    with pytest.raises(InputError, match=f"is CAST with {name} 127; .*CAST of an int8 tensor to int32"):
        from_file.read(model.bytes(), WHERE)


def test_other_values_in_some_fields(judge):
    result = outcome(with_other_fields(EveryOperator().bytes(), every=97), judge)
    assert result.accepted and len(result.refused) > len(result.accepted)


FIFTHS = [pytest.param(0, marks=pytest.mark.faults), *(pytest.param(n, marks=pytest.mark.exact) for n in range(1, 5))]


@pytest.mark.parametrize("first", FIFTHS)
def test_other_values_in_every_field(judge, first):
    """Some thousand files each, of all some twenty thousand."""
    result = outcome(with_other_fields(EveryOperator().bytes(), every=5, first=first), judge)
    assert result.accepted and len(result.refused) > 2500


def test_some_prefixes_and_mutations(judge):
    whole = EveryOperator().bytes()
    assert not outcome(prefixes(whole, every=97), judge).accepted
    assert len(outcome(mutations(whole, range(100)), judge).refused) > 30


@pytest.mark.faults
@pytest.mark.parametrize(
    "whole", [lambda: EveryOperator().bytes(), lambda: convert(keras_encoder)], ids=["ours", "keras"]
)
def test_every_prefix_and_many_mutations_of_a_whole_file(whole, judge):
    """The second with all that TensorFlow's converter writes: metadata, signatures, buffers that tensors share."""
    whole = whole()
    assert not outcome(prefixes(whole), judge).accepted
    result = outcome(mutations(whole, range(MUTATIONS)), judge)
    assert len(result.accepted) > MUTATIONS // 50 and len(result.refused) > MUTATIONS // 3


@pytest.mark.faults
@pytest.mark.parametrize("name", NAMED)
def test_every_prefix_and_many_mutations_of_the_named_files(name, judge):
    damaged = named(name)
    outcome(prefixes(damaged), judge)
    result = outcome(mutations(damaged, range(MUTATIONS)), judge)
    assert len(result.refused) > MUTATIONS // 2
