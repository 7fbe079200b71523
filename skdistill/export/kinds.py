"""What is answered, probabilities of classes or a number: what differs between the two in words.

A program holds one of these; who reads a model chooses it, and who writes a file asks it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .._utils.names import printable

Array = NDArray[np.float64]
Labels = NDArray[Any]

# With more classes than these only the most probable one is printed.
_MOST_CLASSES = 5
# So many digits of what numbers differ by are printed.
_DIGITS = 4


@dataclass(frozen=True, eq=False)
class OfClasses:
    """A probability of each class, in a column each, and the label of the most probable one."""

    classes: Labels

    #: The method that answers, what its function in C writes to, and what one column holds.
    method: ClassVar[str] = "predict_proba"
    written_to: ClassVar[str] = "proba"
    one: ClassVar[str] = "probability"

    @property
    def labels(self) -> list[Any]:
        """The classes, in the order of the columns."""
        return list(self.classes.tolist())

    @property
    def n_columns(self) -> int:
        """Number of classes."""
        return len(self.classes)

    @property
    def columns(self) -> list[str]:
        """What the columns are called in a file, in which nothing else may be called so."""
        return [f"probability_{k}" for k in range(self.n_columns)]

    def ask(self, model: Any, X: Any) -> Array:
        """Ask a model about rows."""
        return np.asarray(model.predict_proba(X))

    # How answers are compared.

    def usual_size(self, expected: Array) -> float:
        """Return by which size a difference counts."""
        return 1.0

    def count_others(
        self, expected: Array, found: Array, labels: Labels | None, tolerance: float
    ) -> int:
        """Return how many rows get a class that is less probable, by more than rounding.

        None stands for the labels of the most probable classes.
        """
        chosen = found.argmax(axis=1) if labels is None else self._places(labels)
        short_of = expected.max(axis=1) - expected[np.arange(len(expected)), chosen]
        return int(((chosen < 0) | (short_of > tolerance)).sum())

    def told_of_others(self, n_others: int) -> str:
        """Say so, before what else is wrong."""
        return f"{n_others} get another class, and "

    def _places(self, labels: Labels) -> NDArray[np.intp]:
        """Return the place of each label among the classes, -1 for one that is none of them."""
        place = {label: k for k, label in enumerate(self.classes.tolist())}
        return np.array([place.get(label, -1) for label in labels.tolist()], dtype=np.intp)

    # How answers are printed.

    def heads(self) -> list[str]:
        """Return the titles of what is printed of an answer."""
        if self.n_columns > _MOST_CLASSES:
            return ["class", "probability"]
        return [f"P({printable(label)})" for label in self._shown(self.classes)]

    def cells(self, answers: Array) -> list[list[str]]:
        """Return what is printed of each answer."""
        if self.n_columns > _MOST_CLASSES:
            labels = self.classes[answers.argmax(axis=1)].tolist()
            most = answers.max(axis=1).tolist()
            return [[printable(label), f"{p:.3f}"] for label, p in zip(labels, most, strict=True)]
        return [[f"{p:.3f}" for p in self._shown(answer)] for answer in answers.tolist()]

    def _shown(self, of_classes: Any) -> Any:
        """Return what is told of classes: of two the second says all."""
        return of_classes[1:] if self.n_columns == 2 else of_classes


@dataclass(frozen=True, eq=False)
class OfNumbers:
    """A number, in one column."""

    method: ClassVar[str] = "predict"
    written_to: ClassVar[str] = "prediction"
    one: ClassVar[str] = "prediction"
    n_columns: ClassVar[int] = 1
    #: There is none to choose.
    classes: ClassVar[Labels] = np.empty(0)
    labels: ClassVar[list[Any]] = []

    @property
    def columns(self) -> list[str]:
        """What the column is called in a file."""
        return ["prediction"]

    def ask(self, model: Any, X: Any) -> Array:
        """Ask a model about rows."""
        return np.asarray(model.predict(X), dtype=np.float64).reshape(-1, 1)

    def usual_size(self, expected: Array) -> float:
        """Return the mean size of numbers, from which on a difference counts as a share of them.

        Prices in millions and doses in millionths are right to as many digits.
        """
        size = np.abs(expected[np.isfinite(expected)])
        return float(size.mean()) if size.any() else 1.0

    def count_others(
        self, expected: Array, found: Array, labels: Labels | None, tolerance: float
    ) -> int:
        """Return 0: there are no classes."""
        return 0

    def told_of_others(self, n_others: int) -> str:
        """Say nothing."""
        return ""

    def heads(self) -> list[str]:
        """Return the title of a number."""
        return ["prediction"]

    def cells(self, answers: Array) -> list[list[str]]:
        """Return numbers to as many places as tell them apart."""
        largest = float(np.abs(answers).max(initial=0.0))
        # What rounding alone tells apart is the same.
        spread = max(float(np.ptp(answers)) or largest, 1e-9 * largest) or 1.0
        places = max(0, _DIGITS - 1 - int(np.floor(np.log10(spread))))
        return [[f"{number:,.{places}f}"] for number in answers[:, 0].tolist()]


Kind = OfClasses | OfNumbers
