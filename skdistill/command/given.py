"""A teacher whose probabilities were made elsewhere, and are read from a file."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.frozen import FrozenEstimator

from ..outcomes import Classes
from .reading import How, file_name, read
from .tables import Table
from .terminal import BadInputError, listed, reason


class GivenTeacher(ClassifierMixin, BaseEstimator):
    """Answers about rows by their names, which the index of a frame holds."""

    def __init__(self, proba: Any, classes: NDArray[Any]) -> None:
        self.proba = proba
        self.classes = classes

    @property
    def classes_(self) -> NDArray[Any]:
        """Class labels."""
        return self.classes

    def fit(self, X: Any, y: Any = None) -> Self:
        """Do nothing: everything was said."""
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return what was said about rows."""
        return self.proba.loc[X.index].to_numpy()

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class."""
        return np.asarray(self.classes[self.predict_proba(X).argmax(axis=1)])

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def given_teacher(path: str, table: Table, how: How) -> Any:
    """Read probabilities about the rows of a table; those must have kept their names."""
    import pandas as pd

    proba = read(path, how._replace(na=False)).frame
    name = file_name(path)
    if len(proba) != table.n_read:
        raise BadInputError(
            f"{name} must have a row for each of the table's {table.n_read:,}, found "
            f"{len(proba):,}."
        )
    y = np.concatenate([table.y_train, table.y_test])
    classes = np.unique(y)
    missing = [label for label in classes.tolist() if str(label) not in proba.columns]
    if missing:
        raise BadInputError(
            f"{name} must have a column for each class, under its name; there is none for "
            f"{listed(missing)}."
        )
    index = table.X_train.index.append(table.X_test.index)
    proba = proba[[str(label) for label in classes.tolist()]].loc[index]
    try:
        checked = Classes(classes).check_given(proba.to_numpy(), len(proba), name)
    except ValueError as error:
        raise BadInputError(reason(error)) from None
    return FrozenEstimator(GivenTeacher(pd.DataFrame(checked, index=index), classes))
