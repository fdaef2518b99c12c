"""What a layer is: its contract, what a pass carries through it, and what it remembers of a pass."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NamedTuple, Protocol

import numpy as np

from .parameters import Slot

__all__ = ["Layer", "Run", "Tape"]

Array = np.ndarray
Shape = tuple[Any, ...]  # of int; None for the number of steps of a sequence, which may vary


class Tape(SimpleNamespace):
    """What one layer remembers from forward to backward, as attributes, and its buffers, reused from batch to batch.

    Attributes
    ----------
    state : ndarray or None
        The last state, if the layer carries one through a sequence.
    M : ndarray or None
        The mask of this batch, if the layer drops entries at random.

    Examples
    --------
    >>> tape = Tape()
    >>> tape.array("Y", (4, 2), float).base is tape.array("Y", (3, 2), float).base
    True
    """

    def __init__(self) -> None:
        super().__init__(buffers={}, parts={}, state=None, M=None)

    def part(self, name: str) -> Tape:
        """A tape within this one, for a layer made of several."""
        return self.parts.setdefault(name, Tape())

    def array(self, name: str, shape: Shape, dtype: np.dtype) -> Array:
        """Return an uninitialised array that reuses memory from call to call; a shorter batch gets its first rows."""
        buffer = self.buffers.get(name)
        if buffer is None or buffer.shape != shape or buffer.dtype != dtype:
            if buffer is None or (buffer.shape[1:], buffer.dtype) != (shape[1:], dtype) or len(buffer) < shape[0]:
                buffer = self.buffers[name] = np.empty(shape, dtype)
            return buffer[: shape[0]]
        return buffer


class Run(NamedTuple):
    """What one pass carries through one layer. Without a tape it is inference: no memory, no noise.

    Attributes
    ----------
    tape : Tape or None
        What the layer remembers for the backward pass.
    lengths : ndarray of int of shape (n,), or None
        If rows are sequences, how many steps of each are valid; None means all.
    state : ndarray or None
        The state from which a recurrent layer starts; None means zeros.
    rng : numpy.random.Generator or None
        The generator that dropout draws from; None switches dropout off.

    Examples
    --------
    >>> import numpy as np
    >>> from skbackprop import Dropout
    >>> Dropout(0.5).forward(None, np.ones((1, 3)), Run())
    array([[1., 1., 1.]])
    """

    tape: Tape | None = None
    lengths: Array | None = None
    state: Array | None = None
    rng: np.random.Generator | None = None

    def array(self, name: str, shape: Shape, dtype: np.dtype) -> Array:
        """A buffer of the tape, or new memory if there is no tape."""
        return np.empty(shape, dtype) if self.tape is None else self.tape.array(name, shape, dtype)

    def mask(self, shape: Shape, dtype: np.dtype, rate: float) -> Array:
        """A buffer M for dropout: an entry is 0 with probability ``rate``, else 1 / (1 - rate)."""
        assert self.rng is not None
        M = self.array("M", shape, dtype)
        self.rng.random(out=M, dtype=dtype)
        np.greater_equal(M, rate, out=M)
        M *= 1.0 / (1.0 - rate)
        return M


class Layer(Protocol):
    """A frozen dataclass of hyper-parameters that holds no arrays. Shapes are those of one row.

    ``slots`` names the layer's parameters; ``p`` has their values as attributes, and ``g`` receives their gradient.

    1. ``X`` is read-only.
    2. What ``forward`` returns belongs to the tape and is overwritten by the next forward pass.
    3. The layer may overwrite ``dY``, the derivative of the loss by the output. ``backward`` returns the derivative
       by X, or None if ``need_dX`` is False.
    4. ``g`` is *assigned*, not accumulated.
    5. Without a tape, nothing is remembered.
    6. The batch axis is first. Sequences are (n, T, d) arrays; a layer that allocates one stores it step after step
       in memory.
    7. ``backward`` leaves slots with ``train=False`` alone: their gradient stays zero.
    8. A layer that carries a state through a sequence starts from ``run.state``, leaves the last state in
       ``tape.state``, and has ``step(p, x, state)``, which returns the output for one step and the state after it.
    9. The output of a layer without ``step`` at a step of a sequence depends on that step alone, unless the layer has
       ``whole_sequence = True``.

    Examples
    --------
    >>> import numpy as np
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Twice:
    ...     def slots(self, shape): return {}
    ...     def output_shape(self, shape): return shape
    ...     def forward(self, p, X, run): return 2 * X
    ...     def backward(self, p, g, dY, run, *, need_dX=True): return 2 * dY
    >>> Twice().forward(None, np.ones((1, 3)), Run())
    array([[2., 2., 2.]])
    """

    def slots(self, shape: Shape) -> dict[str, Slot]: ...
    def output_shape(self, shape: Shape) -> Shape: ...
    def forward(self, p: SimpleNamespace, X: Any, run: Run) -> Array: ...
    def backward(
        self, p: SimpleNamespace, g: SimpleNamespace, dY: Array, run: Run, *, need_dX: bool = True
    ) -> Array | None: ...
