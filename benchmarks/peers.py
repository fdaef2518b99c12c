"""The training step of `speed.py` in PyTorch and JAX, where these are installed: same network, batches and optimiser.

PyTorch runs eagerly with its fused Adam. JAX compiles a whole epoch as one `lax.scan`, and its compile time is not
counted; "jax" also shuffles the rows in compiled code, while "jax, shuffled by NumPy" is handed their order. JAX uses
as many threads as there are cores, whatever it is told, so the process is restricted to as many cores as each
contestant has threads.
"""

import importlib.util
import os
import time
from functools import partial
from itertools import pairwise

import numpy as np


def installed(threads):
    """The functions of the peers that are there, by name, each with so many threads."""
    found = {}
    if importlib.util.find_spec("torch"):
        found["torch"] = partial(torch_seconds, threads)
    if importlib.util.find_spec("jax"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
        found |= {"jax": partial(jax_seconds, True), "jax, shuffled by NumPy": partial(jax_seconds, False)}
    return found


def torch_seconds(threads, X, y, hidden, batch, epochs):
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    X, y = torch.from_numpy(X), torch.from_numpy(y)[:, None]
    widths, layers = [X.shape[1], *hidden, 1], []
    for n_in, n_out in pairwise(widths):
        layers += [torch.nn.Linear(n_in, n_out, dtype=X.dtype), torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, weight_decay=1e-4 / batch, fused=True)
    start = time.perf_counter()
    for _ in range(epochs):
        for rows in torch.randperm(len(X)).split(batch):
            optimizer.zero_grad(set_to_none=True)
            loss = 0.5 * (network(X[rows]) - y[rows]).square().mean()
            loss.backward()
            optimizer.step()
    return time.perf_counter() - start


def jax_epochs(jax, batch):
    """Two compiled functions from (state, X, y, how to shuffle) to the state an epoch later.

    The state has parameters, moments and the number of the step. The first shuffles by a key, the second is given the
    order of the rows.
    """
    jnp = jax.numpy

    def loss(parameters, X, y):
        for W, b in parameters[:-1]:
            X = jax.nn.relu(X @ W + b)
        W, b = parameters[-1]
        decay = sum((V**2).sum() for V, _ in parameters)
        return 0.5 * ((X @ W + b - y) ** 2).mean() + 0.5e-4 / batch * decay

    def moved(theta, g, m, v, t):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        rate = 1e-3 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        return theta - rate * m / (jnp.sqrt(v) + 1e-8), m, v

    def in_order(state, X, y, order):
        def step(state, at):
            parameters, m, v, t = state
            g = jax.grad(loss)(parameters, X[at], y[at])
            leaves, tree = jax.tree.flatten(parameters)
            columns = (leaves, *(jax.tree.leaves(part) for part in (g, m, v)))
            new = zip(*(moved(*column, t) for column in zip(*columns, strict=True)), strict=True)
            return (*(jax.tree.unflatten(tree, list(part)) for part in new), t + 1), None

        # A scan has steps of one size: the short last batch is left out.
        rows = order[: len(X) // batch * batch].reshape(-1, batch)
        return jax.lax.scan(step, state, rows)[0]

    def shuffled(state, X, y, key):
        return in_order(state, X, y, jax.random.permutation(key, len(X)))

    return jax.jit(shuffled), jax.jit(in_order)


def jax_seconds(shuffles, X, y, hidden, batch, epochs):
    import jax

    jax.config.update("jax_enable_x64", X.dtype == np.float64)
    rng, widths = np.random.default_rng(0), [X.shape[1], *hidden, 1]
    parameters = [
        (jax.numpy.asarray(rng.normal(0, n_in**-0.5, (n_in, n_out)), X.dtype), jax.numpy.zeros(n_out, X.dtype))
        for n_in, n_out in pairwise(widths)
    ]
    zeros = jax.tree.map(jax.numpy.zeros_like, parameters)
    state = (parameters, zeros, zeros, jax.numpy.asarray(1, X.dtype))
    X, y = jax.numpy.asarray(X), jax.numpy.asarray(y)[:, None]
    shuffled, in_order = kept_epochs(jax, batch)
    keys = list(jax.random.split(jax.random.key(0), epochs))

    def epoch(state, at):
        return shuffled(state, X, y, keys[at]) if shuffles else in_order(state, X, y, rng.permutation(len(X)))

    jax.block_until_ready(epoch(state, 0))
    start = time.perf_counter()
    for at in range(epochs):
        state = epoch(state, at)
    jax.block_until_ready(state)
    steps = len(X) // batch
    return (time.perf_counter() - start) * -(-len(X) // batch) / steps


EPOCHS = {}


def kept_epochs(jax, batch):
    """Compiled once for every size of a batch."""
    return EPOCHS.setdefault(batch, jax_epochs(jax, batch))
