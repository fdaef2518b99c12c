"""One step of the gated recurrent cells, and layer normalisation, row by row, so that each row stays in the cache.

A row takes several loops instead of one: before using vector instructions, the compiled code checks at run time that no
two arrays of the loop overlap, and the compiler gives up if there are too many to compare.
"""

from __future__ import annotations

import numpy as np

from .compiler import compiled
from .slopes import Logistic, logistic, logistic_slope, tanh, tanh_slope

Array = np.ndarray


@compiled
def gru(Z: Array, R: Array, v: Array, H_before: Array, A: Array, c: Array, P: Array, H: Array) -> None:
    """H = c + z (H_before - c), r, z = s(Z + R), c = tanh(Z + r P), P = R + v. Z and R are r | z | c, A is r | z."""
    n, u = H.shape
    constants = Logistic(Z.dtype.type(0.0), Z.dtype.type(1.0))
    for i in range(n):
        gates, Z_c, R_c, h, m = A[i], Z[i, 2 * u :], R[i, 2 * u :], c[i], P[i]
        r, z = gates[:u], gates[u:]
        for j in range(2 * u):
            gates[j] = logistic(Z[i, j] + R[i, j], constants)
        for j in range(u):
            m[j] = R_c[j] + v[j]
        for j in range(u):
            h[j] = tanh(Z_c[j] + r[j] * m[j], constants)
        for j in range(u):
            H[i, j] = h[j] + z[j] * (H_before[i, j] - h[j])


@compiled
def gru_backward(dH: Array, A: Array, c: Array, H_before: Array, P: Array, dZ: Array, dR: Array) -> None:
    """dZ = dr r (1 - r) | dz z (1 - z) | dc (1 - c^2); dR equals dZ except for its last block, which is dP.

    dc = dH (1 - z), dz = dH (H_before - c) and, with dZ_c for the last block of dZ, dr = dZ_c P and dP = dZ_c r. On
    return dH holds dH z.
    """
    n, u = dH.shape
    constants = Logistic(A.dtype.type(0.0), A.dtype.type(1.0))
    for i in range(n):
        r, z, h, m = A[i, :u], A[i, u:], c[i], P[i]
        dZ_r, dZ_z, dZ_c, dP = dZ[i, :u], dZ[i, u : 2 * u], dZ[i, 2 * u :], dR[i, 2 * u :]
        for j in range(u):
            dZ_z[j] = dH[i, j] * (H_before[i, j] - h[j]) * logistic_slope(z[j], z[j], constants)
        for j in range(u):
            dZ_c[j] = dH[i, j] * (constants.one - z[j]) * tanh_slope(h[j], h[j], constants)
            dH[i, j] *= z[j]
        for j in range(u):
            dZ_r[j] = dZ_c[j] * m[j] * logistic_slope(r[j], r[j], constants)
        for j in range(u):
            dP[j] = dZ_c[j] * r[j]
        for j in range(2 * u):
            dR[i, j] = dZ[i, j]


@compiled
def lstm(Z: Array, R: Array, C_before: Array, C: Array, F: Array, H: Array) -> None:
    """C = f C_before + i g, F = tanh(C), H = o F, with i, f, o = s(Z + R), g = tanh(Z + R). Z is i | f | o | g."""
    lstm_state(Z, R, C_before, C)
    lstm_output(Z, C, F, H)


@compiled
def lstm_state(Z: Array, R: Array, C_before: Array, C: Array) -> None:
    """The first half of `lstm`: overwrite Z with the gates, and compute C = f C_before + i g."""
    n, u = C.shape
    c = Logistic(Z.dtype.type(0.0), Z.dtype.type(1.0))
    for i in range(n):
        sigmoids, g, R_sigmoids, R_g = Z[i, : 3 * u], Z[i, 3 * u :], R[i, : 3 * u], R[i, 3 * u :]
        gate, f = Z[i, :u], Z[i, u : 2 * u]
        for j in range(3 * u):
            sigmoids[j] = logistic(sigmoids[j] + R_sigmoids[j], c)
        for j in range(u):
            g[j] = tanh(g[j] + R_g[j], c)
        for j in range(u):
            C[i, j] = f[j] * C_before[i, j] + gate[j] * g[j]


@compiled
def lstm_output(A: Array, N: Array, F: Array, H: Array) -> None:
    """The second half of `lstm`, where N is C: F = tanh(N), H = o F."""
    n, u = H.shape
    c = Logistic(A.dtype.type(0.0), A.dtype.type(1.0))
    states, squashed = N.ravel(), F.reshape(-1)
    for i in range(n * u):
        squashed[i] = tanh(states[i], c)
    for i in range(n):
        o = A[i, 2 * u : 3 * u]
        for j in range(u):
            H[i, j] = o[j] * F[i, j]


@compiled
def lstm_backward(dH: Array, dC: Array, A: Array, C_before: Array, F: Array, dZ: Array) -> None:
    """dZ = di i (1 - i) | df f (1 - f) | do o (1 - o) | dg (1 - g^2), from dH and dC; dZ may be A.

    The full derivative by C is dC + dH o (1 - F^2). With that for dC, di = dC g, df = dC C_before, dg = dC i, and do =
    dH F. On return dC holds dC f.
    """
    n, u = dH.shape
    c = Logistic(A.dtype.type(0.0), A.dtype.type(1.0))
    for i in range(n):
        o = A[i, 2 * u : 3 * u]
        for j in range(u):
            dC[i, j] += dH[i, j] * o[j] * tanh_slope(F[i, j], F[i, j], c)
    lstm_state_backward(dH, dC, A, C_before, F, dZ)


@compiled
def lstm_output_backward(dH: Array, A: Array, F: Array, dN: Array) -> None:
    """dN = dH o (1 - F^2)."""
    n, u = dH.shape
    c = Logistic(A.dtype.type(0.0), A.dtype.type(1.0))
    for i in range(n):
        o = A[i, 2 * u : 3 * u]
        for j in range(u):
            dN[i, j] = dH[i, j] * o[j] * tanh_slope(F[i, j], F[i, j], c)


@compiled
def lstm_state_backward(dH: Array, dC: Array, A: Array, C_before: Array, F: Array, dZ: Array) -> None:
    """dZ as in `lstm_backward`, given the full derivative by C as dC. On return dC holds dC f. dZ may be A."""
    n, u = dH.shape
    c = Logistic(A.dtype.type(0.0), A.dtype.type(1.0))
    gates = np.empty(4 * u, A.dtype)
    gate, f, o, g = gates[:u], gates[u : 2 * u], gates[2 * u : 3 * u], gates[3 * u :]
    for i in range(n):
        for j in range(4 * u):
            gates[j] = A[i, j]
        d, df, do, dg = dZ[i, :u], dZ[i, u : 2 * u], dZ[i, 2 * u : 3 * u], dZ[i, 3 * u :]
        for j in range(u):
            do[j] = dH[i, j] * F[i, j] * logistic_slope(o[j], o[j], c)
        for j in range(u):
            d[j] = dC[i, j] * g[j] * logistic_slope(gate[j], gate[j], c)
            dg[j] = dC[i, j] * gate[j] * tanh_slope(g[j], g[j], c)
        for j in range(u):
            df[j] = dC[i, j] * C_before[i, j] * logistic_slope(f[j], f[j], c)
            dC[i, j] *= f[j]


@compiled
def normalize(Z: Array, N: Array, s: Array, epsilon: float) -> None:
    """N = (Z - mean) s, with s = 1 / sqrt(variance + epsilon), both over the columns of a row. N may be Z."""
    n, k = Z.shape
    real = Z.dtype.type
    share, one, least = real(1.0 / k), real(1.0), real(epsilon)
    for i in range(n):
        total, squares = real(0.0), real(0.0)
        for j in range(k):
            total += Z[i, j]
        mean = total * share
        for j in range(k):
            d = Z[i, j] - mean
            N[i, j] = d
            squares += d * d
        scale = one / np.sqrt(squares * share + least)
        s[i, 0] = scale
        for j in range(k):
            N[i, j] *= scale


@compiled
def normalize_backward(dN: Array, N: Array, s: Array, dZ: Array) -> None:
    """dZ = s (dN - mean(dN) - N mean(dN N)), the means over the columns of a row. dZ may be dN."""
    n, k = dN.shape
    real = dN.dtype.type
    share = real(1.0 / k)
    for i in range(n):
        total, along, scale = real(0.0), real(0.0), s[i, 0]
        for j in range(k):
            total += dN[i, j]
            along += dN[i, j] * N[i, j]
        mean, slope = total * share, along * share
        for j in range(k):
            dZ[i, j] = scale * (dN[i, j] - mean - N[i, j] * slope)


KERNELS = (
    gru,
    gru_backward,
    lstm,
    lstm_state,
    lstm_output,
    lstm_backward,
    lstm_output_backward,
    lstm_state_backward,
    normalize,
    normalize_backward,
)
