"""Layers in sequence. The network knows their shapes and order; the parameters, theta, are passed to its methods."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..ranges import check_object
from .contract import Layer, Run, Shape, Tape
from .parameters import Parameters

__all__ = ["Network"]

Array = np.ndarray
States = Sequence[Array | None] | None
INFERENCE = Run()


class Network:
    """Layers applied one after the other to rows of a given shape.

    Parameters
    ----------
    layers : sequence of Layer
    shape : tuple of int
        The shape of one row of X, without the batch axis. For sequences it is (None, d), or (None,) for tokens, as the
        number of steps may vary from call to call.

    Attributes
    ----------
    parameters : Parameters
        Names and shapes for the flat vector theta.
    shapes : list of tuple
        The shape of a row before the first layer and after each.
    widest, widest_made : int
        The largest number of values that any layer reads or puts out, per row or per step of a row; it determines the
        memory of a pass. ``widest_made`` leaves out the input of the first layer that trains, which may be sparse.
    sequential, every_step : bool
        Whether rows are sequences, and whether the output has a value for each of their steps.
    steppable : bool
        Whether `step` can be used: that is, no layer needs a sequence as a whole.

    Raises
    ------
    ValueError
        If ``layers`` is empty; by `step` and `states_after`, if ``states`` is not a list or tuple with an entry for
        every layer.

    Examples
    --------
    >>> import numpy as np
    >>> from skbackprop import Dense, ReLU
    >>> network = Network([Dense(4, ReLU()), Dense(1)], (2,))
    >>> theta = network.parameters.initial(np.random.RandomState(0), np.float32)
    >>> theta.size, network.forward(network.parameters.views(theta), np.ones((3, 2), np.float32)).shape
    (17, (3, 1))
    """

    def __init__(self, layers: Sequence[Layer], shape: Shape):
        self.layers = tuple(layers)
        if not self.layers:
            raise ValueError("`layers` must hold at least one layer, got none")
        self.shapes = [shape]
        slots = []
        for at, layer in enumerate(self.layers):
            check_object(f"layers[{at}]", layer, Layer, "Dense(1)")
            slots.append(layer.slots(self.shapes[-1]))
            self.shapes.append(layer.output_shape(self.shapes[-1]))
        self.parameters = Parameters(slots)
        self.sequential, self.every_step = (shape[:1] == (None,) for shape in (self.shapes[0], self.shapes[-1]))
        self.steppable = not any(getattr(layer, "whole_sequence", False) for layer in self.layers)
        self._step = [getattr(layer, "step", None) for layer in self.layers]
        # No derivatives are needed below the lowest layer that trains.
        trains = [any(slot.train for slot in layer.values()) for layer in slots]
        self._lowest = trains.index(True) if True in trains else len(trains)
        widths = [math.prod(width for width in shape if width is not None) for shape in self.shapes]
        self.widest, self.widest_made = max(widths), max(widths[self._lowest + 1 :], default=1)

    def __reduce__(self) -> tuple:
        return Network, (self.layers, self.shapes[0])

    def forward(
        self, p: Sequence[SimpleNamespace], X: Any, runs: Sequence[Run] | None = None, stop: int | None = None
    ) -> Array:
        """The output of the last layer, or of the layer before index ``stop``.

        Parameters
        ----------
        p : list of namespaces
            The parameters, one namespace per layer, as ``parameters.views(theta)`` gives them.
        X : ndarray or CSR matrix of shape (n, ...)
            Rows of shape ``shapes[0]``; not written to.
        runs : list of Run, default=None
            What each layer uses and remembers in this pass; None means inference.
        stop : int, default=None
            How many layers to go through; None means all.

        Returns
        -------
        Y : ndarray of shape (n, ...)
            Rows of shape ``shapes[-1]``, or ``shapes[stop]``.
        """
        runs = runs or [INFERENCE] * len(self.layers)
        for layer, p_l, run in zip(self.layers[:stop], p[:stop], runs[:stop], strict=True):
            X = layer.forward(p_l, X, run)
        return X

    def step(self, p: Sequence[SimpleNamespace], x: Array, states: States = None) -> tuple[Array, States]:
        """Run one step of sequences.

        Parameters
        ----------
        p : list of namespaces
            The parameters, one namespace per layer.
        x : ndarray of shape (n, d), or (n,) for tokens
            The current step of every sequence.
        states : list, default=None
            What the previous step returned: an entry per layer, None for layers without a state. None starts new
            sequences.

        Returns
        -------
        y : ndarray of shape (n, k)
            The output after this step.
        states : list
            The states for the next step.

        Raises
        ------
        ValueError
            If ``states`` are not those of this network, or not those of these rows.
        """
        after = []
        for layer, step, p_l, state in zip(self.layers, self._step, p, self._read_states(states), strict=True):
            if step is None:
                x = layer.forward(p_l, x, INFERENCE)
            else:
                x, state = step(p_l, x, state)
            after.append(state)
        return x, after

    def states_after(self, p: Sequence[SimpleNamespace], X: Array, states: States = None) -> States:
        """The states that `step` would return after all steps of X.

        Parameters
        ----------
        p, states
            As in `step`.
        X : ndarray of shape (n, T, d), or (n, T) for tokens

        Returns
        -------
        states : list
        """
        runs = [Run(tape=Tape(), state=state) for state in self._read_states(states)]
        above = 1 + max((at for at, step in enumerate(self._step) if step is not None), default=-1)
        self.forward(p, X, runs, stop=above)
        return [run.tape.state for run in runs if run.tape is not None]

    def _read_states(self, states: States) -> Sequence[Array | None]:
        states = [None] * len(self.layers) if states is None else states
        if not isinstance(states, (list, tuple)) or len(states) != len(self.layers):
            kind = type(states).__name__
            got = f"a {kind} of {len(states)}" if isinstance(states, (list, tuple)) else f"an object of type {kind}"
            raise ValueError(
                f"`state` must be None or what the step before returned, a list of {len(self.layers)}, got {got}"
            )
        return [None if state is None else np.asarray(state) for state in states]

    def backward(
        self, p: Sequence[SimpleNamespace], g: Sequence[SimpleNamespace], dY: Array | None, runs: Sequence[Run]
    ) -> None:
        """Assign to ``g`` the derivatives by all slots, given the derivative ``dY`` by the last layer's output.

        Parameters
        ----------
        p, g : list of namespaces
            Parameters and gradient, one namespace per layer, as ``parameters.views`` gives them.
        dY : ndarray of the shape that `forward` has returned
            The layers overwrite it.
        runs : list of Run
            The runs that `forward` was called with, each with a tape.
        """
        for at in range(len(self.layers) - 1, self._lowest - 1, -1):
            assert dY is not None
            dY = self.layers[at].backward(p[at], g[at], dY, runs[at], need_dX=at > self._lowest)
