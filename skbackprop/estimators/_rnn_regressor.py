"""The recurrent network for regression."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._recurrent import RecurrentNetwork
from ._regression import BatchRegressor
from ._sequences import read_row_target, read_step_target

Array = np.ndarray


class BatchRNNRegressor(BatchRegressor, RecurrentNetwork):
    """Recurrent network for regression, trained by backpropagation through time.

    It reads a sequence step by step and predicts a number, or several, at its end; or with ``return_sequences=True`` at
    every step. Neither channels nor target need scaling: ``standardize=True`` does it internally, for each channel.

    X is an (n_samples, n_steps, n_channels) array; or (n_samples, n_steps * n_channels), with the channels of a step
    side by side, which scalers, pipelines and searches accept; or, with ``embedding``, whole numbers. Pad the end of
    shorter sequences with NaN (see `pad_sequences`); padded steps have no influence.

    Parameters
    ----------
    loss : str or Loss, default="squared_error"
        What is minimised, summed over outputs and averaged over rows: the names and objects of
        ``BatchMLPRegressor``, such as "huber", "poisson", "gaussian" or ``Quantile([0.1, 0.5, 0.9])``.
    cell : {"elman", "gru", "lstm"} or Cell, default="gru"
        The recurrence: a plain one with tanh ("elman"), or a gated one. An object such as ``Elman(ReLU())`` or
        ``LSTM(layer_norm=True)`` carries its own settings.
    hidden_layer_sizes : int or sequence of int, default=(64,)
        Number of units in each recurrent layer.
    n_channels : int, default=1
        Values per step if X has the shape (n_samples, n_steps * n_channels). Ignored if X has three dimensions; the
        last axis then gives the channels.
    bidirectional : bool, default=False
        Whether every layer reads the sequences in both directions.
    return_sequences : bool, default=False
        Whether there is a target for every step, instead of one for the sequence.
    truncate : int or None, default=None
        Number of steps through which gradients flow back; None means all. The state is carried through the whole
        sequence nevertheless.
    embedding : int or None, default=None
        Length of the vector learnt for each token. If given, X holds tokens: whole numbers, of shape (n_samples,
        n_steps).
    n_tokens : int or None, default=None
        Number of different tokens. None: the largest token in the first X, plus one.
    recurrent_dropout : float, default=0.0
        Probability that an entry of the state is dropped between steps; the same entries throughout a sequence.
    solver : {"adam", "adamw", "sgd", "rmsprop", "lbfgs"} or Optimizer, default="adam"
        The optimiser; an object such as ``AdamW(weight_decay=0.1)`` carries its own parameters.
    alpha : float, default=0.0001
        L2 penalty, alpha / 2 |W|^2, divided by the rows of the batch as in scikit-learn; biases are not penalised. For
        a decay that does not depend on the batch, use ``AdamW`` (0.01 by default) or ``SGD(weight_decay=...)``, and set
        alpha to 0.
    batch_size : int, "auto" or "full", default="auto"
        Rows per batch; "auto" is a tenth of the rows, but at least 32 and at most 200; "full" is all rows.
    learning_rate : str or Schedule, default="constant"
        "constant", "invscaling", "cosine", "one_cycle", "step", an object such as ``Warmup(100, Cosine())``,
        or "adaptive", which divides the rate by 5 whenever ``n_iter_no_change`` epochs have brought no improvement.
        The schedule is applied at every step (batch), for every solver but "lbfgs".
    learning_rate_init : float, default=0.001
        The learning rate, which the schedule ``learning_rate`` multiplies by a factor at every step.
    power_t : float, default=0.5
        "invscaling" divides the rate by (step + 1) ** power_t, with steps counted from 0.
    max_iter : int, default=200
        Maximum number of epochs; for "lbfgs", of iterations.
    shuffle : bool, default=True
        Whether to shuffle the rows in every epoch. With False, early stopping holds out the last rows.
    random_state : int, RandomState instance or None, default=None
        Source of the initial weights, the order of rows, the held-out rows and dropout. With None, every fit draws
        different numbers.
    tol : float, default=1e-4
        By how much an epoch must lower the loss, or raise what early stopping watches, to count as an improvement.
        With ``standardize=True`` the loss is in units of the standardised target, so this is relative to its scale.
        For "lbfgs" also the tolerance on the largest entry of the gradient.
    verbose : bool or int, default=False
        Whether to print a line per epoch.
    warm_start : bool, default=False
        Whether ``fit`` continues from the weights of the last ``fit``.
    momentum : float, default=0.9
        For "sgd": the share of the previous step that is added to the next one, from 0 to 1.
    nesterovs_momentum : bool, default=True
        For "sgd": whether to use Nesterov's momentum.
    early_stopping : bool, default=False
        Whether to stop when the validation rows show no more improvement, and to keep the weights of the best epoch.
    validation_fraction : float, default=0.1
        The share of rows that early stopping holds out, unless ``fit`` is given ``X_val``.
    beta_1, beta_2 : float, default=0.9, 0.999
        For "adam" and "adamw": the decay of the running means of the gradient and of its square.
    epsilon : float, default=1e-8
        For "adam", "adamw" and "rmsprop": added to the root of the mean square.
    n_iter_no_change : int or float("inf"), default=10
        Epochs without improvement after which training stops; infinity means never. A schedule with a planned end
        is cut short only by early stopping.
    max_fun : int, default=15000
        For "lbfgs": the maximum number of evaluations of the objective.
    standardize : bool or "target", default=True
        Whether to standardise inputs and target internally, and to start from the best constant prediction. "target"
        leaves the inputs as they come, for a pipeline that scales them.
    dropout : float, default=0.0
        Probability that the output of a unit to the next layer is dropped in training.
    clip_norm : float or None, default=1.0
        Gradients with a larger norm are scaled down to it; over many steps they can explode.
    init : str or Initializer, default="auto"
        How the weights of a layer's inputs are initialised: "auto" is Glorot's uniform; or "glorot_uniform",
        "glorot_normal", "he_uniform", "he_normal", "lecun_uniform", "lecun_normal", "orthogonal", "small_normal".
        Recurrent weights start orthogonal or, with a relu, as the identity.
    monitor : str or callable, default="loss"
        What early stopping watches: the validation loss, or a scorer by name or as a callable. ``tol`` is in the units
        of that score, which may be those of y.
    average : bool or "auto", default="auto"
        Whether ``fit`` validates, and ends with, a running mean of the weights over about the last seven epochs. The
        weights after any single step lie some way from the minimum, further at a higher learning rate. "auto" is
        False for "lbfgs", for schedules with a planned end ("cosine", "one_cycle", "step"), and with
        ``standardize=False``. Neither the first eight epochs nor ``partial_fit`` are averaged.

    Attributes
    ----------
    coefs_, intercepts_ : tuple of ndarray
        Weights and biases that every layer applies to its inputs, as views of ``theta_``; those of the recurrence, and
        of the reverse direction, are in ``model_.network.parameters.views(theta_)``. With ``standardize=True`` they
        belong to standardised inputs and target.
    embedding_ : ndarray of shape (n_tokens, embedding)
        The vectors of all tokens, as a view of ``theta_``; only if X holds tokens.
    theta_ : ndarray
        All parameters in one vector.
    loss_ : float
        The objective in the epoch whose weights were kept.
    best_loss_ : float or None
        The lowest objective of any epoch; None with early stopping.
    loss_curve_, learning_rate_curve_ : list of float
        For every epoch, the objective (as a running mean over its batches, penalty included) and the last
        learning rate.
    validation_loss_curve_, validation_scores_ : list of float or None
        For every epoch, the loss on the validation rows, and the monitored score (greater is better).
    best_validation_score_ : float or None
        The greatest of ``validation_scores_``.
    best_iter_ : int
        The epoch, counted from 1, whose weights were kept.
    history_ : dict of list
        Lists with an entry per epoch, ready for a DataFrame: "epoch", "loss", "data_loss" (the loss without the
        penalty), "learning_rate", "gradient_norm" (before clipping) and, with validation rows, "validation_loss" and
        "validation_score". After ``partial_fit``, for the last call only.
    n_iter_, t_ : int
        Number of epochs, and of rows seen in them; ``partial_fit`` continues both counts.
    n_features_in_ : int
        Number of columns of X in the first fit; of channels if X has three dimensions; 1 for tokens.
    feature_names_in_ : ndarray of str
        The names of the columns of X; only if it had names.
    n_layers_ : int
        Number of layers, counting inputs and outputs.
    n_outputs_ : int
        Number of columns of the raw output.
    out_activation_ : str
        "identity" or "exp": the function that turns raw output into predictions.
    kernel_backend_ : {"numpy", "numba"}
        The kernels that the last ``fit`` or ``partial_fit`` used.
    model_ : Model
        Network, parameters and units.

    See Also
    --------
    BatchRNNClassifier : The same for labels.
    pad_sequences, make_windows, last_window : Build X from a list of sequences, and from one long series.

    References
    ----------
    Werbos (1990), "Backpropagation through time: what it does and how to do it"; Pascanu, Mikolov and Bengio (2013),
    "On the difficulty of training recurrent neural networks".

    Examples
    --------
    >>> import numpy as np
    >>> from skbackprop import BatchRNNRegressor, make_windows
    >>> series = 100 + 20 * np.sin(np.arange(400) / 5)
    >>> X, y = make_windows(series, n_steps=20)
    >>> model = BatchRNNRegressor(hidden_layer_sizes=(16,), learning_rate="cosine", learning_rate_init=0.01,
    ...                           max_iter=40, random_state=0)
    >>> print(f"R2 {model.fit(X[:300], y[:300]).score(X[300:], y[300:]):.2f}")
    R2 1.00
    """

    _read_row_target = staticmethod(read_row_target)
    _read_step_target = staticmethod(read_step_target)

    def __init__(
        self,
        *,
        loss="squared_error",
        cell="gru",
        hidden_layer_sizes=(64,),
        n_channels=1,
        bidirectional=False,
        return_sequences=False,
        truncate=None,
        embedding=None,
        n_tokens=None,
        recurrent_dropout=0.0,
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        power_t=0.5,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        max_fun=15000,
        standardize=True,
        dropout=0.0,
        clip_norm=1.0,
        init="auto",
        monitor="loss",
        average="auto",
    ):
        self._store(locals())

    def predict_next(self, X: Any, state: Any = None, return_std: bool = False) -> tuple[Any, Any]:
        """Read further steps of every sequence, and predict from everything read so far.

        This follows a stream without reading its past again: pass the ``state`` that one call returns to the next.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps, n_channels), or (n_samples, n_steps) of tokens
            The next steps, one or more, of sequences without padding.
        state : list, default=None
            What the previous call returned; None begins new sequences.
        return_std : bool, default=False
            Whether to return also the standard deviation of y given X, as in `predict`.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The prediction after the last of these steps; with ``return_std=True`` a pair of arrays, the prediction and
            its standard deviation.
        state : list
            To pass to the next call, which does not change it.
        """
        raw, state = self._read_next(X, state)
        y = self._predicted(raw)
        return (y, self._std(raw)) if self._checked_std(return_std) else y, state
