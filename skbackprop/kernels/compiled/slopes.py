"""Activations and their derivatives as functions of one number: f(z, c) and slope(z, a, c), a = f(z).

c holds constants in the type of z: zero, one and then those of the activation, in the order of NumPy's kernel.
"""

from __future__ import annotations

from .compiler import inlined
from .exponential import exp, expm1
from .logarithm import log1p
from .normal import normal


@inlined
def identity_slope(z: float, a: float, c: tuple) -> float:
    return c[1]


@inlined
def relu(z: float, c: tuple) -> float:
    return c[0] if z < c[0] else z


@inlined
def relu_slope(z: float, a: float, c: tuple) -> float:
    return c[1] if a > c[0] else c[0]


@inlined
def leaky_relu(z: float, c: tuple) -> float:
    return z if z > c[0] else c[2] * z


@inlined
def leaky_relu_slope(z: float, a: float, c: tuple) -> float:
    return c[1] if a > c[0] else c[2]


@inlined
def elu(z: float, c: tuple) -> float:
    return c[3] * (c[2] * expm1(z, c[1]) if z < c[0] else z)


@inlined
def elu_slope(z: float, a: float, c: tuple) -> float:
    return c[3] if a > c[0] else a + c[3] * c[2]


@inlined
def logistic(z: float, c: tuple) -> float:
    return c[1] / (c[1] + exp(-z))


@inlined
def logistic_slope(z: float, a: float, c: tuple) -> float:
    return a * (c[1] - a)


@inlined
def tanh(z: float, c: tuple) -> float:
    t = expm1(abs(z) + abs(z), c[1])
    a = t / (t + c[1] + c[1])
    return -a if z < c[0] else a


@inlined
def tanh_slope(z: float, a: float, c: tuple) -> float:
    return c[1] - a * a


@inlined
def softplus(z: float, c: tuple) -> float:
    return (c[0] if z < c[0] else z) + log1p(exp(-abs(z)))


@inlined
def softplus_slope(z: float, a: float, c: tuple) -> float:
    return -expm1(-a, c[1])


@inlined
def gelu(z: float, c: tuple) -> float:
    return z * normal(z, c)[0]


@inlined
def gelu_slope(z: float, a: float, c: tuple) -> float:
    """c[3] is 1 / sqrt(2 pi)."""
    p, e = normal(z, c)
    return p + c[3] * z * e


@inlined
def silu(z: float, c: tuple) -> float:
    return z / (c[1] + exp(-z))


@inlined
def silu_slope(z: float, a: float, c: tuple) -> float:
    s = c[1] / (c[1] + exp(-z))
    return s + a * (c[1] - s)


@inlined
def squashed(z: float, c: tuple) -> tuple:
    """e = exp(z) up to z = 20, from where on t is 1, and t = tanh(log(1 + e)) = (e^2 + 2 e) / (e^2 + 2 e + 2)."""
    e = exp(c[2] if z > c[2] else z)
    n = e * (e + c[1] + c[1])
    return e, n / (n + c[1] + c[1])


@inlined
def mish(z: float, c: tuple) -> float:
    return z * squashed(z, c)[1]


@inlined
def mish_slope(z: float, a: float, c: tuple) -> float:
    e, t = squashed(z, c)
    return t + z * (c[1] - t * t) * e / (c[1] + e)
