"""Rows with all that is known of each, and how `fit` makes them of what it was given."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._utils.compat import index_rows, n_rows
from .categories import category_dtypes
from .checks import Table, check_groups, check_table, check_weights
from .tables import as_rows

if TYPE_CHECKING:
    from ..outcomes import Outcome

Array = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Rows:
    """Rows as the user handed them over, and what is known of each.

    `X` stays a frame, array or sparse matrix; `y` are labels, `outcome` says what they are, and
    `codes` are the places of their classes, zeros of numbers. Without labels `y` is empty, and no
    code counts. Weights and groups may be None, and so may what is known of the columns: their
    number, their names, and the types of a frame with categories.
    """

    X: Any
    y: NDArray[Any]
    outcome: Outcome
    codes: Indices
    sample_weight: Array | None = None
    groups: Any = None
    n_features: int | None = None
    feature_names: NDArray[Any] | None = None
    dtypes: dict[str, Any] | None = None

    def take(self, part: Indices) -> Rows:
        """Return some of the rows, by their numbers; the outcome stays what it is."""
        weight, groups = self.sample_weight, self.groups
        return replace(
            self,
            X=index_rows(self.X, part),
            y=self.y[part] if self.has_labels else self.y,
            codes=self.codes[part],
            sample_weight=None if weight is None else weight[part],
            groups=None if groups is None else np.asarray(groups)[part],
        )

    def without_labels(self, X: Any) -> Rows:
        """Return other rows, of which nothing but the columns is known."""
        codes = np.zeros(n_rows(X), dtype=np.intp)
        return replace(self, X=X, y=self.y[:0], codes=codes, sample_weight=None, groups=None)

    @property
    def has_labels(self) -> bool:
        """Whether anything is known of the labels."""
        return len(self.y) > 0

    def pretend_labels(self) -> Rows:
        """Return the same rows with labels of all kinds, for a rehearsal."""
        y, codes = self.outcome.pretend(self.n_samples)
        return replace(self, y=y, codes=codes)

    @property
    def truth(self) -> Array:
        """Labels as columns, shape (n_samples, n_columns): rows of zeros and a one, or numbers."""
        if not self.has_labels:
            raise AssertionError("a strategy did not say that it needs labels")
        return self.outcome.columns(self.y, self.codes)

    @property
    def target(self) -> NDArray[Any]:
        """What a model of the labels learns: codes of classes, or numbers."""
        return self.outcome.target(self.y, self.codes)

    @property
    def weights(self) -> Array:
        """Weights of the rows, ones if there are none."""
        return np.ones(self.n_samples) if self.sample_weight is None else self.sample_weight

    @property
    def n_samples(self) -> int:
        """Number of rows."""
        return len(self.codes)

    @property
    def classes(self) -> NDArray[Any]:
        """All labels there are, sorted; none where these are numbers."""
        return self.outcome.classes

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.classes)

    @property
    def n_columns(self) -> int:
        """Number of columns of labels and answers."""
        return self.outcome.n_columns

    def __sizeof__(self) -> int:
        # dask asks before it shares an argument among its workers instead of sending it again.
        parts = (self.X, self.y, self.codes, self.sample_weight, self.groups)
        return sum(getattr(part, "nbytes", None) or sys.getsizeof(part) for part in parts)


def check(
    X: Any,
    y: Any,
    sample_weight: ArrayLike | None = None,
    groups: Any = None,
    *,
    estimator: Any = None,
    known: Outcome | None = None,
    read: Callable[[Any], tuple[NDArray[Any], Outcome, Indices]] | None = None,
) -> Rows:
    """Return what `fit` was given as rows, or say what is wrong with it.

    `read` reads labels, by default classes; `y` may be None where it is `known` what they would
    be. Sets `n_features_in_` and `feature_names_in_` of `estimator`, where one is given.
    """
    from ..outcomes import read_classes  # what ships reads rows, and no labels

    table = Table() if estimator is None else estimator
    if y is None and known is not None:
        n = n_rows(as_rows(X))
        X = check_table(table, X, np.zeros(n))
        labels, outcome, codes = known.classes[:0], known, np.zeros(n, dtype=np.intp)
    else:
        X = check_table(table, X, y)
        labels, outcome, codes = (read or read_classes)(y)
    weights = check_weights(sample_weight, n_rows(X))
    groups = check_groups(groups, n_rows(X))
    n_features = getattr(table, "n_features_in_", None)
    names = getattr(table, "feature_names_in_", None)
    return Rows(X, labels, outcome, codes, weights, groups, n_features, names, category_dtypes(X))
