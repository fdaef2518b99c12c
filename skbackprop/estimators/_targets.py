"""Targets: how y is read into the (n, k) array that losses take, and how predictions are written for the user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import type_of_target, unique_labels

from ..frozen import frozen
from ..network.answers import Labels, Numbers
from ..network.losses import Loss
from ..ranges import check_real
from ._reading import Data, same_kind

__all__ = ["ClassTarget", "NumberTarget", "Target"]

Array = np.ndarray


class Target(Protocol):
    """What the first y tells about all later ones; a frozen dataclass.

    1. ``read`` turns a y that scikit-learn has validated into a float array of shape (n, k).
    2. ``write`` turns the output of ``read``, or predictions of it, back into the user's form.
    3. ``bind(loss)`` returns the loss adapted to this target; a classification loss learns ``n_classes``.
    4. ``written`` holds the keyword arguments with which `make_predictor` reproduces ``write``.
    5. ``stratify`` tells whether held-out rows are to be spread over the values of y, and ``has_units`` whether these
       have a level and a spread.
    """

    @property
    def stratify(self) -> bool: ...
    @property
    def has_units(self) -> bool: ...
    def read(self, y: Any) -> Array: ...
    def write(self, y: Array) -> Array: ...
    def bind(self, loss: Loss) -> Loss: ...
    @property
    def written(self) -> dict[str, Any]: ...


@frozen
class NumberTarget(Numbers):
    """Numbers in ``n_outputs`` columns."""

    n_outputs: int
    stratify: ClassVar[bool] = False
    has_units: ClassVar[bool] = True

    @classmethod
    def of(cls, y: Any) -> NumberTarget:
        return cls(n_outputs=1 if y.ndim == 1 else y.shape[1], flat=y.ndim == 1)

    def read(self, y: Any) -> Array:
        if issparse(y):
            raise TypeError("`y` must be a dense array, got a sparse one")
        if y.dtype.kind not in "biufO":
            raise ValueError(f"`y` must be numeric, got an array of dtype {y.dtype}")
        if y.ndim > 2 or 0 in y.shape:
            raise ValueError(f"`y` must have shape (n_samples,) or (n_samples, n_outputs), got {y.shape}")
        y = y.reshape(len(y), -1)
        y = numbers_of(y) if y.dtype.kind == "O" else y.astype(np.float64, copy=False)
        if y.shape[1] != self.n_outputs:
            outputs = "1 output" if self.n_outputs == 1 else f"{self.n_outputs} outputs"
            raise ValueError(f"`y` must have {outputs}, as in training, got {y.shape[1]}")
        return y

    def bind(self, loss: Loss) -> Loss:
        return loss

    @property
    def written(self) -> dict[str, Any]:
        return {"flat": self.flat}


@dataclass(frozen=True, eq=False)
class ClassTarget(Labels):
    """Labels, in order; for an indicator, the indices of its columns."""

    has_units: ClassVar[bool] = False

    @classmethod
    def of(cls, y: Any, classes: Any = None) -> ClassTarget:
        """The target as inferred from y, and from ``classes``, all labels that may ever come, if given."""
        if kind_of(y) == "multilabel-indicator":
            target = cls(np.arange(y.shape[1]), indicator=True)
            if classes is not None:
                target.check_same(classes)
            return target
        return cls(np.unique(y) if classes is None else read_classes(classes), indicator=False)

    def check_same(self, classes: Any) -> None:
        """Refuse ``classes`` that differ from those of the first call."""
        if self.indicator and np.size(classes) != len(self.classes):
            raise ValueError(
                f"`classes` must have an entry for each of the {len(self.classes)} columns of y, got {np.size(classes)}"
            )
        if not self.indicator and not np.array_equal(read_classes(classes), self.classes):
            raise ValueError(
                f"`classes` must be those that the model was begun with, {shown(self.classes.tolist())}, "
                f"got {shown(np.asarray(classes).tolist())}"
            )

    @property
    def stratify(self) -> bool:
        return not self.indicator

    @property
    def n_exclusive(self) -> int:
        """The number of classes that have a raw column each, under one softmax; 0 for two classes or an indicator."""
        return 0 if self.indicator or self.two_classes else len(self.classes)

    def read(self, y: Any) -> Array:
        """Zeros and ones for two classes or an indicator, else the indices of the classes."""
        if (kind_of(y) == "multilabel-indicator") != self.indicator:
            expected = "a multilabel indicator" if self.indicator else "one column of labels"
            raise ValueError(f"`y` must be {expected}, as in training, got {kind_of(y)}")
        if self.indicator:
            y = y.toarray() if issparse(y) else y
            if y.shape[1] != len(self.classes):
                raise ValueError(f"`y` must have {len(self.classes)} columns, as in training, got {y.shape[1]}")
            return y.astype(np.float64)
        labels, places = np.unique(column_or_1d(y, warn=True), return_inverse=True)
        # Labels are not converted to the dtype of the classes, which might truncate "category" to the class "cat".
        number = {label: float(k) for k, label in enumerate(self.classes.tolist())}
        unknown = [label for label in labels.tolist() if label not in number]
        if unknown:
            raise ValueError(
                f"`y` must hold only the classes that the model was begun with, {shown(list(number))}, "
                f"got also {shown(unknown)}"
            )
        return np.array([number[label] for label in labels.tolist()])[places][:, None]

    def bind(self, loss: Loss) -> Loss:
        try:
            return replace(loss, n_classes=self.n_exclusive)  # type: ignore[type-var]
        except TypeError:
            raise TypeError(
                f"`loss` of a classifier must be a frozen dataclass with a field `n_classes`, such as a ClassLoss, "
                f"got {loss!r}"
            ) from None

    @property
    def written(self) -> dict[str, Any]:
        return {"classes": self.classes, "indicator": self.indicator}


def numbers_of(y: Array) -> Array:
    """The numbers in an array of objects, which scikit-learn has not checked."""
    try:
        numbers = y.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"`y` must be numeric, got an array of objects: {error}") from error
    if not np.isfinite(numbers).all():
        raise ValueError(f"`y` must be finite, got {y[~np.isfinite(numbers)][0]!r} in an array of objects")
    return numbers


def read_classes(classes: Any) -> Array:
    """The labels in order and of their own type; ``unique_labels`` only checks them, as it does not keep the type."""
    if np.ndim(classes) != 1 or len(classes) == 0:
        raise ValueError(f"`classes` must be a sequence of labels, got {classes!r}")
    try:
        unique_labels(classes)
        return np.unique(classes)
    except (TypeError, ValueError) as error:  # a TypeError is from Python, for labels that cannot be ordered
        expected = "`classes` must be strings or whole numbers, all labels of one kind"
        raise same_kind(error, f"{expected}, got {shown(list(classes))}") from None


def kind_of(y: Any) -> str:
    """scikit-learn's type of a target; an error if that is not one of the types of classes that can be learnt."""
    if getattr(getattr(y, "dtype", None), "kind", None) == "S":
        raise TypeError("`y` must hold numbers or strings, got bytes: `np.char.decode` makes strings of them")
    try:
        kind = type_of_target(y, input_name="y")
    except TypeError:  # from Python, for labels that cannot be ordered
        kinds = sorted({type(label).__name__ for label in np.ravel(y)})
        raise TypeError(f"`y` must hold labels of one kind, all numbers or all strings, got {kinds}") from None
    if kind in ("binary", "multiclass", "multilabel-indicator"):
        return kind
    if kind == "multiclass-multioutput":
        raise ValueError(
            f"`y` must be one column of labels or an indicator of zeros and ones, got {y.shape[1]} columns of labels "
            f"(multiclass-multioutput), for which MultiOutputClassifier fits a model each"
        )
    objects = getattr(getattr(y, "dtype", None), "kind", None) == "O"
    hint = "; `astype` makes numbers or strings of objects" if objects else ""
    raise ValueError(f"Unknown label type: `y` of a classifier must hold classes, got a target of type {kind!r}{hint}")


def class_counts(data: Data, n_classes: int) -> Array:
    """The total weight of the targets of each class."""
    y, weight = data.targets(data.y, data.weight)
    return np.bincount(y[:, 0].astype(np.intp), weight, n_classes)


def read_class_weight(class_weight: Any, target: ClassTarget, counts: Array) -> Array:
    """The weight of a target of each class, by a dict of labels, or so that all classes have the same total weight.

    "balanced" is sum(counts) / (classes * count) for a class, as in ``sklearn.utils.class_weight``.
    """
    if target.indicator:
        raise ValueError(
            f"`class_weight` must be None for a multilabel indicator, got {class_weight!r}; weigh the rows, as by "
            f"sample_weight=sklearn.utils.class_weight.compute_sample_weight('balanced', y)"
        )
    if isinstance(class_weight, str) and class_weight == "balanced":
        seen = counts > 0
        return np.divide(counts.sum(), seen.sum() * counts, out=np.ones(len(counts)), where=seen)
    if not isinstance(class_weight, Mapping):
        raise ValueError(f"`class_weight` must be a dict, 'balanced' or None, got {class_weight!r}")
    known = target.classes.tolist()
    labels = set(known)
    unknown = [label for label in class_weight if label not in labels]
    if unknown and not all(label in class_weight for label in known):  # if all are named, these rows just lack a class
        raise ValueError(f"`class_weight` must name labels among {shown(known)}, got {shown(unknown)}")
    return np.array([check_real(f"class_weight[{label!r}]", class_weight.get(label, 1.0), 0) for label in known])


def shown(labels: list) -> str:
    """A list as text; of more than ten labels, the first ten and their number."""
    return str(labels) if len(labels) <= 10 else f"[{', '.join(map(repr, labels[:10]))}, ... ({len(labels)})]"
