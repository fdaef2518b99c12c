"""Every loss of classes, through a softmax or logistic columns: gradient, weights, best constant, peers."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.metrics import brier_score_loss, log_loss

from skbackprop import ACTIVATIONS, checks
from skbackprop.network.losses import CLASSIFICATION_LOSSES, BrierLoss, Focal, LogLoss
from skbackprop.network.losses.classification import frequencies
from skbackprop.network.objective import Objective
from skbackprop.network.penalties import L2
from tests.derivatives import check_gradient, trainable
from tests.network.samples import random_theta, small_network, weights

N = 12
LOSSES = {
    **CLASSIFICATION_LOSSES,
    "smoothed": LogLoss(label_smoothing=0.2),
    "focal 0": Focal(gamma=0.0),
    "focal 0.5": Focal(gamma=0.5),
}
# How many raw columns, and whether classes exclude one another.
LINKS = {"one logistic column": (1, False), "three logistic columns": (3, False), "softmax": (3, True)}

every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
every_link = pytest.mark.parametrize(("k", "exclusive"), LINKS.values(), ids=LINKS)
weighted = pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def bound(loss, k, exclusive):
    return replace(loss, n_classes=k if exclusive else 0)


def target(rng, k, exclusive, n=N):
    """Every class or label occurs, and none of them always."""
    if exclusive:
        return rng.permutation(np.arange(n) % k)[:, None].astype(float)
    return rng.permuted(np.resize([0.0, 1.0, 0.0, 0.0, 1.0], (n, k)), axis=0)


def sample(rng, k, exclusive, weighted=False, dtype=np.float64):
    y = target(rng, k, exclusive).astype(dtype)
    raw = 2 * rng.standard_normal((N, k)).astype(dtype)
    weight = weights(rng, N).astype(dtype) if weighted else None
    for array in (y, raw, weight):
        if array is not None:
            array.flags.writeable = False
    return y, raw, weight


def evaluate(loss, y, raw, weight=None):
    gradient = np.full_like(raw, np.nan)
    return loss.value_and_gradient(y, raw, weight, gradient), gradient


@every_loss
@pytest.mark.parametrize("n_classes", [0, 3], ids=["logistic columns", "softmax"])
def test_keeps_the_public_contract(loss, n_classes):
    """Its gradient is the derivative for one column and three, without weights and with them; sums, constant."""
    checks.check_loss(replace(loss, n_classes=n_classes))


@every_loss
@every_link
def test_raw_scores_tell_what_probabilities_tell(loss, k, exclusive, rng):
    loss, raw = bound(loss, k, exclusive), 3 * rng.standard_normal((50, k))
    p = loss.predict(raw)
    expected = p.argmax(axis=1)[:, None] if exclusive else p > 0.5
    np.testing.assert_array_equal(loss.decide(raw), expected)
    assert not loss.decide(0 * raw).any()


@every_loss
@every_link
def test_the_gradient_of_a_network_is_the_derivative_of_its_objective(loss, k, exclusive, rng):
    loss, X = bound(loss, k, exclusive), rng.standard_normal((N, 4))
    for activation, weighted in product(("tanh", "relu"), (False, True)):
        y, _, weight = sample(rng, k, exclusive, weighted)
        network = small_network(ACTIVATIONS[activation], k)
        theta = random_theta(network, rng)
        objective = Objective(network, loss, X, y, weight=weight, mean_weight=1.7, penalty=L2(0.3))

        def value(theta, objective=objective):
            return sum(objective.value_and_gradient(theta)[0])

        gradient, free = objective.value_and_gradient(theta)[1].copy(), trainable(network.parameters)
        name = f"the gradient with {activation} and {'' if weighted else 'no '}weights"
        check_gradient(value, theta, gradient, rng, free=free, rtol=1e-7, name=name)


@every_loss
@every_link
def test_float32_follows_float64_and_may_be_written_over_raw(loss, k, exclusive, rng):
    loss = bound(loss, k, exclusive)
    for weighted in (False, True):
        y, raw, weight = sample(rng, k, exclusive, weighted, np.float32)
        value, gradient = evaluate(loss, y, raw, weight)
        wide, wide_gradient = evaluate(loss, *(None if a is None else a.astype(np.float64) for a in (y, raw, weight)))
        assert isinstance(value, float)
        assert gradient.dtype == np.float32
        assert value == pytest.approx(wide, rel=1e-5)
        np.testing.assert_allclose(gradient, wide_gradient, rtol=1e-5, atol=1e-5)
        assert loss.predict(raw).dtype == loss.log_predict(raw).dtype == np.float32
        shared = raw.copy()
        assert loss.value_and_gradient(y, shared, weight, shared) == value
        np.testing.assert_array_equal(shared, gradient)


@every_loss
@every_link
def test_sums_and_weights_are_right_to_rounding(loss, k, exclusive, rng):
    """The contract leaves a loss of one's own more room."""
    loss = bound(loss, k, exclusive)
    y, raw, weight = sample(rng, k, exclusive, weighted=True)
    for w in (None, weight):
        rows = [evaluate(loss, y[[i]], raw[[i]], None if w is None else w[[i]])[0] for i in range(N)]
        assert evaluate(loss, y, raw, w)[0] == pytest.approx(sum(rows), rel=1e-13)
    counts = np.arange(N) % 4
    value, gradient = evaluate(loss, y, raw, counts.astype(float))
    repeated, _ = evaluate(loss, np.repeat(y, counts, axis=0), np.repeat(raw, counts, axis=0))
    assert value == pytest.approx(repeated, rel=1e-13)
    np.testing.assert_allclose(gradient, counts[:, None] * evaluate(loss, y, raw)[1], rtol=1e-13)
    np.testing.assert_allclose(
        loss.constant(y, counts.astype(float)), loss.constant(np.repeat(y, counts, axis=0), None), atol=1e-6
    )


@every_loss
@every_link
def test_at_the_constant_the_gradient_is_zero(loss, k, exclusive, rng):
    loss = bound(loss, k, exclusive)
    for weighted in (False, True):
        y, _, weight = sample(rng, k, exclusive, weighted)
        constant = loss.constant(y, weight)
        assert constant.shape == (loss.raw_width(y),) == (k,)
        _, gradient = evaluate(loss, y, np.tile(constant, (N, 1)), weight)
        np.testing.assert_allclose(gradient.sum(axis=0), 0.0, atol=1e-10 * N)


@pytest.mark.parametrize("gamma", [0.0, 0.01, 0.5, 1.0, 5.0, 20.0])
def test_the_constant_of_a_focal_loss_of_many_classes_minimises(gamma, rng):
    loss, y = Focal(gamma=gamma, n_classes=500), rng.geometric(0.01, (5000, 1)) % 500.0
    share, out = frequencies(y, None, 500), np.empty((500, 500))
    loss.value_and_gradient(np.arange(500.0)[:, None], np.tile(loss.constant(y, None), (500, 1)), share, out)
    np.testing.assert_allclose(out.sum(axis=0), 0.0, atol=1e-12)


@every_loss
@every_link
def test_the_constant_of_a_class_that_is_absent_or_alone_is_finite(loss, k, exclusive):
    loss = bound(loss, k, exclusive)
    for value in (0.0, 1.0):
        constant = loss.constant(np.full((N, 1 if exclusive else k), value), None)
        assert np.isfinite(constant).all()
        assert np.abs(constant).max() < 40
        p = loss.predict(constant[None])[0]
        assert p[int(value)] > 0.7 if exclusive else np.abs(p - value).max() < 0.3


@pytest.mark.parametrize("loss", [LogLoss(), BrierLoss()], ids=repr)
def test_a_class_that_is_absent_counts_as_half_a_row(loss):
    p = loss.predict(loss.constant(np.zeros((N, 1)), None))
    np.testing.assert_allclose(p, 0.5 / N)


@every_loss
@every_link
@both_dtypes
def test_far_out_all_is_finite_and_nothing_warns(loss, k, exclusive, dtype, rng):
    loss = bound(loss, k, exclusive)
    for weighted, magnitude in product((False, True), (1e3, -1e3)):
        y, raw, weight = sample(rng, k, exclusive, weighted, dtype)
        for far in (np.full_like(raw, magnitude), magnitude * np.sign(raw), magnitude * (np.arange(k) == 0) + 0 * raw):
            far = far.astype(dtype)
            value, gradient = evaluate(loss, y, far, weight)
            assert np.isfinite(value), magnitude
            assert np.isfinite(gradient).all(), magnitude
            p, log_p = loss.predict(far), loss.log_predict(far)
            assert ((p >= 0) & (p <= 1)).all(), magnitude
            assert np.isfinite(log_p).all(), magnitude
            assert (log_p <= 0).all(), magnitude


@every_loss
@both_dtypes
@pytest.mark.parametrize("scale", [1.0, 30.0, 1e3])
def test_probabilities_of_classes_sum_to_one(loss, dtype, scale, rng):
    raw = (scale * rng.standard_normal((200, 5))).astype(dtype)
    p = bound(loss, 5, True).predict(raw)
    np.testing.assert_allclose(p.sum(axis=1), 1.0, rtol=4 * np.finfo(dtype).eps)
    np.testing.assert_allclose(np.exp(bound(loss, 5, True).log_predict(raw)), p, rtol=1e-3, atol=1e-6)


@every_loss
@every_link
def test_the_inverse_link(loss, k, exclusive, rng):
    loss, raw = bound(loss, k, exclusive), rng.standard_normal((N, k))
    assert loss.inverse_link == ("softmax" if exclusive else "logistic")
    np.testing.assert_allclose(loss.predict(raw), softmax(raw, axis=1) if exclusive else expit(raw), rtol=1e-14)
    np.testing.assert_allclose(loss.log_predict(raw), np.log(loss.predict(raw)), rtol=1e-12)


@every_loss
def test_the_target_is_left_as_it_is(loss, rng):
    for k, exclusive in LINKS.values():
        y = target(rng, k, exclusive)
        assert bound(loss, k, exclusive).rescaled(np.ones(k)) == bound(loss, k, exclusive)
        units = bound(loss, k, exclusive).units(y.mean(axis=0), y.std(axis=0))
        np.testing.assert_array_equal(units.standardize(y), y)
        np.testing.assert_array_equal(units.restore(np.ones((2, k))), 1.0)


@every_loss
def test_the_domain_is_told(loss):
    loss.check(np.array([[0.0, 1.0]]))
    replace(loss, n_classes=3).check(np.array([[0.0], [2.0]]))
    for bad in ([[2.0]], [[-1.0]], [[0.5]]):
        with pytest.raises(ValueError, match="`y` must hold whole numbers from 0 to 1, got"):
            loss.check(np.array(bad))
    with pytest.raises(ValueError, match="`y` must hold whole numbers from 0 to 2, got"):
        replace(loss, n_classes=3).check(np.array([[3.0]]))


@pytest.mark.parametrize(
    ("Loss", "name", "value", "error"),
    [
        (LogLoss, "label_smoothing", -0.1, ValueError),
        (LogLoss, "label_smoothing", 1.0, ValueError),
        (LogLoss, "label_smoothing", "0.1", TypeError),
        (Focal, "gamma", -0.5, ValueError),
        (Focal, "gamma", np.nan, ValueError),
        (Focal, "gamma", None, TypeError),
    ],
)
def test_a_bad_hyper_parameter_is_named(Loss, name, value, error):
    with pytest.raises(error, match=f"`{name}` must be a real number in .*, got"):
        Loss(**{name: value})


@every_link
@weighted
def test_focal_without_focus_is_the_log_loss(k, exclusive, weighted, rng):
    arrays = sample(rng, k, exclusive, weighted)
    value, gradient = evaluate(bound(Focal(gamma=0.0), k, exclusive), *arrays)
    expected, expected_gradient = evaluate(bound(LogLoss(), k, exclusive), *arrays)
    assert value == pytest.approx(expected, rel=1e-13)
    np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(
        softmax(bound(Focal(gamma=0.0), k, exclusive).constant(arrays[0], arrays[2])),
        softmax(bound(LogLoss(), k, exclusive).constant(arrays[0], arrays[2])),
        rtol=1e-6,
    )


@pytest.mark.parametrize("loss", [LogLoss(), BrierLoss()])
@weighted
def test_the_constant_is_the_frequencies(loss, weighted, rng):
    y, _, weight = sample(rng, 3, True, weighted)
    w = np.ones(N) if weight is None else weight
    expected = np.bincount(y[:, 0].astype(int), w) / w.sum()
    np.testing.assert_allclose(softmax(replace(loss, n_classes=3).constant(y, weight)), expected, rtol=1e-12)
    y, _, weight = sample(rng, 3, False, weighted)
    w = np.ones(N) if weight is None else weight
    np.testing.assert_allclose(expit(loss.constant(y, weight)), w @ y / w.sum(), rtol=1e-12)


@weighted
def test_log_loss_is_that_of_scikit_learn(weighted, rng):
    y, raw, weight = sample(rng, 3, True, weighted)
    value, _ = evaluate(LogLoss(n_classes=3), y, raw, weight)
    assert value == pytest.approx(log_loss(y[:, 0], softmax(raw, axis=1), sample_weight=weight) * N, rel=1e-6)
    y, raw, weight = sample(rng, 1, False, weighted)
    value, _ = evaluate(LogLoss(), y, raw, weight)
    assert value == pytest.approx(log_loss(y[:, 0], expit(raw[:, 0]), sample_weight=weight) * N, rel=1e-6)


@weighted
def test_brier_loss_is_half_of_scikit_learn_s(weighted, rng):
    y, raw, weight = sample(rng, 1, False, weighted)
    value, _ = evaluate(BrierLoss(), y, raw, weight)
    expected = brier_score_loss(y[:, 0], expit(raw[:, 0]), sample_weight=weight)
    assert value == pytest.approx(0.5 * expected * N, rel=1e-12)
    y, raw, weight = sample(rng, 3, True, weighted)
    value, _ = evaluate(BrierLoss(n_classes=3), y, raw, weight)
    w = np.ones(N) if weight is None else weight
    squares = ((softmax(raw, axis=1) - np.eye(3)[y[:, 0].astype(int)]) ** 2).sum(axis=1)
    assert value == pytest.approx(0.5 * w @ squares, rel=1e-12)


class TestAgainstPyTorch:
    """Sums over rows and their gradients, in float64."""

    @pytest.fixture
    def torch(self):
        return pytest.importorskip("torch", reason="PyTorch is not installed")

    @staticmethod
    def compare(torch, theirs, loss, arrays):
        """``theirs`` maps y and raw as tensors to one number per row, or per row and column."""
        y, raw, weight = (None if array is None else torch.tensor(np.array(array)) for array in arrays)
        raw.requires_grad_()
        each = theirs(y, raw).reshape(N, -1)
        total = (each if weight is None else each * weight[:, None]).sum()
        total.backward()
        value, gradient = evaluate(loss, *arrays)
        assert value == pytest.approx(total.item(), rel=1e-6)
        np.testing.assert_allclose(gradient, raw.grad.numpy(), rtol=1e-6, atol=1e-9)

    @weighted
    @pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
    def test_cross_entropy(self, torch, smoothing, weighted, rng):
        def theirs(y, raw):
            return torch.nn.functional.cross_entropy(raw, y[:, 0].long(), reduction="none", label_smoothing=smoothing)

        self.compare(torch, theirs, LogLoss(smoothing, n_classes=4), sample(rng, 4, True, weighted))

    @weighted
    @pytest.mark.parametrize("k", [1, 3])
    @pytest.mark.parametrize("smoothing", [0.0, 0.2])
    def test_binary_cross_entropy(self, torch, k, smoothing, weighted, rng):
        def theirs(y, raw):
            t = (1 - smoothing) * y + smoothing / 2
            return torch.nn.functional.binary_cross_entropy_with_logits(raw, t, reduction="none")

        self.compare(torch, theirs, LogLoss(smoothing), sample(rng, k, False, weighted))

    @weighted
    @pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
    def test_sigmoid_focal(self, torch, gamma, weighted, rng):
        """The formula of ``torchvision.ops.sigmoid_focal_loss``, without its alpha."""

        def theirs(y, raw):
            p = torch.sigmoid(raw)
            entropy = torch.nn.functional.binary_cross_entropy_with_logits(raw, y, reduction="none")
            return entropy * (1 - (p * y + (1 - p) * (1 - y))) ** gamma

        self.compare(torch, theirs, Focal(gamma), sample(rng, 3, False, weighted))

    @weighted
    def test_brier(self, torch, weighted, rng):
        def of_classes(y, raw):
            onehot = torch.nn.functional.one_hot(y[:, 0].long(), 3)
            return 0.5 * ((torch.softmax(raw, 1) - onehot) ** 2).sum(dim=1)

        def of_columns(y, raw):
            return 0.5 * (torch.sigmoid(raw) - y) ** 2

        self.compare(torch, of_classes, BrierLoss(n_classes=3), sample(rng, 3, True, weighted))
        self.compare(torch, of_columns, BrierLoss(), sample(rng, 3, False, weighted))
