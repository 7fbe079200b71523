"""The two faces of a distiller: what `fit` takes and what is predicted, of classes and numbers."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin, RegressorMixin

from .._utils.compat import with_callbacks
from .._utils.estimators import is_frozen
from .._utils.means import answers_no_mean
from ..outcomes import Classes, Numbers, Outcome, read_classes
from ..rows import Rows
from ..sources import Answers, known_classes
from ..students import Student, prepare_regressor, prepare_student
from ..students.objectives import check_range
from ..targets import Strategy
from .base import BaseDistiller

Array = NDArray[np.float64]


class ClassDistiller(ClassifierMixin, BaseDistiller):
    """A distiller of classes."""

    _shipped = "classifier_"

    @with_callbacks
    def fit(
        self,
        X: Any,
        y: ArrayLike | None = None,
        *,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        teacher_proba: ArrayLike | None = None,
        X_transfer: Any = None,
        **fit_params: Any,
    ) -> Self:
        """Ask the teacher, and fit the student to what it says.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Training rows. Frames, arrays and sparse matrices reach teacher and student as they
            are.
        y : array-like of shape (n_samples,), default=None
            Class labels of any type. None where nothing needs them: :class:`Distiller` asks a
            frozen teacher, or `teacher_proba` is given, and there is no correction and no search.
            The classes are the teacher's then, or the names of the columns of `teacher_proba`, or
            their numbers.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights of the rows, for teacher and student. A weight of 0 is as if the
            row were left out, and 2 as if it stood there twice, if both members treat weights so.
            Not exactly where rows are drawn or counted: an int as `cv`, bags, the learned
            correction.
        groups : array-like of shape (n_samples,), default=None
            Group of each row, for the splitter. No teacher may have seen the siblings of a row
            that it answers about: folds that tear a group apart are refused, and so is a bag.
        teacher_proba : array-like of shape (n_samples, n_classes), default=None
            Probabilities made elsewhere, columns in the order of `classes_`; no teacher is
            fitted then, and `teacher` may be None. They should be out-of-fold or out-of-bag;
            a warning is given if they look like those of a teacher that saw the labels.
            Out-of-fold probabilities made beforehand must not be used to tune `correction`,
            `c` or the student, because the teachers that gave them saw the validation labels
            of the search.
        X_transfer : {array-like, sparse matrix, frame} of shape (n_rows, n_features), default=None
            Further rows, without labels, with the columns of X, that the student learns from
            besides: the mean of what the teachers (and the learned correction) say about them.
            Where it has as many rows as X, a search of scikit-learn's around the distiller cuts it
            as it cuts X: the result is valid, but learns from fewer of these rows.
        **fit_params : dict
            With metadata routing: what teacher, student and splitter request.

        Returns
        -------
        self
            The fitted distiller itself.

        Raises
        ------
        ValueError
            If a parameter or the data cannot be used; no teacher has been fitted then.
        ValueError, TypeError or RuntimeError
            If teacher or student fails: of the cause's kind where that is one of the first two. It
            names the fold, and keeps the cause.
        """
        return self._fit_to(X, y, sample_weight, groups, teacher_proba, X_transfer, fit_params)

    def _known(self, given: Any) -> Outcome | None:
        classes = known_classes(self.teacher, given)
        return None if classes is None else Classes(classes)

    def _read(self, y: Any) -> tuple[NDArray[Any], Outcome, NDArray[np.intp]]:
        return read_classes(y)

    def _prepare(self, rows: Rows, shrinkage: Any) -> Student:
        return prepare_student(
            self.student,
            rows.n_classes,
            loss=self.loss,
            temperature=self.temperature,
            proba_floor=self.proba_floor,
            shrinkage=shrinkage,
            transfer_weight=self.transfer_weight,
        )

    def _says_of(self, rows: Rows) -> dict[str, Any]:
        return {"classes_": rows.classes}

    def _keeps_of(self, answers: Answers) -> dict[str, Any]:
        return {"teacher_proba_": answers.out} if self.store_teacher_proba else {}

    def predict_proba(self, X: Any) -> Array:
        """Predict class probabilities, at the cost of the student.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Rows to predict. A frame must have its columns in the order seen in `fit`; where the
            student selects columns by name, those it selects suffice.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities in the order of `classes_`.
        """
        proba: Array = self._fitted().predict_proba(X)
        return proba

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
        logs: Array = self._fitted().predict_log_proba(X)
        return logs

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
        labels: NDArray[Any] = self._fitted().predict(X)
        return labels

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = all(
            member.classifier_tags.multi_class
            for member in self._members_tags()
            if member.classifier_tags
        )
        return tags


class NumberDistiller(RegressorMixin, BaseDistiller):
    """A distiller of numbers."""

    _shipped = "regressor_"

    @with_callbacks
    def fit(
        self,
        X: Any,
        y: ArrayLike | None = None,
        *,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        teacher_prediction: ArrayLike | None = None,
        X_transfer: Any = None,
        **fit_params: Any,
    ) -> Self:
        """Ask the teacher, and fit the student to what it says.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Training rows. Frames, arrays and sparse matrices reach teacher and student as they
            are.
        y : array-like of shape (n_samples,), default=None
            Numbers. None where nothing needs them: :class:`DistillerRegressor` asks a frozen
            teacher, or `teacher_prediction` is given, and there is no correction and no search.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights of the rows, for teacher and student. A weight of 0 is as if the
            row were left out, and 2 as if it stood there twice, if both members treat weights so.
            Not exactly where rows are drawn or counted: an int as `cv`, bags, the learned
            correction.
        groups : array-like of shape (n_samples,), default=None
            Group of each row, for the splitter. No teacher may have seen the siblings of a row
            that it answers about: folds that tear a group apart are refused, and so is a bag.
        teacher_prediction : array-like of shape (n_samples,), default=None
            Predictions made elsewhere; no teacher is fitted then, and `teacher` may be None. They
            should be out-of-fold or out-of-bag; a warning is given if they look like those of a
            teacher that saw these very numbers. Out-of-fold predictions made beforehand must not
            be used to tune `correction`, `c` or the student, because the teachers that gave them
            saw the validation numbers of the search.
        X_transfer : {array-like, sparse matrix, frame} of shape (n_rows, n_features), default=None
            Further rows, without labels, with the columns of X, that the student learns from
            besides: the mean of what the teachers (and the learned correction) say about them.
            Where it has as many rows as X, a search of scikit-learn's around the distiller cuts it
            as it cuts X: the result is valid, but learns from fewer of these rows.
        **fit_params : dict
            With metadata routing: what teacher, student and splitter request.

        Returns
        -------
        self
            The fitted distiller itself.

        Raises
        ------
        ValueError
            If a parameter or the data cannot be used; no teacher has been fitted then.
        ValueError, TypeError or RuntimeError
            If teacher or student fails: of the cause's kind where that is one of the first two. It
            names the fold, and keeps the cause.
        """
        return self._fit_to(X, y, sample_weight, groups, teacher_prediction, X_transfer, fit_params)

    @property
    def _outcome(self) -> Numbers:
        return Numbers(sibling=type(self).__name__.replace("Regressor", ""))

    def _known(self, given: Any) -> Outcome | None:
        return None if given is None and not is_frozen(self.teacher) else self._outcome

    def _read(self, y: Any) -> tuple[NDArray[Any], Outcome, NDArray[np.intp]]:
        return self._outcome.read(y)

    def _prepare(self, rows: Rows, shrinkage: Any) -> Student:
        return prepare_regressor(
            self.student, self._outcome, shrinkage=shrinkage, transfer_weight=self.transfer_weight
        )

    def _keeps_of(self, answers: Answers) -> dict[str, Any]:
        return {"teacher_prediction_": answers.out[:, 0]} if self.store_teacher_prediction else {}

    def _check_members(self, rows: Rows, strategies: list[Strategy], *, given: bool) -> None:
        """Refuse to mix labels, which have a mean, with what answers another thing."""
        if rows.has_labels:
            learns_y = not all(strategy.needs_answers for strategy in strategies)
            check_range(self.student, rows.y, "y", zero_passes=not learns_y)
        refuse_mixing(self.teacher, self.student, strategies, given=given)

    def predict(self, X: Any) -> Array:
        """Predict numbers, at the cost of the student.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Rows to predict. A frame must have its columns in the order seen in `fit`; where the
            student selects columns by name, those it selects suffice.

        Returns
        -------
        ndarray of shape (n_samples,)
            Predictions.
        """
        prediction: Array = self._fitted().predict(X)
        return prediction


def refuse_mixing(
    teacher: Any, student: Any, strategies: list[Strategy], *, given: bool = False
) -> None:
    """Refuse to mix labels, which have a mean, with what answers another thing."""
    mixes = next((strategy for strategy in strategies if strategy.needs_labels), None)
    found = who_answers_no_mean(teacher, student, given=given)
    if mixes is not None and found is not None:
        use = "the correction" if mixes.name is None else f"the candidate {mixes.name!r}"
        raise ValueError(
            f"{found} answers no mean, and {use} moves what is learned towards the mean of y: "
            "use DistillerRegressor or CrossFitDistillerRegressor, which teach what the "
            "teacher answers, or members of a loss whose answer is a mean."
        )


def who_answers_no_mean(teacher: Any, student: Any, *, given: bool = False) -> str | None:
    """Return which member answers no mean, and by what."""
    for role, member in (("teacher", teacher), ("student", student)):
        found = None if given and role == "teacher" else answers_no_mean(member)
        if found is not None:
            return f"The {role} {found}"
    return None
