"""A student that answers one row in microseconds."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import get_tags

from .c import CompiledCode, find_compiler, write_c
from .one_row import OneRow
from .program import Program
from .reading import read_program
from .values import values_of

Array = NDArray[np.float64]


class CompiledClassifier(ClassifierMixin, BaseEstimator):
    """A distilled classifier without scikit-learn in the way, with the same numbers.

    `DistilledClassifier.compiled` makes it. Its C is compiled where there is a compiler; else one
    row is computed in plain Python, and several by the classifier itself. `route` says which, "c"
    or "python". It checks the width and the values of rows as the classifier does.
    """

    def __init__(self, classifier: Any) -> None:
        self.classifier = classifier
        self._start(read_program(classifier), find_compiler() is not None)

    def _start(self, program: Program, compiles: bool) -> None:
        self._program, self._width = program, len(program.columns)
        self._n_classes = len(program.classes)
        self._reads_numbers = all(column.is_number for column in program.columns)
        self._code = CompiledCode(write_c(program, "student")) if compiles else None
        self._one_row = None if compiles else OneRow(program)

    @property
    def route(self) -> str:
        """The way that it took."""
        return "python" if self._code is None else "c"

    @property
    def classes_(self) -> NDArray[Any]:
        """Class labels."""
        return self.classifier.classes_

    @property
    def n_features_in_(self) -> int:
        """Number of columns."""
        return self._width

    def fit(self, X: Any = None, y: Any = None) -> Self:
        """Do nothing: the student is fitted."""
        return self

    def predict_proba(self, X: Any) -> Array:
        """Predict class probabilities, of shape (n_samples, n_classes)."""
        values = self._values(X)
        if values is not None and len(values):
            if self._code is not None:
                proba = np.empty((len(values), self._n_classes))
                if not self._code.call(values, proba):
                    return proba
            elif len(values) == 1 and self._one_row is not None:
                answer = self._one_row(values[0].tolist())
                if answer is not None:
                    return np.array([answer])
        # Which says what is wrong, or answers.
        return self.classifier.predict_proba(X)

    def _values(self, X: Any) -> Array | None:
        """Return rows as contiguous numbers, None for those that are not told by numbers alone."""
        if self._reads_numbers and isinstance(X, np.ndarray | list | tuple):
            try:
                values = np.ascontiguousarray(X, dtype=np.float64)
            except (ValueError, TypeError):
                return None
            return values if values.ndim == 2 and values.shape[1] == self._width else None
        if hasattr(X, "columns"):
            # Their names are looked at.
            self.classifier._check_columns(X)
        try:
            return np.ascontiguousarray(values_of(self._program, X))
        except (ValueError, TypeError):
            return None

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the most probable class."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    def __reduce__(self) -> Any:
        # Compiled code stays here; it is made again where it is loaded.
        return type(self), (self.classifier,)

    def __sklearn_clone__(self) -> Self:
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.classifier).input_tags
        return tags
