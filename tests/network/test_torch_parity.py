"""One pass forward and backward equals PyTorch's, with the same weights, where PyTorch is installed."""

import numpy as np
import pytest

from skbackprop.network.activations import ReLU, Tanh
from skbackprop.network.cells import GRU, LSTM, Elman
from skbackprop.network.contract import Run, Tape
from skbackprop.network.parameters import Parameters
from skbackprop.network.recurrent import Recurrent

torch = pytest.importorskip("torch", reason="PyTorch is a peer to compare with, not a dependency")

N, T, D, U = 5, 9, 3, 4
LENGTHS = np.array([9, 3, 6, 1, 9])

# Ours, theirs, and where their blocks of rows lie among our blocks of columns.
PEERS = {
    "elman, tanh": (Elman(Tanh()), lambda **kw: torch.nn.RNN(D, U, nonlinearity="tanh", **kw), [0]),
    "elman, relu": (Elman(ReLU()), lambda **kw: torch.nn.RNN(D, U, nonlinearity="relu", **kw), [0]),
    "gru": (GRU(), lambda **kw: torch.nn.GRU(D, U, **kw), [0, 1, 2]),
    "lstm": (LSTM(), lambda **kw: torch.nn.LSTM(D, U, **kw), [0, 1, 3, 2]),
}


def columns(theirs, order):
    """Their (G u, ...) blocks of rows as our (..., G u) blocks of columns."""
    ours = [None] * len(order)
    for block, at in zip(np.split(theirs.detach().numpy(), len(order)), order, strict=True):
        ours[at] = block.T
    return np.concatenate(ours, axis=-1)


def as_slots(read, gated, order, suffix):
    """What ``read`` tells of their four arrays (the values, or the gradients), by the names of ours."""
    W, U_, b, b_h = (read(name + suffix) for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"))
    slots = {"W": columns(W, order), "U": columns(U_, order), "b": columns(b, order)}
    recurrent = columns(b_h, order)
    if gated:
        slots["v"] = recurrent[2 * U :]
    return slots, recurrent


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize("bidirectional", [False, True], ids=["ahead", "both"])
@pytest.mark.parametrize("masked", [False, True], ids=["full", "masked"])
def test_one_pass_forward_and_backward(name, bidirectional, masked, rng):
    cell, make, order = PEERS[name]
    torch.manual_seed(0)
    peer = make(batch_first=True, bidirectional=bidirectional).double()
    layer = Recurrent(cell, U, return_sequences=True, bidirectional=bidirectional)
    parameters = Parameters([layer.slots((None, D))])
    theta, gradient = np.zeros(parameters.size), np.zeros(parameters.size)
    (p,), (g,) = parameters.views(theta), parameters.views(gradient)
    ways = {"": "", "_back": "_reverse"} if bidirectional else {"": ""}
    for ours, theirs in ways.items():
        slots, recurrent = as_slots(lambda key: getattr(peer, key), name == "gru", order, theirs)
        # They have two biases where one does; only that of the GRU's candidate is a second one.
        slots["b"] = slots["b"] + recurrent * np.repeat([1.0, 1.0, float(name != "gru"), 1.0], U)[: recurrent.size]
        for key, value in slots.items():
            getattr(p, key + ours)[...] = value

    X, dY = rng.standard_normal((N, T, D)), rng.standard_normal((N, T, U * len(ways)))
    lengths = LENGTHS if masked else np.full(N, T)
    dY[np.arange(T) >= lengths[:, None]] = 0.0
    x = torch.tensor(X, requires_grad=True)
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
    y, _ = torch.nn.utils.rnn.pad_packed_sequence(peer(packed)[0], batch_first=True, total_length=T)
    (y * torch.tensor(dY)).sum().backward()

    run = Run(tape=Tape(), lengths=lengths if masked else None)
    Y = layer.forward(p, X, run)
    valid = np.arange(T) < lengths[:, None]
    np.testing.assert_allclose(Y[valid], y.detach().numpy()[valid], rtol=1e-10, atol=1e-12)
    dX = layer.backward(p, g, dY.copy(), run)
    np.testing.assert_allclose(dX, x.grad.numpy(), rtol=1e-9, atol=1e-11)
    for ours, theirs in ways.items():
        slots, _ = as_slots(lambda key: getattr(peer, key).grad, name == "gru", order, theirs)
        for key, value in slots.items():
            np.testing.assert_allclose(getattr(g, key + ours), value, rtol=1e-9, atol=1e-11, err_msg=key + ours)
