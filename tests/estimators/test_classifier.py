"""What only classifiers do: labels of every sort, probabilities, weights of classes, held-out rows of every class."""

import inspect
import math
import tracemalloc
import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

from skbackprop import OPTIMIZERS, BatchMLPClassifier, BrierLoss, ClassLoss, Focal, LogLoss, ReLU
from tests.estimators.kinds import CLASSIFIERS, ENDLESS, KINDS, labels, one_each, over, three_classes

every_target = over(CLASSIFIERS)
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def rows(n=150, seed=0):
    """Inputs in odd units and a column of numbers that no line tells."""
    rng = np.random.default_rng(seed)
    Z = rng.uniform(-1, 1, (n, 4))
    return Z * [1, 10, 0.1, 1] + [0, 5, 0, 100], Z[:, 0] + Z[:, 1] * Z[:, 2]


def net(kind=KINDS["classes"], **parameters):
    quick = {"hidden_layer_sizes": (10,), "learning_rate_init": 0.01, "batch_size": 50, "max_iter": 5}
    return kind.make(**quick | ENDLESS | kind.side_by_side(2) | parameters)


X, f = rows()
numbers = np.searchsorted(np.quantile(f, [1 / 3, 2 / 3]), f)

LABELS = {
    "strings": np.array(["high", "low", "medium"]),
    "objects": np.array(["high", "low", "medium"], dtype=object),
    "integers": np.array([-7, 0, 12]),
    "unsigned bytes": np.array([1, 2, 255], dtype=np.uint8),
    "whole floats": np.array([0.0, 1.0, 2.0]),
    "two strings": np.array(["no", "yes", "yes"]),
    "two integers": np.array([1, 2, 2]),
    "booleans": np.array([False, True, True]),
}


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("names", LABELS.values(), ids=LABELS)
def test_labels_come_back_as_they_were(names, method):
    """Whatever the labels are called, in their order, the probabilities are the same."""
    y, plain = names[numbers], np.unique(names, return_inverse=True)[1][numbers]
    said = {"classes": np.unique(y)} if method == "partial_fit" else {}
    model = getattr(net(), method)(X, y, **said)
    np.testing.assert_array_equal(model.classes_, np.unique(y))
    predicted = model.predict(X)
    assert predicted.dtype == y.dtype
    assert predicted.shape == y.shape
    assert set(predicted) <= set(y)
    said = {"classes": np.unique(plain)} if method == "partial_fit" else {}
    np.testing.assert_array_equal(model.predict_proba(X), getattr(net(), method)(X, plain, **said).predict_proba(X))
    assert model.score(X, y) == accuracy_score(y, predicted)


def test_labels_learn():
    y = LABELS["strings"][numbers]
    assert net(max_iter=80).fit(X, y).score(X, y) > 0.9


@pytest.mark.parametrize("make", [np.array, sparse.csr_matrix, sparse.csr_array, sparse.csc_matrix])
def test_an_indicator_may_be_dense_or_sparse(make):
    indicator = KINDS["labels"].target(f)
    model = net(max_iter=60).fit(X, make(indicator))
    np.testing.assert_array_equal(model.classes_, [0, 1, 2])
    np.testing.assert_array_equal(model.predict_proba(X), net(max_iter=60).fit(X, indicator).predict_proba(X))
    assert model.predict(X).shape == indicator.shape
    assert set(np.unique(model.predict(X))) == {0, 1}
    assert (model.predict(X) == indicator).mean() > 0.9
    np.testing.assert_array_equal(model.predict(X), model.predict_proba(X) > 0.5)
    assert model.score(X, make(indicator)) == accuracy_score(indicator, model.predict(X))


@every_target
def test_faces_of_a_prediction(kind):
    """Probabilities, their logarithms, raw scores and labels tell one story."""
    y = kind.target(f)
    model = net(kind, max_iter=20).fit(X, y)
    p, raw = model.predict_proba(X), model.decision_function(X)
    n_columns = len(kind.classes)
    assert p.shape == (150, n_columns)
    assert raw.shape == ((150,) if n_columns == 2 else (150, n_columns))
    assert model.n_outputs_ == (1 if n_columns == 2 else n_columns)
    assert model.out_activation_ == ("softmax" if kind.target is three_classes else "logistic")
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), p, rtol=1e-12)
    if kind.target is labels:
        np.testing.assert_array_equal(model.predict(X), raw > 0)
        return
    np.testing.assert_allclose(p.sum(axis=1), 1.0, rtol=1e-14)
    np.testing.assert_array_equal(model.predict(X), model.classes_[p.argmax(axis=1)])
    if n_columns == 2:
        np.testing.assert_allclose(raw, np.log(p[:, 1] / p[:, 0]), rtol=1e-9)
        np.testing.assert_array_equal(model.predict(X), model.classes_[(raw > 0).astype(int)])


@every_target
@both_dtypes
@pytest.mark.parametrize("loss", ["log_loss", "squared_error", "focal"])
def test_confident_predictions_have_finite_logarithms_and_sum_to_one(kind, dtype, loss):
    model = net(kind, loss=loss, max_iter=20, **kind.activated(ReLU())).fit(X.astype(dtype), kind.target(f))
    far = (1e6 * (X - X.mean(axis=0))).astype(dtype)
    for inputs in (X.astype(dtype), far):
        p, log_p = model.predict_proba(inputs), model.predict_log_proba(inputs)
        assert p.dtype == log_p.dtype == dtype
        assert np.isfinite(log_p).all()
        assert (log_p <= 0).all()
        if kind.target is not labels:
            np.testing.assert_allclose(p.sum(axis=1), 1.0, rtol=4 * np.finfo(dtype).eps)
    assert log_p.min() < -1000  # where the logarithm of a probability would have been -inf


@pytest.mark.parametrize("y", [np.zeros(150, int), np.full(150, "only"), np.ones(150, bool)], ids=["0", "only", "True"])
@pytest.mark.parametrize("options", [{}, {"solver": "lbfgs"}, {"early_stopping": True}, {"class_weight": "balanced"}])
def test_one_class_only(y, options):
    model = net(**options).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), y)
    np.testing.assert_allclose(model.predict_proba(X), np.ones((150, 1)))
    np.testing.assert_allclose(model.predict_log_proba(X), np.zeros((150, 1)))


def test_one_label_column():
    """An indicator of one column is a column of labels to scikit-learn, and read as such."""
    with pytest.warns(DataConversionWarning, match="column-vector"):
        model = net().fit(X, (f > 0).astype(int)[:, None])
    assert model.predict(X).shape == (150,)
    np.testing.assert_array_equal(model.predict_proba(X), net().fit(X, (f > 0).astype(int)).predict_proba(X))


def test_a_target_that_is_no_classes_is_refused():
    with pytest.raises(
        ValueError, match=r"Unknown label type: `y` of a classifier must hold classes, got .*continuous"
    ):
        net().fit(X, f)
    two = np.column_stack([numbers, numbers])
    with pytest.raises(ValueError, match=r"got 2 columns of labels \(multiclass-multioutput\), for which MultiOutput"):
        net().fit(X, two)


@every_target
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_target_of_another_sort_cannot_go_on(kind, method):
    other = KINDS["labels"] if kind.target is not labels else KINDS["classes"]
    model = net(kind, warm_start=True).fit(X, kind.target(f))
    before = model.predict_proba(X)
    with pytest.raises(ValueError, match=r"`y` must be .*, as in training, got"):
        kind.train(model, method, X, other.target(f))
    np.testing.assert_array_equal(model.predict_proba(X), before)


def test_an_indicator_of_another_width_cannot_go_on():
    model = net(warm_start=True).fit(X, KINDS["labels"].target(f))
    with pytest.raises(ValueError, match="`y` must have 3 columns, as in training, got 2"):
        model.fit(X, KINDS["labels"].target(f)[:, :2])


class TestClassesOfAStream:
    y = three_classes(f)

    def test_must_be_told_first(self):
        model = net()
        with pytest.raises(ValueError, match="`classes` must list all labels at the first call of `partial_fit`"):
            model.partial_fit(X, self.y)
        assert set(vars(model)) == set(model.get_params())

    def test_stand_where_scikit_learn_has_them(self):
        assert list(inspect.signature(BatchMLPClassifier.partial_fit).parameters)[1:] == [
            "X",
            "y",
            "classes",
            "sample_weight",
        ]

    def test_need_not_be_in_order(self):
        a = net().partial_fit(X, self.y, classes=[8, 3, 5, 3])
        b = net().partial_fit(X, self.y, classes=[3, 5, 8])
        np.testing.assert_array_equal(a.classes_, [3, 5, 8])
        np.testing.assert_array_equal(a.predict_proba(X), b.predict_proba(X))

    def test_may_be_told_again_but_not_changed(self):
        model = net().partial_fit(X, self.y, classes=[3, 5, 8]).partial_fit(X, self.y, classes=[8, 5, 3])
        before = model.theta_.copy()
        for other in ([3, 5], [3, 5, 8, 9], ["3", "5", "8"]):
            with pytest.raises(ValueError, match=r"`classes` must be those that the model was begun with, \[3, 5, 8\]"):
                model.partial_fit(X, self.y, classes=other)
        np.testing.assert_array_equal(model.theta_, before)

    @pytest.mark.parametrize(
        ("classes", "match"),
        [
            ("abc", r"^`classes` must be a sequence of labels, got 'abc'$"),
            ([], r"^`classes` must be a sequence of labels, got \[\]$"),
            (5, r"^`classes` must be a sequence of labels, got 5$"),
            ([[3, 5, 8]], r"^`classes` must be a sequence of labels, got \[\[3, 5, 8\]\]$"),
            ([3, "a"], r"^`classes` must be strings or whole numbers, all labels of one kind, got \[3, 'a'\]$"),
            ([3.5, 5.0, 8.0], r"^`classes` must be strings or whole numbers, .* got \[3\.5, 5\.0, 8\.0\]$"),
        ],
        ids=str,
    )
    def test_that_are_no_labels_are_refused(self, classes, match):
        with pytest.raises(ValueError, match=match):
            net().partial_fit(X, self.y, classes=classes)

    def test_that_y_does_not_keep_to_are_refused(self):
        with pytest.raises(ValueError, match=r"`y` must hold only the classes .*\[3, 5\], got also \[8\]"):
            net().partial_fit(X, self.y, classes=[3, 5])

    @pytest.mark.parametrize(
        ("classes", "others"),
        [
            (["cat", "dog"], ["category"]),  # in the dtype of the classes it would be cut down to "cat"
            ([0, 1], ["1"]),
            ([0, 1], [7.0]),
            ([False, True], [7]),
            ([False, True], ["True"]),
            (["1", "2"], [1]),
        ],
        ids=str,
    )
    def test_are_not_confused_with_what_looks_like_them(self, classes, others):
        model = net().fit(X, np.array(classes)[np.intp(self.y > 4)])
        before = model.theta_.copy()
        with pytest.raises(ValueError, match=r"`y` must hold only the classes .*got also"):
            model.partial_fit(X, np.array(others * len(X)))
        with pytest.raises(ValueError, match=r"`y_val` must hold only the classes .*got also"):
            model.fit(X, np.array(classes)[np.intp(self.y > 4)], X_val=X, y_val=np.array(others * len(X)))
        np.testing.assert_array_equal(model.theta_, before)

    def test_may_come_in_another_dtype(self):
        """Equal is equal: 3.0 is 3, 1 is True, and a string is itself as an object."""
        for first, later in ((int, float), (bool, int), (str, object)):
            y = (self.y > 4).astype(first)
            one, other = (net().partial_fit(X, y, classes=np.unique(y)) for _ in range(2))
            np.testing.assert_array_equal(one.partial_fit(X, y).theta_, other.partial_fit(X, y.astype(later)).theta_)

    def test_have_an_order(self):
        y = np.full(len(X), "a", object)
        y[1::2] = 1
        with pytest.raises(TypeError, match=r"`y` must hold labels of one kind, .* got \['int', 'str'\]"):
            net().fit(X, y)

    def test_are_not_bytes(self):
        with pytest.raises(TypeError, match=r"`y` must hold numbers or strings, got bytes: `np.char.decode`"):
            net().fit(X, np.where(self.y > 4, b"yes", b"no"))

    def test_may_be_absent_from_a_piece(self):
        """Even from the first; with classes in one piece after the other all are learnt in the end."""
        model = net(hidden_layer_sizes=(20,))
        for _ in range(60):
            for label in (3, 5, 8):
                rows = np.flatnonzero(self.y != label)
                model.partial_fit(X[rows], self.y[rows], classes=[3, 5, 8])
        assert model.predict_proba(X).shape == (150, 3)
        assert model.score(X, self.y) > 0.9

    def test_a_batch_of_fit_may_lack_one_too(self):
        order = np.argsort(self.y)
        model = net(shuffle=False, batch_size=10, max_iter=60).fit(X[order], self.y[order])
        assert model.score(X, self.y) > 0.6

    @pytest.mark.parametrize("method", ["fit", "partial_fit"])
    def test_a_warm_start_may_lack_one_but_not_bring_one(self, method):
        model = net(warm_start=True).fit(X, self.y)
        two = self.y != 3
        model = getattr(model, method)(X[two], self.y[two])
        np.testing.assert_array_equal(model.classes_, [3, 5, 8])
        before, history, steps = model.predict_proba(X), model.history_, model.t_
        with pytest.raises(ValueError, match=r"`y` must hold only the classes .*\[3, 5, 8\], got also \[4\]"):
            getattr(model, method)(X, np.where(self.y == 5, 4, self.y))
        np.testing.assert_array_equal(model.predict_proba(X), before)
        assert (model.history_, model.t_) == (history, steps)


LARGEST = r"`class_weight` must give the training rows a largest weight from 1e-100 to 1e\+100"


class TestClassWeight:
    y = np.where(f > np.quantile(f, 0.8), "rare", np.where(f > np.median(f), "odd", "usual"))

    @pytest.mark.parametrize("solver", ["adam", "lbfgs"])
    @pytest.mark.parametrize("class_weight", [{"rare": 5.0}, {"rare": 3, "odd": 2, "usual": 0.5}, "balanced"], ids=str)
    @pytest.mark.parametrize("weighted", [False, True])
    def test_equals_sample_weights(self, class_weight, weighted, solver):
        weight = np.random.default_rng(0).uniform(0.1, 2, 150) if weighted else np.ones(150)
        if class_weight == "balanced" and weighted:  # of weighted rows, the sums of weights are balanced
            sums = {label: weight[self.y == label].sum() for label in np.unique(self.y)}
            by_hand = np.array([weight.sum() / (3 * sums[label]) for label in self.y])
        else:
            by_hand = compute_sample_weight(class_weight, self.y)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            a = net(class_weight=class_weight, solver=solver).fit(X, self.y, sample_weight=weight if weighted else None)
            b = net(solver=solver).fit(X, self.y, sample_weight=weight * by_hand)
        np.testing.assert_allclose(a.predict_proba(X), b.predict_proba(X), rtol=1e-6)

    def test_lifts_the_rare(self):
        plain, balanced = (net(class_weight=w).fit(X, self.y).predict_proba(X).mean(axis=0) for w in (None, "balanced"))
        rare = list(np.unique(self.y)).index("rare")
        assert balanced[rare] > 1.3 * plain[rare]

    def test_of_zero_leaves_a_class_out(self):
        two = self.y != "odd"
        a = net(class_weight={"odd": 0}).partial_fit(X, self.y, classes=np.unique(self.y))
        b = net().partial_fit(X[two], self.y[two], classes=np.unique(self.y))
        np.testing.assert_allclose(a.predict_proba(X), b.predict_proba(X), rtol=1e-9)

    def test_is_balanced_over_all_rows_of_a_stream(self):
        """The second call weighs its rows by the counts of both."""
        classes, parts = np.unique(self.y), (slice(0, 60), slice(60, 150))
        a = net(class_weight="balanced")
        b = net()
        for number, part in enumerate(parts, start=1):
            seen = self.y[: parts[number - 1].stop]
            each = dict(zip(classes, compute_class_weight("balanced", classes=classes, y=seen), strict=True))
            a.partial_fit(X[part], self.y[part], classes=classes)
            b.partial_fit(X[part], self.y[part], classes, [each[label] for label in self.y[part]])
            np.testing.assert_allclose(a.predict_proba(X), b.predict_proba(X), rtol=1e-9)

    def test_balanced_where_the_first_piece_lacks_a_class(self):
        first = self.y != "rare"
        model = net(class_weight="balanced").partial_fit(X[first], self.y[first], classes=np.unique(self.y))
        for _ in range(60):
            model.partial_fit(X, self.y)
        assert model.score(X, self.y) > 0.8

    def test_a_dict_holds_in_a_stream(self):
        a = net(class_weight={"rare": 4.0})
        b = net()
        for part in (slice(0, 60), slice(60, 150)):
            weight = np.where(self.y[part] == "rare", 4.0, 1.0)
            a.partial_fit(X[part], self.y[part], np.unique(self.y))
            b.partial_fit(X[part], self.y[part], np.unique(self.y), weight)
        np.testing.assert_allclose(a.predict_proba(X), b.predict_proba(X), rtol=1e-9)

    @pytest.mark.parametrize(
        ("wrong", "match"),
        [
            ({"unheard": 2.0}, r"`class_weight` must name labels among \['odd', 'rare', 'usual'\], got \['unheard'\]"),
            ({"rare": -1.0}, r"`class_weight\['rare'\]` must be a real number in \[0, inf\), got -1.0"),
            ({"rare": math.nan}, r"`class_weight\['rare'\]` must be a real number in \[0, inf\), got nan"),
            ({"rare": "5"}, r"`class_weight\['rare'\]` must be a real number .*, got '5'"),
            ({"rare": 0, "odd": 0, "usual": 0}, "`class_weight` must leave training rows of weight > 0, got none"),
            ({"rare": 1e308}, rf"{LARGEST}, got 1e\+308"),
            ("balance", r"`class_weight` must be a dict, 'balanced' or None, got 'balance'"),
            ([1.0, 2.0, 3.0], r"`class_weight` must be a dict, 'balanced' or None, got \[1.0, 2.0, 3.0\]"),
        ],
        ids=lambda part: str(part)[:30],
    )
    def test_wrong(self, wrong, match):
        model = net().fit(X, self.y)
        before = model.theta_.copy()
        model.set_params(class_weight=wrong)
        for train in (model.fit, model.partial_fit):
            with pytest.raises((TypeError, ValueError), match=match):
                train(X, self.y)
        np.testing.assert_array_equal(model.theta_, before)

    def test_that_is_negligible_is_none(self):
        each = {"rare": 1.0, "odd": 1.0}
        a, b = (net(class_weight=each | {"usual": usual}).fit(X, self.y) for usual in (0.0, 5e-324))
        np.testing.assert_array_equal(a.theta_, b.theta_)

    def test_must_leave_validation_rows(self):
        model, usual = net(class_weight={"usual": 0}), self.y == "usual"
        with pytest.raises(ValueError, match="`class_weight` must leave validation rows of weight > 0, got none"):
            model.fit(X, self.y, X_val=X[usual], y_val=self.y[usual])

    def test_is_not_for_an_indicator(self):
        with pytest.raises(ValueError, match="`class_weight` must be None for a multilabel indicator, got 'balanced'"):
            net(class_weight="balanced").fit(X, KINDS["labels"].target(f))

    def test_weighs_validation_rows_too(self):
        """So that the two losses can be compared."""
        weight = compute_sample_weight({"rare": 6.0}, self.y)
        model = net(class_weight={"rare": 6.0}, alpha=0.0, batch_size="full", learning_rate_init=1e-12)
        model.fit(X, self.y, X_val=X, y_val=self.y)
        assert model.validation_loss_curve_[-1] == pytest.approx(model.history_["data_loss"][-1], rel=1e-6)
        expected = log_loss(self.y, model.predict_proba(X), sample_weight=weight)
        assert model.validation_loss_curve_[-1] == pytest.approx(expected, rel=1e-6)

    def test_is_not_for_a_scorer(self):
        given = []

        def scorer(estimator, X, y, sample_weight=None):
            given.append(sample_weight)
            return 0.0

        model = net(class_weight={"rare": 6.0}, early_stopping=True, monitor=scorer, max_iter=1).fit(X, self.y)
        model.fit(X, self.y, sample_weight=np.full(150, 2.0))
        unweighted, weighted = given
        assert unweighted is None
        np.testing.assert_array_equal(weighted, 2.0)


class TestHeldOutRows:
    @staticmethod
    def labels_of_held_out_rows(y, **parameters):
        seen = []

        def spy(estimator, X, y):
            seen.append(y)
            return 0.0

        rows = np.random.default_rng(1).normal(size=(len(y), 2))
        net(early_stopping=True, monitor=spy, max_iter=1, **parameters).fit(rows, y)
        return seen[0]

    @pytest.mark.parametrize("fraction", [0.1, 0.2, 0.5])
    @pytest.mark.parametrize("seed", range(3))
    def test_hold_classes_in_proportion(self, fraction, seed):
        counts = {"a": 100, "b": 40, "c": 20, "d": 10}
        y = np.random.default_rng(seed).permutation(np.repeat(list(counts), list(counts.values())))
        held_out = self.labels_of_held_out_rows(y, validation_fraction=fraction, random_state=seed)
        assert len(held_out) == math.ceil(fraction * len(y))
        for label, count in counts.items():
            assert abs(np.sum(held_out == label) - fraction * count) <= 1

    @pytest.mark.parametrize("monitor", ["neg_log_loss", "roc_auc_ovr"])
    def test_have_every_class_of_three_rows(self, monitor):
        y = np.repeat(["often", "seldom", "rare", "twice"], [60, 57, 3, 2])
        assert {"often", "seldom", "rare"} <= set(self.labels_of_held_out_rows(y))
        net(early_stopping=True, monitor=monitor).fit(X[:120], y[:120])

    def test_leave_a_class_of_one_for_training(self):
        y = np.array(["alone"] + ["many"] * 60 + ["some"] * 20)
        held_out = self.labels_of_held_out_rows(y)
        assert len(held_out) == 9
        assert set(held_out) == {"many", "some"}
        model = net(early_stopping=True).fit(X[:81], y)
        np.testing.assert_array_equal(model.classes_, ["alone", "many", "some"])

    def test_leave_one_of_every_class_for_training(self):
        y = np.repeat(np.arange(20), 2)
        held_out = self.labels_of_held_out_rows(y, validation_fraction=0.9)
        assert len(held_out) == len(set(held_out)) == 20

    def test_of_classes_of_one_there_are_none(self):
        with pytest.raises(
            ValueError, match="early stopping must hold out rows of classes that have at least two, got"
        ):
            net(early_stopping=True).fit(X[:20], np.arange(20))
        net(early_stopping=True).fit(X[:20], np.arange(20), X_val=X[:20], y_val=np.arange(20))

    def test_without_shuffling_are_the_last(self):
        y = np.repeat([0, 1], [100, 20])
        np.testing.assert_array_equal(self.labels_of_held_out_rows(y, shuffle=False), np.ones(12))

    def test_of_an_indicator_are_any(self):
        held_out = self.labels_of_held_out_rows(KINDS["labels"].target(f))
        assert held_out.shape == (15, 3)


def test_early_stopping_learns_a_rare_class():
    """B11: watching accuracy, scikit-learn's net ends untrained, with an AUC of 0.455."""
    rng = np.random.RandomState(0)
    X, T = rng.normal(size=(2, 20000, 10))
    y, t = (rng.random_sample(20000) < 1 / (1 + np.exp(6.5 - 2 * Z[:, 0])) for Z in (X, T))
    assert y.mean() < 0.02
    model = BatchMLPClassifier(random_state=0, early_stopping=True, max_iter=30).fit(X, y)
    assert roc_auc_score(t, model.predict_proba(T)[:, 1]) > 0.85


@pytest.mark.parametrize("monitor", ["roc_auc", "accuracy", "neg_log_loss", "f1"])
def test_monitors_score_on_the_labels_of_the_user(monitor):
    y = f > np.median(f)
    y = y.astype(int) if monitor == "f1" else np.where(y, "yes", "no")
    model = net(early_stopping=True, monitor=monitor, max_iter=15, learning_rate_init=0.05)
    model.fit(X[:100], y[:100], X_val=X[100:], y_val=y[100:])
    from sklearn.metrics import get_scorer

    assert get_scorer(monitor)(model, X[100:], y[100:]) == pytest.approx(model.best_validation_score_)
    ranks = zip(model.validation_scores_, -np.array(model.validation_loss_curve_), strict=True)
    assert model.best_iter_ == 1 + max(enumerate(ranks), key=lambda rank: rank[1])[0]
    assert len(model.validation_loss_curve_) == 15


def test_rows_to_validate_on_may_lack_classes():
    y = three_classes(f)
    some = y[100:] != 5
    model = net(early_stopping=True).fit(X[:100], y[:100], X_val=X[100:][some], y_val=y[100:][some])
    expected = log_loss(y[100:][some], model.predict_proba(X[100:][some]), labels=[3, 5, 8])
    assert model.best_validation_score_ == pytest.approx(-expected)


@every_target
@pytest.mark.parametrize("loss", [LogLoss(), LogLoss(label_smoothing=0.1), BrierLoss(), Focal(gamma=1.0)], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_the_output_starts_at_the_best_constant(kind, loss, weighted):
    y = kind.target(f)
    weight = np.random.default_rng(0).uniform(0, 3, len(y)) if weighted else np.ones(150)
    model = net(kind, loss=loss, max_iter=1, learning_rate_init=1e-13).fit(X, y, sample_weight=weight)
    onehot = y if y.ndim == 2 else np.unique(y) == y[:, None]
    frequencies = weight @ onehot / weight.sum()
    p = model.predict_proba(X)
    np.testing.assert_allclose(p, np.broadcast_to(p[0], p.shape), rtol=1e-6)
    if isinstance(loss, Focal):  # less extreme than the frequencies
        middle = 1 / p.shape[1] if y.ndim == 1 else 0.5
        assert np.all(np.abs(p[0] - middle) <= np.abs(frequencies - middle) + 1e-6)
        return
    s, n_classes = getattr(loss, "label_smoothing", 0.0), len(frequencies) if y.ndim == 1 else 2
    np.testing.assert_allclose(p[0], (1 - s) * frequencies + s / n_classes, rtol=1e-6)


# Every pair of target, solver and loss: the losses take turns.
@pytest.mark.parametrize(
    ("kind", "solver", "loss"),
    [
        pytest.param(kind, solver, ("log_loss", "squared_error", "focal")[(i + j) % 3], id=f"{name}-{solver}")
        for i, (name, kind) in enumerate(CLASSIFIERS.items())
        for j, solver in enumerate([*OPTIMIZERS, "lbfgs"])
    ],
)
def test_every_loss_learns_with_every_solver(kind, loss, solver):
    y = kind.target(f)
    model = net(kind, loss=loss, solver=solver, learning_rate="cosine", max_iter=40, batch_size=10)
    model.set_params(**kind.side_by_side(4))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 40 iterations of L-BFGS are few
        model.set_params(learning_rate_init=0.1 if solver == "sgd" else 0.02).fit(X, y)
    assert np.mean(model.predict(X) == y) > 0.9


@over(one_each(CLASSIFIERS))
def test_many_rows_of_many_classes_take_little_memory(kind):
    """Raw output of all rows at once would take 32 MB."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20000, 2)), np.arange(20000) % 200
    model = net(kind, max_iter=1, **kind.side_by_side(2))
    model.fit(X[:1000], y[:1000])
    tracemalloc.start()
    model.fit(X, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e7


@over(one_each(CLASSIFIERS))
@pytest.mark.parametrize(("method", "megabytes"), [("predict", 25), ("predict_proba", 110), ("predict_log_proba", 110)])
def test_many_rows_of_many_classes_are_predicted_in_little_memory(kind, method, megabytes):
    """Raw output of all rows at once would take 80 MB, which is what probabilities take; labels take a fraction."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(100_000, 2)), np.arange(1000) % 100
    model = net(kind, max_iter=1, **kind.side_by_side(2)).fit(X[:1000], y)
    expected = getattr(model, method)(X[-100:])
    tracemalloc.start()
    predicted = getattr(model, method)(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e6 * megabytes
    np.testing.assert_allclose(predicted[-100:], expected, rtol=1e-12)


def test_label_smoothing_keeps_predictions_from_extremes():
    y = three_classes(f)
    sure, unsure = (net(loss=LogLoss(s), max_iter=100).fit(X, y).predict_proba(X).max() for s in (0.0, 0.3))
    assert sure > 0.99
    assert unsure < 0.96


def test_a_loss_of_one_s_own():
    """A frozen dataclass with the field that tells the classes; a plain object is told what it lacks."""
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class Doubled(LogLoss):
        def value_and_gradient(self, y, raw, weight, out):
            value = 2 * super().value_and_gradient(y, raw, weight, out)
            out *= 2
            return value

    y = three_classes(f)
    model = net(loss=Doubled(), alpha=0.0).fit(X, y)
    np.testing.assert_allclose(model.loss_, 2 * net(alpha=0.0).fit(X, y).loss_, rtol=0.05)
    assert isinstance(model.model_.loss, ClassLoss)

    class Plain:
        n_classes, inverse_link = 0, "logistic"
        raw_width = value_and_gradient = units = rescaled = constant = check = predict = log_predict = len

    with pytest.raises(TypeError, match=r"`loss` must be .* `ClassificationLoss` .*, which lacks `decide`$"):
        net(loss=Plain()).fit(X, y)
    Plain.decide = len
    with pytest.raises(TypeError, match="`loss` of a classifier must be a frozen dataclass with a field `n_classes`"):
        net(loss=Plain()).fit(X, y)


def test_a_class_weight_may_name_a_class_that_these_rows_lack():
    y = numbers % 2
    named, more = (net(class_weight=weight).fit(X, y) for weight in ({0: 1.0, 1: 3.0}, {0: 1.0, 1: 3.0, 2: 5.0}))
    np.testing.assert_array_equal(named.theta_, more.theta_)


def test_balanced_counts_rows_from_before_it_was_asked_for():
    y = np.arange(len(X)) % 5 == 0
    counts = np.bincount(y) + np.bincount(y[:10])
    balanced, explicit = (
        net().partial_fit(X, y, classes=[False, True]).set_params(class_weight=weight).partial_fit(X[:10], y[:10])
        for weight in ("balanced", dict(zip([False, True], counts.sum() / (2 * counts), strict=True)))
    )
    np.testing.assert_array_equal(balanced.theta_, explicit.theta_)
