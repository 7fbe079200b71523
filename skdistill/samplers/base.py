"""What both samplers share: rows come as copies of those of `fit`, in which values have moved."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from .._utils import parameters
from .._utils.compat import index_rows, n_rows
from .._utils.validation import is_whole_number
from ..rows import as_rows, check_table, stack

Indices = NDArray[np.intp]


class BaseSampler(BaseEstimator):
    """Makes one copy of the rows after the other, as many as are wanted."""

    random_state: Any

    def _take_in(self, X: Any, y: Any = None) -> Any:
        """Check parameters and rows, and keep a copy of the rows, which the user may change."""
        parameters.check(type(self).__name__, self.get_params(deep=False))
        X = as_rows(X)
        X = check_table(self, X, np.zeros(X.shape[:1]) if y is None else y)
        if len(X.shape) != 2:
            raise ValueError(f"X must have two dimensions, found shape {X.shape}.")
        self._rng = np.random.default_rng(check_random_state(self.random_state).randint(2**31))
        return index_rows(X, np.arange(n_rows(X)))

    def _keep(self, X: Any, **found: Any) -> Self:
        """Be fitted, all at once."""
        self.__dict__.pop("parents_", None)
        self.__dict__.update(found, _X=X)
        return self

    def _copy(self, place: int, wanted: Indices) -> Any:
        """Return some rows of a copy, by their numbers; `place` is the copy's number."""
        raise NotImplementedError

    def sample(self, n_samples: int) -> Any:
        """Make rows.

        Parameters
        ----------
        n_samples : int
            Number of rows, at least 1. Of the last copy of the rows it takes some at random.

        Returns
        -------
        {ndarray, sparse matrix, frame} of shape (n_samples, n_features)
            Rows of the kind that `fit` was given, others at each call. Sets `parents_`.

        Raises
        ------
        NotFittedError
            If `fit` was not called.
        ValueError
            If `n_samples` is no positive whole number.
        """
        check_is_fitted(self, "_X")
        if not is_whole_number(n_samples) or n_samples < 1:
            raise ValueError(f"n_samples must be a positive whole number, found {n_samples!r}.")
        made, parents, n = [], [], n_rows(self._X)
        for place, start in enumerate(range(0, n_samples, n)):
            left = n_samples - start
            wanted = np.arange(n) if left >= n else self._rng.choice(n, left, replace=False)
            made.append(self._copy(place, wanted))
            parents.append(wanted)
        self.parents_ = np.concatenate(parents)
        return stack(made)

    def __sklearn_is_fitted__(self) -> bool:
        return "_X" in vars(self)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = tags.input_tags.allow_nan = True
        tags.input_tags.string = tags.input_tags.categorical = True
        return tags
