"""How far predictions can be trusted: quantile bands and Gaussian intervals, and their coverage on unseen rows.

``python examples/plot_quantile_bands.py bands.png`` saves the figure; without a file name it is shown.

1. `load_diabetes`: 442 patients, a measure of disease progression. Every row is predicted by a network that has not
   seen it, in ten folds.
2. `randhie`: visits to a doctor in the RAND health insurance experiment, a quarter of the persons held out. The counts
   pile up at small numbers, so no band can cover exactly the share it is meant to, and they are not Gaussian at all,
   which shows in the intervals. Then the Poisson loss is compared with the squared error, by D2.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import statsmodels.datasets.randhie
from scipy.stats import norm
from sklearn.datasets import load_diabetes
from sklearn.metrics import d2_tweedie_score, r2_score
from sklearn.model_selection import GroupShuffleSplit, KFold

from skbackprop import AdamW, BatchMLPRegressor, Quantile

LEVELS = (0.025, 0.05, 0.16, 0.25, 0.5, 0.75, 0.84, 0.95, 0.975)
SHARES = (0.5, 0.68, 0.9, 0.95)


def network(loss, **parameters):
    return BatchMLPRegressor(
        loss=loss,
        solver=AdamW(weight_decay=1.0),
        alpha=0,  # one decay is enough
        learning_rate="cosine",
        random_state=0,
        **parameters,
    )


def covered(y, low, high):
    """The share of rows inside the band, ends included, and its standard error."""
    inside = (low <= y) & (y <= high)
    return inside.mean(), inside.std() / np.sqrt(len(y))


def coverage(y, quantiles, mean, std):
    """A table with a row for every share that a central band is meant to hold."""
    rows = {}
    for share in SHARES:
        low, high = (np.argmin(np.abs(np.subtract(LEVELS, (1 + side * share) / 2))) for side in (-1, 1))
        half = norm.ppf((1 + share) / 2) * std
        band, error = covered(y, quantiles[:, low], quantiles[:, high])
        rows[f"{share:.0%}"] = {
            "quantile band": band,
            "quantile width": np.mean(quantiles[:, high] - quantiles[:, low]),
            "Gaussian": covered(y, mean - half, mean + half)[0],
            "Gaussian width": np.mean(2 * half),
            "s.e. of quantile": error,
        }
    return pd.DataFrame(rows).T


def diabetes():
    """Quantiles, mean and standard deviation of every row, out of sample."""
    X, y = load_diabetes(return_X_y=True, scaled=False)
    quantiles, mean, std = np.empty((len(y), len(LEVELS))), np.empty(len(y)), np.empty(len(y))
    size = {"hidden_layer_sizes": (25,), "max_iter": 40, "batch_size": 32}
    for train, test in KFold(10, shuffle=True, random_state=0).split(X):
        quantiles[test] = network(Quantile(LEVELS), **size).fit(X[train], y[train]).predict(X[test])
        mean[test], std[test] = network("gaussian", **size).fit(X[train], y[train]).predict(X[test], return_std=True)
    print(f"diabetes, {len(y)} rows in 10 folds; R2 of the Gaussian mean {r2_score(y, mean):.3f}")
    table = coverage(y, quantiles, mean, std)
    print(table.to_string(float_format="{:.3f}".format), "\n")
    return y, quantiles, table


def doctor_visits():
    """The same on counts, and two losses for the mean of a count."""
    X = statsmodels.datasets.randhie.load_pandas().data.astype(float)
    y = X.pop("mdvis").to_numpy()
    # Persons have no identifier, but the years of one person are consecutive rows with the same health and plan.
    person = (X.drop(columns=["lpi", "fmde"]).diff() != 0).any(axis=1).cumsum()
    train, test = next(GroupShuffleSplit(1, test_size=0.25, random_state=0).split(X, y, person))
    X_train, X_test, y_train, y_test = X.iloc[train], X.iloc[test], y[train], y[test]
    size = {"hidden_layer_sizes": (32,), "activation": "tanh", "max_iter": 15}
    quantiles = network(Quantile(LEVELS), **size).fit(X_train, y_train).predict(X_test)
    mean, std = network("gaussian", **size).fit(X_train, y_train).predict(X_test, return_std=True)
    print(f"randhie, {len(train)} training rows, {len(test)} test rows")
    table = coverage(y_test, quantiles, mean, std)
    print(table.to_string(float_format="{:.3f}".format), "\n")

    rows = {}
    for loss in ("squared_error", "poisson"):
        prediction = network(loss, **size).fit(X_train, y_train).predict(X_test)
        # The deviance needs positive means, which the squared error does not guarantee.
        positive = np.maximum(prediction, 0.05)
        rows[loss] = {
            "D2": d2_tweedie_score(y_test, positive, power=1),
            "R2": r2_score(y_test, prediction),
            "predictions <= 0": np.mean(prediction <= 0),
        }
    print(pd.DataFrame(rows).T.to_string(float_format="{:.4f}".format))
    return table


def draw(axes, y, quantiles, tables):
    order = np.argsort(quantiles[:, LEVELS.index(0.5)])
    at, band = np.arange(len(y)), quantiles[order]
    for low, high in ((0.05, 0.95), (0.25, 0.75)):
        ends = band[:, LEVELS.index(low)], band[:, LEVELS.index(high)]
        axes[0].fill_between(at, *ends, color="tab:blue", alpha=0.25, label=f"{low:g} to {high:g}")
    axes[0].plot(at, band[:, LEVELS.index(0.5)], color="tab:blue", label="median")
    axes[0].plot(at, y[order], ".", color="black", markersize=3, label="measured")
    axes[0].set(title="diabetes, out of sample", xlabel="rows, by predicted median", ylabel="progression")
    axes[0].legend(fontsize="small")
    for (name, table), marker in zip(tables.items(), "os", strict=True):
        for kind, colour in (("quantile band", "tab:blue"), ("Gaussian", "tab:orange")):
            axes[1].plot(SHARES, table[kind], marker=marker, color=colour, label=f"{name}, {kind}")
    axes[1].plot(SHARES, SHARES, "k:", label="as it should be")
    axes[1].set(title="coverage of central bands", xlabel="meant to hold", ylabel="hold, of rows not seen")
    axes[1].legend(fontsize="small")


def main():
    y, quantiles, table = diabetes()
    tables = {"diabetes": table, "randhie": doctor_visits()}
    figure, axes = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    draw(axes, y, quantiles, tables)
    if len(sys.argv) > 1:
        figure.savefig(sys.argv[1], dpi=120)
    else:
        plt.show()


if __name__ == "__main__":
    main()
