"""2-D operators of files that slide over time alone: over all columns at once, or over each of them."""

import numpy as np
import pytest

from export.network import from_file
from scl.artifacts import InputError
from tests.firmware.foreign_files import assert_exact, kinds
from tests.firmware.random_models import Model, RandomModel


class Columns(RandomModel):
    """One operator over (1, time, columns, channels)."""

    def __init__(self, seed: int, kind: str, wide: bool) -> None:
        Model.__init__(self, seed)
        rng, self.idle_rng = self.rng, np.random.default_rng([seed, 1])
        self.columns, channels = int(rng.integers(2, 5)), int(rng.integers(1, 4))
        length = int(rng.integers(6, 16))
        self.input([1, length, self.columns, channels], 0.05)
        self.tall, self.shape, self.wide = True, (length, channels), wide
        getattr(self, kind)()

    def four(self, shape):
        """Of a result: one column behind a kernel that takes in all."""
        return [1, shape[0], 1 if self.wide else self.columns, shape[1]]

    def pad(self) -> int:
        return 0

    def window(self, options, dilated: bool, padded: int = 0):
        kernel, length, dilation = super().window(options, dilated, padded)
        if self.wide:  # SAME would add columns
            kernel = min(kernel, self.shape[0])
            options.padding, dilation = self.s.Padding.VALID, 1
            length = (self.shape[0] - kernel) // options.strideH + 1
            if dilated:
                options.dilationHFactor = 1
        return kernel, length, dilation

    def weights(self, shape, out, axis, products, bias_needed=False):
        if self.wide:
            place = 2
            shape = [*shape[:place], self.columns, *shape[place + 1 :]]
        return super().weights(shape, out, axis, products, bias_needed)

    def operator(self, kind, inputs, output, options) -> None:
        if self.wide and hasattr(options, "filterWidth"):
            options.filterWidth = self.columns
        super().operator(kind, inputs, output, options)


@pytest.mark.parametrize("wide", [True, False])
@pytest.mark.parametrize("kind", ["conv", "depthwise", "pool"])
@pytest.mark.parametrize("start", range(0, 30, 10))
def test_columns_are_exact(engine, kind, wide, start):
    refused = 0
    for seed in range(start, start + 10):
        model = Columns(seed, kind, wide)
        try:
            assert_exact(engine, model.bytes())
        except InputError as error:
            assert "with a stride over each of" in str(error), str(error)
            refused += 1
    assert refused < 8


def test_a_convolution_of_one_channel_over_each_column_is_depthwise(engine):
    models = [Columns(seed, "conv", wide=False) for seed in range(60)]
    single = next(model for model in models if list(model.graph.tensors[0].shape)[3] == 1)
    assert kinds(assert_exact(engine, single.bytes())) == ["Depthwise"]


def test_a_kernel_over_some_columns_is_two_dimensional():
    model = next(m for m in (Columns(seed, "conv", wide=True) for seed in range(60)) if m.columns > 2)
    model.graph.tensors[0].shape = [1, model.shape[0] + 9, model.columns + 1, int(model.graph.tensors[0].shape[3])]
    with pytest.raises(
        InputError, match=r"of a kernel \(\d, \d\) over .*; the nearest .* VALID padding as wide as all"
    ):
        from_file.read(model.bytes(), "model.tflite")
