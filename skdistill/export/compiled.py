"""A student that answers one row in microseconds."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import get_tags

from .c import CompiledCode, find_compiler, write_c
from .one_row import OneRow
from .program import Program
from .reading import Distilled, read_program
from .values import values_of

Array = NDArray[np.float64]

# Numbers that doubles know to the bit: others may be complex, or longer.
_DOUBLES = (np.float64, np.float32, np.float16)
# Up to here doubles know all whole numbers. Larger ones would be rounded here, and once more by
# trees that compare in 32 bits, where scikit-learn rounds to these at once.
_WHOLE = 2.0**53


class _Compiled(BaseEstimator):
    """What ships, without scikit-learn in the way, with the same numbers.

    Its `compiled` makes it. The C is compiled where there is a compiler; else one row is computed
    in plain Python, and several by what ships itself. `route` says which, "c" or "python". It
    checks the width and the values of rows as that does.
    """

    def __init__(self, shipped: Distilled) -> None:
        self.shipped = shipped
        self._start(read_program(shipped), find_compiler() is not None)

    def _start(self, program: Program, compiles: bool) -> None:
        self._program, self._width = program, len(program.columns)
        self._n_answers = program.kind.n_columns
        self._reads_numbers = all(column.is_number for column in program.columns)
        self._code = CompiledCode(write_c(program, "student")) if compiles else None
        self._one_row = None if compiles else OneRow(program)

    @property
    def route(self) -> str:
        """The way that it took."""
        return "python" if self._code is None else "c"

    @property
    def n_features_in_(self) -> int:
        """Number of columns."""
        return self._width

    def fit(self, X: Any = None, y: Any = None) -> Self:
        """Do nothing: the student is fitted."""
        return self

    def _answer(self, X: Any) -> Array:
        """Return what is said about rows, in the columns of its kind."""
        values = self._values(X)
        if values is not None and len(values):
            if self._code is not None:
                answer = np.empty((len(values), self._n_answers))
                if not self._code.call(values, answer):
                    return answer
            elif len(values) == 1 and self._one_row is not None:
                found = self._one_row(values[0].tolist())
                if found is not None:
                    return np.array([found])
        # Which says what is wrong, or answers.
        return self._program.kind.ask(self.shipped, X)

    def _values(self, X: Any) -> Array | None:
        """Return rows as contiguous doubles, None for those that doubles alone do not tell."""
        # A frame's would be a column that is called so.
        dtype = None if hasattr(X, "columns") else getattr(X, "dtype", None)
        if dtype in _DOUBLES:
            return self._doubles(X)
        if getattr(dtype, "kind", "") in ("c", "f"):
            return None
        values = self._doubles(X)
        return None if values is None or (np.abs(values) > _WHOLE).any() else values

    def _doubles(self, X: Any) -> Array | None:
        """Return rows as contiguous doubles, None where that cannot be."""
        if self._reads_numbers and isinstance(X, np.ndarray | list | tuple):
            try:
                values = np.ascontiguousarray(X, dtype=np.float64)
            except (ValueError, TypeError):
                return None
            return values if values.ndim == 2 and values.shape[1] == self._width else None
        if hasattr(X, "columns"):
            # Their names are looked at.
            self.shipped._check_columns(X)
        try:
            return np.ascontiguousarray(values_of(self._program, X))
        except (ValueError, TypeError):
            return None

    def __reduce__(self) -> Any:
        # Compiled code stays here; it is made again where it is loaded.
        return type(self), (self.shipped,)

    def __sklearn_clone__(self) -> Self:
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.shipped).input_tags
        return tags


class CompiledClassifier(ClassifierMixin, _Compiled):
    """A compiled `DistilledClassifier`."""

    @property
    def classes_(self) -> NDArray[Any]:
        """Class labels."""
        return np.asarray(self.shipped.classes_)

    def predict_proba(self, X: Any) -> Array:
        """Predict class probabilities, of shape (n_samples, n_classes)."""
        return self._answer(X)

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the most probable class."""
        return np.asarray(self.classes_[self._answer(X).argmax(axis=1)])


class CompiledRegressor(RegressorMixin, _Compiled):
    """A compiled `DistilledRegressor`."""

    def predict(self, X: Any) -> Array:
        """Predict numbers."""
        return self._answer(X)[:, 0]
