"""Handwritten digits: accuracy with defaults, and the images that the net is least sure of.

``python examples/plot_digits.py digits.png`` saves the figure; without a file name it is shown.

The data are the 1797 images of 8 x 8 pixels that scikit-learn ships, in raw grey levels from 0 to 16. Both networks
have their defaults; scikit-learn's is fitted without and with a StandardScaler.
"""

import sys
import time
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skbackprop import BatchMLPClassifier

MODELS = {
    "BatchMLPClassifier": (lambda seed: BatchMLPClassifier(random_state=seed), 3),
    "MLPClassifier": (lambda seed: MLPClassifier(random_state=seed), 1),
    "MLPClassifier, scaled": (lambda seed: make_pipeline(StandardScaler(), MLPClassifier(random_state=seed)), 1),
}


def out_of_fold(make, X, y, seed):
    """Probabilities for every image by a model that has not seen it."""
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    return cross_val_predict(make(seed), X, y, cv=folds, method="predict_proba")


def compare(X, y):
    """A table of accuracy, log loss and seconds; and the probabilities of our model."""
    rows, kept = {}, None
    for name, (make, seeds) in MODELS.items():
        start = time.perf_counter()
        probabilities = [out_of_fold(make, X, y, seed) for seed in range(seeds)]
        seconds = (time.perf_counter() - start) / seeds
        kept = probabilities[0] if kept is None else kept
        rows[name] = {
            "seeds": seeds,
            "accuracy": np.mean([np.mean(p.argmax(axis=1) == y) for p in probabilities]),
            "log loss": np.mean([log_loss(y, p) for p in probabilities]),
            "seconds for 5 fits": seconds,
        }
    return pd.DataFrame.from_dict(rows, orient="index"), kept


def draw_hardest(images, y, probabilities):
    """The images whose true digit was given the least probability, with what was thought instead."""
    figure, axes = plt.subplots(3, 6, figsize=(10, 6), layout="constrained")
    true = probabilities[np.arange(len(y)), y]
    for at, ax in zip(np.argsort(true), axes.flat, strict=False):
        ax.imshow(images[at], cmap="gray_r")
        guess = probabilities[at].argmax()
        ax.set_title(f"a {y[at]}: {true[at]:.1%}\n{guess}: {probabilities[at, guess]:.1%}", fontsize="small")
        ax.set_axis_off()
    figure.suptitle("Least sure of the right digit")
    return figure


def main():
    warnings.simplefilter("ignore", ConvergenceWarning)
    digits = load_digits()
    table, probabilities = compare(digits.data, digits.target)
    print("digits, 5 stratified folds, mean over seeds")
    print(table.to_string(float_format="{:.4f}".format))
    figure = draw_hardest(digits.images, digits.target, probabilities)
    if len(sys.argv) > 1:
        figure.savefig(sys.argv[1], dpi=120)
    else:
        plt.show()


if __name__ == "__main__":
    main()
