"""What TFLite Micro makes of a file that was made elsewhere, asked in a process of its own (`export.proof.child`)."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from export.network import from_file
from export.network.from_file import Foreign
from export.network.tflite_reader import read_file
from export.proof import child
from export.proof.agreement import differing_layer
from export.proof.c_engine import CEngine
from export.proof.cut import CutOperator
from export.proof.gates import AGREEMENT_INPUTS, ExportError
from export.proof.runtimes import tflite_micro_runner
from export.proof.search import search
from scl.artifacts import InputError, read_npz
from scl.artifacts.export_report import Searched

MODULE = "export.proof.foreign"


def proved(where: str, file: Path, library: Path, seed: int) -> tuple[int, Searched]:
    """Compares the compiled C, `library`, with TFLite Micro on the file, by `prove` and `search`; how many values the
    first has compared, and what the second did. `where` names the file in errors.

    Raises InputError if TFLite Micro does not take the file or ends on it, ExportError if the C differs.
    """
    answer = child.ask(MODULE, where, "prove", str(file), str(library), str(seed))
    return answer["values"], Searched(**answer["searched"])


def tensors(path: Path, x: np.ndarray, indices: Sequence[int]) -> list[np.ndarray]:
    """What a file's tensors of these indices hold after TFLite Micro ran on one input int8: int8, flat.

    Raises InputError if one holds no int8, or TFLite Micro does not take the file or ends on it.
    """
    file = read_file(path.read_bytes(), str(path))
    sizes = [file.tensors[index].size for index in indices]
    reads = [file.tensors[index] for index in file.inputs]
    if [tensor.size for tensor in reads] != [x.size] or any(file.tensors[i].kind != "INT8" for i in indices):
        raise InputError(
            f"{path}: reads {' and '.join(str(list(tensor.shape)) for tensor in reads)}, expected {x.size} values, all "
            "tensors int8; export the bundle again"
        )
    with tempfile.TemporaryDirectory() as folder:
        given, written = Path(folder) / "input", Path(folder) / "tensors"
        given.write_bytes(x.astype(np.int8).tobytes())
        child.ask(MODULE, str(path), "tensors", str(path), str(given), str(written), *map(str, indices))
        values = np.frombuffer(written.read_bytes(), np.int8)
    return np.split(values, np.cumsum(sizes)[:-1])


def outputs(where: str, file: Path, inputs: np.ndarray, names: Sequence[str]) -> list[np.ndarray]:
    """What the network's tensors of these names hold after TFLite Micro ran on each of `inputs` int8 (n, samples,
    channels): int8 (n, size) each. `where` names the file in errors.

    Raises InputError if TFLite Micro does not take the file or ends on it.
    """
    with tempfile.TemporaryDirectory() as folder:
        given, written = Path(folder) / "inputs.npy", Path(folder) / "outputs.npz"
        np.save(given, inputs)
        child.ask(MODULE, where, "outputs", str(file), str(given), str(written), *names)
        found = read_npz(written)
    return [found[f"output{number}"] for number in range(len(names))]


def prove(read: Foreign, tflite: bytes, engine: CEngine, seed: int) -> int:
    """Runs random inputs through C and TFLite Micro: uniform, and slow ones as sensors give them. Returns the number of
    values compared.

    Raises ExportError that names the first layer in which they part.
    """
    rng = np.random.default_rng(seed)
    network, micro = read.network.network, tflite_micro_runner(tflite)
    shape, compared = (network.input.length, network.input.channels), 0
    outputs = [network.names.index(name) for name in network.outputs]
    for index in range(AGREEMENT_INPUTS):
        x = rng.integers(-128, 128, shape)
        if index % 2:
            x = np.clip(np.cumsum(rng.normal(0, 20, shape), axis=0), -128, 127)
        x = x.astype(np.int8)
        expected = micro(read.to_file(read.tensors["input"], x))
        named = {name: read.to_network(name, expected(read.tensors[name])) for name in network.outputs}
        found = np.concatenate(engine.outputs(x, outputs))
        compared += found.size
        if np.array_equal(found, np.concatenate(list(named.values()))):
            continue
        named = {name: read.to_network(name, expected(read.tensors[name])) for name in network.names}
        where = differing_layer(read.network, engine, x, named)
        raise ExportError(
            f"the C differs from TFLite Micro in {where} (random input {index}); please report it with the file"
        )
    return compared


def _prove(path: str, library: str, seed: str) -> dict[str, Any]:
    tflite = Path(path).read_bytes()
    read = from_file.read(tflite, "model.tflite")
    for layer in read.network.network.layers:
        index = read.origins[layer.name].operators[-1]
        child.about_to(f"run operator {index}, {read_file(tflite).operators[index].kind}")
        CutOperator(tflite, read, layer).run({source.name: np.zeros(source.size, np.int8) for source in layer.sources})
    child.about_to("run the whole network")
    engine = CEngine(Path(library))
    values = prove(read, tflite, engine, int(seed))
    return {"values": values, "searched": asdict(search(read, tflite, engine, int(seed)))}


def _tensors(path: str, given: str, written: str, *indices: str) -> None:
    tflite = Path(path).read_bytes()
    file = read_file(tflite)
    unknown = [op.kind for op in file.operators if op.kind not in from_file.supported()]
    if unknown:
        raise InputError(f"holds the operator {unknown[0]}, expected {', '.join(from_file.supported())}; export again")
    child.about_to(f"run {len(file.operators)} operators")
    x = np.frombuffer(Path(given).read_bytes(), np.int8)
    values = tflite_micro_runner(tflite)(x)
    Path(written).write_bytes(b"".join(values(int(index)).tobytes() for index in indices))


def _outputs(path: str, given: str, written: str, *names: str) -> None:
    tflite = Path(path).read_bytes()
    read = from_file.read(tflite, "model.tflite")
    child.about_to("run the whole network")
    run, source = tflite_micro_runner(tflite), read.tensors["input"]
    rows = []
    for x in np.load(given):
        tensors = run(read.to_file(source, x))
        rows.append([read.to_network(name, tensors(read.tensors[name])) for name in names])
    columns = {f"output{number}": np.stack(column) for number, column in enumerate(zip(*rows, strict=True))}
    np.savez(written, **columns)  # type: ignore[arg-type]


TASKS: dict[str, Callable[..., Any]] = {"prove": _prove, "tensors": _tensors, "outputs": _outputs}


def main(argv: Sequence[str]) -> Any:
    name, *arguments = argv
    return TASKS[name](*arguments)


if __name__ == "__main__":
    child.task(main)
