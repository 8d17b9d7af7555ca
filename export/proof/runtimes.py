"""The interpreters that the exported files have to agree in. Each takes int8 inputs (n, samples, channels).

Outputs are int8 (n, size) by name: of encoders "features" (n, F) and "logits" (n, classes).
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from export.network.integers import Affine
from export.network.tflite_file import output_names, tensor_indices
from export.network.tflite_reader import read_file
from export.network.tflite_schema import ITEM_BYTES
from export.proof.quiet import native_stderr_hidden
from scl.artifacts import InputError
from scl.artifacts.errors import shortened

Outputs = dict[str, np.ndarray]
Tensors = Callable[[int], np.ndarray]  # values, flat, by the file's index
ALIGNMENT = 16  # of TFLite Micro's tensors
SPARE, RECORD, CHANNEL = 1 << 18, 1 << 10, 16  # bytes that it keeps beside them: in all, for a tensor, for a channel


def interpreter(tflite: bytes, preserve: bool = False) -> Any:
    """TFLite Micro's own interpreter with its reference kernels, in memory that its tensors all fit into.

    Args:
        preserve: whether every tensor keeps its place.

    Raises:
        InputError: the file is damaged, or TFLite Micro does not take it.
    """
    from tflite_micro.python.tflite_micro import runtime

    config = runtime.InterpreterConfig
    kind = config.kPreserveAllTensors if preserve else config.kAllocationRecording
    try:
        return runtime.Interpreter.from_bytes(tflite, arena_size=arena_bytes(tflite), intrepreter_config=kind)
    except RuntimeError as error:
        raise InputError(f"model.tflite: TFLite Micro does not take it ({error}); convert the model again") from error


def arena_bytes(tflite: bytes) -> int:
    """Memory in which every tensor of a file has its own place; the device's is planned by `export.network.arena`."""
    file = read_file(tflite)
    computed = [tensor for tensor in file.tensors if tensor.contents is None]
    tensors = sum(tensor.size * ITEM_BYTES.get(tensor.kind, 8) + ALIGNMENT for tensor in computed)
    channels = sum(len(tensor.scales) for tensor in file.tensors)
    return tensors + SPARE + RECORD * (len(file.tensors) + len(file.operators)) + CHANNEL * channels


def run_tflite_micro(tflite: bytes, inputs: np.ndarray) -> Outputs:
    """TFLite Micro's own interpreter with its reference kernels: the golden one."""
    micro, names = interpreter(tflite), output_names(tflite)

    def run(x: np.ndarray) -> list[np.ndarray]:
        micro.set_input(x[None, None], 0)
        micro.invoke()
        return [micro.get_output(index).ravel() for index in range(len(names))]

    return _collected(names, [run(x) for x in inputs])


def tflite_micro_runner(tflite: bytes) -> Callable[[np.ndarray], Tensors]:
    """A function from one input int8 (samples, channels) to what every tensor then holds."""
    micro = interpreter(tflite, preserve=True)
    shape = micro.get_input_details(0)["shape"]

    def run(x: np.ndarray) -> Tensors:
        micro.set_input(x.reshape(shape), 0)
        micro.invoke()
        return lambda index: micro.GetTensor(index, 0)["tensor_data"].ravel()

    return run


def tflite_micro_tensors(tflite: bytes, x: np.ndarray) -> Outputs:
    """Every tensor's values by name after TFLite Micro ran on one input (samples, channels), flat."""
    tensors = tflite_micro_runner(tflite)(x)
    return {name: tensors(index) for name, index in tensor_indices(tflite).items()}


def run_litert(tflite: bytes, inputs: np.ndarray, reference: bool) -> Outputs:
    """LiteRT with its plain reference kernels, or with its default ones (XNNPACK)."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    kind = OpResolverType.BUILTIN_REF if reference else OpResolverType.AUTO
    with native_stderr_hidden():
        interpreter = Interpreter(model_content=tflite, experimental_op_resolver_type=kind, num_threads=1)
        interpreter.allocate_tensors()
    (source,) = (detail["index"] for detail in interpreter.get_input_details())
    outputs = {detail["name"]: detail["index"] for detail in interpreter.get_output_details()}

    def run(x: np.ndarray) -> list[np.ndarray]:
        interpreter.set_tensor(source, x[None, None])
        interpreter.invoke()
        return [interpreter.get_tensor(index).ravel() for index in outputs.values()]

    return _collected(list(outputs), [run(x) for x in inputs])


def run_onnx(onnx: bytes, inputs: np.ndarray, scales: dict[str, Affine]) -> Outputs:
    """ONNX Runtime; `scales` (by tensor name) translate its float inputs and outputs to int8 and back, exactly."""
    x = scales["input"].dequantize(inputs).transpose(0, 2, 1)
    return {name: scales[name].quantize(values) for name, values in run_onnx_float(onnx, x).items()}


def run_onnx_float(onnx: bytes, x: np.ndarray) -> Outputs:
    """ONNX Runtime on normalised windows float32 (n, channels, samples); float outputs."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    # On x86 without VNNI the default int8 kernels add pairs of products in 16 bits, which saturate.
    options.add_session_config_entry("session.x64quantprecision", "1")
    session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"input": np.ascontiguousarray(x)}), strict=True))


def run_onnx_file(onnx: bytes, x: np.ndarray, where: str) -> list[np.ndarray]:
    """ONNX Runtime on a file from elsewhere, for inputs (n, ...), one at a time: its outputs (n, ...) in their order.

    Raises InputError that names the file, `where`, if it does not run it.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    try:
        session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
        (name,) = [given.name for given in session.get_inputs()]
        rows = [session.run(None, {name: np.ascontiguousarray(one[None])}) for one in x]
    except Exception as error:  # its classes have no base of their own
        first = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
        raise InputError(f"{where}: ONNX Runtime does not run it ({shortened(first, 200)}); export it again") from error
    return [np.concatenate(values) for values in zip(*rows, strict=True)]


def _collected(names: list[str], rows: list[list[np.ndarray]]) -> Outputs:
    return {name: np.stack(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)}
