"""Many threads at once: same results, and the number of BLAS threads is left as it was found.

That number belongs to the whole process, so it is watched from inside the network, by an activation that writes it
down.
"""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest
import threadpoolctl

from skbackprop import Constant, Orthogonal, ReLU, kernel_backend
from skbackprop.estimators._threads import is_scipys
from skbackprop.kernels import backend
from tests.estimators.kinds import ENDLESS, KINDS, SEQUENCES, every_estimator, saddle
from tests.processes import python

X, y = saddle(600, 10)
blas = threadpoolctl.ThreadpoolController().select(user_api="blas")

# BLAS would share the largest product of this net among its threads, and that would not pay.
MEDIUM = {"hidden_layer_sizes": (100, 100), "batch_size": 100}
# With this one it pays.
LARGE = {"hidden_layer_sizes": (500, 500), "batch_size": 300}


@dataclass(frozen=True)
class Spy(ReLU):
    """A ReLU that writes down how many threads BLAS has, and then does what it is told."""

    seen: list = field(default_factory=list, compare=False)
    then: object = None

    def forward(self, Z, A):
        self.seen.append(blas_threads())
        super().forward(Z, A)
        if self.then is not None:
            self.then(len(self.seen))


def blas_threads():
    """One number for every BLAS in the process: NumPy and SciPy may bring one each."""
    return tuple(library["num_threads"] for library in blas.info())


def set_blas_threads(number):
    """Set it and leave it to anyone to change it: from threadpoolctl 3.8 on, the first thread to set it owns it."""
    release = getattr(
        getattr(threadpoolctl, "OpenBLASController", None), "clear_controlling_thread", lambda force: None
    )
    release(force=True)
    blas.limit(limits=number)
    release(force=True)


@pytest.fixture(autouse=True)
def both():
    """Two BLAS threads in a test, whatever the machine, and as many as before after it: two slow down what follows."""
    found = blas_threads()
    set_blas_threads(2)
    before = blas_threads()
    yield before
    after = blas_threads()
    set_blas_threads(max(found))
    assert after == before


ONE = (1,) * len(blas_threads())


def net(kind=KINDS["numbers"], **parameters):
    quick = {"learning_rate_init": 0.01, "max_iter": 4}
    return kind.make(**MEDIUM | quick | ENDLESS | kind.side_by_side(5) | parameters)


def in_threads(workers, function, arguments):
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(function, arguments))


@every_estimator
@pytest.mark.parametrize("hidden", [(5,), (100, 100), (50, 20, 10)], ids=str)
def test_predicting_from_four_threads(kind, hidden):
    model = net(kind, hidden_layer_sizes=hidden, max_iter=2).fit(X, kind.target(y))
    predict = getattr(model, kind.method)
    parts = [X[start : start + 1 + 37 * start % 300] for start in range(0, 600, 12)]
    expected = [predict(part) for part in parts]
    for got, wanted in zip(in_threads(4, predict, parts), expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-14)


@every_estimator
def test_predicting_and_looking_inside_from_four_threads(kind):
    """Different methods of two models share no memory either."""
    models = [net(kind, max_iter=2, random_state=seed).fit(X, kind.target(y)) for seed in range(2)]
    tasks = [method for model in models for method in (getattr(model, kind.method), model.activations)] * 5
    expected = [task(X) for task in tasks]
    for got, wanted in zip(in_threads(4, lambda task: task(X), tasks), expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-14)


@every_estimator
@pytest.mark.parametrize("parameters", [{}, {"solver": "lbfgs"}, {"dropout": 0.2, "early_stopping": True}], ids=str)
def test_fitting_in_two_threads(kind, parameters):
    """Each fit gives what it would have given alone."""
    target = kind.target(y)

    def fit(seed):
        rows = slice(0, 300 + 100 * seed)
        return net(kind, random_state=seed, **parameters).fit(X[rows], target[rows])

    serial = [fit(seed) for seed in range(3)]
    for got, wanted in zip(in_threads(2, fit, range(3)), serial, strict=True):
        np.testing.assert_allclose(got.theta_, wanted.theta_, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(got.loss_curve_, wanted.loss_curve_, rtol=1e-9)


@every_estimator
def test_two_streams_in_two_threads(kind):
    target = kind.target(y)

    def stream(seed):
        model = net(kind, random_state=seed)
        for start in range(0, 600, 100):
            kind.step(model, X[start : start + 100], target[start : start + 100])
        return model.theta_

    serial = [stream(seed) for seed in range(4)]
    for got, wanted in zip(in_threads(2, stream, range(4)), serial, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-12)


@every_estimator
@pytest.mark.parametrize(
    ("method", "solver"), [("fit", "adam"), ("fit", "sgd"), ("fit", "lbfgs"), ("partial_fit", "adam")]
)
def test_one_blas_thread_inside_training(kind, method, solver, both):
    spy = Spy()
    model = kind.train(net(kind, solver=solver, **kind.activated(spy)), method, X, kind.target(y))
    kind.train(model, method, X, kind.target(y))
    assert set(spy.seen) == {ONE}
    assert blas_threads() == both


@every_estimator
def test_one_blas_thread_where_weights_start(kind, both):
    """An orthogonal start is a factorisation, which takes a hundred times as long where its threads wait for a core."""
    seen = []

    class SpyOnTheStart(Orthogonal):
        def samplers(self, n_in, units):
            def draw(rng, shape):
                seen.append(blas_threads())
                return weights(rng, shape)

            weights, biases = super().samplers(n_in, units)
            return draw, biases

    net(kind, init=SpyOnTheStart(), max_iter=1).fit(X, kind.target(y))
    assert set(seen) == {ONE}
    assert blas_threads() == both


@every_estimator
def test_one_blas_thread_inside_prediction(kind, both):
    spy = Spy()
    model = net(kind, **kind.activated(spy)).fit(X, kind.target(y))
    spy.seen.clear()
    model.predict(X)
    kind.output(model, X)
    model.activations(X)
    if kind in SEQUENCES.values():
        model.predict_next(X.reshape(len(X), -1, 5))
    assert set(spy.seen) == {ONE}
    assert blas_threads() == both


@every_estimator
def test_a_score_in_the_middle_of_a_fit_leaves_the_limit_to_the_fit(kind, both):
    """A monitor predicts after every epoch."""
    spy = Spy()
    net(kind, early_stopping=True, monitor=kind.monitor, **kind.activated(spy)).fit(X, kind.target(y))
    assert set(spy.seen) == {ONE}
    assert blas_threads() == both


# Where NumPy and SciPy have a BLAS each, SciPy's does vectors beside NumPy's products, and gets one thread for them.
OF_SCIPY = [len(ONE) > 1 and "scipy.libs" in library["filepath"] for library in blas.info()]
PRODUCTS_KEEP = tuple(1 if its else 2 for its in OF_SCIPY)


@pytest.mark.parametrize(
    ("path", "scipys"),
    [
        ("/env/site-packages/scipy.libs/libscipy_openblas-68440149.so", True),
        ("/env/site-packages/scipy/.dylibs/libscipy_openblas.dylib", True),
        ("C:\\env\\site-packages\\scipy.libs\\libscipy_openblas-48c3.dll", True),
        ("/env/site-packages/numpy.libs/libscipy_openblas64_-ff65.so", False),
        ("/env/site-packages/numpy/.dylibs/libscipy_openblas64_.dylib", False),
        ("/scipy/lib/libopenblas.so", False),
    ],
)
def test_whose_blas_it_is_is_told_by_its_folder(path, scipys):
    assert is_scipys(SimpleNamespace(filepath=path)) == scipys


@pytest.mark.parametrize("parameters", [{}, {"dropout": 0.1}, {"solver": "lbfgs"}], ids=str)
def test_a_large_net_keeps_all_threads_for_products(parameters, both):
    spy = Spy()
    net(activation=spy, **LARGE | parameters, max_iter=1).fit(X, y).predict(X)
    assert set(spy.seen) == {PRODUCTS_KEEP}
    assert blas_threads() == both


def test_a_stream_keeps_them_too(both):
    spy = Spy()
    net(activation=spy, **LARGE).partial_fit(X, y).predict(X)
    assert set(spy.seen) == {PRODUCTS_KEEP}
    assert blas_threads() == both


@pytest.mark.skipif(not backend.numba_is_there(), reason="numba is not installed")
@pytest.mark.parametrize(("size", "expected"), [(LARGE, PRODUCTS_KEEP), (MEDIUM, ONE)], ids=["large", "medium"])
def test_compiled_products_keep_them_too(size, expected, both):
    seen = []

    class Watching(Constant):
        def __call__(self, step, total=None):
            seen.append(blas_threads())
            return 1.0

    with kernel_backend("numba"):
        net(learning_rate=Watching(), **size, max_iter=1).fit(X, y)
    assert set(seen) == {expected}
    assert blas_threads() == both


def test_a_large_and_a_small_net_at_once_leave_nothing_behind(both):
    """The two want different limits, and come and go in any order."""

    def fit(number):
        size = LARGE if number % 2 else MEDIUM
        return net(dropout=0.1, **size | {"max_iter": 1 + number % 3, "learning_rate_init": 1e-4}).fit(X, y)

    in_threads(3, fit, range(12))
    assert blas_threads() == both


def test_a_limit_that_the_user_has_set_stays():
    spy = Spy()
    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        net(activation=spy, **LARGE, max_iter=1).fit(X, y)
        net(activation=spy, max_iter=1).fit(X, y).predict(X)
        assert blas_threads() == ONE
    assert set(spy.seen) == {ONE}


@pytest.mark.parametrize("first", ["here", "there"])
def test_the_limit_obeys_every_thread(first, both):
    """A fit in one thread does not keep a fit in another one from setting the limit, nor from lifting it."""
    spies = {"here": Spy(), "there": Spy()}

    def fit(place):
        net(activation=spies[place], max_iter=1).fit(X, y)
        assert blas_threads() == both

    with ThreadPoolExecutor(1) as pool:
        for place in ("here", "there") if first == "here" else ("there", "here"):
            if place == "here":
                fit(place)
            else:
                pool.submit(fit, place).result()
        assert {threads for spy in spies.values() for threads in spy.seen} == {ONE}


@pytest.mark.parametrize("fails", [False, True])
def test_the_last_one_out_lifts_the_limit_even_if_another_one_set_it(fails, both):
    """The first fit goes in alone and comes out while the second one is inside; its thread then lives on."""
    first_is_in, second_is_in, first_is_out = (threading.Event() for _ in range(3))

    def wait_for_the_second(calls):
        first_is_in.set()
        assert second_is_in.wait(30)
        if fails:
            raise RuntimeError("boom")

    def let_the_first_out(calls):
        second_is_in.set()
        assert first_is_out.wait(30)

    first, second = Spy(then=wait_for_the_second), Spy(then=let_the_first_out)

    def fit(spy):
        return net(activation=spy, max_iter=1).fit(X, y)

    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        first_fit = one.submit(fit, first)
        assert first_is_in.wait(30)
        second_fit = other.submit(fit, second)
        assert isinstance(first_fit.exception(30), RuntimeError) == fails
        first_is_out.set()
        assert second_fit.result(30).n_iter_ == 1
        assert set(first.seen + second.seen) == {ONE}
        assert blas_threads() == both


def test_fits_of_all_lengths_overlap(both):
    """None of them sees more than one thread at any time."""
    spies = [Spy() for _ in range(8)]

    def fit(number):
        return net(activation=spies[number], max_iter=1 + number % 4).fit(X, y).predict(X)

    in_threads(4, fit, range(8))
    assert {threads for spy in spies for threads in spy.seen} == {ONE}
    assert blas_threads() == both


def fail(error, after):
    def then(calls):
        if calls >= after:
            raise error

    return then


@pytest.mark.parametrize("error", [RuntimeError("boom"), KeyboardInterrupt(), MemoryError()], ids=repr)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_threads_come_back_after_an_error(error, solver, both):
    spy = Spy(then=fail(error, after=5))
    with pytest.raises(type(error)):
        net(activation=spy, solver=solver).fit(X, y)
    assert set(spy.seen) == {ONE}
    assert blas_threads() == both


def test_threads_come_back_after_an_error_in_predict(both):
    trouble = []
    spy = Spy(then=lambda calls: trouble and trouble[0](calls))
    model = net(activation=spy, max_iter=1).fit(X, y)
    trouble.append(fail(RuntimeError("boom"), after=1))
    with pytest.raises(RuntimeError, match="boom"):
        model.predict(X)
    assert blas_threads() == both


def test_threads_come_back_after_divergence(both):
    with pytest.raises(ValueError, match="diverged"):
        net(solver="sgd", learning_rate_init=1e200).fit(X, y)
    assert blas_threads() == both


TWO_THREADS = {"OPENBLAS_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"}
FORKS = """
import os, signal, threading, warnings
import numpy as np, threadpoolctl
from skbackprop import BatchMLPRegressor, ReLU
from skbackprop.estimators import _threads

warnings.simplefilter("ignore")  # that a process of several threads forks
is_in, may_go = threading.Event(), threading.Event()

class Waiting(ReLU):
    def forward(self, Z, A):
        super().forward(Z, A)
        if threading.current_thread() is not threading.main_thread():
            is_in.set()
            may_go.wait(30)

def blas_threads():
    return [library["num_threads"] for library in threadpoolctl.threadpool_info() if library["user_api"] == "blas"]

X = np.random.default_rng(0).normal(size=(600, 10))
model = BatchMLPRegressor(hidden_layer_sizes=(100, 100), activation=Waiting(), max_iter=1).fit(X, X[:, 0])
before = blas_threads()
other = threading.Thread(target=model.predict, args=(X,))
other.start()
is_in.wait(30)
assert set(blas_threads()) == {1} != set(before), before
with _threads._lock:  # as it may be whenever another thread starts or ends a prediction
    child = os.fork()
    if child == 0:
        signal.alarm(20)  # ends it if it hangs
        there = blas_threads()
        model.predict(X)
        os._exit(there != before or blas_threads() != before)
    print(os.waitpid(child, 0)[1])
may_go.set()
other.join()
assert blas_threads() == before
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_while_another_thread_predicts_leaves_the_child_free():
    done = python("-c", FORKS, **TWO_THREADS)
    assert done.stdout.split() == ["0"], done.stderr


SIGNALS = """
import random, signal
import numpy as np, threadpoolctl
from skbackprop import BatchMLPRegressor

def blas_threads():
    return [library["num_threads"] for library in threadpoolctl.threadpool_info() if library["user_api"] == "blas"]

def interrupt(*signal_and_frame):
    raise KeyboardInterrupt

def predict(*signal_and_frame):
    model.predict(X)
    signal.setitimer(signal.ITIMER_REAL, 1e-3)

X = np.random.default_rng(0).normal(size=(600, 10))
model = BatchMLPRegressor(hidden_layer_sizes=(100, 100), max_iter=1, n_iter_no_change=np.inf).fit(X, X[:, 0])
model.predict(X)  # loads all that is loaded once
before = blas_threads()
assert set(before) != {1}, before
signal.signal(signal.SIGALRM, predict)
signal.setitimer(signal.ITIMER_REAL, 1e-3)
for _ in range(150):
    model.predict(X)
signal.setitimer(signal.ITIMER_REAL, 0)
assert blas_threads() == before
signal.signal(signal.SIGALRM, interrupt)
for _ in range(100):
    try:
        signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-4, 4e-3))
        while True:
            model.predict(X)
    except KeyboardInterrupt:
        pass
    assert blas_threads() == before, blas_threads()
print("done")
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timer that sends signals")
def test_a_signal_at_any_moment_leaves_the_number_of_threads_as_it_was():
    assert python("-c", SIGNALS, timeout=100, **TWO_THREADS).stdout.split() == ["done"]
