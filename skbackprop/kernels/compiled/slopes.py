"""Activations and their derivatives as functions of one number: f(z, c) and slope(z, a, c), a = f(z).

The type of c says which activation is meant. c holds zero, one and then the activation's constants in the order of
NumPy's kernel, all in the type of z, as Python's own numbers would make the arithmetic float64. A loop written for any
of these types is cached on disk for each type it was compiled for; a loop generated from f itself would be compiled
anew in every process.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numba.extending import overload

from .compiler import inlined
from .exponential import exp, expm1
from .logarithm import log1p
from .normal import normal

Number = Any  # of the type of z


class Identity(NamedTuple):
    zero: Number
    one: Number


class ReLU(NamedTuple):
    zero: Number
    one: Number


class LeakyReLU(NamedTuple):
    zero: Number
    one: Number
    slope: Number


class ELU(NamedTuple):
    zero: Number
    one: Number
    alpha: Number
    scale: Number


class Logistic(NamedTuple):
    zero: Number
    one: Number


class Tanh(NamedTuple):
    zero: Number
    one: Number


class Softplus(NamedTuple):
    zero: Number
    one: Number


class GELU(NamedTuple):
    zero: Number
    one: Number
    half: Number
    density: Number  # of the normal distribution at 0


class SiLU(NamedTuple):
    zero: Number
    one: Number


class Mish(NamedTuple):
    zero: Number
    one: Number
    most: Number


@inlined
def identity(z: float, c: Identity) -> float:
    return z


@inlined
def identity_slope(z: float, a: float, c: Identity) -> float:
    return c.one


@inlined
def relu(z: float, c: ReLU) -> float:
    return c.zero if z < c.zero else z


@inlined
def relu_slope(z: float, a: float, c: ReLU) -> float:
    return c.one if a > c.zero else c.zero


@inlined
def leaky_relu(z: float, c: LeakyReLU) -> float:
    return z if z > c.zero else c.slope * z


@inlined
def leaky_relu_slope(z: float, a: float, c: LeakyReLU) -> float:
    return c.one if a > c.zero else c.slope


@inlined
def elu(z: float, c: ELU) -> float:
    return c.scale * (c.alpha * expm1(z, c.one) if z < c.zero else z)


@inlined
def elu_slope(z: float, a: float, c: ELU) -> float:
    return c.scale if a > c.zero else a + c.scale * c.alpha


@inlined
def logistic(z: float, c: Logistic) -> float:
    return c.one / (c.one + exp(-z))


@inlined
def logistic_slope(z: float, a: float, c: Logistic) -> float:
    return a * (c.one - a)


@inlined
def tanh(z: float, c: Tanh) -> float:
    t = expm1(abs(z) + abs(z), c.one)
    a = t / (t + c.one + c.one)
    return -a if z < c.zero else a


@inlined
def tanh_slope(z: float, a: float, c: Tanh) -> float:
    return c.one - a * a


@inlined
def softplus(z: float, c: Softplus) -> float:
    return (c.zero if z < c.zero else z) + log1p(exp(-abs(z)))


@inlined
def softplus_slope(z: float, a: float, c: Softplus) -> float:
    return -expm1(-a, c.one)


@inlined
def gelu(z: float, c: GELU) -> float:
    return z * normal(z, c)[0]


@inlined
def gelu_slope(z: float, a: float, c: GELU) -> float:
    p, e = normal(z, c)
    return p + c.density * z * e


@inlined
def silu(z: float, c: SiLU) -> float:
    return z / (c.one + exp(-z))


@inlined
def silu_slope(z: float, a: float, c: SiLU) -> float:
    s = c.one / (c.one + exp(-z))
    return s + a * (c.one - s)


@inlined
def squashed(z: float, c: Mish) -> tuple:
    """e = exp(z) and t = tanh(log(1 + e)) = (e^2 + 2 e) / (e^2 + 2 e + 2), for z up to c.most = 20, where t is 1."""
    e = exp(c.most if z > c.most else z)
    n = e * (e + c.one + c.one)
    return e, n / (n + c.one + c.one)


@inlined
def mish(z: float, c: Mish) -> float:
    return z if z > c.most else z * squashed(z, c)[1]


@inlined
def mish_slope(z: float, a: float, c: Mish) -> float:
    e, t = squashed(z, c)
    return c.one if z > c.most else t + z * (c.one - t * t) * e / (c.one + e)


# By kernel name: the type of c, f, its slope, and whether the slope reads z, which f then must not overwrite.
FUNCTIONS: dict[str, tuple[Any, Any, Any, bool]] = {
    "identity": (Identity, identity, identity_slope, False),
    "relu": (ReLU, relu, relu_slope, False),
    "leaky_relu": (LeakyReLU, leaky_relu, leaky_relu_slope, False),
    "elu": (ELU, elu, elu_slope, False),
    "logistic": (Logistic, logistic, logistic_slope, False),
    "tanh": (Tanh, tanh, tanh_slope, False),
    "softplus": (Softplus, softplus, softplus_slope, False),
    "gelu": (GELU, gelu, gelu_slope, True),
    "silu": (SiLU, silu, silu_slope, True),
    "mish": (Mish, mish, mish_slope, True),
}
OF_KIND = {kind: (forward, backward) for kind, forward, backward, _ in FUNCTIONS.values()}


def f(z, c):
    """f(z) of the activation that c belongs to; for compiled code only."""
    raise NotImplementedError


def slope(z, a, c):
    """f'(z) of the activation that c belongs to; for compiled code only."""
    raise NotImplementedError


def read(kind, constants, real):
    """The c of a kind of activation, made of its constants in the type of z; for compiled code only."""
    raise NotImplementedError


@overload(f, jit_options={"forceinline": True})
def _f(z, c):
    function = OF_KIND[c.instance_class][0]
    return lambda z, c: function(z, c)


@overload(slope, jit_options={"forceinline": True})
def _slope(z, a, c):
    function = OF_KIND[c.instance_class][1]
    return lambda z, a, c: function(z, a, c)


@overload(read)
def _read(kind, constants, real):
    if kind.instance_class is GELU:
        return lambda kind, constants, real: kind(real(0), real(1), real(0.5), real(0.3989422804014327))
    if kind.instance_class is Mish:
        return lambda kind, constants, real: kind(real(0), real(1), real(20))
    return [
        lambda kind, constants, real: kind(real(0), real(1)),
        lambda kind, constants, real: kind(real(0), real(1), real(constants[0])),
        lambda kind, constants, real: kind(real(0), real(1), real(constants[0]), real(constants[1])),
    ][len(kind.instance_class._fields) - 2]
