"""Functions to minimise that are no networks: all that optimisers and loops need is ``value_and_gradient``."""

import numpy as np


class Quadratic:
    """1/2 (theta - minimum)^T diag(curvature) (theta - minimum)."""

    def __init__(self, minimum, curvature):
        self.minimum, self.curvature = np.asarray(minimum), np.asarray(curvature)

    def value_and_gradient(self, theta, rows=None):
        difference = theta - self.minimum
        gradient = (self.curvature * difference).astype(theta.dtype)
        return (0.5 * float(np.sum(self.curvature * difference**2)), 0.0), gradient


class Rosenbrock:
    """(1 - a)^2 + 100 (b - a^2)^2, whose minimum 0 at (1, 1) lies in a curved valley."""

    start = (-1.2, 1.0)

    def value_and_gradient(self, theta, rows=None):
        a, b = theta
        gradient = np.array([-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)], theta.dtype)
        return (float((1 - a) ** 2 + 100 * (b - a * a) ** 2), 0.0), gradient


class LeastSquares:
    """1/2 mean (X theta - y)^2 over the rows, plus alpha / 2 |theta|^2; a generator, if given, drops entries of X."""

    def __init__(self, X, y, alpha=0.0, noise=None):
        self.X, self.y, self.alpha, self.noise = X, y, alpha, noise

    def value_and_gradient(self, theta, rows):
        X, y = self.X[rows], self.y[rows]
        if self.noise is not None:
            X = X * (self.noise.random(X.shape) < 0.8)
        residual = X @ theta - y
        gradient = X.T @ residual / len(y) + self.alpha * theta
        return (0.5 * float(residual @ residual) / len(y), 0.5 * self.alpha * float(theta @ theta)), gradient
