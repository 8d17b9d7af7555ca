"""The interpreters that the exported files have to agree in. Each takes int8 inputs (n, samples, channels).

Outputs are {"features": int8 (n, F), "logits": int8 (n, classes)}, found by name.
"""

from collections.abc import Callable

import numpy as np

from export.network.integers import Affine
from export.network.layers import FEATURES, LOGITS
from export.network.tflite_file import output_names, tensor_indices
from export.proof.quiet import native_stderr_hidden

Outputs = dict[str, np.ndarray]
Tensors = Callable[[int], np.ndarray]  # values, flat, by the file's index
ARENA_BYTES = 1 << 22  # of the host's interpreter; the device's arena is planned by export.network.arena


def run_tflite_micro(tflite: bytes, inputs: np.ndarray) -> Outputs:
    """TFLite Micro's own interpreter with its reference kernels: the golden one."""
    from tflite_micro.python.tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(tflite, arena_size=ARENA_BYTES)
    names = output_names(tflite)

    def run(x: np.ndarray) -> list[np.ndarray]:
        interpreter.set_input(x[None, None], 0)
        interpreter.invoke()
        return [interpreter.get_output(index).ravel() for index in range(len(names))]

    return _collected(names, [run(x) for x in inputs])


def tflite_micro_runner(tflite: bytes) -> Callable[[np.ndarray], Tensors]:
    """A function from one input int8 (samples, channels) to what every tensor then holds."""
    from tflite_micro.python.tflite_micro import runtime

    config = runtime.InterpreterConfig.kPreserveAllTensors
    interpreter = runtime.Interpreter.from_bytes(tflite, arena_size=ARENA_BYTES, intrepreter_config=config)
    shape = interpreter.get_input_details(0)["shape"]

    def run(x: np.ndarray) -> Tensors:
        interpreter.set_input(x.reshape(shape), 0)
        interpreter.invoke()
        return lambda index: interpreter.GetTensor(index, 0)["tensor_data"].ravel()

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
        return [interpreter.get_tensor(outputs[name]).ravel() for name in (FEATURES, LOGITS)]

    return _collected([FEATURES, LOGITS], [run(x) for x in inputs])


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
    names = [FEATURES, LOGITS]
    return dict(zip(names, session.run(names, {"input": np.ascontiguousarray(x)}), strict=True))


def _collected(names: list[str], rows: list[list[np.ndarray]]) -> Outputs:
    return {name: np.stack(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)}
