"""Softplus as torch.onnx writes nn.Softplus: above a threshold it is its input.

There the two differ by less than exp(-threshold), less than half a float32 step of such an input: it is Softplus alone.
"""

from dataclasses import replace

from export.network.onnx_file import OnnxFile, OnnxNode

LEAST_THRESHOLD = 16.0  # torch's is 20


def without_thresholds(file: OnnxFile) -> OnnxFile:
    """The file with Softplus in the place of Where(Greater(x, threshold), x, Softplus(x))."""
    written = {name: node for node in file.nodes for name in node.outputs}
    nodes = [_alone(node, written, file) for node in file.nodes]
    read = {name for node in nodes for name in node.inputs} | set(file.outputs)
    kept = tuple(node for node in nodes if node.kind != "Greater" or read & set(node.outputs))
    return replace(file, nodes=kept)


def _alone(node: OnnxNode, written: dict[str, OnnxNode], file: OnnxFile) -> OnnxNode:
    if node.kind != "Where" or len(node.inputs) != 3:
        return node
    above, softplus = written.get(node.inputs[0]), written.get(node.inputs[2])
    if above is None or softplus is None or (above.kind, softplus.kind) != ("Greater", "Softplus"):
        return node
    threshold = file.constants.get(above.inputs[-1])
    if threshold is None or threshold.size != 1 or threshold.item() < LEAST_THRESHOLD:
        return node
    if not node.inputs[1] == above.inputs[0] == softplus.inputs[0]:
        return node
    return replace(node, kind="Identity", inputs=(node.inputs[2],))
