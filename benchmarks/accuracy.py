"""Test error and fit seconds of the defaults on raw data, beside scikit-learn's networks, linear models and trees.

    python benchmarks/accuracy.py --data DIR [--results FILE] [--sets A ...] [--seeds 0 1 2] [--models M ...]
                                  [--rows N] [--table]

DIR holds NAME.npz for every set: ``X`` (n, d) the numeric columns, ``y`` (n,), ``feature_names`` and ``target_name``;
strings in ``y`` are classes. If a set has categorical columns, too, NAME.csv.gz holds all its columns and is read
instead. Other files are ignored. With ``--rows N`` the models train on only N rows, drawn at random with the seed, and
all other rows of the set are test rows. Each finished cell (set, seed, model, rows) is a line of FILE and is not
computed again: an interrupted run continues with the same command, and a deleted line is measured again. The time that
numba takes to load or compile its code is not counted.
"""

import argparse
import json
import os
import platform
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import sklearn
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import root_mean_squared_error, zero_one_loss
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from skbackprop import AdamW, BatchMLPClassifier, BatchMLPRegressor, Gaussian, PiecewiseLinearEncoder


class Task(NamedTuple):
    """What is told of a prediction, and the model of every column of the table."""

    error: Callable
    models: dict


# A rate ten times as high as the default, which falls to zero on a schedule that is carried out to its end.
PLANNED = {"learning_rate": "cosine", "learning_rate_init": 0.01, "max_iter": 60}
HELD_OUT = {"early_stopping": True, "n_iter_no_change": float("inf")}


def decayed(decay):
    """The plan in small batches, as a few hundred rows give too few steps otherwise, with weights that shrink."""
    return PLANNED | {"solver": AdamW(weight_decay=decay), "alpha": 0, "batch_size": 32}


OURS = {
    "ours": {},
    "ours, last weights": {"average": False},
    "ours, cosine": PLANNED,
    "ours, cosine, held out": PLANNED | HELD_OUT,
    "ours, early stopping": {"early_stopping": True},
    "ours, batch 32": {"batch_size": 32},
    "ours, few rows": decayed(1.0),
    "ours, few rows, decay 0.3": decayed(0.3),
    "ours, few rows, decay 3": decayed(3.0),
}

PIECES = {
    "ours, cosine, pieces": PLANNED,
    "ours, cosine, pieces, held out": PLANNED | HELD_OUT,
    "ours, few rows, pieces": decayed(1.0),
}

GAUSSIAN = {
    "ours, gaussian": PLANNED | {"loss": "gaussian"},
    "ours, gaussian, beta 0.5": PLANNED | {"loss": Gaussian(beta=0.5)},
}


def own(Model, settings):
    models = {name: lambda seed, chosen=chosen: Model(random_state=seed, **chosen) for name, chosen in settings.items()}
    decays = {"solver": [decayed(decay)["solver"] for decay in (0.3, 1.0, 3.0, 10.0)]}
    for name, chosen in PIECES.items():
        models[name] = lambda seed, chosen=chosen: make_pipeline(
            PiecewiseLinearEncoder(), Model(random_state=seed, standardize="target", **chosen)
        )
    models["ours, few rows, searched"] = lambda seed: GridSearchCV(models["ours, few rows"](seed), decays)
    return models


def scaled(Model, seed):
    return make_pipeline(StandardScaler(), Model(random_state=seed))


REGRESSION = Task(
    root_mean_squared_error,
    own(BatchMLPRegressor, OURS | GAUSSIAN)
    | {
        "MLP, X and y scaled": lambda seed: TransformedTargetRegressor(
            scaled(MLPRegressor, seed), transformer=StandardScaler()
        ),
        "MLP, X scaled": lambda seed: scaled(MLPRegressor, seed),
        "MLP, raw": lambda seed: MLPRegressor(random_state=seed),
        "linear": lambda seed: make_pipeline(StandardScaler(), RidgeCV(np.logspace(-3, 3, 13))),
        "HGB": lambda seed: HistGradientBoostingRegressor(random_state=seed),
    },
)
CLASSIFICATION = Task(
    lambda y, predicted: 100 * zero_one_loss(y, predicted),
    own(BatchMLPClassifier, OURS)
    | {
        "MLP, X scaled": lambda seed: scaled(MLPClassifier, seed),
        "MLP, raw": lambda seed: MLPClassifier(random_state=seed),
        "linear": lambda seed: make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        "HGB": lambda seed: HistGradientBoostingClassifier(random_state=seed),
    },
)
MODELS = list(REGRESSION.models)
DEFAULTS = ["ours", "ours, last weights", "ours, cosine"] + [name for name in MODELS if not name.startswith("ours")]


class Set(NamedTuple):
    name: str
    X: object
    y: np.ndarray

    @property
    def task(self):
        return CLASSIFICATION if self.y.dtype.kind in "OUb" else REGRESSION


def read_set(path):
    """The set in ``path``, or None where that is something else."""
    with np.load(path, allow_pickle=False) as file:
        if "X" not in file or "y" not in file:
            return None
        X, y, target = file["X"], file["y"], str(file["target_name"])
    table = path.with_suffix(".csv.gz")
    if table.exists():
        import pandas as pd

        X = pd.read_csv(table)
        y = X.pop(target).to_numpy()
    return Set(path.stem, X, y)


def read_sets(folder, names, rows):
    """The sets that are named, or all, if they have more than ``rows`` rows; the smaller ones come first."""
    sets = [read_set(path) for path in sorted(folder.glob("*.npz")) if names is None or path.stem in names]
    return sorted((one for one in sets if one is not None and len(one.y) > (rows or 0)), key=lambda one: len(one.y))


def split(one, seed, rows):
    """So many rows to train on, or 75 %, and the others to test on; categories are columns of zeros and ones."""
    X_train, X_test, y_train, y_test = train_test_split(one.X, one.y, train_size=rows or 0.75, random_state=seed)
    if not isinstance(X_train, np.ndarray):
        one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
        categories = make_column_selector(dtype_exclude="number")
        encode = ColumnTransformer([("one_hot", one_hot, categories)], remainder="passthrough")
        X_train, X_test = encode.fit_transform(X_train), encode.transform(X_test)
    return X_train, X_test, y_train, y_test


def epochs(model):
    """Passes over the training rows; None for trees."""
    model = model.regressor_ if isinstance(model, TransformedTargetRegressor) else model
    model = model[-1] if isinstance(model, Pipeline) else model
    return model.n_iter_ if "MLP" in type(model).__name__ else None


def measure(one, seed, name, rows):
    """Fit one model. Seconds are those of the processor, so that what else the machine does counts less."""
    X_train, X_test, y_train, y_test = split(one, seed, rows)
    model = one.task.models[name](seed)
    start = time.process_time()
    model.fit(X_train, y_train)
    seconds = time.process_time() - start
    error = one.task.error(y_test, model.predict(X_test))
    return {"error": float(error), "seconds": seconds, "epochs": epochs(model)}


def read_results(path, rows):
    """Finished cells with so many rows to train on, by (set, seed, model)."""
    lines = path.read_text().splitlines() if path.exists() else []
    cells = [json.loads(line) for line in lines]
    return {(cell["set"], cell["seed"], cell["model"]): cell for cell in cells if cell.get("rows") == rows}


def fill(sets, seeds, models, path, rows):
    """Measure what is missing. The models take turns, so that a drift of the machine's speed hits all of them."""
    done = read_results(path, rows)
    for one in sets:
        for seed in seeds:
            for name in models:
                if name not in one.task.models or (one.name, seed, name) in done:
                    continue
                cell = {"set": one.name, "seed": seed, "model": name, "rows": rows}
                cell |= measure(one, seed, name, rows)
                with path.open("a") as file:
                    file.write(json.dumps(cell) + "\n")
                print(json.dumps(cell), flush=True)


def means(cells, seeds, what):
    return float(np.mean([cells[seed][what] for seed in seeds]))


def versus(ours, theirs, what):
    """Geometric mean of ours / theirs over the seeds that both have, and its range."""
    ratios = [ours[seed][what] / theirs[seed][what] for seed in ours if seed in theirs]
    return f"{np.exp(np.mean(np.log(ratios))):.3f} ({min(ratios):.2f} - {max(ratios):.2f})" if ratios else ""


def versus_default(done, model):
    """Geometric mean over the sets of the error of a model over that of "ours", each by the seeds that both have."""
    logs = {}
    for name, seed, measured in done:
        if measured == model and (name, seed, "ours") in done:
            ratio = done[name, seed, model]["error"] / done[name, seed, "ours"]["error"]
            logs.setdefault(name, []).append(np.log(ratio))
    return f"{np.exp(np.mean([np.mean(of_set) for of_set in logs.values()])):.3f}" if logs else ""


def cell_text(cells):
    """Mean error, mean seconds, and mean epochs where there are such."""
    if not cells:
        return ""
    error, seconds = means(cells, cells, "error"), means(cells, cells, "seconds")
    told = "" if None in {cell["epochs"] for cell in cells.values()} else f", {means(cells, cells, 'epochs'):.0f}"
    return f"{error:.4g} ({seconds:.1f} s{told})"


def print_table(done, seeds, models):
    """One row a set: mean error (seconds, epochs) of each model, then ours against the best scaled network.

    The last row compares each model with ours.
    """
    done = {key: cell for key, cell in done.items() if key[1] in seeds}
    print(f"| set | {' | '.join(models)} | error, ours / scaled | seconds, ours / scaled |")
    print(f"|---|{'--:|' * len(models)}--:|--:|")
    for name in dict.fromkeys(name for name, _, _ in done):
        row = {m: {seed: done[name, seed, m] for seed in seeds if (name, seed, m) in done} for m in MODELS}
        theirs = row["MLP, X and y scaled"] or row["MLP, X scaled"]
        ratios = " | ".join(versus(row["ours"], theirs, what) for what in ("error", "seconds"))
        print(f"| {name} | {' | '.join(cell_text(row[m]) for m in models)} | {ratios} |")
    print(f"| error / ours | {' | '.join(versus_default(done, m) for m in models)} | | |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of the sets")
    parser.add_argument("--results", type=Path, default=Path("accuracy.jsonl"), help="finished cells, one a line")
    parser.add_argument("--sets", nargs="*", help="names of sets; all by default")
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2], help="of the split and of the model")
    parser.add_argument("--models", nargs="*", choices=MODELS, default=DEFAULTS)
    parser.add_argument("--rows", type=int, help="to train on; 75 %% of the set by default")
    parser.add_argument("--table", action="store_true", help="only print the table of what is finished")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    written = arguments.results, arguments.rows
    if not arguments.table:
        for Model in (BatchMLPRegressor, BatchMLPClassifier):  # loads compiled code, if there is numba
            Model(max_iter=2).fit(np.arange(500.0)[:, None], np.arange(500) % 3)
        with threadpool_limits(1):
            fill(read_sets(arguments.data, arguments.sets, arguments.rows), arguments.seeds, arguments.models, *written)
    print(
        f"{os.cpu_count()} cores, Python {platform.python_version()}, NumPy {np.__version__}, "
        f"scikit-learn {sklearn.__version__}; one thread\n"
    )
    done = read_results(*written)
    chosen = {key: cell for key, cell in done.items() if arguments.sets is None or key[0] in arguments.sets}
    print_table(chosen, arguments.seeds, arguments.models)


if __name__ == "__main__":
    main()
