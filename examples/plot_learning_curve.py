"""Learning curves from ``history_``, and learning rate schedules compared.

``python examples/plot_learning_curve.py curves.png`` saves the figure; without a file name it is shown.

The data are Friedman's first function with noise, in units of very different size, so that the best possible loss is
known. Losses are in units of the standardised target: half the share of the variance that is not explained.
"""

import sys

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.datasets import make_friedman1
from sklearn.model_selection import train_test_split

from skbackprop import SGD, BatchMLPRegressor, Cosine, Warmup

NOISE = 1.0
FOREVER = float("inf")
SCHEDULES = ["constant", "invscaling", "step", "adaptive", "cosine", "one_cycle", Warmup(50, Cosine())]


def data():
    """Columns of very different size, and a target around 10 000."""
    X, y = make_friedman1(n_samples=2000, noise=NOISE, random_state=0)
    units = [1, 1000, 0.01, 10, 1, 1, 1, 1, 1, 50]
    return train_test_split(X * units, 10_000 + 100 * y, test_size=0.25, random_state=0)


def fit(**parameters):
    """A fit that records the loss on held-out rows after every epoch."""
    X_train, X_val, y_train, y_val = data()
    return BatchMLPRegressor(random_state=0, **parameters).fit(X_train, y_train, X_val=X_val, y_val=y_val)


def draw_losses(axes, floor):
    model = fit(
        hidden_layer_sizes=(100, 100), learning_rate_init=0.003, batch_size=50, max_iter=60, n_iter_no_change=FOREVER
    )
    history = pd.DataFrame(model.history_).set_index("epoch")
    history[["data_loss", "validation_loss"]].plot(ax=axes, logy=True)
    best = history["validation_loss"].idxmin()
    axes.axvline(best, color="grey", linestyle=":", label=f"best epoch: {best}")
    axes.axhline(floor, color="black", linestyle="--", label="noise")
    axes.set(title="Adam, constant rate", ylabel="loss")
    axes.legend()


def draw_schedules(losses, rates):
    final = {}
    for schedule in SCHEDULES:
        name = str(schedule)
        # "adaptive" cuts the rate where patience ends, and comes to its own end; the others plan for 40 epochs.
        length = (
            {"max_iter": 200, "n_iter_no_change": 3}
            if name == "adaptive"
            else {"max_iter": 40, "n_iter_no_change": FOREVER}
        )
        model = fit(
            hidden_layer_sizes=(50,),
            solver=SGD(momentum=0.9),
            learning_rate=schedule,
            learning_rate_init=0.1,
            batch_size=50,
            clip_norm=1.0,
            **length,
        )
        history = pd.DataFrame(model.history_).set_index("epoch")
        history["validation_loss"].plot(ax=losses, logy=True, label=name)
        history["learning_rate"].plot(ax=rates, logy=True, label=name)
        final[name] = {
            "epochs": model.n_iter_,
            "last": history["validation_loss"].iloc[-1],
            "best": history["validation_loss"].min(),
        }
    losses.set(title="SGD: validation loss", ylabel="loss")
    rates.set(title="SGD: learning rate at the end of the epoch", ylabel="rate", ylim=(1e-5, None))
    rates.legend(fontsize="small")
    return pd.DataFrame.from_dict(final, orient="index")


def main():
    y_train = data()[2]
    floor = 0.5 * (100 * NOISE) ** 2 / y_train.var()
    figure, axes = plt.subplots(1, 3, figsize=(15, 4.5), layout="constrained")
    draw_losses(axes[0], floor)
    table = draw_schedules(axes[1], axes[2])
    axes[1].axhline(floor, color="black", linestyle="--")
    print(f"validation loss with SGD (noise alone: {floor:.4f})")
    print(table.to_string(float_format="{:.4f}".format))
    if len(sys.argv) > 1:
        figure.savefig(sys.argv[1], dpi=120)
    else:
        plt.show()


if __name__ == "__main__":
    main()
