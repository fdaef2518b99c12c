"""What a layer is: its contract, what a pass carries through it, and what it remembers of one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NamedTuple, Protocol

import numpy as np

from .parameters import Slot

__all__ = ["Layer", "Run", "Tape"]

Array = np.ndarray
Shape = tuple[Any, ...]  # of int; the number of steps of a sequence, which is free, is None


class Tape(SimpleNamespace):
    """What one layer remembers from forward to backward, as attributes, and its buffers, which outlive the batch.

    Attributes
    ----------
    state : ndarray or None
        Of a layer that carries a state through a sequence: the last one.
    M : ndarray or None
        Of a layer that drops entries at random: the mask of this batch.

    Examples
    --------
    >>> tape = Tape()
    >>> tape.array("Y", (4, 2), float).base is tape.array("Y", (3, 2), float).base
    True
    """

    def __init__(self) -> None:
        super().__init__(buffers={}, parts={}, state=None, M=None)

    def part(self, name: str) -> Tape:
        """A tape within this one, for a layer that is made of several."""
        return self.parts.setdefault(name, Tape())

    def array(self, name: str, shape: Shape, dtype: np.dtype) -> Array:
        """An uninitialised array that is the same memory at every call, cut to length for a short batch."""
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
        What the layer remembers for the way back.
    lengths : ndarray of int of shape (n,), or None
        Where rows are sequences, how many steps of each are valid; None means all.
    state : ndarray or None
        What a recurrent layer begins from; None means zeros.
    rng : numpy.random.Generator or None
        What dropout draws from; None switches it off.

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
        """A buffer of the tape, or fresh memory where there is none."""
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

    ``slots`` names the layer's parameters; ``p`` has their values as attributes, and ``g`` is for the gradient by them.

    1. ``X`` is read-only.
    2. What ``forward`` returns belongs to the tape and dies at the next forward.
    3. ``dY``, the derivative of the loss by the output, is the layer's to overwrite. ``backward`` returns the
       derivative by X, or None where ``need_dX`` is False.
    4. ``g`` is *assigned*, not accumulated.
    5. Without a tape, nothing is remembered.
    6. The batch axis is first. Sequences are (n, T, d) arrays; a layer that makes new ones lays them out step after
       step.
    7. Slots with ``train=False`` are left alone by ``backward``: their gradient stays zero.
    8. A layer that carries a state through a sequence begins from ``run.state``, leaves the last one in ``tape.state``,
       and has ``step(p, x, state)``, which returns what it puts out for one step and the state after it.
    9. What a layer without ``step`` puts out at a step of a sequence depends on that step alone, unless it says
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
