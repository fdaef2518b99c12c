"""Sunspots, 1700 to 2008: one-step forecasts with bands, errors further ahead, and a fan into the years after.

``python examples/plot_forecast.py sunspots.png`` saves the figure; without a file name it is shown.

The network reads the last 24 years and forecasts quantiles of the next one. It is trained on the past alone and tested
on the 45 years that follow, four times over (`TimeSeriesSplit`), beside persistence and linear autoregressions. All of
them forecast square roots, whose noise is even; since squaring is monotone, the squares of the quantiles are the
quantiles of the squares. To forecast further ahead, the network draws the next year from its quantiles, reads it as if
it had happened (`predict_next`), and so on, along many paths.

One year ahead the network has the least error, and its bands cover about what they should. From three years ahead the
autoregression on nine lags is better: 28 cycles in all are few to learn their shape from.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import statsmodels.datasets.sunspots
from sklearn.linear_model import LinearRegression
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import TimeSeriesSplit

from skbackprop import BatchRNNRegressor, Quantile, last_window, make_windows

STEPS, AHEAD, FUTURE, PATHS = 24, 11, 33, 200
LEVELS = np.array((0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99))
MEDIAN, BANDS = 3, ((1, 5, "0.05 to 0.95"), (2, 4, "0.25 to 0.75"))


def network():
    return BatchRNNRegressor(
        loss=Quantile(tuple(LEVELS)),
        hidden_layer_sizes=(24,),
        dropout=0.2,
        recurrent_dropout=0.2,
        learning_rate="cosine",
        learning_rate_init=0.01,
        max_iter=60,
        batch_size=32,
        random_state=0,
    )


def drawn_from(quantiles, rng):
    """One draw per row, by linear interpolation between the quantiles; what is rarer than the outermost is left out."""
    share, rows = rng.uniform(LEVELS[0], LEVELS[-1], len(quantiles)), np.arange(len(quantiles))
    above = np.searchsorted(LEVELS, share)
    low, high = quantiles[rows, above - 1], quantiles[rows, above]
    part = (share - LEVELS[above - 1]) / (LEVELS[above] - LEVELS[above - 1])
    return np.maximum(low + part * (high - low), 0)


def paths_after(model, X, steps, rng):
    """What may come after each window, of shape (windows, PATHS, steps)."""
    quantiles, state = model.predict_next(np.repeat(X, PATHS, axis=0))
    path = [drawn_from(quantiles, rng)]
    while len(path) < steps:
        quantiles, state = model.predict_next(path[-1][:, None, None], state)
        path.append(drawn_from(quantiles, rng))
    return np.stack(path, axis=1).reshape(len(X), PATHS, steps)


def chain(model, X, steps):
    """What a linear model of the next step says of each of the next ones, reading its own forecasts as it goes."""
    X, forecasts = X[:, -model.n_features_in_ :, 0], []
    for _ in range(steps):
        forecasts.append(model.predict(X))
        X = np.column_stack([X[:, 1:], forecasts[-1]])
    return np.stack(forecasts, axis=1)


def backtest(roots, rng):
    """Forecasts of years that were not trained on: those of the next year with its quantiles, and those further on."""
    X, y = make_windows(roots, STEPS)
    truth = make_windows(np.pad(y, (1, AHEAD - 1), constant_values=0), 1, AHEAD)[1]
    truth[np.add.outer(np.arange(len(y)), np.arange(AHEAD)) >= len(y)] = np.nan
    forecasts = {"persistence": [], "autoregression, 9 lags": [], f"autoregression, {STEPS} lags": [], "network": []}
    quantiles, tested = [], []
    for train, test in TimeSeriesSplit(4, test_size=45).split(X):
        model = network().fit(X[train], y[train])
        quantiles.append(model.predict(X[test]))
        linear = [LinearRegression().fit(X[train, -lags:, 0], y[train]) for lags in (9, STEPS)]
        last = np.repeat(X[test, -1], AHEAD, axis=1)
        ours = np.median(paths_after(model, X[test], AHEAD, rng), axis=1)
        ours[:, 0] = quantiles[-1][:, MEDIAN]
        each = [last, *(chain(one, X[test], AHEAD) for one in linear), ours]
        for series, one in zip(forecasts.values(), each, strict=True):
            series.append(one)
        tested.append(test)
    tested = np.concatenate(tested)
    forecasts = {name: np.concatenate(series) ** 2 for name, series in forecasts.items()}
    return tested + STEPS, np.concatenate(quantiles) ** 2, forecasts, truth[tested] ** 2


def errors(forecasts, truth):
    """RMSE for every number of years ahead."""
    known = ~np.isnan(truth)
    ahead = range(truth.shape[1])
    table = {
        name: [root_mean_squared_error(truth[known[:, h], h], one[known[:, h], h]) for h in ahead]
        for name, one in forecasts.items()
    }
    return pd.DataFrame(table, index=pd.Index([h + 1 for h in ahead], name="years ahead"))


def draw_bands(axes, at, quantiles, outer, inner, **style):
    for (low, high, label), alpha in zip((outer, inner), (0.2, 0.35), strict=True):
        axes.fill_between(at, quantiles[:, low], quantiles[:, high], alpha=alpha, linewidth=0, label=label, **style)
    axes.plot(at, quantiles[:, MEDIAN], linewidth=1.2, label="median", **style)


def main():
    data = statsmodels.datasets.sunspots.load_pandas().data
    years, numbers = data["YEAR"].to_numpy().astype(int), data["SUNACTIVITY"].to_numpy()
    roots, rng = np.sqrt(numbers), np.random.default_rng(0)
    at, quantiles, forecasts, truth = backtest(roots, rng)
    table = errors(forecasts, truth)
    print(f"RMSE on {len(at)} years not seen, {years[at[0]]} to {years[at[-1]]}")
    print(table.loc[[1, 2, 3, 5, 8, 11]].T.to_string(float_format="{:.1f}".format), "\n")
    for low, high, label in BANDS:
        inside = (quantiles[:, low] <= truth[:, 0]) & (truth[:, 0] <= quantiles[:, high])
        print(
            f"of the next years, the band {label} holds {inside.mean():.0%}, meant to hold "
            f"{LEVELS[high] - LEVELS[low]:.0%}"
        )

    model = network().fit(*make_windows(roots, STEPS))
    paths = paths_after(model, last_window(roots, STEPS), FUTURE, rng)[0] ** 2
    fan = np.quantile(paths, LEVELS, axis=0).T
    coming = years[-1] + 1 + np.arange(FUTURE)

    draw(years, numbers, (at, quantiles), (coming, fan, paths), table)


def draw(years, numbers, tested, future, table):
    (at, quantiles), (coming, fan, paths) = tested, future
    figure = plt.figure(figsize=(12, 7), layout="constrained")
    axes = figure.subplot_mosaic([["one", "one", "one"], ["fan", "fan", "error"]])
    draw_bands(axes["one"], years[at], quantiles, *BANDS, color="tab:blue")
    axes["one"].plot(years[at], numbers[at], "k.", markersize=4, label="counted")
    axes["one"].set(title="one year ahead, trained on earlier years only", ylabel="sunspot number")
    axes["one"].legend(ncols=4, fontsize="small", loc="upper left")
    draw_bands(axes["fan"], coming, fan, *BANDS, color="tab:orange")
    axes["fan"].plot(coming, paths[:3].T, color="black", linewidth=0.6, alpha=0.6)
    recent = years >= 1930
    axes["fan"].plot(years[recent], numbers[recent], "k.-", markersize=4, linewidth=0.6)
    axes["fan"].axvline(years[-1] + 0.5, color="grey", linewidth=0.8, linestyle=":")
    axes["fan"].set(title=f"from {years[-1]} on, drawn step by step; three of {PATHS} paths", ylabel="sunspot number")
    for (name, column), style in zip(table.items(), (":", "--", "-.", "-"), strict=True):
        axes["error"].plot(column, style, label=name, color="tab:blue" if name == "network" else "grey")
    axes["error"].set(title="error by years ahead", xlabel="years ahead", ylabel="RMSE", ylim=(0, None))
    axes["error"].legend(fontsize="small")
    for each in ("one", "fan"):
        axes[each].set(ylim=(0, None))
        axes[each].margins(x=0.01)
    if len(sys.argv) > 1:
        figure.savefig(sys.argv[1], dpi=120)
    else:
        plt.show()


if __name__ == "__main__":
    main()
