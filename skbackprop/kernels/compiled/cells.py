"""One step of the recurrent cells with gates, row by row: a row stays in the cache from its gates to its state.

Within a row there are several loops instead of one: the compiler has to find out at run time that no two of the arrays
overlap before it uses vector instructions, and gives up where there are too many to compare.
"""

from __future__ import annotations

import numpy as np

from .compiler import compiled
from .slopes import logistic, logistic_slope, tanh, tanh_slope

Array = np.ndarray


@compiled
def gru(Z: Array, R: Array, v: Array, H_before: Array, A: Array, c: Array, M: Array, H: Array) -> None:
    """H = c + z (H_before - c), r, z = s(Z + R), c = tanh(Z + r M), M = R + v. Z and R are r | z | c, A is r | z."""
    n, u = H.shape
    k = (Z.dtype.type(0.0), Z.dtype.type(1.0))
    for i in range(n):
        gates, r, z, h, m = A[i], A[i, :u], A[i, u:], c[i], M[i]
        Z_gates, Z_c, R_gates, R_c = Z[i, : 2 * u], Z[i, 2 * u :], R[i, : 2 * u], R[i, 2 * u :]
        for j in range(2 * u):
            gates[j] = logistic(Z_gates[j] + R_gates[j], k)
        for j in range(u):
            m[j] = R_c[j] + v[j]
        for j in range(u):
            h[j] = tanh(Z_c[j] + r[j] * m[j], k)
        for j in range(u):
            H[i, j] = h[j] + z[j] * (H_before[i, j] - h[j])


@compiled
def gru_backward(dH: Array, A: Array, c: Array, H_before: Array, M: Array, dZ: Array, dR: Array) -> None:
    """dZ = dr r (1 - r) | dz z (1 - z) | dc (1 - c^2); dR is the same but for its last block, which is dM.

    dc = dH (1 - z), dz = dH (H_before - c), and with dZ_c as the last block of dZ dr = dZ_c M, dM = dZ_c r. dH becomes
    dH z.
    """
    n, u = dH.shape
    k = (A.dtype.type(0.0), A.dtype.type(1.0))
    for i in range(n):
        for j in range(u):
            z, h = A[i, u + j], c[i, j]
            dZ[i, u + j] = dH[i, j] * (H_before[i, j] - h) * logistic_slope(z, z, k)
            dZ[i, 2 * u + j] = dH[i, j] * (k[1] - z) * tanh_slope(h, h, k)
            dH[i, j] *= z
        for j in range(u):
            r, dZ_c = A[i, j], dZ[i, 2 * u + j]
            dZ[i, j] = dZ_c * M[i, j] * logistic_slope(r, r, k)
            dR[i, 2 * u + j] = dZ_c * r
        for j in range(2 * u):
            dR[i, j] = dZ[i, j]


@compiled
def lstm(Z: Array, R: Array, C_before: Array, C: Array, F: Array, H: Array) -> None:
    """C = f C_before + i g, F = tanh(C), H = o F, with i, f, o = s(Z + R), g = tanh(Z + R). Z is i | f | o | g."""
    n, u = H.shape
    c = (Z.dtype.type(0.0), Z.dtype.type(1.0))
    for i in range(n):
        sigmoids, g, R_sigmoids, R_g = Z[i, : 3 * u], Z[i, 3 * u :], R[i, : 3 * u], R[i, 3 * u :]
        gate, f, o = Z[i, :u], Z[i, u : 2 * u], Z[i, 2 * u : 3 * u]
        for j in range(3 * u):
            sigmoids[j] = logistic(sigmoids[j] + R_sigmoids[j], c)
        for j in range(u):
            g[j] = tanh(g[j] + R_g[j], c)
        for j in range(u):
            C[i, j] = f[j] * C_before[i, j] + gate[j] * g[j]
        for j in range(u):
            F[i, j] = tanh(C[i, j], c)
        for j in range(u):
            H[i, j] = o[j] * F[i, j]


@compiled
def lstm_backward(dH: Array, dC: Array, A: Array, C_before: Array, F: Array, dZ: Array) -> None:
    """dZ = di i (1 - i) | df f (1 - f) | do o (1 - o) | dg (1 - g^2), with all that H and C hand down; dC becomes dC f.

    dC + dH o (1 - F^2) is the whole derivative by C, and do = dH F, di = dC g, df = dC C_before, dg = dC i.
    """
    n, u = dH.shape
    c = (A.dtype.type(0.0), A.dtype.type(1.0))
    for i in range(n):
        for j in range(u):
            o, f = A[i, 2 * u + j], F[i, j]
            dZ[i, 2 * u + j] = dH[i, j] * f * logistic_slope(o, o, c)
            dC[i, j] += dH[i, j] * o * tanh_slope(f, f, c)
        for j in range(u):
            gate, g = A[i, j], A[i, 3 * u + j]
            dZ[i, j] = dC[i, j] * g * logistic_slope(gate, gate, c)
            dZ[i, 3 * u + j] = dC[i, j] * gate * tanh_slope(g, g, c)
        for j in range(u):
            f = A[i, u + j]
            dZ[i, u + j] = dC[i, j] * C_before[i, j] * logistic_slope(f, f, c)
            dC[i, j] *= f


KERNELS = (gru, gru_backward, lstm, lstm_backward)
