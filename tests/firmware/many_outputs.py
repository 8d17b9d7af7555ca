"""Models with more than 255 outputs and random weights: MLPerf Tiny's anomaly detector, and a classifier."""

import numpy as np

from tests.firmware.random_models import Model

WIDTHS = (128, 128, 128, 128, 8, 128, 128, 128, 128, 640)  # of an autoencoder's dense layers
MELS = 640  # of an input: 5 frames of 128 mel bands
CLASSES = 400


class ManyOutputs(Model):
    """Dense layers behind each other, a ReLU behind all but the last."""

    def dense(self, width: int, last: bool) -> None:
        source = self.graph.tensors[self.at].shape[-1]
        options = self.s.FullyConnectedOptionsT()
        if not last:
            options.fusedActivationFunction = self.s.ActivationFunctionType.RELU
        scale = np.float32(0.01)
        values = self.weights = self.rng.integers(-127, 128, (width, source)).astype(np.int8)
        w = self.tensor([width, source], self.s.TensorType.INT8, scale, 0, values)
        bias = self.rng.integers(-3000, 3000, width).astype(np.int32)
        b = self.tensor([width], self.s.TensorType.INT32, scale * self.scale_of(self.at), 0, bias)
        spread = float(self.scale_of(self.at)) * float(scale) * 73 * 73 * np.sqrt(source)
        result = self.activation([1, width], spread / 20, 0 if last else -128)
        self.operator("FULLY_CONNECTED", [self.at, w, b], result, options)


class AnomalyDetector(ManyOutputs):
    """An autoencoder: 640 to 128 four times, 8, 128 four times, 640."""

    def __init__(self) -> None:
        super().__init__(7)
        self.input([1, MELS], 0.05, 3)
        for index, width in enumerate(WIDTHS):
            self.dense(width, last=index == len(WIDTHS) - 1)


class Classifier(ManyOutputs):
    """400 classes: a window of 5 samples of 4 channels is likest to the one of its own weights."""

    def __init__(self) -> None:
        super().__init__(8)
        self.input([1, 1, 5, 4], 0.05, 0)
        options = self.s.ReshapeOptionsT()
        options.newShape = [1, 20]
        target = self.tensor([2], self.s.TensorType.INT32, [], [], np.array([1, 20], np.int32))
        result = self.activation([1, 20], self.scale_of(self.at), 0)
        self.operator("RESHAPE", [self.at, target], result, options)
        self.dense(CLASSES, last=True)
        self.windows = self.weights.reshape(CLASSES, 5, 4)
