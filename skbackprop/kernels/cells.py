"""One step of each recurrent cell and its derivative, element by element; the layer computes the matrix products.

Arrays hold one row per sequence. ``Z``, the input's contribution, and ``R``, the recurrent product, have a block of u
columns per gate. A backward function receives the derivative by the state after the step and replaces it by the
derivative by the state before the step, without the part through the recurrent product.
"""

from __future__ import annotations

import numpy as np

from .activations import logistic

__all__ = [
    "gru",
    "gru_backward",
    "lstm",
    "lstm_backward",
    "lstm_output",
    "lstm_output_backward",
    "lstm_state",
    "lstm_state_backward",
    "normalize",
    "normalize_backward",
]

Array = np.ndarray


def gate_columns(Z: Array, u: int) -> list[Array]:
    """The columns of Z, u at a time."""
    return [Z[:, start : start + u] for start in range(0, Z.shape[1], u)]


def gru(Z: Array, R: Array, v: Array, H_before: Array, A: Array, c: Array, P: Array, H: Array) -> None:
    """H = c + z (H_before - c), with r, z = s(Z + R), c = tanh(Z + r P), P = R + v. Z and R are r | z | c, A is r | z.

    Z is not overwritten: NumPy computes the gates twice as fast in an array of their own as in columns of Z.
    """
    u = H.shape[1]
    r, z = gate_columns(A, u)
    np.add(Z[:, : 2 * u], R[:, : 2 * u], out=A)
    logistic(A, A)
    np.add(R[:, 2 * u :], v, out=P)
    np.multiply(r, P, out=c)
    c += Z[:, 2 * u :]
    np.tanh(c, out=c)
    np.subtract(H_before, c, out=H)
    H *= z
    H += c


def gru_backward(dH: Array, A: Array, c: Array, H_before: Array, P: Array, dZ: Array, dR: Array) -> None:
    """dZ = dr r (1 - r) | dz z (1 - z) | dc (1 - c^2); dR equals dZ except for its last block, which is dP.

    dc = dH (1 - z), dz = dH (H_before - c) and, with dZ_c for the last block of dZ, dr = dZ_c P and dP = dZ_c r. On
    return dH holds dH z.
    """
    u = dH.shape[1]
    r, z = gate_columns(A, u)
    dA = np.empty_like(A)
    dr, dz = gate_columns(dA, u)
    carried = np.multiply(dH, z)
    dZ_c = np.subtract(dH, carried)
    np.subtract(H_before, c, out=dz)
    dz *= dH
    dH[...] = carried
    np.multiply(c, c, out=carried)
    carried *= dZ_c
    dZ_c -= carried
    np.multiply(dZ_c, P, out=dr)
    slope = np.multiply(A, A)
    np.subtract(A, slope, out=slope)
    dA *= slope
    dZ[:, : 2 * u] = dR[:, : 2 * u] = dA
    dZ[:, 2 * u :] = dZ_c
    np.multiply(dZ_c, r, out=dR[:, 2 * u :])


def lstm(Z: Array, R: Array, C_before: Array, C: Array, F: Array, H: Array) -> None:
    """C = f C_before + i g, F = tanh(C), H = o F, with i, f, o = s(Z + R), g = tanh(Z + R). Z is i | f | o | g."""
    lstm_state(Z, R, C_before, C)
    lstm_output(Z, C, F, H)


def lstm_state(Z: Array, R: Array, C_before: Array, C: Array) -> None:
    """The first half of `lstm`: overwrite Z with the gates, and compute C = f C_before + i g.

    One tanh serves all gates, since s(z) = (1 + tanh(z / 2)) / 2.
    """
    u = C.shape[1]
    sigmoids = Z[:, : 3 * u]
    i, f, _, g = gate_columns(Z, u)
    Z += R
    sigmoids *= 0.5
    np.tanh(Z, out=Z)
    sigmoids += 1.0
    sigmoids *= 0.5
    np.multiply(f, C_before, out=C)
    C += i * g


def lstm_output(A: Array, N: Array, F: Array, H: Array) -> None:
    """The second half of `lstm`, where N is C: F = tanh(N), H = o F."""
    u = H.shape[1]
    np.tanh(N, out=F)
    np.multiply(A[:, 2 * u : 3 * u], F, out=H)


def lstm_backward(dH: Array, dC: Array, A: Array, C_before: Array, F: Array, dZ: Array) -> None:
    """dZ = di i (1 - i) | df f (1 - f) | do o (1 - o) | dg (1 - g^2), from dH and dC; dZ may be A.

    The full derivative by C is dC + dH o (1 - F^2). With that for dC, di = dC g, df = dC C_before, dg = dC i, and do =
    dH F. On return dC holds dC f.
    """
    dN = np.empty_like(dC)
    lstm_output_backward(dH, A, F, dN)
    dC += dN
    lstm_state_backward(dH, dC, A, C_before, F, dZ)


def lstm_output_backward(dH: Array, A: Array, F: Array, dN: Array) -> None:
    """dN = dH o (1 - F^2)."""
    u = dH.shape[1]
    np.multiply(F, F, out=dN)
    np.subtract(1.0, dN, out=dN)
    dN *= A[:, 2 * u : 3 * u]
    dN *= dH


def lstm_state_backward(dH: Array, dC: Array, A: Array, C_before: Array, F: Array, dZ: Array) -> None:
    """dZ as in `lstm_backward`, given the full derivative by C as dC. On return dC holds dC f. dZ may be A."""
    u = dC.shape[1]
    i, f, _, g = gate_columns(A, u)
    dA = np.empty_like(A)
    di, df, do, dg = gate_columns(dA, u)
    np.multiply(dC, g, out=di)
    np.multiply(dC, C_before, out=df)
    np.multiply(dH, F, out=do)
    np.multiply(dC, i, out=dg)
    dC *= f
    slope = np.multiply(A, A)
    sigmoids, slopes, tanh_slope = A[:, : 3 * u], slope[:, : 3 * u], slope[:, 3 * u :]
    np.subtract(sigmoids, slopes, out=slopes)
    np.subtract(1.0, tanh_slope, out=tanh_slope)
    np.multiply(dA, slope, out=dZ)


def normalize(Z: Array, N: Array, s: Array, epsilon: float) -> None:
    """N = (Z - mean) s, with s = 1 / sqrt(variance + epsilon), both over the columns of a row. N may be Z."""
    width = Z.shape[1]
    np.subtract(Z, Z.mean(axis=1, keepdims=True), out=N)
    np.einsum("ij,ij->i", N, N, out=s[:, 0])
    s *= 1.0 / width
    s += epsilon
    np.sqrt(s, out=s)
    np.divide(1.0, s, out=s)
    N *= s


def normalize_backward(dN: Array, N: Array, s: Array, dZ: Array) -> None:
    """dZ = s (dN - mean(dN) - N mean(dN N)), the means over the columns of a row. dZ may be dN."""
    along = np.einsum("ij,ij->i", dN, N)[:, None] / N.shape[1]
    np.subtract(dN, dN.mean(axis=1, keepdims=True), out=dZ)
    dZ -= N * along
    dZ *= s
