"""Rows, targets and weights that are wrong are refused, with one sentence that says why, and cost nothing."""

import math
import re
from contextlib import nullcontext
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array, csr_matrix
from sklearn.utils.validation import validate_data

from skbackprop import BatchMLPClassifier, BatchMLPRegressor, Tweedie
from tests.estimators.kinds import ENDLESS, ESTIMATORS, KINDS, PERCEPTRONS
from tests.estimators.refusals import (
    NAMES,
    NARROWER,
    WIDER,
    Unchanged,
    X,
    changed,
    f,
    methods,
    only_classes,
    only_numbers,
    only_perceptrons,
    only_sequences,
    refused,
)

nan, inf = math.nan, math.inf

BAD_X = {
    "nan": (changed(X, nan), "Input X contains NaN"),
    "inf": (changed(X, inf), "Input X contains infinity"),
    "float32 nan": (changed(X, nan).astype(np.float32), "Input X contains NaN"),
    "sparse nan": (csr_matrix(changed(X, nan)), "Input X contains NaN"),
    "no rows": (X[:0], "Found array with 0 sample"),
    "no columns": (X[:, :0], r"0 feature\(s\)"),
    "one dimension": (X[:, 0], "Expected 2D array, got 1D array"),
    "three dimensions": (X[:, :, None], "array with dim 3"),
    "a number": (1.5, "Expected 2D array, got scalar array"),
    "words": (np.full((40, 3), "word"), "`X` must hold numbers, got text: could not convert string to float"),
    "objects": (changed(X.astype(object), {}), r"float\(\) argument"),
    "complex": (X * 1j, "Complex data not supported"),
    "nothing": (None, "Expected 2D array, got scalar array"),
    "ragged": ([[1.0, 2.0, 3.0], [1.0]], "`X` and `y` must have rows of equal length: .* inhomogeneous"),
}
EMPTY = "`X` must have sequences of at least one step, got only NaN in sequence 5"
BAD_SEQUENCES = {name: case for name, case in BAD_X.items() if name != "three dimensions"} | {
    "nan": (changed(X, nan), EMPTY),
    "float32 nan": (changed(X, nan).astype(np.float32), EMPTY),
    "nan inside": (changed(X, nan, at=(5, 1)), "`X` must have NaN only as padding after the last step of a sequence"),
    "sparse nan": (csr_matrix(changed(X, nan)), "Sparse data was passed for X, but dense data is required"),
    "sparse": (csr_matrix(X), "Sparse data was passed for X, but dense data is required"),
    "four dimensions": (X[:, :, None, None], r"`X` must have shape \(n_samples, n_steps.*, got \(40, 3, 1, 1\)"),
    "ragged": ([[1.0, 2.0, 3.0], [1.0]], "`X` must be one array, got one for each sequence: `pad_sequences`"),
    "other channels": (
        [X, X[:, :2]],
        r"`X` must have the same number of .* got shape \(40, 3\) in sequence 0 and \(40, 2\) in sequence 1",
    ),
}
bad_rows = pytest.mark.parametrize(
    ("kind", "bad", "match"),
    [
        pytest.param(kind, *case, id=f"{estimator}-{name}")
        for estimator, kind in ESTIMATORS.items()
        for name, case in (BAD_X if kind in PERCEPTRONS.values() else BAD_SEQUENCES).items()
    ],
    indirect=["kind"],
)

BAD_Y = {
    "nan": (changed(f, nan), "Input y contains NaN"),
    "inf": (changed(f, inf), "Input y contains infinity"),
    "words": (np.full(40, "word"), "`y` must be numeric, got an array of dtype <U"),
    "numbers as words": (f.astype(str), "`y` must be numeric, got an array of dtype <U"),
    "complex": (f * 1j, "Complex data not supported"),
    "too few": (f[:39], r"inconsistent numbers of samples: \[40, 39\]"),
    "no rows": (f[:0], r"0 sample\(s\)"),
    "no outputs": (np.empty((40, 0)), r"0 feature\(s\)"),
    "three dimensions": (f[:, None, None], "array with dim 3"),
    "a number": (1.5, "at least 1 dimension"),
    "sparse": (csr_matrix(f[:, None]), "`y` must be a dense array, got a sparse one"),
    "nothing": (None, "requires y to be passed"),
    "objects": (changed(f.astype(object), {}), r"float\(\) argument"),
}
c = KINDS["classes"].target(f)
BAD_LABELS = {
    "nan": (changed(c, nan), "Input y contains NaN"),
    "inf": (changed(c, inf), "Input y contains infinity"),
    "continuous": (f, "`y` of a classifier must hold classes, got a target of type 'continuous'"),
    "two continuous": (np.column_stack([f, f]), "must hold classes, got a target of type 'continuous-multioutput'"),
    "two columns": (np.column_stack([c, c]), "got 2 columns of labels .*for which MultiOutputClassifier"),
    "complex": (c * 1j, "Complex data not supported"),
    "too few": (c[:39], r"inconsistent numbers of samples: \[40, 39\]"),
    "no rows": (c[:0], r"0 sample\(s\)"),
    "no labels": (np.empty((40, 0)), r"0 feature\(s\)"),
    "three dimensions": (c[:, None, None], "array with dim 3"),
    "a number": (5, "at least 1 dimension"),
    "nothing": (None, "requires y to be passed"),
    "objects": (changed(c.astype(object), {}), "`y` of a classifier must hold classes, got a target of type 'unknown'"),
    "sets": ([{3, 5}] * 40, "`y` of a classifier must hold classes, got a target of type 'unknown'"),
}
A_TARGET_PER_STEP = {"three dimensions": (f[:, None, None], "`y` must have a target for every sequence, not for")}
A_LABEL_PER_STEP = {
    "integers of steps": (
        np.column_stack([c, c, c]),
        r"`y` must have one label for every sequence, .* \(40, 3\)",
    ),
    "words of steps": (np.full((40, 3), "word"), "for every step, .*: set `return_sequences=True` to learn those"),
}
bad_target = pytest.mark.parametrize(
    ("kind", "bad", "match"),
    [
        pytest.param(KINDS[kind], *case, id=f"{kind}-{name}")
        for kind, cases in {
            "numbers": BAD_Y,
            "classes": BAD_LABELS,
            "sequences of numbers": BAD_Y | A_TARGET_PER_STEP,
            "sequences of classes": BAD_LABELS | A_TARGET_PER_STEP | A_LABEL_PER_STEP,
        }.items()
        for name, case in cases.items()
    ],
    indirect=["kind"],
)

BAD_WEIGHT = {
    "negative": (changed(np.ones(40), -1.0), "`sample_weight` must be >= 0"),
    "all zero": (np.zeros(40), "`sample_weight` must hold at least one weight > 0"),
    "beyond": (np.full(40, 1e307), r"`sample_weight` must have a largest weight from 1e-100 to 1e\+100, got 1e\+307"),
    "vanishing": (np.full(40, 1e-307), r"`sample_weight` must have a largest weight from 1e-100 .*, got 1e-307"),
    "too few": (np.ones(39), r"`sample_weight` must have shape \(40,\).*got \(39,\)"),
    "two dimensions": (np.ones((40, 1)), r"`sample_weight` must have shape \(40,\).*got \(40, 1\)"),
    "nan": (changed(np.ones(40), nan), "sample_weight contains NaN"),
    "inf": (changed(np.ones(40), inf), "sample_weight contains infinity"),
    "words": (["heavy"] * 40, "`sample_weight` must hold one finite number per row: could not convert string to float"),
    "a word": ("balanced", "`sample_weight` must hold one finite number per row: could not convert string to float"),
    "negative number": (-1.0, "`sample_weight` must be >= 0"),
    "zero": (0, "`sample_weight` must hold at least one weight > 0"),
    "nan for all": (nan, "sample_weight contains NaN"),
}
bad_weights = pytest.mark.parametrize(("bad", "match"), BAD_WEIGHT.values(), ids=BAD_WEIGHT)


@bad_rows
def test_bad_rows(kind, net, y, bad, match):
    fresh = net()
    with Unchanged(kind, net().fit(X, y)) as model:
        for train, method in product((model, fresh), ("fit", "partial_fit")):
            with refused(match):
                kind.train(train, method, bad, y)
    assert set(vars(fresh)) == set(fresh.get_params())


@bad_rows
def test_bad_rows_to_predict(kind, net, y, bad, match):
    with Unchanged(kind, net().fit(X, y)) as model:
        for predict in (model.predict, getattr(model, kind.method), model.activations):
            with refused(match):
                predict(bad)


@bad_target
def test_bad_target(kind, net, y, bad, match):
    with Unchanged(kind, net().fit(X, y)) as model:
        for train, method in product((model, net()), ("fit", "partial_fit")):
            with refused(match):
                kind.train(train, method, X, bad)


@bad_weights
def test_bad_weights(kind, net, y, bad, match):
    with Unchanged(kind, net().fit(X, y)) as model:
        for train, method in product((model, net(early_stopping=True)), ("fit", "partial_fit")):
            with refused(match):
                kind.train(train, method, X, y, sample_weight=bad)


@methods
@only_numbers
def test_a_target_that_single_precision_cannot_hold(kind, net, y, method):
    rows, expected = X.astype(np.float32), r"`y` must be within \+-3.4e\+38 to be learnt in float32, got .*e\+60"
    with Unchanged(kind, net().fit(rows, y), rows) as model, refused(expected):
        getattr(model, method)(rows, 1e60 * y)
    assert np.isfinite(net().fit(X, 1e60 * y).predict(X)).all()
    assert np.isfinite(net().fit(rows, 1e35 * y).predict(rows)).all()


@methods
@only_numbers
def test_negative_counts(kind, net, y, method):
    expected = f"`y` must be >= 0 for loss 'poisson', got a minimum of {y.min():g}"
    with Unchanged(kind, net(loss="poisson").fit(X, np.abs(y))) as model, refused(expected):
        getattr(model, method)(X, y)


class TestValidationRows:
    """Every message says that it is about them."""

    about_them = "`X_val`|`y_val`"

    @pytest.fixture(autouse=True)
    def estimator(self, kind, net):
        self.kind, self.net, self.y = kind, net, kind.target(np.abs(f))

    def refused(self, match, model=None, names=None, **rows):
        """Both in a first fit, and in a fit of a model that has been fitted."""
        kind, net, y = self.kind, self.net, self.y
        match = re.sub(r"(?<=`)(X|y|sample_weight)(?=`)|(?<=Input )[Xy]\b|\bX(?= has)", r"\g<0>_val", match)
        train = X if names is None else pd.DataFrame(X, columns=names)
        parameters = {} if model is None else model.get_params()
        with refused(match) as caught:
            net(**parameters).fit(train, y, **rows)
        assert re.search(self.about_them, str(caught.value))
        with Unchanged(kind, net(**parameters).fit(train, y), train) as fitted, refused(match) as again:
            fitted.fit(train, y, **rows)
        assert str(again.value) == str(caught.value)

    @bad_rows
    def test_bad_rows(self, bad, match):
        if bad is None:
            match = "`X_val` must be given with the other validation rows, got None"
        self.refused(match, X_val=bad, y_val=self.y)

    @bad_target
    def test_bad_target(self, bad, match):
        if bad is None:
            match = "`y_val` must be given with the other validation rows, got None"
        self.refused(match, X_val=X, y_val=bad)

    @bad_weights
    def test_bad_weights(self, bad, match):
        self.refused(match, X_val=X, y_val=self.y, sample_weight_val=bad)

    def test_wrong_width(self):
        self.refused(
            f"`X_val`.*X has 2 features, but {self.kind.Estimator.__name__} is expecting 3",
            X_val=X[:, :2],
            y_val=self.y,
        )

    def test_wrong_names(self):
        table = pd.DataFrame(X, columns=["a", "c", "b"])
        self.refused("`X_val`.*[Ff]eature names", names=NAMES, X_val=table, y_val=self.y)

    @only_sequences
    def test_wrong_form(self):
        self.refused(r"`X_val`.*`X` must have shape \(n_samples, n_steps \* 1\)", X_val=X[:, :, None], y_val=self.y)

    def test_weights_alone(self):
        self.refused("`X_val` must be given", sample_weight_val=np.ones(40))

    @only_numbers
    def test_another_number_of_outputs(self):
        self.refused("`y_val`", X_val=X, y_val=np.column_stack([f, f]))

    @only_numbers
    def test_one_output_for_two(self, net):
        with refused("`y_val`"):
            net().fit(X, np.column_stack([f, f]), X_val=X, y_val=f)

    @only_numbers
    def test_negative_counts(self, net):
        self.refused("`y_val`.*`y` must be >= 0", model=net(loss="poisson"), X_val=X, y_val=f)

    @only_classes
    def test_another_label(self):
        expected = r"`y_val`.*`y` must hold only the classes that the model was begun with, \[.*\], got"
        self.refused(expected, X_val=X, y_val=changed(self.y, 4))

    @only_classes
    def test_an_indicator_for_labels(self):
        self.refused("`y_val`.*one column of labels, as in training", X_val=X, y_val=KINDS["labels"].target(f))

    @only_numbers
    def test_their_shape_does_not_decide_the_shape_of_predictions(self, net, y):
        rows = {"X_val": X, "y_val": y[:, None]}
        assert net().fit(X, y, **rows).predict(X).shape == (40,)
        rows["y_val"] = y
        assert net().fit(X, y[:, None], **rows).predict(X).shape == (40, 1)


@pytest.mark.parametrize("loss", ["gamma", Tweedie(2.5)], ids=str)
def test_a_target_that_float32_takes_for_zero_is_told(loss):
    y = np.exp(f)
    y[3] = 1e-60
    model = BatchMLPRegressor(loss=loss, max_iter=1, **ENDLESS)
    with pytest.raises(ValueError, match=r"got a minimum of 0 when standardised, in float32; give X as float64, or"):
        model.fit(X.astype(np.float32), y)
    assert model.fit(X, y).n_iter_ == 1


def test_a_validation_loss_that_overflows_stops_early_stopping():
    rows, target = X.astype(np.float32), np.arange(float(len(X)))
    extreme = rows[:5].copy()
    extreme[0] = 3e38
    model = BatchMLPRegressor(early_stopping=True, random_state=0)
    with pytest.raises(ValueError, match=r"got (nan|-inf) from monitor='loss' after epoch 1; look"):
        model.fit(rows, target, X_val=extreme, y_val=target[:5])


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (None, "`y` must have no missing values, got None in row 5"),
        (inf, "`y` must be finite, got inf"),
        ("a", "`y` must be numeric, got an array of objects: could not convert string to float: 'a'"),
    ],
)
def test_numbers_among_objects(bad, message):
    objects = X[:, 0].astype(object)
    objects[5] = bad
    kind = KINDS["numbers"]
    model = kind.make(max_iter=2, **ENDLESS).fit(X, X[:, 0])
    with pytest.raises(ValueError, match=re.escape(message)):
        model.fit(X, objects)
    with pytest.raises(ValueError, match=re.escape(message)):
        model.score(X, objects)


def test_a_missing_date_is_no_class():
    dates = np.where(f > 0, "2026-01-01", "NaT").astype("M8[D]")
    with pytest.raises(ValueError, match=f"`y` must have no missing values, got NaT in row {(f <= 0).argmax()}"):
        KINDS["classes"].make().fit(X, dates)


@pytest.mark.parametrize("far", [csr_array([[1e300, 0.0]]), [[1e300, 0.0]], np.array([[1e300, 0.0]])])
def test_rows_beyond_the_precision_of_the_model_are_refused(far):
    X = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    model = BatchMLPRegressor(max_iter=1, **ENDLESS).fit(X, X[:, 0])
    with pytest.raises(ValueError, match=r"`X` must be within \+-3.4e\+38 for a model fitted to float32, got 1e\+300"):
        model.predict(far)


@pytest.mark.parametrize(
    ("offset", "dtype", "coarse"), [(1.7e9, np.float32, True), (1.7e9, np.float64, False), (0.0, np.float32, False)]
)
def test_a_target_between_whose_numbers_float32_has_no_others_is_told(offset, dtype, coarse):
    X = np.random.default_rng(0).normal(size=(40, 2))
    model = BatchMLPRegressor(max_iter=1, **ENDLESS)
    told = pytest.warns(match=r"predictions in float32 come in steps of 2e.02") if coarse else nullcontext()
    with told:
        model.fit(X.astype(dtype), X[:, 0] + offset)


@pytest.mark.parametrize(("steps", "coarse"), [(5, True), (20, False)])
def test_a_target_is_coarse_below_ten_steps_of_its_precision(steps, coarse):
    """Around 1 / (steps * eps) float32 has a number every 1 / steps; the target has a standard deviation of one."""
    X = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)
    y = X[:, 0] / X[:, 0].std().astype(float) + 1 / (steps * np.finfo(np.float32).eps)
    with pytest.warns(match="predictions in float32 come in steps of") if coarse else nullcontext():
        BatchMLPRegressor(max_iter=1, **ENDLESS).fit(X, y)


NOT_THERE = {
    "NA": pd.Series(["a", "b", "a"], dtype="string").mask([False, True, False]),
    "NaN": np.array(["a", np.nan, "a"], object),
    "None": np.array(["a", None, "b"], object),
}


@pytest.mark.parametrize("y", NOT_THERE.values(), ids=NOT_THERE)
def test_a_missing_label_is_told(y):
    with pytest.raises(ValueError, match=r"`y` must have no missing values, got .* in row 1"):
        BatchMLPClassifier().fit(np.eye(3), y)


def test_classes_to_come_are_of_one_kind_and_as_many_as_columns():
    X = np.eye(3)
    with pytest.raises(TypeError, match="`classes` must be strings or whole numbers, all labels of one kind, got"):
        BatchMLPClassifier().partial_fit(X, ["a", "b", "a"], classes=["a", None, "b"])
    indicator = np.array([[1, 0], [1, 1], [0, 1]])
    with pytest.raises(ValueError, match="`classes` must have an entry for each of the 2 columns of y, got 4"):
        BatchMLPClassifier().partial_fit(X, indicator, classes=["a", "b", "c", "d"])
    model = BatchMLPClassifier().partial_fit(X, indicator, classes=["a", "b"])
    with pytest.raises(ValueError, match="`classes` must have an entry for each of the 2 columns of y, got 1"):
        model.partial_fit(X, indicator, classes=["a"])


SEVERAL_FAULTS = {
    "wider": WIDER,
    "narrower": NARROWER,
    "wider and nan": changed(WIDER, nan),
    "narrower and nan": changed(NARROWER, nan),
    "no rows": X[:0],
    "no rows and narrower": X[:0, :2],
}


@pytest.mark.parametrize(
    "bad", [*(bad for bad, _ in BAD_X.values()), *SEVERAL_FAULTS.values()], ids=[*BAD_X, *SEVERAL_FAULTS]
)
@only_perceptrons
def test_the_short_way_to_a_prediction_says_the_same(kind, net, y, bad):
    """Plain arrays skip scikit-learn's validation; what is wrong is told in its words, after the name of X."""
    model = net().fit(X, y)
    with pytest.raises((TypeError, ValueError)) as short:
        kind.output(model, bad)
    with pytest.raises((TypeError, ValueError)) as long:
        validate_data(model, bad, reset=False, accept_sparse="csr", dtype=[np.float64, np.float32])
    assert type(short.value) is type(long.value)
    assert str(long.value) in str(short.value)


READ_ONLY = X.copy()
READ_ONLY.flags.writeable = False
SAME_ROWS = {
    "list": X.tolist(),
    "data frame": None,
    "Fortran order": np.asfortranarray(X),
    "every other row": np.repeat(X, 2, axis=0)[::2],
    "other columns between": np.repeat(X, 2, axis=1)[:, ::2],
    "backwards": X[::-1][::-1],
    "read-only": READ_ONLY,
    "objects": X.astype(object),
    "subclass": X.view(np.recarray),
}


@pytest.mark.parametrize("rows", SAME_ROWS.values(), ids=SAME_ROWS)
def test_the_short_and_the_long_way_end_in_the_same_place(kind, net, y, rows):
    model = net().fit(X, y)
    expected = kind.output(model, X)
    if rows is None:
        model, rows = net().fit(pd.DataFrame(X, columns=NAMES), y), pd.DataFrame(X, columns=NAMES)
    np.testing.assert_allclose(kind.output(model, rows), expected, rtol=1e-12, atol=1e-14)


@only_perceptrons
def test_sparse_rows_end_there_too(kind, net, y):
    model = net().fit(X, y)
    np.testing.assert_allclose(kind.output(model, csr_matrix(X)), kind.output(model, X), rtol=1e-12, atol=1e-14)


def test_finite_rows_whose_squares_overflow_are_fine(kind, net, y):
    """Whether X is finite is told from a sum of squares, and where that overflows, from every number."""
    model = net().fit(X, y)
    huge = np.full((40, 3), 1e307)
    one_by_one = np.concatenate([kind.output(model, huge[row : row + 1]) for row in range(40)])
    assert np.isfinite(one_by_one).all()
    np.testing.assert_allclose(kind.output(model, huge), one_by_one)


@only_perceptrons
@pytest.mark.parametrize(("value", "got"), [(nan, "NaN"), (inf, "infinity"), (-inf, "infinity")], ids=str)
@pytest.mark.parametrize("row", [0, 40_000, 79_999])
def test_a_fault_anywhere_in_many_rows_is_found(kind, net, y, tmp_path, row, value, got):
    """Rows are looked at a block at a time, those of a memory-mapped file too."""
    model = net().fit(X, y)
    many = np.tile(X, (80_000 // len(X), 1)).astype(np.float32)
    many[row, 1] = value
    many.tofile(tmp_path / "X")
    for rows in (many, np.asfortranarray(many), np.memmap(tmp_path / "X", np.float32, "r").reshape(many.shape)):
        with pytest.raises(ValueError, match=f"Input X contains {got}"):
            kind.output(model, rows)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, int, np.uint8, bool], ids=lambda dtype: dtype.__name__)
def test_other_numbers_are_read_as_floats(kind, net, y, dtype):
    rows = (10 * X).astype(dtype)
    model = net().fit(X, y)
    np.testing.assert_array_equal(kind.output(model, rows), kind.output(model, rows.astype(np.float64)))
