"""Names and shapes for the slices of one flat vector: theta, its gradient, and whatever follows them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np

from .initializers import Sampler, zeros

Array = np.ndarray


class Slot(NamedTuple):
    """One named slice of theta: its shape, how it starts, and whether it decays and trains."""

    shape: tuple[int, ...]
    init: Sampler = zeros
    decay: bool = False
    train: bool = True

    @property
    def size(self) -> int:
        return math.prod(self.shape)


class Parameters:
    """The slots of all layers, laid end to end.

    Parameters
    ----------
    layers : sequence of dict
        For every layer of the network its slots by name, in the order in which they are stored.

    Examples
    --------
    >>> import numpy as np
    >>> parameters = Parameters([{"W": Slot((2, 3), decay=True), "b": Slot((3,))}])
    >>> theta = np.arange(parameters.size, dtype=float)
    >>> parameters.views(theta)[0].b
    array([6., 7., 8.])
    """

    def __init__(self, layers: Sequence[dict[str, Slot]]):
        self.layers = tuple(layers)
        self.size = sum(slot.size for slots in self.layers for slot in slots.values())

    def views(self, theta: Array) -> list[SimpleNamespace]:
        """One namespace per layer, of reshaped slices of ``theta``: no copies, so writing to them writes theta."""
        namespaces, start = [], 0
        for slots in self.layers:
            namespace = SimpleNamespace()
            for name, slot in slots.items():
                setattr(namespace, name, theta[start : start + slot.size].reshape(slot.shape))
                start += slot.size
            namespaces.append(namespace)
        return namespaces

    def slices(self, chosen: Callable[[Slot], bool]) -> list[slice]:
        """Where the chosen slots lie in theta."""
        found, start = [], 0
        for slots in self.layers:
            for slot in slots.values():
                if chosen(slot):
                    found.append(slice(start, start + slot.size))
                start += slot.size
        return found

    def mask(self, chosen: Callable[[Slot], float], dtype: np.typing.DTypeLike = np.float64) -> Array:
        """A vector as long as theta with ``chosen(slot)`` on every entry of the slot: 1 and 0, or a factor."""
        everything = [np.full(slot.size, chosen(slot), dtype) for slots in self.layers for slot in slots.values()]
        return np.concatenate(everything) if everything else np.empty(0, dtype)

    def initial(self, rng: np.random.RandomState, dtype: np.typing.DTypeLike) -> Array:
        """Draw a starting theta, slot by slot."""
        theta = np.empty(self.size, dtype)
        for slots, namespace in zip(self.layers, self.views(theta), strict=True):
            for name, slot in slots.items():
                getattr(namespace, name)[...] = slot.init(rng, slot.shape)
        return theta
