"""The network spelled out: C, TFLite, ONNX."""
