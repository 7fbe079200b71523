"""The student as a classifier on its own: what is pickled, converted and shipped."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.utils import assert_all_finite, get_tags

from .. import __version__
from .._utils.warn import warn
from ..rows import (
    as_rows,
    column_names,
    compare_names,
    dtypes_of,
    plain_dtypes,
    restore_categories,
)
from ..targets import way_back
from .adapters import adapter_called
from .calibration import calibrated

Array = NDArray[np.float64]

SHOWN_CLASSES = 5


class Shipped(BaseEstimator):
    """A fitted student on its own: columns are checked, and nothing about it can be changed."""

    student: Any
    n_features: int | None
    feature_names: NDArray[Any] | None
    dtypes: dict[str, Any] | None
    refuse_nan: bool
    version: str
    _name: str

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "dtypes": plain_dtypes(self.dtypes)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__({**state, "dtypes": dtypes_of(state["dtypes"])})
        _compare_versions(type(self).__name__, self.version)

    @property
    def n_features_in_(self) -> int:
        """Number of features seen in training."""
        if self.n_features is None:
            raise AttributeError("n_features_in_")
        return self.n_features

    @property
    def feature_names_in_(self) -> NDArray[Any]:
        """Names of the features seen in training."""
        if self.feature_names is None:
            raise AttributeError("feature_names_in_")
        return self.feature_names

    def fit(self, X: Any = None, y: ArrayLike | None = None, sample_weight: Any = None) -> Self:
        """Do nothing: the student is fitted.

        Parameters
        ----------
        X : object, default=None
            Ignored.
        y : object, default=None
            Ignored.
        sample_weight : object, default=None
            Ignored.

        Returns
        -------
        estimator
            The object itself.
        """
        return self

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return what it is made of.

        Parameters
        ----------
        deep : bool, default=True
            Has no effect: nothing inside can be set.

        Returns
        -------
        dict
            Values by names.
        """
        return dict(super().get_params(deep=False))

    def set_params(self, **params: Any) -> Self:
        """Refuse: a shipped student stays as it is.

        Parameters
        ----------
        **params : dict
            Nothing can be set.

        Returns
        -------
        estimator
            The object itself, if nothing is to be set.

        Raises
        ------
        ValueError
            If anything is to be set.
        """
        if params:
            raise ValueError(
                f"A {self._name} stays as it is, so {sorted(params)} cannot be set: search "
                "over the distiller, or over the student before it is taught."
            )
        return self

    def __sklearn_clone__(self) -> Self:
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def _read(self, X: Any) -> Any:
        """Return rows as the student knows them, if their columns are right."""
        X = as_rows(X)
        self._check_columns(X)
        return X if self.dtypes is None else restore_categories(X, self.dtypes)

    def _check_columns(self, X: Any) -> None:
        if self.feature_names is None or not hasattr(X, "columns"):
            return
        names = column_names(X)
        if names is None or np.array_equal(names, self.feature_names):
            return
        first = _first_step(self.student)
        compare_names(
            self.feature_names,
            names,
            all_needed=first is self.student,
            others_welcome=isinstance(first, ColumnTransformer),
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.student).input_tags
        tags.input_tags.allow_nan &= not self.refuse_nan
        return tags


class DistilledClassifier(ClassifierMixin, Shipped):
    """A fitted student with its way back to class probabilities, free of teacher and distiller.

    Distillers make it (`classifier_`); it is small, pickles on its own and predicts at the
    student's cost. All that it knows beside the student are plain values: words, numbers, lists.
    Like a `FrozenEstimator` it stays as it is: `fit` does nothing and `clone` returns the object
    itself.

    Parameters
    ----------
    student : estimator
        The fitted student.
    classes : ndarray of shape (n_classes,)
        Class labels.
    loss : {'squared_error', 'squared_error_logit', 'cross_entropy'}, default='squared_error'
        What the student has learned by, which says how its answers become probabilities.
    temperature : float, default=1.0
        The temperature of 'cross_entropy', which is undone.
    adapter : str, default='OneOutput'
        How the student is asked: 'OneOutput' and 'SeveralOutputs' are regressors of two classes
        and of more; 'SoftLabels', 'OneProbability' and 'WeightedCopies' are classifiers, by what
        they were fitted to.
    n_features : int or None, default=None
        Number of features the distiller was fitted on.
    feature_names : ndarray of str or None, default=None
        Their names.
    dtypes : dict or None, default=None
        Their types, if it was a frame with categories: rows that lack these get them.
    refuse_nan : bool, default=False
        Whether missing values are refused though the student would take them.
    calibration : dict or None, default=None
        A sigmoid that is applied to the probabilities: its `slope`, a float, and its `shift`, a
        list of one float for each class.

    Attributes
    ----------
    version : str
        The version of skdistill that made it. Where it is loaded by one of another major version,
        a warning says so.
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Names of the features, where there are any.

    Examples
    --------
    >>> import pickle
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import CrossFitDistiller
    >>> X, y = load_iris(return_X_y=True)
    >>> model = CrossFitDistiller(GaussianNB(), DecisionTreeRegressor(max_depth=3)).fit(X, y)
    >>> shipped = pickle.loads(pickle.dumps(model.classifier_))
    >>> shipped.predict(X[:2])
    array([0, 0])
    >>> shipped
    DistilledClassifier(DecisionTreeRegressor(max_depth=3), classes=[0, 1, 2])
    """

    _name = "distilled classifier"

    def __init__(
        self,
        student: Any,
        classes: NDArray[Any],
        *,
        loss: str = "squared_error",
        temperature: float = 1.0,
        adapter: str = "OneOutput",
        n_features: int | None = None,
        feature_names: NDArray[Any] | None = None,
        dtypes: dict[str, Any] | None = None,
        refuse_nan: bool = False,
        calibration: dict[str, Any] | None = None,
    ) -> None:
        self.student = student
        self.classes = classes
        self.loss = loss
        self.temperature = temperature
        self.adapter = adapter
        self.n_features = n_features
        self.feature_names = feature_names
        self.dtypes = dtypes
        self.refuse_nan = refuse_nan
        self.calibration = calibration
        self.version = __version__

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        """Show the student and the classes; the rest are means to ends."""
        classes = self.classes_.tolist()
        shown = ", ".join(map(repr, classes[:SHOWN_CLASSES]))
        more = f", … {classes[-1]!r}" if len(classes) > SHOWN_CLASSES else ""
        return f"{type(self).__name__}({self.student!r}, classes=[{shown}{more}])"

    @property
    def classes_(self) -> NDArray[Any]:
        """Class labels."""
        return np.asarray(self.classes)

    def predict_proba(self, X: Any) -> Array:
        """Predict class probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Rows to predict. A frame must have its columns in the order seen in training; where
            the student selects columns by name, those it selects suffice.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities in the order of `classes_`.

        Raises
        ------
        ValueError
            If the columns of a frame are in another order, or one that the student uses is
            missing, or X holds missing values that teacher and student do not both take.
        """
        X = self._read(X)
        adapter = adapter_called(self.adapter)
        by_leaf = adapter.answers_by_leaf(self.student, X)
        if by_leaf is not None:
            answers, leaves = by_leaf
            return self._probabilities(answers).take(leaves, axis=0)
        if self.refuse_nan:
            refuse_nan(X)
        return self._probabilities(adapter.answer(self.student, X, self.classes_))

    def _probabilities(self, answer: Array) -> Array:
        """Return what the student's answers mean."""
        proba = way_back(self.loss, len(self.classes_), self.temperature)(answer)
        return proba if self.calibration is None else calibrated(proba, **self.calibration)

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the most probable class.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        ndarray of shape (n_samples,)
            Class labels.
        """
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    def predict_log_proba(self, X: Any) -> Array:
        """Predict the logarithm of class probabilities, −inf where a probability is 0.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Log-probabilities in the order of `classes_`.
        """
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.predict_proba(X)))

    def compiled(self) -> Any:
        """Return a classifier of the same numbers that answers one row in microseconds.

        It checks rows as this does. Its C is compiled where there is a compiler; else one row is
        computed in Python and NumPy.

        Returns
        -------
        classifier
            With `predict_proba` and `predict`; its `route` is "c" or "python". It pickles, and is
            compiled again where it is loaded.

        Raises
        ------
        ValueError
            If a part of the student is none that can be exported.
        """
        # The room of files reads students, and comes after them.
        from ..export.compiled import CompiledClassifier

        return CompiledClassifier(self)


def _compare_versions(name: str, made_by: str) -> None:
    """Warn of another major version, which may read the fields in another way."""
    if made_by.partition(".")[0] != __version__.partition(".")[0]:
        warn(
            f"This {name} was made by skdistill {made_by}, and is loaded by "
            f"{__version__}, whose predictions may differ: load it with skdistill {made_by}, or "
            "fit its distiller again."
        )


def _first_step(estimator: Any) -> Any:
    """Return what rows meet first in a fitted student: itself, if it wraps no Pipeline."""
    for name in ("best_estimator_", "estimator_", "regressor_"):
        if hasattr(estimator, name):
            return _first_step(getattr(estimator, name))
    return _first_step(estimator.steps[0][1]) if isinstance(estimator, Pipeline) else estimator


def nan_is_new(teacher: Any, student: Any, X: Any) -> bool:
    """Whether missing values at prediction are something that only the student would take.

    The tag of a Pipeline or ColumnTransformer says no where the truth is yes, so training rows
    with missing values that both have learned from count for more.
    """
    if not get_tags(student).input_tags.allow_nan or not hasattr(teacher, "__sklearn_tags__"):
        return False
    return not get_tags(teacher).input_tags.allow_nan and holds_no_nan(X)


def refuse_nan(X: Any) -> None:
    """Raise if X holds NaN or infinite numbers; text columns hold none."""
    if hasattr(X, "select_dtypes"):
        X = X.select_dtypes("number").to_numpy(dtype=np.float64, na_value=np.nan)
    elif hasattr(X, "columns"):
        X = X.to_numpy()
    assert_all_finite(X, input_name="X")


def holds_no_nan(X: Any) -> bool:
    """Whether X holds finite numbers only."""
    try:
        refuse_nan(X)
    except ValueError:
        return False
    return True
