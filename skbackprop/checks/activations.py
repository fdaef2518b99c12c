"""The contract of an activation, as a series of small checks."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from .derivatives import check_gradient
from .objects import require, require_object

Array = np.ndarray


def check_activation(activation: Any) -> None:
    """Assert that an activation keeps the contract of ``Activation``.

    It must have all methods and be hashable and picklable; ``forward`` must work element by element, and ``backward``
    multiply ``dA`` by its derivative; unless ``keeps_input`` is true, Z and A may share memory; nothing but the outputs
    may be written to; and everything must be finite at Z = +-1000 in float32.

    Parameters
    ----------
    activation : Activation

    Raises
    ------
    AssertionError
        One sentence on the first fault found.

    Examples
    --------
    >>> from skbackprop import LeakyReLU, check_activation
    >>> check_activation(LeakyReLU(0.1))
    """
    f = activation
    require_object(f, ("forward", "backward"), ("keeps_input", "init"))
    require(isinstance(f.keeps_input, bool), f"{f!r}: `keeps_input` must be True or False, got {f.keeps_input!r}")
    require(callable(getattr(f.init, "samplers", None)), f"{f!r}: `init` must be an Initializer, got {f.init!r}")
    rng = np.random.default_rng(0)
    near, far = np.linspace(-4.03, 4.1, 60)[:, None], np.linspace(-30.3, 30.1, 60)[:, None]
    for Z in (3 * rng.standard_normal((20, 3)), near, far):
        dA = rng.standard_normal(Z.shape)
        all_is_written_in_place(f, Z, dA)
        entries_are_independent(f, Z)
        backward_reads_no_more_than_it_says(f, Z, dA)
        name = f"{f!r}: what backward writes to `dA`"
        check_gradient(partial(weighted_output, f, dA), Z, backward(f, Z, dA), rng, name=name)
    far_out_all_is_finite(f)


def weighted_output(f: Any, dA: Array, Z: Array) -> float:
    return float(np.vdot(forward(f, Z), dA))


def forward(f: Any, Z: Array) -> Array:
    A = np.full_like(Z, np.nan)
    call(f, "forward", Z.copy(), A)
    return A


def backward(f: Any, Z: Array, dA: Array) -> Array:
    dZ = dA.copy()
    call(f, "backward", dZ, Z.copy(), forward(f, Z))
    return dZ


def call(f: Any, method: str, *arrays: Array) -> Any:
    try:
        return getattr(f, method)(*arrays)
    except Exception as error:
        raise AssertionError(
            f"{f!r}: {method} must take {len(arrays)} arrays of one shape, but raised {error!r}"
        ) from error


def all_is_written_in_place(f: Any, Z: Array, dA: Array) -> None:
    kept, A, dZ = Z.copy(), np.full_like(Z, np.nan), dA.copy()
    returned = call(f, "forward", kept, A)
    require(returned is None, f"{f!r}: forward must write to `A` and return None, got {type(returned).__name__}")
    require(not np.isnan(A).any(), f"{f!r}: forward must write every entry of `A`, some are NaN")
    require(np.array_equal(kept, Z), f"{f!r}: forward must not write to `Z`")
    output = A.copy()
    returned = call(f, "backward", dZ, kept, A)
    require(returned is None, f"{f!r}: backward must write to `dA` and return None, got {type(returned).__name__}")
    require(np.array_equal(A, output), f"{f!r}: backward must not write to `A`")
    require(np.array_equal(kept, Z), f"{f!r}: backward must not write to `Z`")
    call(f, "backward", doubled := 2 * dA, kept, A)
    require(np.allclose(doubled, 2 * dZ), f"{f!r}: backward must multiply `dA` by the derivative, not overwrite it")


def entries_are_independent(f: Any, Z: Array) -> None:
    alone = np.concatenate([forward(f, row) for row in Z.reshape(-1, 1, 1)]).reshape(Z.shape)
    require(np.allclose(forward(f, Z), alone), f"{f!r}: forward must map each entry of Z by itself")


def backward_reads_no_more_than_it_says(f: Any, Z: Array, dA: Array) -> None:
    if f.keeps_input:
        return
    shared, dZ = Z.copy(), dA.copy()
    call(f, "forward", shared, shared)
    call(f, "backward", dZ, shared, shared)
    require(
        np.array_equal(shared, forward(f, Z)) and np.array_equal(dZ, backward(f, Z, dA)),
        f"{f!r}: without `keeps_input` A may be Z itself, but then forward or backward give something else",
    )


def far_out_all_is_finite(f: Any) -> None:
    Z = np.array([[-1e3], [-1e2], [0.0], [1e2], [1e3]], np.float32)
    with np.errstate(all="ignore"):
        A, dZ = forward(f, Z), backward(f, Z, np.ones_like(Z))
    require(np.isfinite(A).all() and np.isfinite(dZ).all(), f"{f!r}: A and dZ must be finite at |Z| = 1000 in float32")
