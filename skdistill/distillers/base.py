"""What all distillers share: validation, routing, tags and prediction."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import (
    UNUSED,
    MetadataRouter,
    MethodMapping,
    process_routing,
)

from .._utils.compat import CallbackSupportMixin, n_rows, routing_enabled, with_callbacks
from .._utils.memory import fingerprint, open_memory, reuse
from .._utils.estimators import holds_fitted, is_frozen
from .._utils.progress import Progress
from .._utils.validation import (
    check_label_weights_routed,
    check_labels,
    check_loss,
    check_proba_floor,
    check_rows,
    check_student,
    check_teacher,
    check_teacher_proba,
    check_temperature,
    check_weights,
    check_weights_taken,
    refuse_extra_params,
)
from ..students.calibration import Calibration
from ..targets.losses import Correction, Loss, make_loss
from ..sources.overfit import warn_if_in_sample
from ..students import DistilledClassifier, fit_student
from ..students.adapters import check_one_by_one, check_student_weights
from ..students.distilled import holds_no_nan
from ..sources.folds import Source, Splits, ask, in_sample

Array = NDArray[np.float64]


class Rows(NamedTuple):
    """What `fit` was given, validated."""

    X: Any
    y: NDArray[Any]
    classes: NDArray[Any]
    codes: NDArray[np.intp]
    sample_weight: Array | None
    groups: Any


class Routed(NamedTuple):
    """Parameters for the teacher's fit, the student's fit and the splitter's split."""

    teacher: dict[str, Any]
    student: dict[str, Any]
    splitter: dict[str, Any]


class BaseDistiller(CallbackSupportMixin, ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """Validation, routing, tags and prediction of all distillers."""

    # What fit takes but only hands on; asking for it is the members' business.
    __metadata_request__fit = {"sample_weight": UNUSED, "groups": UNUSED}  # noqa: RUF012

    # Teachers and student; more in a subclass. Callbacks want to know.
    _n_steps = 2

    @with_callbacks
    def fit(
        self,
        X: Any,
        y: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        teacher_proba: ArrayLike | None = None,
        **fit_params: Any,
    ) -> Self:
        """Ask the teacher, and fit the student to what it says.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Training rows. Frames, arrays and sparse matrices reach teacher and student as they
            are.
        y : array-like of shape (n_samples,)
            Class labels of any type.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights of the rows, for teacher and student.
        groups : array-like of shape (n_samples,), default=None
            Group of each row, for the splitter.
        teacher_proba : array-like of shape (n_samples, n_classes), default=None
            Probabilities made elsewhere, columns in the order of `classes_`; no teacher is
            fitted then, and `teacher` may be None. They should be out-of-fold or out-of-bag;
            a warning is given if they look like those of a teacher that saw the labels.
            Out-of-fold probabilities made beforehand must not be used to tune `correction`,
            `c` or the student, because the teachers that gave them saw the validation labels
            of the search.
        **fit_params : dict
            With metadata routing: what teacher, student and splitter request.

        Returns
        -------
        self
            The fitted distiller itself.

        Raises
        ------
        ValueError
            If a parameter or the data cannot be used; nothing has been fitted then. If the
            teacher fails in a fold, with the fold's name and the cause.
        """
        rows = self._check_data(X, y, sample_weight, groups)
        loss = self._check_parameters(rows, given=teacher_proba is not None)
        routed = self._route(rows, fit_params, given=teacher_proba is not None)
        with Progress.of_fit(self, self._n_steps) as progress:
            self._fit(rows, loss, routed, teacher_proba, progress)
        return self

    def _fit(
        self, rows: Rows, loss: Loss, routed: Routed, teacher_proba: Any, progress: Progress
    ) -> None:
        """Walk from rows to student; all that could be wrong has been checked."""
        correction = self._correction()
        proba, teachers, splits = self._teacher_proba(rows, routed, teacher_proba, progress)
        better = self._better_proba(rows, proba, splits, progress)
        target = loss.target(better, np.eye(len(rows.classes))[rows.codes], correction)
        self._teach(rows, loss, routed, target, progress)
        self._store("teachers_", teachers if self.store_teachers and teachers else None)
        self._store("teacher_proba_", proba if self.store_teacher_proba else None)

    def _teach(
        self,
        rows: Rows,
        loss: Loss,
        routed: Routed,
        target: Array,
        progress: Progress,
        calibration: Calibration | None = None,
    ) -> None:
        with progress.part("student"):
            self.student_ = fit_student(self.student, rows.X, target, rows.classes, routed.student)
        self.classes_ = rows.classes
        self.classifier_ = self._classifier(rows, loss, calibration)

    # ---- validation --------------------------------------------------------------------------

    def _check_data(self, X: Any, y: Any, sample_weight: Any, groups: Any) -> Rows:
        X = check_rows(self, X, y)
        labels, classes, codes = check_labels(y)
        weights = check_weights(sample_weight, n_rows(X))
        return Rows(X, labels, classes, codes, weights, groups)

    def _check_parameters(self, rows: Rows, *, given: bool) -> Loss:
        if not given:
            check_teacher(self.teacher)
        check_student(self.student)
        open_memory(self.memory)
        name = check_loss(self.loss, self.student)
        n_classes = len(rows.classes)
        check_label_weights_routed(self.student)
        check_one_by_one(self.student, n_classes)
        return make_loss(
            name,
            n_classes,
            temperature=check_temperature(self.temperature, name),
            proba_floor=check_proba_floor(self.proba_floor, n_classes, name),
        )

    def _store(self, name: str, value: Any) -> None:
        """Set a fitted attribute, or let none of an earlier fit survive."""
        self.__dict__.pop(name, None)
        if value is not None:
            setattr(self, name, value)

    # ---- what subclasses decide ---------------------------------------------------------------

    def _correction(self) -> Correction | None:
        return None

    def _better_proba(
        self, rows: Rows, proba: Array, splits: Splits | None, progress: Progress
    ) -> Array:
        """Return the probabilities that targets are made of."""
        return proba

    def _splitter(self) -> Any:
        """Return what splits rows in folds, None without folds."""
        return None

    def _source(self, rows: Rows, routed: Routed) -> Source:
        """Return which teacher answers about a row."""
        return "in_sample"

    def _random_state(self) -> Any:
        return getattr(self, "random_state", None)

    def _teacher_proba(
        self, rows: Rows, routed: Routed, teacher_proba: Any, progress: Progress
    ) -> tuple[Array, list[Any], Splits | None]:
        """Return probabilities, teachers that are to be kept, and the teachers' folds."""
        if teacher_proba is not None:
            proba = check_teacher_proba(teacher_proba, len(rows.y), rows.classes)
            warn_if_in_sample(rows.X, rows.codes, proba)
            return proba, [], None
        if is_frozen(self.teacher):
            proba, teachers = in_sample(self.teacher, rows.X, rows.y, rows.classes, {})
            warn_if_in_sample(rows.X, rows.codes, proba)
            return proba, teachers, None
        source = self._source(rows, routed)
        ask_now = partial(
            ask,
            self.teacher,
            rows.X,
            rows.y,
            rows.classes,
            routed.teacher,
            source,
            n_jobs=getattr(self, "n_jobs", None),
            random_state=self._random_state(),
            keep_teachers=self.store_teachers,
            progress=progress,
        )
        splits = source if isinstance(source, list) else None
        if self.store_teachers:
            proba, teachers = ask_now()
        else:
            seed = self._random_state() if source == "oob" else None
            proba, teachers = self._remember(rows, routed, (source, seed), lambda: ask_now()[0]), []
        if splits is not None and holds_fitted(self.teacher):
            warn_if_in_sample(rows.X, rows.codes, proba)
        return proba, teachers, splits

    def _remember(self, rows: Rows, routed: Routed, how: Any, compute: Callable[[], Any]) -> Any:
        """Ask teachers, or find in `memory` what they answered before."""
        if self.memory is None:
            return compute()
        labels = (rows.classes.tolist(), rows.codes)
        key = fingerprint(self.teacher, rows.X, labels, routed.teacher, how)
        return reuse(open_memory(self.memory), key, compute)

    # ---- metadata routing ---------------------------------------------------------------------

    def _route(self, rows: Rows, fit_params: dict[str, Any], *, given: bool) -> Routed:
        metadata = {"sample_weight": rows.sample_weight, "groups": rows.groups}
        metadata = {key: value for key, value in metadata.items() if value is not None}
        if not routing_enabled():
            refuse_extra_params(self, fit_params)
            return self._route_by_hand(metadata, len(rows.classes), given=given)
        routed = process_routing(self, "fit", **metadata, **fit_params)
        return Routed(
            *(
                dict(routed.get(member, {}).get(method, {}))
                for member, method in (
                    ("teacher", "fit"),
                    ("student", "fit"),
                    ("splitter", "split"),
                )
            )
        )

    def _route_by_hand(self, metadata: dict[str, Any], n_classes: int, *, given: bool) -> Routed:
        groups = {key: metadata[key] for key in metadata if key == "groups"}
        weights = {key: metadata[key] for key in metadata if key == "sample_weight"}
        if groups and (given or not hasattr(self._splitter(), "split")):
            raise ValueError(
                f"groups was given, but {type(self).__name__} splits no rows here (bags ignore "
                "groups): leave it out, or use folds, such as cv=GroupKFold()."
            )
        if weights:
            check_weights_taken(None if given else self.teacher, "teacher")
            check_student_weights(self.student, n_classes)
        return Routed(weights, dict(weights), groups)

    def get_metadata_routing(self) -> MetadataRouter:
        """Say which metadata go where: to the fits of teacher and student, and to the splitter.

        Returns
        -------
        MetadataRouter
            The routing of this distiller.
        """
        to_fit = MethodMapping().add(caller="fit", callee="fit")
        router = MetadataRouter(owner=type(self).__name__).add_self_request(self)
        if self.teacher is not None:
            router.add(teacher=self.teacher, method_mapping=to_fit)
        router.add(student=self.student, method_mapping=to_fit)
        if self._splitter() is not None:
            router.add(
                splitter=self._splitter(),
                method_mapping=MethodMapping().add(caller="fit", callee="split"),
            )
        return router

    # ---- prediction ---------------------------------------------------------------------------

    def _classifier(
        self, rows: Rows, loss: Loss, calibration: Calibration | None
    ) -> DistilledClassifier:
        return DistilledClassifier(
            self.student_,
            rows.classes,
            loss,
            n_features=getattr(self, "n_features_in_", None),
            feature_names=getattr(self, "feature_names_in_", None),
            refuse_nan=self._nan_is_new(rows.X),
            calibration=calibration,
        )

    def _nan_is_new(self, X: Any) -> bool:
        """Whether missing values at prediction are something that only the student would take.

        The tag of a Pipeline or ColumnTransformer says no where the truth is yes, so training
        rows with missing values that both have learned from count for more.
        """
        takes_nan = get_tags(self.student).input_tags.allow_nan
        return takes_nan and not get_tags(self).input_tags.allow_nan and holds_no_nan(X)

    def _fitted(self) -> DistilledClassifier:
        # check_is_fitted composes our tags, which costs more than a small tree's prediction.
        classifier: DistilledClassifier | None = vars(self).get("classifier_")
        if classifier is None:
            raise NotFittedError(
                f"This {type(self).__name__} instance is not fitted yet. Call 'fit' with "
                "appropriate arguments before using this estimator."
            )
        return classifier

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
        return self._fitted().predict_proba(X)

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
        return self._fitted().predict_log_proba(X)

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
        return self._fitted().predict(X)

    def __sklearn_is_fitted__(self) -> bool:
        return "classifier_" in vars(self)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        members = [
            get_tags(member)
            for member in (self.teacher, self.student)
            if hasattr(member, "__sklearn_tags__") and not isinstance(member, type)
        ]
        inputs = tags.input_tags
        inputs.sparse = all(member.input_tags.sparse for member in members)
        inputs.allow_nan = all(member.input_tags.allow_nan for member in members)
        inputs.positive_only = any(member.input_tags.positive_only for member in members)
        tags.non_deterministic = any(member.non_deterministic for member in members)
        tags.classifier_tags.multi_class = all(
            member.classifier_tags.multi_class for member in members if member.classifier_tags
        )
        return tags
