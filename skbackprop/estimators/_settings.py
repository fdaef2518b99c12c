"""Constructor parameters, checked once and turned into the objects they name."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from sklearn.metrics import check_scoring, get_scorer_names

from ..network.activations import ACTIVATIONS, Activation
from ..network.contract import Layer
from ..network.initializers import INITIALIZERS, Initializer
from ..network.layers import Dense, Standardize
from ..network.losses import Loss
from ..network.model import Model
from ..optimize.averaging import SHARE
from ..optimize.full_batch import LBFGS
from ..optimize.optimizers import OPTIMIZERS, SGD, Adam, AdamW, Optimizer, RMSprop
from ..optimize.schedules import SCHEDULES, InverseScaling, Schedule
from ..optimize.training import TrainingState
from ..ranges import check_flag, check_integer, check_name, check_real, check_whole, has_nothing_of


class Architecture(NamedTuple):
    """The layers between entrance and output.

    ``fixed`` are the parameters that determine them and must not change while training continues; ``noise_rates`` are
    those of dropout, which may change; ``init`` initialises the output layer.
    """

    fixed: dict[str, Any]
    noise_rates: dict[str, float]
    hidden: tuple[Layer, ...]
    init: Initializer


class Settings(NamedTuple):
    """The parameters of an estimator, as checked objects and numbers.

    ``newest_share`` is the share of the newest weights in the running mean of weights; 1 means no averaging.
    """

    loss: Loss
    architecture: Architecture
    solver: Optimizer | LBFGS
    schedule: Schedule
    adaptive: bool
    clip: float
    standardize: bool | str
    newest_share: float

    @property
    def full_batch(self) -> bool:
        """Whether every step takes all rows, as L-BFGS does."""
        return is_full_batch(self.solver)

    def entrance(self) -> list[Layer]:
        """The layers that numbers (not tokens) pass before the hidden layers."""
        return [Standardize()] if self.standardize is True else []

    def layers(self, entrance: list[Layer], width: int) -> list[Layer]:
        """All layers of a network with ``width`` outputs per row."""
        return [*entrance, *self.architecture.hidden, Dense(width, init=self.architecture.init)]

    def moments(self, model: Model) -> dict[str, Any]:
        """The solver's memory before its first step."""
        return self.solver.start(model.theta, decaying=model.network.parameters.decaying)

    def start(self, model: Model, rng: np.random.RandomState) -> TrainingState:
        """The state in which training begins."""
        return TrainingState(model.theta, self.moments(model), rng, self.noise_generator(rng))

    def noise_generator(self, rng: np.random.RandomState) -> np.random.Generator | None:
        """Dropout's own generator, seeded from ``rng``; without dropout None, and nothing is drawn."""
        noisy = any(self.architecture.noise_rates.values())
        return np.random.Generator(np.random.SFC64(rng.randint(2**31))) if noisy else None

    def signature(self) -> dict[str, Any]:
        """The settings that must not change while training continues."""
        return {
            **self.architecture.fixed,
            "loss": self.loss,
            "solver": type(self.solver).__name__,
            "standardize": self.standardize,
        }


def is_full_batch(solver: Any) -> bool:
    """Whether ``solver``, a name or an object, is L-BFGS."""
    return is_name(solver, "lbfgs") or isinstance(solver, LBFGS)


def can_step(estimator: Any) -> bool:
    """Return True if the solver can train one pass at a time, as ``partial_fit`` does; else raise AttributeError."""
    if is_full_batch(estimator.solver):
        raise AttributeError("`partial_fit` needs a solver that takes small steps, got solver='lbfgs'")
    return True


def check_same(before: dict[str, Any], now: dict[str, Any], how: str) -> None:
    """Refuse to continue training if a setting is no longer what it was."""
    for name, value in before.items():
        if now[name] != value:
            raise ValueError(
                f"`{how}` continues the training of a model, in which {name} was {value!r} and cannot change, "
                f"got {now[name]!r}; `fit` with `warm_start=False` begins anew"
            )


def read_settings(estimator: Any, losses: Mapping[str, Any], contract: type, architecture: Architecture) -> Settings:
    """Check the parameters of ``estimator`` and return what they mean.

    Raises
    ------
    TypeError, ValueError
        If a parameter is wrong. The message is one sentence, with the name, the expectation and the value.
    """
    check_numbers(estimator)
    solver = read_solver(estimator)
    for name, rate in architecture.noise_rates.items():
        if is_full_batch(solver) and rate:
            raise ValueError(
                f"`{name}` must be 0 with solver='lbfgs', whose line search needs a loss without noise, got {rate!r}"
            )
    adaptive = is_name(estimator.learning_rate, "adaptive")
    schedule = SCHEDULES["constant"] if adaptive else read_schedule(estimator)
    return Settings(
        loss=read_object("loss", estimator.loss, losses, contract),
        architecture=architecture,
        solver=solver,
        schedule=schedule,
        adaptive=adaptive,
        clip=math.inf if estimator.clip_norm is None else float(estimator.clip_norm),
        standardize=read_standardize(estimator.standardize),
        newest_share=SHARE if read_average(estimator, solver, schedule) else 1.0,
    )


def check_numbers(e: Any) -> None:
    """Check the parameters that need no conversion."""
    check_real("alpha", e.alpha, 0)
    if not is_name(e.batch_size, "auto") and not is_name(e.batch_size, "full"):
        check_integer("batch_size", e.batch_size, 1, "'auto', 'full' or ")
    check_real("learning_rate_init", e.learning_rate_init, 0, closed="neither")
    check_integer("max_iter", e.max_iter, 1)
    for name in ("shuffle", "warm_start", "early_stopping"):
        check_flag(name, getattr(e, name))
    check_real("tol", e.tol, 0)
    check_real("validation_fraction", e.validation_fraction, 0, 1, closed="neither" if e.early_stopping else "left")
    if not (isinstance(e.n_iter_no_change, float) and e.n_iter_no_change == math.inf):
        check_integer("n_iter_no_change", e.n_iter_no_change, 1, "float('inf') or ")
    if not isinstance(e.verbose, (bool, np.bool_)):
        check_integer("verbose", e.verbose, 0)
    if e.clip_norm is not None:
        check_real("clip_norm", e.clip_norm, 0, closed="neither", or_else="None or ")
    check_monitor(e.monitor)
    check_random(e.random_state)


def check_random(random_state: Any) -> None:
    """Accept what scikit-learn's estimators accept (not the module ``np.random``), without creating a generator."""
    if random_state is None or isinstance(random_state, np.random.RandomState):
        return
    if not isinstance(random_state, Integral) or not 0 <= int(random_state) < 2**32:
        raise ValueError(
            f"`random_state` must be None, an integer from 0 to 2**32 - 1 or a numpy.random.RandomState, "
            f"got {random_state!r}"
        )


def check_monitor(monitor: Any) -> None:
    if is_name(monitor, "loss") or callable(monitor):
        return
    if not isinstance(monitor, str) or monitor not in get_scorer_names():
        raise ValueError(
            f"`monitor` must be 'loss', a callable or a name from sklearn.metrics.get_scorer_names(), got {monitor!r}"
        )


def read_scorer(estimator: Any) -> Any:
    """The scorer that ``monitor`` names or is; None stands for the loss."""
    if is_name(estimator.monitor, "loss"):
        return None
    try:
        return check_scoring(estimator, scoring=estimator.monitor)
    except ValueError as error:  # a metric, not a scorer
        raise ValueError(f"`monitor` must be a scorer, as `make_scorer` makes one of a metric: {error}") from error


def read_hidden(sizes: Any) -> tuple[int, ...]:
    expected = f"`hidden_layer_sizes` must be an integer >= 1 or a sequence of them, got {sizes!r}"
    try:
        sizes = [sizes] if isinstance(sizes, (str, Integral)) else list(sizes)
    except TypeError:
        raise TypeError(expected) from None
    if not all(isinstance(units, Integral) and not isinstance(units, bool) for units in sizes):
        raise TypeError(expected)
    if any(units < 1 for units in sizes):
        raise ValueError(expected)
    return tuple(int(units) for units in sizes)


def read_init(e: Any) -> Initializer | None:
    """The initialiser that ``init`` names or is; None stands for what suits each layer."""
    if is_name(e.init, "auto"):
        return None
    return read_object("init", e.init, INITIALIZERS, Initializer, also=("auto",))


def read_activations(activation: Any, n_hidden: int) -> tuple[Activation, ...]:
    """One activation per hidden layer, from a single one for all layers or a sequence with one for each."""
    several = isinstance(activation, (list, tuple))
    if several and len(activation) != n_hidden:
        raise ValueError(
            f"`activation` must be one for all or a sequence of {n_hidden}, one per hidden layer, got {activation!r}"
        )
    each = activation if several else [activation] * max(n_hidden, 1)
    return tuple(read_object("activation", one, ACTIVATIONS, Activation) for one in each)


def read_solver(e: Any) -> Optimizer | LBFGS:
    """The optimiser that ``solver`` names or is. All named ones are made, so that any bad parameter is reported."""
    named = {
        **OPTIMIZERS,
        "sgd": SGD(momentum=e.momentum, nesterov=check_flag("nesterovs_momentum", e.nesterovs_momentum)),
        "rmsprop": RMSprop(epsilon=e.epsilon),
        "adam": Adam(beta_1=e.beta_1, beta_2=e.beta_2, epsilon=e.epsilon),
        "adamw": AdamW(beta_1=e.beta_1, beta_2=e.beta_2, epsilon=e.epsilon),
        "lbfgs": LBFGS(max_fun=e.max_fun),
    }
    if isinstance(e.solver, LBFGS):
        return e.solver
    return read_object("solver", e.solver, named, Optimizer)


def read_schedule(e: Any) -> Schedule:
    named, value = {**SCHEDULES, "invscaling": InverseScaling(check_real("power_t", e.power_t, 0))}, e.learning_rate
    if isinstance(value, Real):
        raise ValueError(
            f"`learning_rate` must be a schedule, got {value!r}; did you mean `learning_rate_init={value!r}`?"
        )
    if isinstance(value, type):
        raise TypeError(f"`learning_rate` must be an object, such as {value.__name__}(), got {value!r}")
    if callable(value):
        check_takes_step_and_total(value)
        return value
    otherwise = " or a function of (step, total), by which `learning_rate_init` is multiplied"
    return named[check_name("learning_rate", value, (*named, "adaptive"), otherwise)]


def check_takes_step_and_total(schedule: Schedule) -> None:
    try:
        inspect.signature(schedule).bind(0, None)
    except TypeError:
        raise TypeError(f"`learning_rate` must be a function of (step, total), got {schedule!r}") from None
    except ValueError:  # a built-in without a signature
        return


def read_standardize(value: Any) -> bool | str:
    return value if is_name(value, "target") else check_flag("standardize", value, "'target', ")


def read_average(e: Any, solver: Optimizer | LBFGS, schedule: Schedule) -> bool:
    """Whether to average weights: "auto" does, except for L-BFGS, schedules that end, and without ``standardize``."""
    full_batch = is_full_batch(solver)
    if is_name(e.average, "auto"):
        return bool(e.standardize) and not full_batch and not plans_its_end(schedule)
    if not isinstance(e.average, (bool, np.bool_)):
        raise ValueError(f"`average` must be 'auto', True or False, got {e.average!r}")
    if full_batch and e.average:
        raise ValueError("`average` must be 'auto' or False with solver='lbfgs', whose steps do not wander, got True")
    return bool(e.average)


def plans_its_end(schedule: Schedule) -> bool:
    """Whether the schedule takes the rate to a planned end, so that the loss falls most in the last steps."""
    return getattr(schedule, "ends", False)


def read_object(name: str, value: Any, named: Mapping[str, Any], contract: type, also: Iterable[str] = ()) -> Any:
    """The object that ``value`` names, or ``value`` itself if it has all members of the ``contract``, a Protocol."""
    if isinstance(value, str) or has_nothing_of(contract, value):
        otherwise = f" or an object as `{contract.__name__}` describes it"
        return named[check_name(name, value, [*named, *also], otherwise)]
    if isinstance(value, type):
        raise TypeError(f"`{name}` must be an object, such as {value.__name__}(), got {value!r}")
    check_whole(name, value, contract)
    return value


def is_name(value: Any, name: str) -> bool:
    return isinstance(value, str) and value == name
