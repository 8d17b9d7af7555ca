"""Functions of one value, put together from ONNX's operators: what becomes a table of 256 entries.

An exporter writes GELU, Mish and the like as one node or as a handful. Each node that reads one value and numbers is a
step of such a function, and so is one that reads two functions of the same value; together they are one table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Union

import numpy as np

Operand = Union["Curve", float]


@dataclass(frozen=True)
class Curve:
    """An ONNX operator over functions of the value and numbers.

    Args:
        kind: of the operator, one of COMPUTED; VALUE is the value itself.
        operands: what the operator reads, in its order.
        attributes: of the operator, all that differ from ONNX's defaults.
    """

    kind: str
    operands: tuple[Operand, ...] = ()
    attributes: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def size(self) -> int:
        """Operators and values in it."""
        return 1 + sum(one.size for one in self.operands if isinstance(one, Curve))

    @cached_property
    def values(self) -> int:
        """How often it reads the value."""
        return sum(one.values for one in self.operands if isinstance(one, Curve)) if self.operands else 1

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The function of each value, in the type of `x`; not a number where it has none (a root of -1)."""
        if self.kind == VALUE.kind:
            return x
        operands = [one(x) if isinstance(one, Curve) else x.dtype.type(one) for one in self.operands]
        with np.errstate(all="ignore"):
            result: np.ndarray = np.asarray(COMPUTED[self.kind](*operands, **self.attributes), x.dtype)
        return result

    def of(self, inner: "Curve") -> "Curve":
        """This function of another one."""
        if self.kind == VALUE.kind:
            return inner
        operands = tuple(one.of(inner) if isinstance(one, Curve) else one for one in self.operands)
        return Curve(self.kind, operands, self.attributes)


VALUE = Curve("Identity")


def scaled(gain: float, shift: float) -> Curve:
    """gain * value + shift."""
    return Curve("Add", (Curve("Mul", (VALUE, gain)), shift))


def _erf(x: np.ndarray) -> Any:
    from scipy.special import erf

    return erf(x)


def _elu(x: np.ndarray, alpha: float = 1.0) -> Any:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def _selu(x: np.ndarray, alpha: float = 1.67326319217681884765625, gamma: float = 1.05070102214813232421875) -> Any:
    return gamma * _elu(x, alpha)


def _hard_sigmoid(x: np.ndarray, alpha: float = 0.2, beta: float = 0.5) -> Any:
    return np.clip(alpha * x + beta, 0, 1)


COMPUTED: dict[str, Callable[..., Any]] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": np.divide,
    "Pow": np.power,
    "Max": np.maximum,
    "Min": np.minimum,
    "Abs": np.abs,
    "Clip": np.clip,
    "Cos": np.cos,
    "Elu": _elu,
    "Erf": _erf,
    "Exp": np.exp,
    "HardSigmoid": _hard_sigmoid,
    "LeakyRelu": lambda x, alpha=0.01: np.where(x < 0, alpha * x, x),
    "Log": np.log,
    "Neg": np.negative,
    "Reciprocal": np.reciprocal,
    "Relu": lambda x: np.maximum(x, 0),
    "Selu": _selu,
    "Sigmoid": lambda x: 0.5 * (1 + np.tanh(x / 2)),
    "Sin": np.sin,
    "Softplus": lambda x: np.logaddexp(0, x),
    "Softsign": lambda x: x / (1 + np.abs(x)),
    "Sqrt": np.sqrt,
    "Tanh": np.tanh,
}
# Those that are an ONNX operator of one input, with numbers as attributes, and have no operator of TFLite here.
OF_ONE = ["Abs", "Cos", "Elu", "Erf", "Exp", "Log", "Neg", "Reciprocal", "Selu", "Sin", "Softplus", "Softsign", "Sqrt"]


def gelu(approximate: str) -> Curve:
    """GELU: value * normal distribution, or its approximation by tanh."""
    if approximate == "tanh":
        cube = Curve("Mul", (Curve("Pow", (VALUE, 3.0)), 0.044715))
        inner = Curve("Tanh", (Curve("Mul", (Curve("Add", (VALUE, cube)), float(np.sqrt(2 / np.pi)))),))
    else:
        inner = Curve("Erf", (Curve("Mul", (VALUE, float(np.sqrt(0.5)))),))
    return Curve("Mul", (VALUE, Curve("Mul", (Curve("Add", (inner, 1.0)), 0.5))))


def mish() -> Curve:
    return Curve("Mul", (VALUE, Curve("Tanh", (Curve("Softplus", (VALUE,)),))))


def celu(alpha: float) -> Curve:
    return Curve("Mul", (Curve("Elu", (Curve("Div", (VALUE, alpha)),)), alpha))


def swish(alpha: float) -> Curve:
    return Curve("Mul", (VALUE, Curve("Sigmoid", (Curve("Mul", (VALUE, alpha)),))))
