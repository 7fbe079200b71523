"""The student of numbers on its own: what is pickled and shipped."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin

from .. import __version__
from .adapters import OneNumber
from .distilled import Shipped, refuse_nan

Array = NDArray[np.float64]


class DistilledRegressor(RegressorMixin, Shipped):
    """A fitted student of numbers, free of teacher and distiller.

    Distillers of numbers make it (`regressor_`); it is small, pickles on its own and predicts at
    the student's cost. All that it knows beside the student are plain values: words, numbers,
    lists. Like a `FrozenEstimator` it stays as it is: `fit` does nothing and `clone` returns the
    object itself.

    Parameters
    ----------
    student : estimator
        The fitted student.
    n_features : int or None, default=None
        Number of features the distiller was fitted on.
    feature_names : ndarray of str or None, default=None
        Their names.
    dtypes : dict or None, default=None
        Their types, if it was a frame with categories: rows that lack these get them.
    refuse_nan : bool, default=False
        Whether missing values are refused though the student would take them.

    Attributes
    ----------
    version : str
        The version of skdistill that made it. Where it is loaded by one of another major version,
        a warning says so.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Names of the features, where there are any.

    Examples
    --------
    >>> import pickle
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import RandomForestRegressor
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import CrossFitDistillerRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> teacher = RandomForestRegressor(50, random_state=0)
    >>> model = CrossFitDistillerRegressor(teacher, DecisionTreeRegressor(max_depth=3), cv="oob")
    >>> shipped = pickle.loads(pickle.dumps(model.fit(X, y).regressor_))
    >>> shipped.predict(X[:2]).shape
    (2,)
    """

    _name = "distilled regressor"

    def __init__(
        self,
        student: Any,
        *,
        n_features: int | None = None,
        feature_names: NDArray[Any] | None = None,
        dtypes: dict[str, Any] | None = None,
        refuse_nan: bool = False,
    ) -> None:
        self.student = student
        self.n_features = n_features
        self.feature_names = feature_names
        self.dtypes = dtypes
        self.refuse_nan = refuse_nan
        self.version = __version__

    def predict(self, X: Any) -> Array:
        """Predict numbers.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Rows to predict. A frame must have its columns in the order seen in training; where
            the student selects columns by name, those it selects suffice.

        Returns
        -------
        ndarray of shape (n_samples,)
            Predictions.

        Raises
        ------
        ValueError
            If the columns of a frame are in another order, or one that the student uses is
            missing, or X holds missing values that teacher and student do not both take.
        """
        X = self._read(X)
        if self.refuse_nan:
            refuse_nan(X)
        return OneNumber().answer(self.student, X)

    def compiled(self) -> Any:
        """Return a regressor of the same numbers that answers one row in microseconds.

        It checks rows as this does. Its C is compiled where there is a compiler; else one row is
        computed in Python and NumPy.

        Returns
        -------
        regressor
            With `predict`; its `route` is "c" or "python". It pickles, and is compiled again where
            it is loaded.

        Raises
        ------
        ValueError
            If a part of the student is none that can be exported.
        """
        # The room of files reads students, and comes after them.
        from ..export.compiled import CompiledRegressor

        return CompiledRegressor(self)
