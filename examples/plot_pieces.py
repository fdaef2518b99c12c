"""A column in pieces: what a network learns from the hour of the day, with `PiecewiseLinearEncoder` and without.

``python examples/plot_pieces.py rides.png`` saves the figure; without a file name it is shown.

The data are made up: rides of a bicycle hire by the hour, with a sharp peak before work and a broad one after it on
working days, a long hump on the others, fewer rides in the cold, and Poisson noise. The true mean is known, and so is
the error that the noise leaves.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skbackprop import BatchMLPRegressor, PiecewiseLinearEncoder

PLANNED = {"loss": "poisson", "learning_rate": "cosine", "learning_rate_init": 0.01, "max_iter": 60, "random_state": 0}


def mean_rides(hours):
    """The true mean of every row."""
    h = hours["hour"]
    working = 250 * np.exp(-(((h - 8) / 0.8) ** 2)) + 200 * np.exp(-(((h - 17.5) / 1.6) ** 2)) + 30
    free = 150 * np.exp(-(((h - 14) / 4) ** 2)) + 20
    warm = np.clip(0.3 + hours["temperature"] / 20, 0.2, 1.2)
    return np.where(hours["working"] == 1, working, free) * warm


def data(n=6000):
    rng = np.random.default_rng(0)
    hours = pd.DataFrame(
        {
            "hour": rng.uniform(0, 24, n),
            "temperature": rng.normal(12, 8, n),
            "working": (rng.random(n) < 5 / 7).astype(float),
        }
    )
    return hours, rng.poisson(mean_rides(hours))


def models():
    return {
        "trees": HistGradientBoostingRegressor(loss="poisson", random_state=0),
        "network": BatchMLPRegressor(**PLANNED),
        "network, in pieces": make_pipeline(
            PiecewiseLinearEncoder(), BatchMLPRegressor(standardize="target", **PLANNED)
        ),
    }


def draw(axes, fitted, working):
    """Predictions over a day of 15 degrees, beside the truth."""
    day = pd.DataFrame({"hour": np.linspace(0, 24, 500), "temperature": 15.0, "working": float(working)})
    axes.plot(day["hour"], mean_rides(day), "k--", label="truth")
    for name, model in fitted.items():
        axes.plot(day["hour"], model.predict(day), label=name)
    axes.set(title=f"a {'working' if working else 'free'} day, 15 degrees", xlabel="hour", ylabel="rides")


def main():
    X, y = data()
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    fitted = {name: model.fit(X_train, y_train) for name, model in models().items()}
    errors = {name: root_mean_squared_error(y_test, model.predict(X_test)) for name, model in fitted.items()}
    errors["noise alone"] = root_mean_squared_error(y_test, mean_rides(X_test))
    print("RMSE on new rows")
    print(pd.Series(errors).to_string(float_format="{:.2f}".format))
    figure, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained", sharey=True)
    for axis, working in zip(axes, (True, False), strict=True):
        draw(axis, fitted, working)
    axes[1].legend()
    if len(sys.argv) > 1:
        figure.savefig(sys.argv[1], dpi=120)
    else:
        plt.show()


if __name__ == "__main__":
    main()
