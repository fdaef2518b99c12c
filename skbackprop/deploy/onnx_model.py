"""A `Predictor` as an ONNX model, which other languages and devices can run."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ..kernels.tail import RATIO_64
from ..network.activations import ELU, SELU, Identity, LeakyReLU, Logistic, ReLU, Softplus, Tanh
from ..network.gated import GELU, Mish, SiLU
from ..network.losses.classification import ClassLoss
from ..network.losses.contract import HIGHEST
from ..network.losses.gaussian import Gaussian
from ..network.losses.location import LocationLoss
from ..network.losses.log_link import LogLinkLoss
from ..network.losses.quantile import Quantile
from .predictor import ClassPredictor, NumberPredictor, Predictor

__all__ = ["onnx_model"]

Array = np.ndarray
Result = tuple[str, tuple[int, ...]]  # the name of a result, and the shape of one of its rows
OPSET, IR = 13, 7  # of 2020: old enough for most runtimes
INT64 = np.dtype(np.int64)


class Graph:
    """A graph under construction. Calling it adds a node and returns the name of what the node computes.

    Inputs are names, or numbers and arrays: real ones get the ``dtype`` of the graph.
    """

    def __init__(self, dtype: np.dtype) -> None:
        self.dtype = dtype
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.outputs: list[Any] = []

    def __call__(self, operator: str, *inputs: Any, unused: int = 0, **attributes: Any) -> str:
        """Of several outputs the first is named; the others are ``unused``."""
        name = f"{operator}_{len(self.nodes)}"
        names = [each if isinstance(each, str) else self.constant(self.real(np.asarray(each))) for each in inputs]
        outputs = [name, *(f"{name}_{k + 1}" for k in range(unused))]
        self.nodes.append(helper.make_node(operator, names, outputs, name, **attributes))
        return name

    def real(self, value: Array) -> Array:
        if value.dtype.kind != "f":
            return value
        with np.errstate(over="ignore"):
            rounded = value.astype(self.dtype)
        beyond = np.isinf(rounded) & ~np.isinf(value)
        if beyond.any():
            raise ValueError(f"`dtype` must be float64 for a number as large as {value[beyond][0]:.3g}, got float32")
        return rounded

    def constant(self, value: Array) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def cast(self, x: str, dtype: np.dtype) -> str:
        return self("Cast", x, to=helper.np_dtype_to_tensor_dtype(dtype))

    def output(self, name: str, x: str, dtype: Any, *shape: int) -> None:
        """Give what is called ``x`` to the user as ``name``, with so many rows as there are."""
        self.nodes.append(helper.make_node("Identity", [x], [name], name))
        self.outputs.append(helper.make_tensor_value_info(name, tensor_type(dtype), ("n", *shape)))


def tensor_type(dtype: Any) -> int:
    return TensorProto.STRING if dtype.kind == "O" else helper.np_dtype_to_tensor_dtype(dtype)


def above(g: Graph, z: str) -> str:
    """max(z, 0)."""
    return g("Max", z, 0.0)


def below(g: Graph, z: str) -> str:
    """min(z, 0)."""
    return g("Min", z, 0.0)


def leaky_relu(g: Graph, f: Any, z: str) -> str:
    """max(z, 0) + slope min(z, 0)."""
    return g("Add", above(g, z), g("Mul", below(g, z), f.slope))


def elu(g: Graph, f: Any, z: str) -> str:
    """max(z, 0) + alpha (exp(min(z, 0)) - 1)."""
    return g("Add", above(g, z), g("Mul", g("Sub", g("Exp", below(g, z)), 1.0), f.alpha))


def selu(g: Graph, f: Any, z: str) -> str:
    return g("Mul", elu(g, f, z), f.scale)


def softplus(g: Graph, f: Any, z: str) -> str:
    """max(z, 0) + log(1 + exp(-|z|))."""
    return g("Add", above(g, z), g("Log", g("Add", g("Exp", g("Neg", g("Abs", z))), 1.0)))


def gelu(g: Graph, f: Any, z: str) -> str:
    """z Phi(z), with Phi(z) = (1 + erf(z / sqrt 2)) / 2 in float32; runtimes know no erf in float64."""
    if g.dtype == np.float64:
        tail = lower_tail(g, g("Abs", z))
        return g("Mul", z, g("Where", g("Greater", z, 0.0), g("Sub", 1.0, tail), tail))
    erf = g("Erf", g("Mul", z, math.sqrt(0.5)))
    return g("Mul", z, g("Mul", g("Add", erf, 1.0), 0.5))


def lower_tail(g: Graph, t: str) -> str:
    """Phi(-t) = exp(-t^2 / 2) w p(1.2 - 8.8 w), w = 1 / (t + 4), as in ``kernels/tail.py``."""
    w = g("Div", 1.0, g("Add", t, 4.0))
    v = g("Sub", 1.2, g("Mul", w, 8.8))
    p = g("Add", g("Mul", v, RATIO_64[0]), RATIO_64[1])
    for a in RATIO_64[2:]:
        p = g("Add", g("Mul", p, v), a)
    return g("Mul", g("Exp", g("Mul", g("Mul", t, t), -0.5)), g("Mul", w, p))


def silu(g: Graph, f: Any, z: str) -> str:
    """z / (1 + exp(-z)): some runtimes replace z times a sigmoid by an operator that they know in float32 only."""
    return g("Div", z, g("Add", g("Exp", g("Neg", z)), 1.0))


ACTIVATIONS: dict[type, Callable[[Graph, Any, str], str]] = {
    Identity: lambda g, f, z: z,
    Logistic: lambda g, f, z: g("Sigmoid", z),
    Tanh: lambda g, f, z: g("Tanh", z),
    ReLU: lambda g, f, z: above(g, z),
    LeakyReLU: leaky_relu,
    ELU: elu,
    SELU: selu,
    Softplus: softplus,
    GELU: gelu,
    SiLU: silu,
    Mish: lambda g, f, z: g("Mul", z, g("Tanh", softplus(g, f, z))),
}


def same(g: Graph, loss: Any, raw: str, width: int) -> Result:
    return raw, (width,)


def exponential(g: Graph, loss: Any, raw: str, width: int) -> Result:
    return g("Exp", g("Min", raw, np.asarray(loss.highest, float))), (width,)


def means(g: Graph, loss: Any, raw: str, width: int) -> Result:
    return g("Gather", raw, np.arange(width // 2), axis=1), (width // 2,)


def deviations(g: Graph, raw: str, width: int) -> str:
    return g("Exp", g("Min", g("Mul", g("Gather", raw, np.arange(width // 2, width), axis=1), 0.5), HIGHEST))


def in_order(g: Graph, loss: Any, raw: str, width: int) -> Result:
    """The quantiles of every output, sorted."""
    levels = np.size(loss.levels)
    if levels == 1:
        return raw, (width,)
    shape = (levels,) if levels == width else (width // levels, levels)
    apart = g("Reshape", raw, np.array([-1, *shape]))
    return g("TopK", apart, np.array([levels]), largest=0, unused=1), shape


PREDICTIONS: dict[Any, Callable[[Graph, Any, str, int], Result]] = {
    LocationLoss.predict: same,
    LogLinkLoss.predict: exponential,
    Gaussian.predict: means,
    Quantile.predict: in_order,
}


def number_outputs(g: Graph, p: NumberPredictor, raw: str, width: int) -> None:
    """``prediction`` and, with a learnt variance, ``std``."""
    kind: Any = type(p.loss)
    rule = PREDICTIONS.get(kind.predict) or unknown("losses", p.loss)
    y, shape = rule(g, p.loss, raw, width)
    results = {"prediction": y}
    if hasattr(kind, "std"):
        results["std"] = deviations(g, raw, width) if kind.std is Gaussian.std else unknown("losses", p.loss)
    flat = p.flat and shape == (1,)
    for name, each in results.items():
        g.output(name, flattened(g, each) if flat else each, g.dtype, *(() if flat else shape))


def class_outputs(g: Graph, p: ClassPredictor, raw: str, width: int) -> None:
    """``label`` and ``probabilities``."""
    loss: Any = p.loss
    if (type(loss).predict, type(loss).decide) != (ClassLoss.predict, ClassLoss.decide):
        unknown("losses", loss)
    if loss.n_classes:
        number, probabilities = g("ArgMax", raw, axis=1, keepdims=0), g("Softmax", raw, axis=1)
    else:
        columns = g("Concat", g("Neg", raw), raw, axis=1) if p.two_classes else raw
        number, probabilities = g.cast(g("Greater", raw, 0.0), INT64), g("Sigmoid", columns)
    if p.indicator:
        g.output("label", number, INT64, width)
    else:
        labels = in_onnx(p.classes)
        number = number if loss.n_classes else flattened(g, number)
        g.output("label", g("Gather", g.constant(labels), number), labels.dtype)
    g.output("probabilities", probabilities, g.dtype, len(p.classes))


def flattened(g: Graph, column: str) -> str:
    return g("Squeeze", column, np.array([1]))


def in_onnx(classes: Array) -> Array:
    """Labels in a type that ONNX knows."""
    if classes.dtype.kind not in "biufUO" or (classes.dtype.kind == "f" and classes.dtype.itemsize > 8):
        raise TypeError(f"labels must be numbers or strings for an ONNX model, got {classes!r}")
    return classes.astype(object if classes.dtype.kind == "U" else classes.dtype.newbyteorder("="))


def unknown(what: str, got: Any) -> NoReturn:
    raise TypeError(f"an ONNX model can have this package's own {what} only, got {got!r}")


def read_dtype(dtype: Any, default: np.dtype) -> np.dtype:
    try:
        read = default if dtype is None else np.dtype(dtype)
    except TypeError:
        read = None
    if read not in (np.float32, np.float64):
        raise ValueError(f"`dtype` must be float32 or float64, got {dtype!r}")
    return read


def onnx_model(predictor: Predictor, dtype: Any = None) -> onnx.ModelProto:
    """What `Predictor.to_onnx` returns."""
    g = Graph(read_dtype(dtype, predictor.layers[0].W.dtype))
    A, width = "X", predictor.layers[0].W.shape[0]
    of_X = helper.make_tensor_value_info(A, tensor_type(g.dtype), ("n", width))
    for layer in predictor.layers:
        f = ACTIVATIONS.get(type(layer.f)) or unknown("activations", layer.f)
        A, width = f(g, layer.f, g("Gemm", A, layer.W, layer.b)), layer.W.shape[1]
    outputs: Any = class_outputs if isinstance(predictor, ClassPredictor) else number_outputs
    outputs(g, predictor, A, width)
    graph = helper.make_graph(g.nodes, "skbackprop", [of_X], g.outputs, g.constants)
    return helper.make_model(
        graph, producer_name="skbackprop", ir_version=IR, opset_imports=[helper.make_opsetid("", OPSET)]
    )
