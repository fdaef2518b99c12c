"""A stream in chunks whose first chunk is not like the rest, compared with a fit on everything.

The first 500 rows come from one corner of the data. A scaler fitted on them alone keeps the wrong means and standard
deviations for ever. `BatchMLPRegressor` keeps updating them, and rewrites its first and last layers for the new units
without changing the function they compute. This pays in the long run; in the first chunks either may be ahead.

Run it with ``python examples/partial_fit_stream.py``.
"""

import numpy as np
from sklearn.datasets import make_friedman1
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import StandardScaler

from skbackprop import BatchMLPRegressor, OneCycle

CHUNK = 500
BATCH = 50
NOISE = 100.0


def stream():
    """Rows in natural units: columns of very different size, a target around 11 500; and test rows from all over."""
    X, y = make_friedman1(n_samples=22_000, noise=NOISE / 100, random_state=0)
    X, y = X * [1, 1000, 0.01, 10, 1, 1, 1, 1, 1, 50], 10_000 + 100 * y
    X, X_test, y, y_test = train_test_split(X, y, test_size=2000, random_state=0)
    # The corner: the rows with the least sums of the first two columns come first.
    corner = np.argsort(X[:, 0] + X[:, 1] / 1000)[:CHUNK]
    order = np.r_[corner, np.setdiff1d(np.arange(len(X)), corner)]
    return X[order], X_test, y[order], y_test


class ScaledOnFirstChunk:
    """What one would write around scikit-learn's network: scalers fitted on the first chunk, then left alone."""

    def __init__(self, network):
        self.network, self.X_scaler, self.y_scaler = network, None, None

    def partial_fit(self, X, y):
        if self.X_scaler is None:
            self.X_scaler, self.y_scaler = StandardScaler().fit(X), StandardScaler().fit(y[:, None])
        self.network.partial_fit(self.X_scaler.transform(X), self.y_scaler.transform(y[:, None])[:, 0])

    def predict(self, X):
        return self.y_scaler.inverse_transform(self.network.predict(self.X_scaler.transform(X))[:, None])[:, 0]


def main():
    X, X_test, y, y_test = stream()
    common = {"hidden_layer_sizes": (50,), "learning_rate_init": 0.02, "batch_size": BATCH, "random_state": 0}
    steps = len(X) // BATCH
    models = {
        "Batch, constant": BatchMLPRegressor(**common),
        "Batch, one cycle": BatchMLPRegressor(learning_rate=OneCycle(total=steps), **common),
        "MLP, frozen scaler": ScaledOnFirstChunk(MLPRegressor(**common)),
    }
    print(f"{len(X)} rows in chunks of {CHUNK}; mean of y {y[:CHUNK].mean():.0f} in the first, {y.mean():.0f} in all")
    print(f"RMSE on {len(X_test)} test rows (sd of y {y_test.std():.0f}, noise {NOISE:.0f})")
    print("Batch: BatchMLPRegressor, at a constant rate or through one cycle of it; MLP: scikit-learn's MLPRegressor\n")
    print("   rows" + "".join(f"{name:>20}" for name in models))
    for start in range(0, len(X), CHUNK):
        chunk = slice(start, start + CHUNK)
        for model in models.values():
            model.partial_fit(X[chunk], y[chunk])
        seen = start + CHUNK
        if seen in (500, 1000, 1500, 2000, 3000, 5000, 10_000, 15_000, 20_000):
            errors = [root_mean_squared_error(y_test, model.predict(X_test)) for model in models.values()]
            print(f"{seen:7d}" + "".join(f"{error:20.1f}" for error in errors))

    once = BatchMLPRegressor(learning_rate="one_cycle", max_iter=1, **common).fit(X, y)
    print(f"\nfit on everything, one epoch, one cycle: {root_mean_squared_error(y_test, once.predict(X_test)):.1f}")
    many = BatchMLPRegressor(learning_rate="one_cycle", max_iter=20, **common).fit(X, y)
    print(f"fit on everything, 20 epochs, one cycle: {root_mean_squared_error(y_test, many.predict(X_test)):.1f}")


if __name__ == "__main__":
    main()
