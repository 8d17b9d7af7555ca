"""Orders of a tensor's values against numpy, which moves them."""

import numpy as np
import pytest

from export.network.order import Order


def moved(order: Order, values: np.ndarray) -> np.ndarray:
    return order.to_file(values).reshape(order.shape)


@pytest.mark.parametrize("seed", range(200))
def test_transposed_and_reshaped_as_numpy_does(seed):
    rng = np.random.default_rng(seed)
    shape = rng.choice([1, 1, 2, 3, 4, 6], int(rng.integers(1, 5))).tolist()
    values = np.arange(np.prod(shape))
    order, array = Order.of(shape), values.reshape(shape)
    assert order.plain
    for _ in range(int(rng.integers(1, 5))):
        if rng.integers(2):
            axes = rng.permutation(array.ndim).tolist()
            order, array = order.transposed(axes), array.transpose(axes)
        else:
            shape = [1]
            for factor in rng.permutation([n for size in array.shape for n in ((2, 2) if size == 4 else (size,))]):
                if rng.integers(2):
                    shape[-1] *= int(factor)
                else:
                    shape.append(int(factor))
            other = order.reshaped(shape)
            if other is None:
                assert not order.plain, "any shape of values that stand in order has one"
                continue
            order, array = other, array.reshape(shape)
        assert order.shape == list(array.shape)
        np.testing.assert_array_equal(moved(order, values), array)
        np.testing.assert_array_equal(order.to_network(array), values)
        assert order.plain == np.array_equal(array.ravel(), values)


def test_a_shape_that_cuts_through_a_moved_axis_has_none():
    order = Order.of([4, 6]).transposed([1, 0])
    assert order.reshaped([24]) is not None and order.reshaped([3, 8]) is not None
    assert order.reshaped([8, 3]) is None


@pytest.mark.parametrize("shape", [[1, 5, 3], [1, 1, 3], [5, 1, 1]])
def test_longer_along_the_outermost_axis(shape):
    """Zeros around time, behind a TRANSPOSE and before one."""
    axis = 0 if shape[0] > 1 else 1
    axes = [2, 0, 1] if axis == 1 else [1, 0, 2]
    for order, place in ((Order.of(shape), axis), (Order.of(shape).transposed(axes), axes.index(axis))):
        assert order.outermost(place)
        longer = order.longer(place, 2)
        values = np.arange(np.prod(longer.shape))
        expected = values.reshape([size + 2 * (at == axis) for at, size in enumerate(shape)])
        np.testing.assert_array_equal(
            moved(longer, values), expected.transpose(axes) if order.axes != Order.of(shape).axes else expected
        )
    assert not Order.of([4, 3]).outermost(1)
