"""From a run folder to a bundle: one quantized network, written as TFLite, ONNX and C."""
