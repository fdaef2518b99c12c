"""Two data sets from raw units to a pickled model, beside scikit-learn's network and a linear model.

1. `load_diabetes`: 442 patients, a measure of disease progression one year later; squared error.
2. `randhie`: 20 190 person-years of the RAND health insurance experiment, visits to a doctor; Poisson deviance.

Run it with ``python examples/quickstart.py``; it needs pandas and statsmodels, but no internet. In the tables
"R2 - linear" is the gain over the linear model on the test rows and "+-" the standard error of that difference. On both
data sets the networks that fit well and the linear model are about equally good.
"""

import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.datasets.randhie
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import load_diabetes
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import PoissonRegressor, RidgeCV
from sklearn.metrics import d2_tweedie_score, mean_poisson_deviance
from sklearn.model_selection import GridSearchCV, GroupKFold, GroupShuffleSplit, train_test_split
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skbackprop import AdamW, BatchMLPRegressor


def compare(models, X_train, y_train, X_test, y_test, count=False):
    """Fit every model and print a row about it; the one named "linear ..." is the yardstick."""
    rows, squares = {}, {}
    for name, model in models.items():
        start = time.perf_counter()
        model.fit(X_train, y_train)
        seconds = time.perf_counter() - start
        prediction = model.predict(X_test)
        squares[name] = (y_test - prediction) ** 2
        rows[name] = {"RMSE": np.sqrt(squares[name].mean())}
        if count:
            rows[name]["deviance"] = mean_poisson_deviance(y_test, prediction)
            rows[name]["D2"] = d2_tweedie_score(y_test, prediction, power=1)
        rows[name]["fit [s]"] = seconds
    (linear,) = (name for name in models if name.startswith("linear"))
    for name, row in rows.items():
        gain = (squares[linear] - squares[name]) / y_test.var()
        row["R2 - linear"], row["+-"] = gain.mean(), gain.std() / np.sqrt(len(gain))
    print(pd.DataFrame(rows).T.to_string(float_format="{:.3f}".format), "\n")


def diabetes():
    """Raw columns, a pipeline, a search; returns the fitted search and test rows."""
    X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    print(f"diabetes: {len(X_train)} training rows, {len(X_test)} test rows, sd of y {y_train.std():.1f}")

    columns = ColumnTransformer([("sex", OneHotEncoder(drop="if_binary"), ["sex"])], remainder="passthrough")
    network = BatchMLPRegressor(alpha=0, batch_size=32, learning_rate="cosine", max_iter=30, random_state=0)
    search = GridSearchCV(
        Pipeline([("columns", columns), ("network", network)]),
        {
            "network__hidden_layer_sizes": [(25,), (100,)],
            "network__activation": ["relu", "tanh"],
            "network__solver": [AdamW(weight_decay=0.01), AdamW(weight_decay=1.0)],
        },
        scoring="neg_root_mean_squared_error",
    )
    early = {"early_stopping": True, "max_iter": 1000, "random_state": 0}
    scaled = TransformedTargetRegressor(
        make_pipeline(StandardScaler(), MLPRegressor(**early)), transformer=StandardScaler()
    )
    models = {
        "mean of y": DummyRegressor(),
        "linear: RidgeCV, scaled X": make_pipeline(StandardScaler(), RidgeCV(np.logspace(-2, 3, 20))),
        "MLPRegressor, early stopping": MLPRegressor(**early),
        "MLPRegressor, to the end": MLPRegressor(max_iter=5000, random_state=0),
        "MLPRegressor, X and y scaled by hand": scaled,
        "BatchMLPRegressor, early stopping": BatchMLPRegressor(**early),
        "BatchMLPRegressor, searched": search,
    }
    compare(models, X_train, y_train, X_test, y_test)
    chosen = {name.removeprefix("network__"): value for name, value in search.best_params_.items()}
    print(f"chosen by 5-fold cross-validation (RMSE {-search.best_score_:.1f} there): {chosen}\n")
    return search, X_test


def doctor_visits():
    """A count with a log link. The rows of one person stay together, on one side of every split."""
    X = statsmodels.datasets.randhie.load_pandas().data.astype(float)
    y = X.pop("mdvis")
    # Persons have no identifier, but the years of one person are consecutive rows with the same health and plan.
    person = (X.drop(columns=["lpi", "fmde"]).diff() != 0).any(axis=1).cumsum()
    train, test = next(GroupShuffleSplit(1, test_size=0.25, random_state=0).split(X, y, person))
    X_train, X_test, y_train, y_test = X.iloc[train], X.iloc[test], y.iloc[train], y.iloc[test]
    print(f"randhie: {len(train)} training rows, {len(test)} test rows, visits per year {y_train.mean():.2f}")

    network = BatchMLPRegressor(
        loss="poisson",
        hidden_layer_sizes=(32,),
        activation="tanh",
        alpha=0,  # AdamW already decays the weights
        learning_rate="cosine",
        max_iter=15,
        random_state=0,
    )
    folds = list(GroupKFold(3).split(X_train, y_train, person.iloc[train]))
    search = GridSearchCV(
        network,
        {"solver": [AdamW(weight_decay=decay) for decay in (0.1, 1.0, 3.0)]},
        scoring="neg_mean_poisson_deviance",
        cv=folds,
    )
    models = {
        "mean of y": DummyRegressor(),
        "linear: PoissonRegressor, scaled X": make_pipeline(StandardScaler(), PoissonRegressor(alpha=1e-4)),
        "BatchMLPRegressor, early stopping": BatchMLPRegressor(loss="poisson", early_stopping=True, random_state=0),
        "BatchMLPRegressor, searched": search,
    }
    if "loss" in MLPRegressor().get_params():  # since scikit-learn 1.7
        models["MLPRegressor, early stopping"] = MLPRegressor(loss="poisson", early_stopping=True, random_state=0)
    compare(models, X_train, y_train, X_test, y_test, count=True)
    print(f"chosen by 3-fold cross-validation: {search.best_params_}\n")


def predict_elsewhere(model, X):
    """Pickle the model, predict in a fresh process, and compare."""
    script = (
        "import pickle, sys; model, X = pickle.load(open(sys.argv[1], 'rb'));"
        "pickle.dump(model.predict(X), open(sys.argv[2], 'wb'))"
    )
    with tempfile.TemporaryDirectory() as folder:
        there, back = Path(folder, "model.pickle"), Path(folder, "prediction.pickle")
        there.write_bytes(pickle.dumps((model, X)))
        subprocess.run([sys.executable, "-c", script, str(there), str(back)], check=True)
        prediction = pickle.loads(back.read_bytes())
    assert np.array_equal(prediction, model.predict(X))
    network = model[-1]
    print(
        f"pickled, loaded in another process, same {len(prediction)} predictions; "
        f"weights {network.theta_.nbytes} bytes, pickled estimator {len(pickle.dumps(network))} bytes"
    )


if __name__ == "__main__":
    # The first fit loads or compiles the kernels, which should not be counted.
    BatchMLPRegressor(max_iter=1, n_iter_no_change=np.inf).fit(np.eye(400), np.arange(400))
    print("R2 - linear: the gain over the linear model on the test rows; +-: the standard error of that difference\n")
    search, X_test = diabetes()
    doctor_visits()
    predict_elsewhere(search.best_estimator_, X_test)
