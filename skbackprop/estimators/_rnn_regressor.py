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
    every step. Channels and target need no scaling: with ``standardize=True`` that happens inside, channel by channel.

    X is an (n_samples, n_steps, n_channels) array; or (n_samples, n_steps * n_channels), with the channels of a step
    side by side, so that it goes through scalers, pipelines and searches; or whole numbers with ``embedding``. Shorter
    sequences end in NaN (`pad_sequences`), and what is there changes nothing.

    Parameters
    ----------
    loss : str or Loss, default="squared_error"
        What is minimised, summed over outputs and averaged over rows: the names and objects of
        ``BatchMLPRegressor``, such as "huber", "poisson", "gaussian" or ``Quantile([0.1, 0.5, 0.9])``.
    cell : {"elman", "gru", "lstm"} or Cell, default="gru"
        One step: a plain recurrence with tanh, or gates. An object such as ``Elman(ReLU())`` or
        ``LSTM(layer_norm=True)`` brings its own settings.
    hidden_layer_sizes : int or sequence of int, default=(64,)
        Units of each recurrent layer.
    n_channels : int, default=1
        Values per step if X has the shape (n_samples, n_steps * n_channels). If X has three dimensions, the last one
        tells, and this has no effect.
    bidirectional : bool, default=False
        Whether every layer reads the sequences from both ends.
    return_sequences : bool, default=False
        Whether there is a target for every step, or one for the sequence.
    truncate : int or None, default=None
        Steps through which gradients flow back; None stands for all. The state is carried on all the same.
    embedding : int or None, default=None
        Length of the vector learnt for each token. If given, X holds tokens: whole numbers, of shape (n_samples,
        n_steps).
    n_tokens : int or None, default=None
        How many tokens there are; None takes those up to the greatest in the first X.
    recurrent_dropout : float, default=0.0
        Share of the state that is dropped on its way from step to step, the same entries all along a sequence.
    solver : {"adam", "adamw", "sgd", "rmsprop", "lbfgs"} or Optimizer, default="adam"
        What moves the weights; an object such as ``AdamW(weight_decay=0.1)`` brings its own numbers.
    alpha : float, default=0.0001
        L2 penalty, alpha / 2 |W|^2, divided by the rows of the batch as in scikit-learn; biases are spared. A
        decay that does not depend on the batch is that of ``AdamW`` (0.01 by default) or ``SGD(weight_decay=...)``;
        set alpha to 0 with it.
    batch_size : int, "auto" or "full", default="auto"
        Rows per step; "auto" is a tenth of them, at least 32 and at most 200; "full" is all of them.
    learning_rate : str or Schedule, default="constant"
        "constant", "invscaling", "cosine", "one_cycle", "step", an object such as ``Warmup(100, Cosine())``,
        or "adaptive", which divides the rate by 5 wherever patience ends. The rate is that of every step, for
        every solver but "lbfgs".
    learning_rate_init : float, default=0.001
        The learning rate, which the schedule ``learning_rate`` multiplies by a factor at every step.
    power_t : float, default=0.5
        "invscaling" divides the rate by (step + 1) ** power_t, with steps counted from 0.
    max_iter : int, default=200
        Epochs at most; for "lbfgs", iterations.
    shuffle : bool, default=True
        Whether every epoch takes the rows in another order. With False, early stopping holds out the last rows.
    random_state : int, RandomState instance or None, default=None
        Source of the weights, the order of rows, the held-out rows and dropout. None is different every time.
    tol : float, default=1e-4
        By how much an epoch must lower the loss, or raise what early stopping watches, to count as an improvement.
        The loss is in units of the standardised target, so this is relative to the target's scale.
        For "lbfgs" also the tolerance on the largest entry of the gradient.
    verbose : bool or int, default=False
        Whether to print a line per epoch.
    warm_start : bool, default=False
        Whether ``fit`` goes on from the weights of the last ``fit``.
    momentum : float, default=0.9
        For "sgd": the share of the previous step that is added to the next one, from 0 to 1.
    nesterovs_momentum : bool, default=True
        For "sgd": whether the momentum is Nesterov's.
    early_stopping : bool, default=False
        Whether to stop when validation rows no longer improve, and to keep the weights of the best epoch.
    validation_fraction : float, default=0.1
        The share of rows that early stopping holds out, unless ``fit`` is given ``X_val``.
    beta_1, beta_2 : float, default=0.9, 0.999
        For "adam" and "adamw": the decay of the running means of the gradient and of its square.
    epsilon : float, default=1e-8
        For "adam", "adamw" and "rmsprop": added to the root of the mean square.
    n_iter_no_change : int or float("inf"), default=10
        Epochs without improvement after which training stops; infinity means never. A schedule that plans for its
        end is cut short by validation rows only.
    max_fun : int, default=15000
        Evaluations at most, for "lbfgs".
    standardize : bool, default=True
        Whether to standardise inputs and target inside, and to start from the best constant prediction.
    dropout : float, default=0.0
        Probability that what a unit hands to the next layer is left out of a step.
    clip_norm : float or None, default=1.0
        Gradients longer than this are shortened to it; through many steps they can explode.
    init : str or Initializer, default="auto"
        Where the weights of what a layer reads start: "auto" is Glorot's uniform; or "glorot_uniform",
        "glorot_normal", "he_uniform", "he_normal", "lecun_uniform", "lecun_normal", "orthogonal", "small_normal".
        Those of the recurrence start orthogonal, with a relu as the identity.
    monitor : str or callable, default="loss"
        What early stopping watches: the validation loss, or a scorer by name or as a callable. The value of a scorer
        may be in the units of y, and so is ``tol`` then.
    average : bool or "auto", default="auto"
        Whether ``fit`` validates, and ends with, a running mean of the weights over about the last seven epochs: the
        weights after a single step lie some way from the minimum, the further the higher the learning rate. "auto" is
        False for "lbfgs", for the schedules that plan an end ("cosine", "one_cycle", "step"), and with
        ``standardize=False``. The first eight epochs, and ``partial_fit``, have no such mean.

    Attributes
    ----------
    coefs_, intercepts_ : tuple of ndarray
        Weights and biases that a layer applies to what it reads, as views of ``theta_``; those of the recurrence, and
        of the way back, are in ``model_.network.parameters.views(theta_)``. With ``standardize=True`` they belong to
        standardised inputs and target.
    theta_ : ndarray
        All parameters in one vector.
    loss_ : float
        The objective in the epoch whose weights were kept.
    best_loss_ : float or None
        The least objective of any epoch; None with early stopping.
    loss_curve_, learning_rate_curve_ : list of float
        For every epoch, the objective (as a running mean over its batches, penalty included) and the last
        learning rate.
    validation_loss_curve_, validation_scores_ : list of float or None
        For every epoch, the loss on the validation rows, and what is monitored (greater is better).
    best_validation_score_ : float or None
        The greatest of ``validation_scores_``.
    best_iter_ : int
        The epoch, counted from 1, whose weights were kept.
    history_ : dict of list
        Lists with an entry per epoch, ready for a DataFrame: "epoch", "loss", "data_loss" (the loss without the
        penalty), "learning_rate", "gradient_norm" (before clipping) and, with validation rows, "validation_loss" and
        "validation_score". After ``partial_fit``, of the last call only.
    n_iter_, t_ : int
        Epochs, and rows seen in them; counted on by ``partial_fit``.
    n_features_in_ : int
        Columns of X in the first fit; where X has three dimensions, its channels; of tokens, 1.
    feature_names_in_ : ndarray of str
        The names of the columns of X; only if it had such names.
    n_layers_ : int
        Layers, counting inputs and outputs.
    n_outputs_ : int
        Columns of the raw output.
    out_activation_ : str
        "identity" or "exp": what makes predictions of raw output.
    kernel_backend_ : {"numpy", "numba"}
        The kernels that the last ``fit`` or ``partial_fit`` used.
    model_ : Model
        Network, parameters and units.

    See Also
    --------
    BatchRNNClassifier : The same for labels.
    pad_sequences, make_windows : From lists of sequences, and from one long series, to X.

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
        """Read some more steps of every sequence, and predict from all that has been read of it so far.

        So a stream is followed without reading its past again: give the ``state`` that one call returns to the next.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps, n_channels), or (n_samples, n_steps) of tokens
            The next steps, one or more, of sequences without padding.
        state : list, default=None
            What the call before returned; None begins new sequences.
        return_std : bool, default=False
            Whether to return the standard deviation of y given X, too, as in `predict`.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            After the last of these steps; with ``return_std=True`` a pair of these, the prediction and its standard
            deviation.
        state : list
            For the next call. It is not changed by it.
        """
        raw, state = self._read_next(X, state)
        y = self._predicted(raw)
        return (y, self._std(raw)) if self._checked_std(return_std) else y, state
