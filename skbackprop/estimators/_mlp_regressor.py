"""The multilayer perceptron for regression."""

from __future__ import annotations

from ._perceptron import Perceptron
from ._regression import BatchRegressor


class BatchMLPRegressor(BatchRegressor, Perceptron):
    """Multilayer perceptron for regression, trained by mini-batch backpropagation.

    It has the parameters of scikit-learn's ``MLPRegressor``, with their names, meanings and defaults, and some more.
    Neither inputs nor target need scaling: ``standardize=True`` does it internally, and predictions are in natural
    units.

    Parameters
    ----------
    loss : str or Loss, default="squared_error"
        What is minimised, summed over outputs and averaged over rows. For any target: "squared_error",
        "absolute_error", "huber", "log_cosh", "quantile" (the median), "expectile" (the mean), "gaussian" (mean and
        variance); with a log link "poisson" (y >= 0), "gamma" (y > 0), "tweedie" (y >= 0). Or an object with other
        parameters, such as ``Quantile([0.1, 0.5, 0.9])``, ``Huber(delta=2.0)``, ``Tweedie(1.2)``.
    hidden_layer_sizes : int or sequence of int, default=(100,)
        Number of units in each hidden layer; ``()`` makes a linear model.
    activation : str, Activation or a sequence of them, default="relu"
        "identity", "logistic", "tanh", "relu", "leaky_relu", "elu", "selu", "softplus", "gelu", "silu", "mish", or an
        object such as ``LeakyReLU(0.1)``; a sequence has one for every hidden layer.
    solver : {"adam", "adamw", "sgd", "rmsprop", "lbfgs"} or Optimizer, default="adam"
        The optimiser; an object such as ``AdamW(weight_decay=0.1)`` carries its own parameters.
    alpha : float, default=0.0001
        L2 penalty, alpha / 2 |W|^2, divided by the rows of the batch as in scikit-learn; biases are not penalised. For
        a decay that does not depend on the batch, use ``AdamW`` (0.01 by default) or ``SGD(weight_decay=...)``, and set
        alpha to 0.
    batch_size : int, "auto" or "full", default="auto"
        Rows per batch; "auto" is min(200, n_samples), "full" is all rows.
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
        Probability that the output of a hidden unit is dropped in training.
    clip_norm : float or None, default=None
        Gradients with a larger norm are scaled down to it.
    init : str or Initializer, default="auto"
        How weights are initialised: "auto" is what suits the activation (scikit-learn's scheme for its own four); or
        "glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_uniform", "lecun_normal", "orthogonal",
        "small_normal".
    monitor : str or callable, default="loss"
        What early stopping watches: the validation loss, or a scorer by name or as a callable. ``tol`` is in the units
        of that score, which may be those of y.
    average : bool or "auto", default="auto"
        Whether ``fit`` validates, and ends with, a running mean of the weights over about the last seven epochs. The
        weights after any single step lie some way from the minimum, further at a higher learning rate. "auto" is
        False for "lbfgs", for schedules with a planned end ("cosine", "one_cycle", "step"), and with
        ``standardize=False``, where the fit is scikit-learn's. Neither the first eight epochs nor ``partial_fit`` are
        averaged.

    Attributes
    ----------
    coefs_, intercepts_ : tuple of ndarray
        Weights and biases of every layer, as views of ``theta_``. With ``standardize=True`` they belong to
        standardised inputs and target.
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
        Number of columns of X in the first fit.
    feature_names_in_ : ndarray of str
        The names of these columns; only if X had names.
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
    sklearn.neural_network.MLPRegressor : The same parameters; the documentation lists the differences.

    References
    ----------
    Rumelhart, Hinton and Williams (1986), "Learning representations by back-propagating errors", Nature 323.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import train_test_split
    >>> from skbackprop import BatchMLPRegressor
    >>> X, y = load_diabetes(return_X_y=True, scaled=False)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> model = BatchMLPRegressor(early_stopping=True, random_state=0).fit(X_train, y_train)
    >>> print(f"R2 {model.score(X_test, y_test):.2f}")
    R2 0.38
    """

    def __init__(
        self,
        *,
        loss="squared_error",
        hidden_layer_sizes=(100,),
        activation="relu",
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
        clip_norm=None,
        init="auto",
        monitor="loss",
        average="auto",
    ):
        self._store(locals())
