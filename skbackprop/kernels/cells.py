"""One step of each recurrent cell and its derivative, element by element; the matrix products are the layer's.

Arrays hold one row per sequence. ``Z`` has a block of u columns per gate: it comes in as the gates' input and goes out
as the gates themselves. What a backward function gets as the derivative by the state after the step, it turns into the
derivative by the state before, as far as that does not go through the recurrent product.
"""

from __future__ import annotations

import numpy as np

from .activations import logistic

Array = np.ndarray


def blocks(Z: Array, u: int) -> list[Array]:
    """The columns of Z, u at a time."""
    return [Z[:, start : start + u] for start in range(0, Z.shape[1], u)]


def gru(Z: Array, R: Array, v: Array, H_before: Array, M: Array, H: Array) -> None:
    """H = c + z (H_before - c), with r, z = s(Z + R), c = tanh(Z + r M), M = R + v. Z is r | z | c, R is c | r | z."""
    u = H.shape[1]
    gates = Z[:, : 2 * u]
    r, z, c = blocks(Z, u)
    gates += R[:, u:]
    logistic(gates, gates)
    np.add(R[:, :u], v, out=M)
    np.multiply(r, M, out=H)
    c += H
    np.tanh(c, out=c)
    np.subtract(H_before, c, out=H)
    H *= z
    H += c


def gru_backward(dH: Array, A: Array, H_before: Array, M: Array, D: Array) -> None:
    """D = dM | dZ_r | dZ_z | dZ_c: the first three blocks are the derivative by R, the last three that by Z.

    dZ_c = dH (1 - z) (1 - c^2), dM = dZ_c r, dZ_r = dZ_c M r (1 - r), dZ_z = dH (H_before - c) z (1 - z); dH becomes
    dH z.
    """
    u = dH.shape[1]
    r, z, c = blocks(A, u)
    dM, dr, dz, dc = blocks(D, u)
    gates, slope = A[:, : 2 * u], np.empty((len(A), 2 * u), A.dtype)
    np.subtract(H_before, c, out=dz)
    dz *= dH
    carried = dH * z
    np.subtract(dH, carried, out=dH)
    np.multiply(c, c, out=dc)
    np.subtract(1.0, dc, out=dc)
    dc *= dH
    dH[...] = carried
    np.multiply(dc, r, out=dM)
    np.multiply(dc, M, out=dr)
    np.subtract(1.0, gates, out=slope)
    slope *= gates
    D[:, u : 3 * u] *= slope


def lstm(Z: Array, R: Array, C_before: Array, C: Array, F: Array, H: Array) -> None:
    """C = f C_before + i g, F = tanh(C), H = o F, with i, f, o = s(Z + R), g = tanh(Z + R). Z is i | f | o | g."""
    lstm_state(Z, R, C_before, C)
    lstm_output(Z, C, F, H)


def lstm_state(Z: Array, R: Array, C_before: Array, C: Array) -> None:
    """The first half of `lstm`: the gates, and C = f C_before + i g.

    One tanh serves all gates, since s(z) = (1 + tanh(z / 2)) / 2.
    """
    u = C.shape[1]
    sigmoids = Z[:, : 3 * u]
    i, f, _, g = blocks(Z, u)
    Z += R
    sigmoids *= 0.5
    np.tanh(Z, out=Z)
    sigmoids += 1.0
    sigmoids *= 0.5
    np.multiply(f, C_before, out=C)
    C += i * g


def lstm_output(A: Array, N: Array, F: Array, H: Array) -> None:
    """The second half of `lstm`: F = tanh(N), H = o F, where N is C."""
    u = H.shape[1]
    np.tanh(N, out=F)
    np.multiply(A[:, 2 * u : 3 * u], F, out=H)


def lstm_backward(dH: Array, dC: Array, A: Array, C_before: Array, F: Array, dZ: Array) -> None:
    """dZ = di i (1 - i) | df f (1 - f) | do o (1 - o) | dg (1 - g^2), with all that H and C hand down; dC becomes dC f.

    dC + dH o (1 - F^2) is the whole derivative by C, and do = dH F, di = dC g, df = dC C_before, dg = dC i.
    """
    dN = np.empty_like(dC)
    lstm_output_backward(dH, A, F, dN, dZ)
    dC += dN
    lstm_state_backward(dC, A, C_before, dZ)


def lstm_output_backward(dH: Array, A: Array, F: Array, dN: Array, dZ: Array) -> None:
    """dN = dH o (1 - F^2), and do = dH F in its block of dZ."""
    u = dH.shape[1]
    np.multiply(dH, F, out=dZ[:, 2 * u : 3 * u])
    np.multiply(F, F, out=dN)
    np.subtract(1.0, dN, out=dN)
    dN *= A[:, 2 * u : 3 * u]
    dN *= dH


def lstm_state_backward(dC: Array, A: Array, C_before: Array, dZ: Array) -> None:
    """The other blocks of dZ from dC, and the slope of every gate; dC becomes dC f."""
    u = dC.shape[1]
    i, f, _, g = blocks(A, u)
    di, df, _, dg = blocks(dZ, u)
    np.multiply(dC, g, out=di)
    np.multiply(dC, C_before, out=df)
    np.multiply(dC, i, out=dg)
    sigmoids, slope = A[:, : 3 * u], np.empty_like(A)
    slopes, tanh_slope = slope[:, : 3 * u], slope[:, 3 * u :]
    np.subtract(1.0, sigmoids, out=slopes)
    slopes *= sigmoids
    np.multiply(g, g, out=tanh_slope)
    np.subtract(1.0, tanh_slope, out=tanh_slope)
    dZ *= slope
    dC *= f


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
