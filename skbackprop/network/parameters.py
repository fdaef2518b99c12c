"""Names and shapes for the slices of a flat vector: theta, its gradient, and whatever has the same layout."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np

from .initializers import Sampler, zeros

__all__ = ["Slot"]

Array = np.ndarray
BACK = "_back"  # suffix of the slots with which a layer reads backwards


class Slot(NamedTuple):
    """One named slice of theta: its shape, its initial values, and whether it decays and trains.

    Attributes
    ----------
    shape : tuple of int
    init : callable, default=zeros
        ``init(rng, shape)`` draws the initial values, like the functions that ``Initializer.samplers`` returns.
    decay : bool, default=False
        Whether the penalty and weight decay apply to it, if it trains.
    train : bool, default=True
        Whether the optimiser changes it.

    Examples
    --------
    >>> W, b = Slot((2, 3), decay=True), Slot((3,))
    >>> W.size, b.init(None, b.shape)
    (6, array([0., 0., 0.]))
    """

    shape: tuple[int, ...]
    init: Sampler = zeros
    decay: bool = False
    train: bool = True

    @property
    def size(self) -> int:
        return math.prod(self.shape)


class Parameters:
    """The slots of all layers in one vector: first those that decay, then the others, each in the order of the layers.

    So the penalty and weight decay apply to a single slice.

    Parameters
    ----------
    slots : sequence of dict
        For every layer of the network, its slots by name, in the order in which they are drawn.

    Attributes
    ----------
    size : int
        The length of theta.
    decaying : slice
        Where the slots that decay and train lie.
    places : list of dict
        For every layer, where its slots lie in theta: slices by name.

    Examples
    --------
    >>> import numpy as np
    >>> parameters = Parameters([{"W": Slot((2, 3), decay=True), "b": Slot((3,))}])
    >>> theta = np.arange(parameters.size, dtype=float)
    >>> parameters.views(theta)[0].b
    array([6., 7., 8.])
    """

    def __init__(self, slots: Sequence[dict[str, Slot]]):
        self.slots = tuple(slots)
        start = 0
        self.places: list[dict[str, slice]] = [{} for _ in self.slots]
        for decays in (True, False):
            for places, own in zip(self.places, self.slots, strict=True):
                for name, slot in own.items():
                    if (slot.decay and slot.train) is decays:
                        places[name] = slice(start, start + slot.size)
                        start += slot.size
            if decays:
                self.decaying = slice(0, start)
        self.size = start

    def views(self, theta: Array) -> list[SimpleNamespace]:
        """One namespace per layer, with reshaped slices of ``theta``: views, so writing to them changes theta."""
        return [
            SimpleNamespace(**{name: theta[place].reshape(own[name].shape) for name, place in places.items()})
            for own, places in zip(self.slots, self.places, strict=True)
        ]

    def initial(self, rng: np.random.RandomState, dtype: np.typing.DTypeLike) -> Array:
        """Draw an initial theta, slot by slot."""
        theta = np.empty(self.size, dtype)
        for own, namespace in zip(self.slots, self.views(theta), strict=True):
            for name, slot in own.items():
                start = slot.init(rng, slot.shape)
                if np.shape(start) != slot.shape:
                    raise ValueError(
                        f"an initializer must draw {name} of shape {slot.shape}, got shape {np.shape(start)}"
                    )
                getattr(namespace, name)[...] = start
        return theta


def input_weights(slots: SimpleNamespace) -> list[tuple[Array, Array]]:
    """W and b, the weights and biases that a layer applies to its input: one pair per direction."""
    return [(getattr(slots, f"W{end}"), getattr(slots, f"b{end}")) for end in ("", BACK) if hasattr(slots, f"W{end}")]


class Point:
    """A theta and the gradient there, with views of both for each slot.

    Attributes
    ----------
    theta, gradient : ndarray
        The vectors. The gradient starts as zeros; for slots that do not train it stays zero.
    p, g : list of namespaces
        Views of the two, as `Parameters.views` gives them.
    W, dW : ndarray
        The entries of the two that decay.
    """

    def __init__(self, parameters: Parameters, theta: Array):
        if theta.shape != (parameters.size,):
            raise ValueError(f"`theta` must have shape ({parameters.size},) for this network, got {theta.shape}")
        self.theta, self.gradient = theta, np.zeros_like(theta)
        self.p, self.g = parameters.views(theta), parameters.views(self.gradient)
        self.W, self.dW = theta[parameters.decaying], self.gradient[parameters.decaying]
