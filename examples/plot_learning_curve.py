"""Learning curves from ``history_``, and learning rate schedules compared.

``python examples/plot_learning_curve.py curves.png`` saves the figure; without a file name it is shown.

The data are Friedman's first function with known noise, so that the best possible loss is known, in columns of very
different size. Losses are in units of the standardised target: half the share of the variance that is not explained.

1. 1500 training rows, a large network, a constant rate: after the best epoch it overfits.
2. 6000 training rows and Adam at a high rate. As long as the rate stays high, the weights jump about the minimum, and
   so does the loss from epoch to epoch. With schedules that lower the rate far enough, the loss ends nearer to that of
   the noise.
"""

import sys

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.datasets import make_friedman1
from sklearn.model_selection import train_test_split

from skbackprop import BatchMLPRegressor, Cosine, Warmup

NOISE = 1.0
FOREVER = float("inf")
SCHEDULES = ["constant", "invscaling", "step", "adaptive", "cosine", "one_cycle", Warmup(50, Cosine())]


def data(n):
    """Columns of very different size, and a target around 10 000; a quarter of the n rows is held out."""
    X, y = make_friedman1(n_samples=n, noise=NOISE, random_state=0)
    units = [1, 1000, 0.01, 10, 1, 1, 1, 1, 1, 50]
    return train_test_split(X * units, 10_000 + 100 * y, test_size=0.25, random_state=0)


def noise_alone(n):
    """The loss of the true function."""
    y_train = data(n)[2]
    return 0.5 * (100 * NOISE) ** 2 / y_train.var()


def fit(n, **parameters):
    """A fit that records the loss on held-out rows after every epoch."""
    X_train, X_val, y_train, y_val = data(n)
    return BatchMLPRegressor(random_state=0, **parameters).fit(X_train, y_train, X_val=X_val, y_val=y_val)


def draw_losses(axes, n=2000):
    model = fit(
        n,
        hidden_layer_sizes=(100, 100),
        learning_rate_init=0.003,
        batch_size=50,
        max_iter=60,
        n_iter_no_change=FOREVER,
    )
    history = pd.DataFrame(model.history_).set_index("epoch")
    history[["data_loss", "validation_loss"]].plot(ax=axes, logy=True)
    best = history["validation_loss"].idxmin()
    axes.axvline(best, color="grey", linestyle=":", label=f"best epoch: {best}")
    axes.axhline(noise_alone(n), color="black", linestyle="--", label="noise alone")
    axes.set(title="1500 rows, constant rate", ylabel="loss")
    axes.legend()


def draw_schedules(losses, rates, n=8000):
    final, floor = {}, noise_alone(n)
    for schedule in SCHEDULES:
        name = str(schedule)
        # "adaptive" cuts the rate when patience ends, and stops by itself; the others run for 40 epochs.
        length = (
            {"max_iter": 200, "n_iter_no_change": 3}
            if name == "adaptive"
            else {"max_iter": 40, "n_iter_no_change": FOREVER}
        )
        model = fit(
            n, hidden_layer_sizes=(50,), learning_rate=schedule, learning_rate_init=0.03, batch_size=50, **length
        )
        history = pd.DataFrame(model.history_).set_index("epoch")
        history["validation_loss"].plot(ax=losses, logy=True, label=name)
        history["learning_rate"].plot(ax=rates, logy=True, label=name)
        final[name] = {
            "epochs": model.n_iter_,
            "last": history["validation_loss"].iloc[-1],
            "best": history["validation_loss"].min(),
            "last - noise": history["validation_loss"].iloc[-1] - floor,
        }
    losses.axhline(floor, color="black", linestyle="--")
    losses.set(title="6000 rows, seven schedules: validation loss", ylabel="loss", ylim=(0.95 * floor, 3 * floor))
    rates.set(title="learning rate at the end of the epoch", ylabel="rate", ylim=(1e-5, None))
    rates.legend(fontsize="small")
    print(f"validation loss with Adam from a rate of 0.03 (noise alone: {floor:.4f})")
    print(pd.DataFrame.from_dict(final, orient="index").to_string(float_format="{:.4f}".format))


def main():
    figure, axes = plt.subplots(1, 3, figsize=(15, 4.5), layout="constrained")
    draw_losses(axes[0])
    draw_schedules(axes[1], axes[2])
    if len(sys.argv) > 1:
        figure.savefig(sys.argv[1], dpi=120)
    else:
        plt.show()


if __name__ == "__main__":
    main()
