"""A teacher whose answers were made elsewhere, and are read from a file."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.frozen import FrozenEstimator

from ..outcomes import Classes, Numbers
from .reading import How, file_name, read
from .tables import Table
from .target import Task
from .terminal import BadInputError, listed, reason


class _Given(BaseEstimator):
    """Answers about rows by their names, which the index of a frame holds."""

    def fit(self, X: Any, y: Any = None) -> Self:
        """Do nothing: everything was said."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class GivenNumbers(RegressorMixin, _Given):
    """A teacher of numbers."""

    def __init__(self, prediction: Any) -> None:
        self.prediction = prediction

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return what was said about rows."""
        return np.asarray(self.prediction.loc[X.index].to_numpy())


class GivenTeacher(ClassifierMixin, _Given):
    """A teacher of classes."""

    def __init__(self, proba: Any, classes: NDArray[Any]) -> None:
        self.proba = proba
        self.classes = classes

    @property
    def classes_(self) -> NDArray[Any]:
        """Class labels."""
        return self.classes

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return what was said about rows."""
        return self.proba.loc[X.index].to_numpy()

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class."""
        return np.asarray(self.classes[self.predict_proba(X).argmax(axis=1)])


def given_teacher(path: str, table: Table, how: How) -> Any:
    """Read answers about the rows of a table; those must have kept their names."""
    answers = read(path, how._replace(na=False)).frame
    name = file_name(path)
    if len(answers) != table.n_read:
        raise BadInputError(
            f"{name} must have a row for each of the table's {table.n_read:,}, found "
            f"{len(answers):,}."
        )
    made = _numbers if table.task is Task.NUMBERS else _classes
    try:
        return FrozenEstimator(made(answers, table, name))
    except ValueError as error:
        raise BadInputError(reason(error)) from None


def _numbers(answers: Any, table: Table, name: str) -> GivenNumbers:
    """Return a teacher of the only column."""
    import pandas as pd

    if answers.shape[1] != 1:
        raise BadInputError(
            f"{name} must have one column, of predictions, found {listed(answers.columns)}."
        )
    index = table.X_train.index.append(table.X_test.index)
    checked = Numbers().check_given(answers.loc[index].to_numpy(), len(index), name)
    return GivenNumbers(pd.Series(checked[:, 0], index=index))


def _classes(proba: Any, table: Table, name: str) -> GivenTeacher:
    """Return a teacher of the columns of classes."""
    import pandas as pd

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
    checked = Classes(classes).check_given(proba.to_numpy(), len(proba), name)
    return GivenTeacher(pd.DataFrame(checked, index=index), classes)
