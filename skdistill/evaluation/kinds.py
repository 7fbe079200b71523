"""What comparison, curve and diagnosis must know of an outcome: how it is read, split and taught.

It is chosen once, by the teacher: a classifier teaches classes, a regressor numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import get_scorer
from sklearn.utils.validation import column_or_1d

from .. import corrections
from .._utils.estimators import is_regressor, predicts_proba
from .._utils.warn import quiet
from ..distillers import LossCorrectedDistillerCV, LossCorrectedDistillerRegressorCV
from ..distillers.faces import refuse_mixing, who_answers_no_mean
from ..outcomes import Classes, Numbers, read_classes
from ..rows import Rows
from ..sources import Source
from .measure.measurement import TestRows
from .measure.numbers import NumbersTestRows
from .measure.scores import neg_log_loss_floored
from .methods import (
    Method,
    Pupil,
    StudentOnNumbers,
    prepare_pupil,
    prepare_pupil_of_numbers,
    student_on_labels,
)
from .show.columns import OF_CLASSES, OF_NUMBERS, ScoreSheet

Array = NDArray[np.float64]

_SIBLING = "a classifier as teacher"


class ForClasses:
    """A classifier teaches, and probabilities are judged."""

    sheet: ClassVar[ScoreSheet] = OF_CLASSES
    scoring: ClassVar[str] = "accuracy"
    shipped: ClassVar[str] = "classifier_"
    resolve: ClassVar[Callable[..., Any]] = staticmethod(corrections.resolve)
    read: ClassVar[Callable[..., Any]] = staticmethod(read_classes)
    on_labels: ClassVar[Callable[..., Any]] = staticmethod(student_on_labels)
    score_on_labels: ClassVar[Callable[..., float]] = staticmethod(neg_log_loss_floored)

    def check_teacher(self, teacher: Any) -> None:
        """Refuse who cannot teach."""
        Classes.check_teacher(teacher)

    def check_judged(self, teacher: Any, students: Any, caller: str) -> None:
        """Let anybody be judged by probabilities."""

    def check_methods(self, teacher: Any, student: Any, methods: list[Method]) -> None:
        """Let anybody learn from labels and answers at once."""

    def stratify(self, rows: Rows) -> NDArray[Any] | None:
        """Return what held-out rows should hold in proportion."""
        return rows.y

    def check_labels(self, y_test: Any, rows: Rows) -> NDArray[Any]:
        """Return labels of test rows, if they are among those that are learned."""
        y_test = column_or_1d(y_test, warn=True)
        unknown = sorted(set(np.unique(y_test).tolist()) - set(rows.classes.tolist()), key=str)
        if unknown:
            raise ValueError(f"The test rows hold labels that no training row has: {unknown}.")
        return np.asarray(y_test)

    def judge(
        self, rows: Rows, X: Any, y: NDArray[Any], scorer: Any, truth: dict[str, Any], groups: Any
    ) -> TestRows:
        """Return test rows and how classifiers are judged on them; `truth` is what is known."""
        bayes_proba, classes = truth["bayes_proba"], rows.classes
        if truth["true_mean"] is not None:
            raise ValueError("true_mean is for numbers; true probabilities go to bayes_proba.")
        if bayes_proba is not None:
            bayes_proba = Classes(classes).check_given(bayes_proba, len(y), "bayes_proba")
        return TestRows(X, y, classes, scorer, bayes_proba, groups)

    def prepare(
        self, teacher: Any, student: Any, rows: Rows, loss: Any = "auto", source: Any = None
    ) -> Pupil:
        """Check teacher and student, and return what can be taught."""
        return prepare_pupil(teacher, student, rows.n_classes, loss, source)

    def search(self, teacher: Any, student: Any, loss: str, **params: Any) -> Any:
        """Return the distiller that searches."""
        return LossCorrectedDistillerCV(teacher, student, loss=loss, **params)


class ForNumbers:
    """A regressor teaches, and predictions of means are judged."""

    sheet: ClassVar[ScoreSheet] = OF_NUMBERS
    scoring: ClassVar[str] = "r2"
    shipped: ClassVar[str] = "regressor_"
    resolve: ClassVar[Callable[..., Any]] = staticmethod(corrections.resolve_for_numbers)
    on_labels: ClassVar[Callable[..., Any]] = StudentOnNumbers
    score_on_labels: ClassVar[Callable[..., float]] = get_scorer("neg_mean_squared_error")

    outcome: ClassVar[Numbers] = Numbers(sibling=_SIBLING)

    @property
    def read(self) -> Callable[..., Any]:
        """What reads numbers."""
        return self.outcome.read

    def check_teacher(self, teacher: Any) -> None:
        """Refuse who cannot teach."""
        self.outcome.check_teacher(teacher)

    def check_judged(self, teacher: Any, students: Any, caller: str) -> None:
        """Refuse members that answer no mean, where nothing but squared error judges them."""
        for student in students:
            found = who_answers_no_mean(teacher, student)
            if found is not None:
                raise ValueError(
                    f"{found} answers no mean, and {caller} judges by the squared error, which is "
                    "least for a mean: use distillation_curve, with the loss that is meant as "
                    "scoring, such as "
                    "make_scorer(mean_pinball_loss, alpha=0.9, greater_is_better=False)."
                )

    def check_methods(self, teacher: Any, student: Any, methods: list[Method]) -> None:
        """Refuse to mix labels, which have a mean, with what answers another thing."""
        mixing = [m.strategy for m in methods if m.strategy and m.strategy.needs_answers]
        refuse_mixing(teacher, student, mixing)

    def stratify(self, rows: Rows) -> NDArray[Any] | None:
        """Return that any rows may be held out."""
        return None

    def check_labels(self, y_test: Any, rows: Rows) -> NDArray[Any]:
        """Return numbers of test rows, if they are finite and differ."""
        try:
            with quiet("y holds"):  # which was said of the training rows
                return np.asarray(self.outcome.read(y_test)[0])
        except ValueError as error:
            raise ValueError(f"The numbers of test rows cannot be used: {error}") from error

    def judge(
        self, rows: Rows, X: Any, y: NDArray[Any], scorer: Any, truth: dict[str, Any], groups: Any
    ) -> NumbersTestRows:
        """Return test rows and how regressors are judged on them; `truth` is what is known."""
        true_mean = truth["true_mean"]
        if truth["bayes_proba"] is not None:
            raise ValueError("bayes_proba is for classes; the true mean of numbers is true_mean.")
        if true_mean is not None:
            true_mean = self.outcome.check_given(true_mean, len(y), "true_mean")[:, 0]
        return NumbersTestRows(X, y, scorer, true_mean, groups)

    def prepare(
        self,
        teacher: Any,
        student: Any,
        rows: Rows,
        loss: Any = "auto",
        source: Source | None = None,
    ) -> Pupil:
        """Check teacher and student, and return what can be taught."""
        if not isinstance(loss, str) or loss != "auto":
            raise ValueError(
                "loss says how probabilities are learned; of numbers each student minimises its "
                f"own loss: leave it at 'auto', found {loss!r}."
            )
        self.check_teacher(teacher)
        return prepare_pupil_of_numbers(teacher, student, rows, self.outcome, source)

    def search(self, teacher: Any, student: Any, loss: str, **params: Any) -> Any:
        """Return the distiller that searches."""
        return LossCorrectedDistillerRegressorCV(teacher, student, **params)


Kind = ForClasses | ForNumbers
FOR_CLASSES, FOR_NUMBERS = ForClasses(), ForNumbers()


def kind_of(teacher: Any) -> Kind:
    """Return what a teacher teaches: numbers, if it is a regressor, and classes otherwise.

    >>> from sklearn.linear_model import Ridge
    >>> kind_of(Ridge()) is FOR_NUMBERS, kind_of(None) is FOR_CLASSES
    (True, True)
    """
    if isinstance(teacher, type) or not hasattr(teacher, "fit") or predicts_proba(teacher):
        return FOR_CLASSES
    has_tags = hasattr(teacher, "__sklearn_tags__") or hasattr(teacher, "_estimator_type")
    return FOR_NUMBERS if has_tags and is_regressor(teacher) else FOR_CLASSES
