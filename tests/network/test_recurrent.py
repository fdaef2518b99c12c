"""Layers on sequences: the contract of a layer for every cell and direction, lengths, states, steps and masks."""

import gc
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

from skbackprop.checks import check_layer
from skbackprop.network.activations import GELU, ReLU, Tanh
from skbackprop.network.cells import CELLS, GRU, LSTM, Elman
from skbackprop.network.contract import Run, Tape
from skbackprop.network.initializers import SmallNormal
from skbackprop.network.layers import Dense, Dropout, Standardize
from skbackprop.network.layout import flatten, unflatten
from skbackprop.network.network import Network
from skbackprop.network.parameters import Parameters
from skbackprop.network.recurrent import Recurrent
from tests.derivatives import check_gradient, noisy_run, trainable
from tests.network.samples import Sample, assert_same_pass, every_cell

N, T, D = 6, 5, 2
LENGTHS = np.array([5, 2, 4, 1, 5, 3])
ON_STEPS = [Dense(3, Tanh()), Dense(3, GELU()), Dropout(0.4), Standardize()]
CASES = [
    *(
        Recurrent(cell, 3, every_step, bidirectional)
        for cell in every_cell().values()
        for every_step in (False, True)
        for bidirectional in (False, True)
    ),
    *(Recurrent(cell, 3, True, bidirectional, 0.4) for cell in CELLS.values() for bidirectional in (False, True)),
    *ON_STEPS,
]

sample_of = partial(Sample, shape=(T, D), rows=N)
cells = pytest.mark.parametrize("cell", every_cell().values(), ids=every_cell())
every_layer = pytest.mark.parametrize("layer", CASES, ids=repr)
steps_or_last = pytest.mark.parametrize("every_step", [False, True], ids=["last", "steps"])
directions = pytest.mark.parametrize("bidirectional", [False, True], ids=["ahead", "both"])


@every_layer
def test_backward_is_the_derivative_of_forward(layer):
    check_layer(layer, (T, D))


@every_layer
def test_backward_is_the_derivative_of_forward_over_valid_steps(layer, rng):
    """By theta and X, with a state to begin from where there can be one: padded steps of X have no derivative."""
    sample = sample_of(layer, rng)
    state = None
    if isinstance(layer, Recurrent) and not layer.bidirectional:
        state = rng.standard_normal((N, layer.cell.states * 3))

    def run():
        return noisy_run()._replace(lengths=LENGTHS, state=state)

    passed = sample.passed(run=run())
    free = trainable(sample.parameters)

    def value(theta, X):
        return np.vdot(layer.forward(sample.parameters.views(theta)[0], X, run()), sample.dY)

    check_gradient(lambda X: value(sample.theta, X), sample.X, passed.dX, rng)
    if free.any():
        check_gradient(lambda theta: value(theta, sample.X), sample.theta, passed.gradient, rng, free=free)
    if isinstance(layer, Recurrent):
        assert not passed.dX[np.arange(T) >= LENGTHS[:, None]].any()


@every_layer
def test_float32_follows_float64(layer, rng):
    narrow, wide = sample_of(layer, rng, np.float32), sample_of(layer, rng)
    wide.theta, wide.X, wide.dY = (a.astype(np.float64) for a in (narrow.theta, narrow.X, narrow.dY))
    passed = narrow.passed(run=Run(tape=Tape()))
    assert passed.Y.dtype == passed.dX.dtype == passed.gradient.dtype == np.float32
    assert_same_pass(passed, wide.passed(run=Run(tape=Tape())), rtol=2e-4, atol=2e-4)


@every_layer
def test_rows_may_lie_either_way_and_are_not_written(layer, rng):
    sample = sample_of(layer, rng)
    kept = sample.X.copy()
    time_major = unflatten(flatten(sample.X).copy(), N)
    assert not time_major.flags.c_contiguous
    assert_same_pass(
        sample.passed(X=time_major, dY=unflatten(flatten(sample.dY).copy(), N) if sample.dY.ndim == 3 else None),
        sample.passed(),
        rtol=1e-13,
        atol=1e-14,
    )
    np.testing.assert_array_equal(sample.X, kept)
    np.testing.assert_array_equal(time_major, kept)


@every_layer
def test_what_is_put_out_at_every_step_lies_step_after_step(layer, rng):
    Y = sample_of(layer, rng).forward(unflatten(rng.standard_normal((T * N, D)), N), Run(tape=Tape()))
    if Y.ndim == 3:
        assert np.shares_memory(flatten(Y), Y)


@every_layer
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_short_batch_after_a_full_one_equals_fresh_buffers(layer, dtype, rng):
    sample, tape = sample_of(layer, rng, dtype), Tape()
    sample.passed(run=noisy_run(tape, seed=1))
    short = sample.passed(slice(3, 6), noisy_run(tape, seed=2))
    assert_same_pass(short, sample.passed(slice(3, 6), noisy_run(seed=2)), rtol=0)
    assert_same_pass(sample.passed(run=noisy_run(tape, seed=3)), sample.passed(run=noisy_run(seed=3)), rtol=0)


@every_layer
def test_fewer_steps_after_many_equal_fresh_buffers(layer, rng):
    sample, tape = sample_of(layer, rng), Tape()
    sample.passed(run=noisy_run(tape, seed=1))
    dY = sample.dY[:, :2] if sample.dY.ndim == 3 else sample.dY
    short = sample.passed(run=noisy_run(tape, seed=2), X=sample.X[:, :2], dY=dY)
    assert_same_pass(short, sample.passed(run=noisy_run(seed=2), X=sample.X[:, :2], dY=dY), rtol=0)


@every_layer
def test_buffers_outlive_the_batch(layer, rng):
    sample, tape = sample_of(layer, rng), Tape()
    sample.passed(run=noisy_run(tape))
    before = [b.ctypes.data for t in (tape, *tape.parts.values()) for b in t.buffers.values()]
    sample.passed(slice(0, 2), run=noisy_run(tape))
    sample.passed(run=noisy_run(tape))
    assert [b.ctypes.data for t in (tape, *tape.parts.values()) for b in t.buffers.values()] == before


@every_layer
def test_a_masked_batch_equals_the_sequences_one_at_a_time(layer, rng):
    """Whatever stands in the padding, and whatever the derivative there is not: it is zero."""
    sample = sample_of(layer, rng)
    valid = (np.arange(T) < LENGTHS[:, None])[:, :, None]
    X, dY = np.where(valid, sample.X, 1e3), sample.dY
    if dY.ndim == 3:
        dY = np.where(valid, dY, 0.0)
    whole = sample.passed(run=Run(tape=Tape(), lengths=LENGTHS), X=X, dY=dY)
    gradient = 0.0
    for i, length in enumerate(LENGTHS):
        one = sample.passed(
            run=Run(tape=Tape()), X=X[i : i + 1, :length], dY=dY[i : i + 1, :length] if dY.ndim == 3 else dY[i : i + 1]
        )
        steps = slice(0, length) if dY.ndim == 3 else slice(None)
        np.testing.assert_allclose(whole.Y[i, steps], one.Y[0], rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(whole.dX[i, :length], one.dX[0], rtol=1e-11, atol=1e-12)
        gradient = gradient + one.gradient
    np.testing.assert_allclose(whole.gradient, gradient, rtol=1e-11, atol=1e-11)


@every_layer
def test_without_a_tape_the_output_is_not_overwritten_by_the_next_one(layer, rng):
    sample = sample_of(layer, rng)
    first = sample.forward(sample.X)
    kept = first.copy()
    sample.forward(sample.X + 1.0)
    np.testing.assert_array_equal(first, kept)


@every_layer
def test_output_shape_tells_the_shape_of_a_row_for_any_number_of_steps(layer, rng):
    sample = sample_of(layer, rng)
    for steps in (1, 2, T):
        assert sample.forward(sample.X[:, :steps]).shape == (N, *layer.output_shape((steps, D)))
    assert layer.output_shape((None, D)) in {(None, 3), (3,), (None, 6), (6,), (None, 2)}


@cells
@steps_or_last
def test_two_segments_equal_one(cell, every_step, rng):
    """The state of the first is the second's to begin from; rows that end in the first keep theirs."""
    sample = sample_of(Recurrent(cell, 3, every_step), rng)
    whole, first, second = Tape(), Tape(), Tape()
    Y = sample.forward(sample.X, Run(tape=whole, lengths=LENGTHS))
    Y_first = sample.forward(sample.X[:, :2], Run(tape=first, lengths=LENGTHS.clip(max=2)))
    Y_second = sample.forward(sample.X[:, 2:], Run(tape=second, lengths=(LENGTHS - 2).clip(min=0), state=first.state))
    np.testing.assert_allclose(second.state, whole.state, rtol=1e-13)
    np.testing.assert_allclose(
        Y_second if not every_step else np.concatenate([Y_first, Y_second], axis=1), Y, rtol=1e-13
    )


@cells
def test_step_by_step_equals_forward(cell, rng):
    network = Network(
        [Standardize(), Recurrent(cell, 4, True), Dropout(0.5), Recurrent(cell, 3, True), Dense(2)], (None, D)
    )
    theta = network.parameters.initial(np.random.RandomState(0), np.float64)
    p, X, states = network.parameters.views(theta), rng.standard_normal((N, T, D)), None
    Y = network.forward(p, X)
    for t in range(T):
        y, states = network.step(p, X[:, t], states)
        np.testing.assert_allclose(y, Y[:, t], rtol=1e-12, atol=1e-14)
    assert [None if state is None else state.shape for state in states] == [
        None, (N, cell.states * 4), None, (N, cell.states * 3), None
    ]  # fmt: skip


@cells
@directions
def test_the_last_output_is_that_of_the_last_valid_step(cell, bidirectional, rng):
    every, last = (sample_of(Recurrent(cell, 3, every_step, bidirectional), rng) for every_step in (True, False))
    last.theta = every.theta
    Y = every.forward(every.X, Run(lengths=LENGTHS))
    expected = Y[np.arange(N), LENGTHS - 1, :3]
    if bidirectional:
        expected = np.concatenate([expected, Y[:, 0, 3:]], axis=1)
    np.testing.assert_array_equal(last.forward(every.X, Run(lengths=LENGTHS)), expected)


@cells
def test_the_second_direction_reads_each_row_from_its_own_end(cell, rng):
    both = sample_of(Recurrent(cell, 3, True, bidirectional=True), rng)
    one = sample_of(Recurrent(cell, 3, True), rng)
    one.theta.flags.writeable = True
    for name in vars(one.p()):
        getattr(one.p(), name)[...] = getattr(both.p(), name + "_back")
    Y = both.forward(both.X, Run(lengths=LENGTHS))
    for i, length in enumerate(LENGTHS):
        reverse = one.forward(both.X[i : i + 1, :length][:, ::-1])
        np.testing.assert_allclose(Y[i, :length, 3:], reverse[0, ::-1], rtol=1e-12, atol=1e-14)


def test_one_mask_per_sequence_drops_the_state_on_its_way_into_the_product():
    """With U = 1, W = 0, b = 1 and f the identity up to rounding, what is dropped stays at 1."""
    layer = Recurrent(Elman(ReLU()), 400, True, dropout=0.5)
    parameters = Parameters([layer.slots((None, 1))])
    (p,) = parameters.views(parameters.initial(np.random.RandomState(0), np.float64))
    p.W[...], p.b[...] = 0.0, 1.0
    run = noisy_run()
    Y = layer.forward(p, np.zeros((3, 4, 1)), run).copy()
    dropped = Y[:, -1] == 1.0
    np.testing.assert_array_equal(Y[:, -1][~dropped], 1 + 2 + 4 + 8)
    assert abs(dropped.mean() - 0.5) < 4 * 0.5 / np.sqrt(1200)
    assert not np.array_equal(dropped[0], dropped[1])
    again = layer.forward(p, np.zeros((3, 4, 1)), run._replace(state=run.tape.state)).copy()
    np.testing.assert_array_equal(again[:, -1] == 1.0, dropped)
    anew = layer.forward(p, np.zeros((3, 4, 1)), run)
    assert not np.array_equal(anew[:, -1] == 1.0, dropped)


@pytest.mark.parametrize("name", CELLS)
def test_every_block_of_U_starts_orthogonal_and_biases_as_they_should(name):
    cell, u = CELLS[name], 6
    slots = Recurrent(cell, u).slots((None, 3))
    draw = np.random.RandomState(0)
    start = {key: slot.init(draw, slot.shape) for key, slot in slots.items()}
    for block in np.split(start["U"], cell.gates, axis=1):
        np.testing.assert_allclose(block @ block.T, np.eye(u), atol=1e-12)
    assert np.abs(start["W"]).max() <= np.sqrt(6 / (3 + u))
    forget = np.repeat([0.0, 1.0, 0.0, 0.0], u)
    np.testing.assert_array_equal(start["b"], forget if name == "lstm" else 0.0)
    assert {key for key, slot in slots.items() if slot.decay} == {"W", "U"}


def test_an_elman_cell_with_relu_starts_as_the_identity():
    slots = Recurrent(Elman(ReLU()), 4).slots((None, 3))
    np.testing.assert_array_equal(slots["U"].init(np.random.RandomState(0), (4, 4)), np.eye(4))


def test_the_start_of_W_and_of_the_forget_bias_can_be_chosen():
    slots = Recurrent(LSTM(forget_bias=2.5), 4, init=SmallNormal(1e-6)).slots((None, 3))
    assert np.abs(slots["W"].init(np.random.RandomState(0), (3, 16))).max() < 1e-4
    np.testing.assert_array_equal(slots["b"].init(None, (16,))[4:8], 2.5)


def test_a_layer_norm_keeps_what_an_exploding_U_would_lose(rng):
    """Without it the state of a linear cell grows by the factor of U; with it, not."""
    for layer_norm, bound in ((True, 30.0), (False, np.inf)):
        sample = sample_of(Recurrent(Elman(ReLU(), layer_norm), 3), rng)
        sample.theta.flags.writeable = True
        sample.p().U[...] *= 100.0
        assert np.abs(sample.forward(sample.X)).max() < bound


def test_memory_is_given_back_without_the_garbage_collector(rng):
    """Which may be long in coming: the blocks of a prediction would pile up."""
    samples = [sample_of(Recurrent(LSTM(), 3, True, bidirectional), rng) for bidirectional in (False, True)]
    gc.collect()
    gc.freeze()  # what there is already need not be looked through again
    gc.disable()
    try:
        for sample in samples:
            for tape in (Tape, lambda: None):
                run = Run(tape=tape())
                sample.forward(sample.X, run)
                del run
                assert gc.collect() == 0, sample.layer
    finally:
        gc.enable()
        gc.unfreeze()


def test_a_bidirectional_layer_neither_steps_nor_goes_on_from_a_state(rng):
    sample = sample_of(Recurrent(GRU(), 3, bidirectional=True), rng)
    with pytest.raises(ValueError, match="cannot go step by step"):
        sample.layer.step(sample.p(), sample.X[:, 0])
    with pytest.raises(ValueError, match="cannot go on from a `state`"):
        sample.forward(sample.X, Run(state=np.zeros((N, 3))))


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (np.zeros((2, 3)), r"`state` .* of shape \(4, 3\), got \(2, 3\)"),
        (np.zeros((4, 6)), r"`state` .* of shape \(4, 3\), got \(4, 6\)"),
    ],
)
def test_a_state_of_other_rows_or_another_cell_is_refused(state, message, rng):
    network = Network([Recurrent(GRU(), 3), Dense(1)], (None, 2))
    p = network.parameters.views(network.parameters.initial(np.random.RandomState(0), np.float64))
    with pytest.raises(ValueError, match=message):
        network.step(p, rng.normal(size=(4, 2)), [state, None])


@pytest.mark.parametrize(
    ("states", "came"), [([None], "a list of 1"), ((None,), "a tuple of 1"), ("state", "an object of type str")]
)
def test_states_of_another_network_are_refused(states, came, rng):
    network = Network([Recurrent(GRU(), 3), Dense(1)], (None, 2))
    p = network.parameters.views(network.parameters.initial(np.random.RandomState(0), np.float64))
    with pytest.raises(ValueError, match=f"`state` must be None or .* a list of 2, got {came}"):
        network.step(p, rng.normal(size=(4, 2)), states)


@dataclass(frozen=True)
class Half:
    """Keeps half of every contract."""

    gates: int = 1
    keeps_input: bool = False


@pytest.mark.parametrize("activation", ["tanh", Tanh, None])
def test_a_cell_takes_an_activation_as_an_object(activation):
    with pytest.raises(TypeError, match="`activation` must be an object such as"):
        Elman(activation)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Recurrent("gru", 3), TypeError, "`cell` must be an object such as GRU.*, got 'gru'"),
        (lambda: Recurrent(GRU, 3), TypeError, "`cell` must be an object such as GRU.*, got <class"),
        (lambda: Recurrent(Half(), 3), TypeError, "`cell` must be an object as `Cell` .* got Half.*, which lacks"),
        (lambda: Recurrent(GRU(), 3, init="he"), TypeError, "`init` must be an object such as Orthogonal.*, got 'he'"),
        (lambda: Recurrent(GRU(), 0), ValueError, "`units` must be an integer >= 1, got 0"),
        (lambda: Recurrent(GRU(), 3, "yes"), TypeError, "`return_sequences` must be True or False, got 'yes'"),
        (lambda: Recurrent(GRU(), 3, bidirectional=1), TypeError, "`bidirectional` must be True or False, got 1"),
        (
            lambda: Recurrent(GRU(), 3, dropout=1.0),
            ValueError,
            "`dropout` must be a real number in \\[0, 1\\), got 1.0",
        ),
        (lambda: LSTM(forget_bias=np.nan), ValueError, "`forget_bias` must be a real number"),
        (lambda: LSTM(layer_norm="x"), TypeError, "`layer_norm` must be True or False, got 'x'"),
        (lambda: GRU(1), TypeError, "`layer_norm` must be True or False, got 1"),
        (lambda: Elman(layer_norm=None), TypeError, "`layer_norm` must be True or False, got None"),
    ],
)
def test_a_bad_hyper_parameter_is_named(make, error, message):
    with pytest.raises(error, match=message):
        make()
