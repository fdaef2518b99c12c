"""scikit-learn's callbacks (1.9 and later): an epoch is a task, and a hook gets what its signature asks for."""

import importlib.util
import math

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skbackprop import BatchMLPRegressor
from tests.estimators.kinds import saddle

HAS_CALLBACKS = importlib.util.find_spec("sklearn.callback") is not None
needs_callbacks = pytest.mark.skipif(not HAS_CALLBACKS, reason="scikit-learn has callbacks from 1.9 on")

X, f = saddle(100)
SOLVERS = ["adam", "lbfgs"]


@pytest.fixture
def y(kind):
    return kind.target(f)


@pytest.fixture
def step(kind):
    """``<name>__`` of the estimator's parameters in a pipeline made by `make_pipeline`."""
    return kind.Estimator.__name__.lower() + "__"


def path(context):
    """The ids of the task and of those above it, from the root down."""
    return () if context is None else (*path(context.parent), context.task_id)


class Listener:
    """A callback that hears nothing: what the protocol asks for, to be overridden."""

    def setup(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass


class Recorder(Listener):
    """Writes down which hooks were called for which tasks."""

    def __init__(self):
        self.events = []

    def record(self, hook, context):
        self.events.append((hook, context.task_name, path(context)))

    def setup(self, estimator, context):
        self.record("setup", context)

    def on_fit_task_begin(self, estimator, context):
        self.record("begin", context)

    def on_fit_task_end(self, estimator, context):
        self.record("end", context)

    def teardown(self, estimator, context):
        self.record("teardown", context)

    def epochs(self):
        return sum(hook == "end" and task == "epoch" for hook, task, _ in self.events)


class Stopper(Listener):
    """Asks to stop at the end of epoch ``last``, counted from 1."""

    def __init__(self, last):
        self.last = last

    def on_fit_task_end(self, estimator, context):
        return context.task_name == "epoch" and context.task_id + 1 == self.last


class Collector(Listener):
    """Keeps what the hooks at the end of every epoch and of the fit were given."""

    def __init__(self, kind):
        self.kind, self.given, self.at_end = kind, [], None

    def on_fit_task_end(self, estimator, context, *, X, y, metadata, fitted_estimator):
        given = {"X": X, "y": y, "metadata": metadata, "fitted": fitted_estimator}
        given["prediction"] = self.kind.output(fitted_estimator, X)
        if context.task_name == "epoch":
            self.given.append(given)
        else:
            self.at_end = given


class Troublemaker(Recorder):
    """Raises ``error`` at the end of the second epoch."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def on_fit_task_end(self, estimator, context):
        super().on_fit_task_end(estimator, context)
        if path(context) == (0, 1):
            raise self.error


@pytest.mark.parametrize("solver", SOLVERS)
def test_without_callbacks_in_scikit_learn_nothing_is_there_and_nothing_is_missed(kind, net, y, solver):
    assert hasattr(kind.Estimator, "set_callbacks") == HAS_CALLBACKS
    model = net(solver=solver, early_stopping=True).fit(X, y, sample_weight=np.ones(100))
    assert len(model.validation_loss_curve_) == model.n_iter_ == 4
    if solver != "lbfgs":
        assert kind.step(model, X, y).n_iter_ == 5
    assert not any("callback" in name for name in vars(model))


@pytest.mark.parametrize("early_stopping", [False, True])
def test_one_weight_for_all_rows(kind, net, y, early_stopping):
    """The hooks get the weights cut to the training rows, which a single number must survive."""
    model = net(early_stopping=early_stopping, alpha=0.0)
    expected = kind.output(model.fit(X, y), X)
    np.testing.assert_allclose(kind.output(model.fit(X, y, sample_weight=2.0), X), expected, rtol=1e-10)


@needs_callbacks
@pytest.mark.parametrize("solver", SOLVERS)
def test_one_task_per_epoch(net, y, solver):
    recorder = Recorder()
    net(solver=solver).set_callbacks(recorder).fit(X, y)
    epochs = [
        event for number in range(4) for event in [("begin", "epoch", (0, number)), ("end", "epoch", (0, number))]
    ]
    fit = ("fit", (0,))
    assert recorder.events == [
        ("setup", *fit),
        ("begin", *fit),
        *epochs,
        ("end", *fit),
        ("teardown", *fit),
    ]


@needs_callbacks
@pytest.mark.parametrize("solver", SOLVERS)
def test_tasks_say_how_many_there_will_be(kind, net, y, solver):
    class Counter(Listener):
        def __init__(self):
            self.seen = set()

        def on_fit_task_begin(self, estimator, context):
            self.seen.add((context.task_name, context.max_subtasks, context.estimator_name))

    counter = Counter()
    net(solver=solver).set_callbacks(counter).fit(X, y)
    assert counter.seen == {("fit", 4, kind.Estimator.__name__), ("epoch", 0, kind.Estimator.__name__)}


@needs_callbacks
def test_partial_fit_is_a_fit_of_one_epoch(kind, net, y):
    recorder = Recorder()
    model = net().set_callbacks(recorder)
    for _ in range(3):
        kind.step(model, X, y)
    assert model.n_iter_ == recorder.epochs() == 3
    one_call = recorder.events[: len(recorder.events) // 3]
    assert recorder.events == one_call * 3
    assert [hook for hook, *_ in one_call] == ["setup", "begin", "begin", "end", "end", "teardown"]


@needs_callbacks
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("last", [1, 3])
def test_a_callback_can_stop(kind, net, y, solver, early_stopping, last):
    """The model is that of a fit which was to take no longer. There is no warning that the loss was still falling."""
    recorder = Recorder()
    model = net(solver=solver, early_stopping=early_stopping, n_iter_no_change=10)
    model.set_callbacks(Stopper(last), recorder).fit(X, y)
    assert model.n_iter_ == recorder.epochs() == len(model.loss_curve_) == last
    assert recorder.events[-2][:2] == ("end", "fit")
    short = net(solver=solver, early_stopping=early_stopping, max_iter=last).fit(X, y)
    np.testing.assert_array_equal(kind.output(model, X), kind.output(short, X))


@needs_callbacks
def test_without_a_stop_the_warning_is_given(net, y):
    with pytest.warns(ConvergenceWarning, match="`max_iter`"):
        net(n_iter_no_change=10).set_callbacks(Stopper(5)).fit(X, y)


@needs_callbacks
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("solver", SOLVERS)
def test_fitted_estimator_is_a_snapshot(kind, net, y, solver, early_stopping):
    collector = Collector(kind)
    parameters = {"solver": solver, "early_stopping": early_stopping}
    model = net(**parameters).set_callbacks(collector).fit(X, y)
    for number, given in enumerate(collector.given, start=1):
        fitted = given["fitted"]
        np.testing.assert_array_equal(kind.output(fitted, given["X"]), given["prediction"])
        assert fitted.n_iter_ == number
        assert len(fitted.loss_curve_) == len(fitted.history_["epoch"]) == number
        assert fitted.loss_ == model.loss_curve_[number - 1]
        if not early_stopping:
            short = net(**parameters, max_iter=number).fit(X, y)
            np.testing.assert_array_equal(given["prediction"], kind.output(short, X))
    assert len({given["prediction"].tobytes() for given in collector.given}) == 4
    np.testing.assert_array_equal(collector.at_end["prediction"], kind.output(model, collector.at_end["X"]))


@needs_callbacks
def test_at_the_end_of_the_fit_the_best_weights_are_back(kind, net, y):
    collector, scores = Collector(kind), iter([0.1, 0.3, 0.2, 0.0])
    parameters = {"monitor": lambda model, X, y: next(scores), "max_iter": 4}
    model = net(early_stopping=True, **parameters).set_callbacks(collector).fit(X, y)
    assert model.best_iter_ == 2
    best = collector.given[model.best_iter_ - 1]
    np.testing.assert_array_equal(best["prediction"], collector.at_end["prediction"])
    assert np.any(best["prediction"] != collector.given[-1]["prediction"])


@needs_callbacks
@pytest.mark.parametrize("solver", SOLVERS)
def test_what_was_measured_is_there_when_the_hook_is_called(net, y, solver):
    """The protocol has no place for validation rows, so the live estimator must tell."""

    class Watcher(Listener):
        def __init__(self):
            self.seen = []

        def on_fit_task_end(self, estimator, context):
            if context.task_name == "epoch":
                assert estimator.n_iter_ == len(estimator.loss_curve_) == context.task_id + 1
                self.seen.append((estimator.validation_loss_curve_[-1], estimator.validation_scores_[-1]))

    watcher = Watcher()
    model = net(solver=solver).set_callbacks(watcher).fit(X[:80], y[:80], X_val=X[80:], y_val=y[80:])
    assert watcher.seen == list(zip(model.validation_loss_curve_, model.validation_scores_, strict=True))
    assert len(watcher.seen) == 4


@needs_callbacks
def test_hooks_get_the_rows_as_the_user_gave_them(kind, net, y):
    collector = Collector(kind)
    table, target = pd.DataFrame(X, columns=["a", "b", "c"]), pd.Series(y)
    kind.step(net().set_callbacks(collector).fit(table, target), table, target)
    assert len(collector.given) == 5
    assert all(given["X"] is table and given["y"] is target for given in collector.given)
    assert all(given["metadata"] is None for given in collector.given)


@needs_callbacks
def test_hooks_get_the_training_rows_only(kind, net, y):
    """With a column that numbers the rows, so that it can be told which ones they are."""
    numbered = pd.DataFrame({"a": X[:, 0], "row": np.arange(100.0)})
    collector = Collector(kind)
    weight = np.linspace(1, 2, 100)
    net(early_stopping=True, validation_fraction=0.25).set_callbacks(collector).fit(numbered, y, sample_weight=weight)
    for given in [*collector.given, collector.at_end]:
        assert list(given["X"].columns) == ["a", "row"]
        rows = given["X"]["row"].to_numpy().astype(int)
        assert len(rows) == len(set(rows)) == 75
        np.testing.assert_array_equal(given["y"], y[rows])
        np.testing.assert_array_equal(given["metadata"]["sample_weight"], weight[rows])


@needs_callbacks
def test_rows_given_for_validation_are_not_training_rows(kind, net, y):
    collector = Collector(kind)
    net(early_stopping=True).set_callbacks(collector).fit(X[:80], y[:80], X_val=X[80:], y_val=y[80:])
    assert all(len(given["X"]) == len(given["y"]) == 80 for given in collector.given)


@needs_callbacks
def test_hooks_get_weights_as_metadata_without_the_zeros(kind, net, y):
    collector = Collector(kind)
    weight = np.tile([1.0, 0.0, 3.0, 2.0], 25)
    net().set_callbacks(collector).fit(X, y, sample_weight=weight)
    for given in collector.given:
        np.testing.assert_array_equal(given["metadata"]["sample_weight"], weight[weight > 0])
        np.testing.assert_array_equal(given["X"], X[weight > 0])
        np.testing.assert_array_equal(given["y"], y[weight > 0])


@needs_callbacks
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("sample_weight", [None, 2.0, "different"])
def test_scoring_monitor(kind, net, y, early_stopping, sample_weight):
    """A score for every epoch, and with a DataFrame no warning about its names (warnings are errors here)."""
    from sklearn.callback import ScoringMonitor

    table = pd.DataFrame(X, columns=["a", "b", "c"])
    monitor, collector = ScoringMonitor(scoring=kind.monitor), Collector(kind)
    model = net(early_stopping=early_stopping, max_iter=6).set_callbacks(monitor, collector)
    model.fit(table, y, sample_weight=np.linspace(0.5, 2, 100) if sample_weight == "different" else sample_weight)
    log = monitor.get_logs().data_as_pandas
    epochs = log[log["task_name"] == "epoch"]
    assert len(log) == 7
    assert list(epochs["task_id"]) == list(range(6))
    expected = [given["fitted"].score(given["X"], given["y"], **(given["metadata"] or {})) for given in collector.given]
    np.testing.assert_allclose(epochs[kind.monitor], expected)
    assert epochs[kind.monitor].iloc[-1] > epochs[kind.monitor].iloc[0]


@needs_callbacks
def test_scoring_monitor_on_partial_fit(kind, net, y):
    from sklearn.callback import ScoringMonitor

    scorer = "neg_mean_squared_error" if kind.classes is None else "neg_log_loss"
    monitor = ScoringMonitor(scoring=scorer)
    model = net().set_callbacks(monitor)
    scores = []
    for _ in range(3):
        kind.step(model, X, y)
        log = monitor.get_logs().data_as_pandas
        scores.append(log.loc[log["task_name"] == "epoch", scorer].item())
    assert scores == sorted(scores)
    assert scores[-1] == pytest.approx(get_scorer(scorer)(model, X, y))


@needs_callbacks
def test_inside_a_pipeline_epochs_are_tasks_of_its_step(net, y):
    recorder = Recorder()
    make_pipeline(StandardScaler(), net().set_callbacks(recorder)).fit(X, y)
    assert [tasks for hook, name, tasks in recorder.events if (hook, name) == ("end", "epoch")] == [
        (0, 1, 0),
        (0, 1, 1),
        (0, 1, 2),
        (0, 1, 3),
    ]


@needs_callbacks
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_inside_a_search_every_fit_is_heard(kind, net, y, step, n_jobs):
    """2 candidates on 2 folds and the refit; each has an entry per epoch and one for the fit, in whatever process."""
    from sklearn.callback import ScoringMonitor

    monitor = ScoringMonitor(scoring=kind.monitor)
    pipeline = make_pipeline(StandardScaler(), net().set_callbacks(monitor))
    search = GridSearchCV(pipeline, {step + "alpha": [0.0, 1.0]}, cv=2, n_jobs=n_jobs).fit(X, y)
    log = monitor.get_logs().data_as_pandas
    scores = dict(zip(log["task_id_path"], log[kind.monitor], strict=True))
    search_tasks, refit = [(0, 0, candidate) for candidate in range(4)], (0, 1)
    net_tasks = [(*task, 1) for task in [*search_tasks, refit]]
    epochs = [(*task, number) for task in net_tasks for number in range(4)]
    assert sorted(scores) == sorted(net_tasks + epochs)
    assert scores[*refit, 1] == scores[*refit, 1, 3] == pytest.approx(search.best_estimator_.score(X, y))


@needs_callbacks
@pytest.mark.parametrize("place", ["net", "pipeline", "search"])
def test_progress_bar(kind, net, y, step, place, capsys):
    pytest.importorskip("rich", reason="scikit-learn's progress bar is drawn by rich")
    from sklearn.callback import ProgressBar

    pipeline = make_pipeline(StandardScaler(), net())
    model = {
        "net": net(),
        "pipeline": pipeline,
        "search": GridSearchCV(pipeline, {step + "alpha": [0.0, 1.0]}, cv=2),
    }[place]
    expected = kind.output(clone(model).fit(X, y), X)
    capsys.readouterr()
    bar = ProgressBar(max_propagation_depth=None)
    np.testing.assert_array_equal(kind.output(model.set_callbacks(bar).fit(X, y), X), expected)
    shown = capsys.readouterr().out
    assert kind.Estimator.__name__ in shown
    assert "100%" in shown


@needs_callbacks
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("error", [RuntimeError("boom"), KeyboardInterrupt()], ids=["error", "interruption"])
def test_teardown_whatever_happens(kind, net, y, solver, error):
    trouble = Troublemaker(error)
    model = net(solver=solver).set_callbacks(trouble)
    before = set(vars(model))
    with pytest.raises(type(error)):
        model.fit(X, y)
    assert [hook for hook, *_ in trouble.events].count("teardown") == 1
    assert trouble.events[-1][:2] == ("teardown", "fit")
    assert trouble.epochs() == 2
    if isinstance(error, KeyboardInterrupt):
        assert model.n_iter_ == 2
        np.testing.assert_array_equal(kind.output(model, X), kind.output(net(solver=solver, max_iter=2).fit(X, y), X))
    else:
        assert set(vars(model)) == before


@needs_callbacks
def test_after_an_error_the_model_and_its_callbacks_are_as_before(kind, net, y):
    recorder = Recorder()
    model = net().fit(X, y)
    expected, history = kind.output(model, X), {name: list(values) for name, values in model.history_.items()}
    model.set_callbacks(Troublemaker(RuntimeError("boom")))
    with pytest.raises(RuntimeError, match="boom"):
        model.fit(2 * X, y)
    np.testing.assert_array_equal(kind.output(model, X), expected)
    assert model.history_ == history

    model.set_callbacks(recorder)
    with pytest.raises(ValueError, match="NaN"):
        model.fit(np.full_like(X, np.nan), y)
    assert [hook for hook, *_ in recorder.events if hook in ("setup", "teardown")] in ([], ["setup", "teardown"])
    recorder.events.clear()
    assert model.fit(X, y).n_iter_ == recorder.epochs() == 4


@needs_callbacks
def test_when_training_diverges_callbacks_are_torn_down(net, y):
    recorder = Recorder()
    model = net(solver="sgd", learning_rate_init=1e200, standardize=False).set_callbacks(recorder)
    with pytest.raises(ValueError, match="diverged"):
        model.fit(X, y)
    assert recorder.events[-1][:2] == ("teardown", "fit")


@needs_callbacks
def test_callbacks_are_no_parameters(net, y):
    model = net()
    parameters = model.get_params()
    recorder = Recorder()
    assert model.set_callbacks(recorder) is model
    assert model.get_params() == parameters
    assert "callback" not in repr(model)
    clone(model).fit(X, y)
    assert recorder.epochs() == 4


@needs_callbacks
def test_a_callback_changes_nothing(kind, net, y):
    silent = net(dropout=0.2, early_stopping=True).fit(X, y)
    heard = net(dropout=0.2, early_stopping=True).set_callbacks(Collector(kind), Recorder()).fit(X, y)
    np.testing.assert_array_equal(kind.output(silent, X), kind.output(heard, X))
    assert silent.history_ == heard.history_


@needs_callbacks
def test_warm_start_opens_a_new_fit(net, y):
    recorder = Recorder()
    model = net(warm_start=True).set_callbacks(recorder).fit(X, y).set_params(max_iter=2).fit(X, y)
    assert recorder.epochs() == 6
    assert model.n_iter_ == 2
    assert [hook for hook, *_ in recorder.events].count("setup") == 2


@needs_callbacks
@pytest.mark.parametrize("form", ["csr", "csc", "coo", "bsr", "dia", "lil"])
def test_sparse_rows_of_any_format_reach_a_callback(form):
    seen = []

    class Rows(Listener):
        def on_fit_task_end(self, estimator, context, *, X):
            seen.append(X.shape)

    model = BatchMLPRegressor(max_iter=2, early_stopping=True, n_iter_no_change=math.inf)
    model.set_callbacks(Rows()).fit(sparse.csr_array(X[:40]).asformat(form), f[:40])
    assert {*seen} == {(36, 3)}
