"""A model from elsewhere, as it is deployed."""

from dataclasses import dataclass, replace

from export.given_front_end import designed
from export.given_options import Options
from export.model import LABEL_BYTES
from export.network import arena, from_file, streaming
from export.network.dilation import with_dilation
from export.network.integers import Int8Network
from export.network.layers import FEATURES, Network
from export.network.operators import operator_of
from export.network.tflite_reader import read_file
from export.proof.cut import between_int8
from export.writers.c_source import CModel
from scl.artifacts import InputError
from scl.artifacts.bundle import model_hash
from scl.artifacts.fields import MOST_LABELS, MOST_OUTPUTS
from scl.artifacts.manifest import OutputTensor
from scl.frontend.resampler import design
from scl.machines import FIRMWARE
from scl.memory import lacking
from scl.memory import memory as memory_of
from scl.partition import Partition

MOST_FILE_BYTES = 1 << 26  # of a model's file: far more than boards hold
MOST_SAMPLE_BYTES = 1026  # of the network's input at one time: a frame holds 4 more


@dataclass(frozen=True, eq=False)
class Model:
    """The network as it was read, and as C; `features`: the layer that is the kept latent."""

    tflite: bytes
    network: Int8Network
    c: CModel
    features: str | None

    @property
    def logits(self) -> str:
        return self.network.network.outputs[-1]

    def output(self, name: str) -> OutputTensor:
        scale = self.network.activations[name]
        return OutputTensor(self.network.network.tensors[name].size, float(scale.scale), scale.zero_point)


def read_model(where: str, data: bytes, options: Options) -> Model:
    """The model of an int8 .tflite file's bytes, which `where` names in errors.

    Raises InputError if the file uses what the engine lacks, the board has no room for it, or names do not fit it.
    """
    data = with_dilation(data, where)
    read = from_file.read(data, where)
    if (tflite := between_int8(data, read)) != data:
        read = from_file.read(tflite, where)
    tensors = read_file(tflite, where).tensors
    names = {tensors[read.tensors[name]].name: name for name in read.network.network.outputs}
    features = names.get(FEATURES) if len(names) > 1 else None
    network = read.network.network
    if features is not None:
        rest = tuple(name for name in network.outputs if name != features)
        network = replace(network, outputs=(features, *rest))
    _require_partition(where, options.partition, network.tensors[features].size if features else 0)
    int8 = replace(read.network, network=network)
    if network.input.channels > MOST_SAMPLE_BYTES:
        raise InputError(
            f"{where}: its input has {network.input.channels} values at one time, expected at most "
            f"{MOST_SAMPLE_BYTES}, which a frame of the link holds; divide it into more samples, a RESHAPE behind them"
        )
    memory = arena.schedule(network)
    step = None if options.streaming is None else streaming.step(network, options.streaming)
    needed = max(memory.size, step.arena.size) if step else memory.size
    _require_memory(where, int8, needed, options.board)
    labels = _labels(where, network, features, options)
    frontend = None
    if options.front_end is not None:
        frontend = designed(options.front_end, network.input, int8.activations["input"])
    identity = model_hash(tflite, frontend, labels)
    filtered = None if frontend is None else design(frontend.sensor.rate_hz, frontend.model_rate_hz).coefficients
    model = CModel(int8, memory, labels, identity, frontend, filtered, step=step, features=features or "")
    return Model(tflite, int8, model, features)


def _require_partition(where: str, partition: Partition | None, features: int) -> None:
    if partition is not None and features != partition.kept_size:
        found = f"{features} features" if features else "no output named features"
        advice = "leave the partition out, or name that output features"
        if features == partition.size:
            advice = (
                "its layers are int8 already, and stay as they are: return latent[:, partition.kept] before it is "
                "quantized, or give a float ONNX file, of which the variant rows are left out here"
            )
        raise InputError(
            f"{where}: the partition keeps {partition.kept_size} dimensions, the model has {found}; {advice}"
        )


def _labels(where: str, network: Network, features: str | None, options: Options) -> tuple[str, ...]:
    """Those that were given, one for each output, or none. Raises InputError if they do not fit, or an answer of the
    link does not hold the outputs.
    """
    classes = network.tensors[network.outputs[-1]].size
    beside = network.tensors[features].size if features else 0
    if classes + beside > MOST_OUTPUTS:
        raise InputError(
            f"{where}: has {classes} outputs" + f" and {beside} features" * (beside > 0) + f", expected at most "
            f"{MOST_OUTPUTS} together, which an answer of the link holds; leave some out"
        )
    given = options.labels or (options.representative.names if options.representative else None) or ()
    if given and len(given) != classes:
        raise InputError(f"{where}: has {classes} outputs, {len(given)} names were given; give one for each")
    size = sum(len(label.encode()) + 1 for label in given)
    if len(given) > MOST_LABELS or size > LABEL_BYTES:
        raise InputError(
            f"{where}: its {classes} outputs' names have {size} bytes together, expected at most {MOST_LABELS} names "
            f"of {LABEL_BYTES} bytes; shorten them, or leave them out: classes are told by number then"
        )
    return given


def _require_memory(where: str, network: Int8Network, arena_bytes: int, board: str) -> None:
    """Raises InputError unless the board that costs are counted on has room for the arena, and for the constants."""
    constants = sum(operator_of(layer).constant_bytes(layer) for layer in network.network.layers)
    available = memory_of(FIRMWARE, board)
    for region, needed in (("RAM", arena_bytes), ("FLASH", constants)):
        if needed > available[region]:
            raise InputError(f"{where}: {lacking(board, region, available[region], needed)}")
