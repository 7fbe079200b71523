"""What all distillers share: validation, routing, tags and prediction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.metadata_routing import (
    UNUSED,
    MetadataRouter,
    MethodMapping,
    process_routing,
)

from .. import rows as rows_
from .._utils import parameters
from .._utils.compat import CallbackSupportMixin, routing_enabled, with_callbacks
from .._utils.memory import open_memory, warn_of_unseeded_folds
from .._utils.progress import Progress
from .._utils.validation import check_weights_taken, refuse_extra_params
from ..rehearsal import rehearse
from ..rows import Rows
from ..sources import (
    NOTHING,
    OutOfBag,
    Source,
    Teacher,
    Wanted,
    ask,
    check_can_be_asked,
    check_sampler,
    check_teacher,
    known_classes,
    settle,
)
from ..students import DistilledClassifier, Student, prepare_student
from ..students.distilled import nan_is_new
from ..students.student import told_who_prepares
from ..targets import Lesson, Strategy, Targets

Array = NDArray[np.float64]


class Routed(NamedTuple):
    """Parameters for the teacher's fit, the student's fit, the splitter's split, and the scorer."""

    teacher: dict[str, Any]
    student: dict[str, Any]
    splitter: dict[str, Any]
    scorer: dict[str, Any]


class Street(NamedTuple):
    """What a fit walks along, chosen once from the user's parameters, and checked.

    A distiller has one strategy, a search has several and a source of its own kind.
    """

    rows: Rows
    source: Any
    strategies: list[Strategy]
    student: Student
    wanted: Wanted = NOTHING


def _with_weights(rows: Rows, routed: Routed) -> Rows:
    """Return rows with the weights that the members got, by whatever name they were asked for.

    The learned correction and the default score weigh rows as the members do.
    """
    weights = [params.get("sample_weight") for params in (routed.teacher, routed.student)]
    asked = next((weight for weight in weights if weight is not None), None)
    if rows.sample_weight is not None or asked is None:
        return rows
    return replace(rows, sample_weight=rows_.check_weights(asked, rows.n_samples))


def present(values: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is None: a fitted attribute that means nothing is not there."""
    return {name: value for name, value in values.items() if value is not None}


class BaseDistiller(CallbackSupportMixin, ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """Validation, routing, tags and prediction of all distillers."""

    # What fit takes but only hands on; asking for it is the members' business.
    __metadata_request__fit = {"sample_weight": UNUSED, "groups": UNUSED}  # noqa: RUF012

    # Teachers and student; more in a subclass. Callbacks want to know.
    _n_steps = 2

    # Whether a search finds what `shrinkage` is best.
    _tries_shrinkages = False

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
            Non-negative weights of the rows, for teacher and student. A weight of 0 is absence, and
            2 repetition, where both members honour that and nothing draws or counts rows: folds of
            a number, bags and the learned correction do.
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
            A search of scikit-learn's around a distiller takes it for one entry a row where it has
            as many rows as X, and hands over those of the training rows: nothing is wrong then, but
            some rows are not used.
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
        words = {"shrinkage": "auto"} if self._tries_shrinkages else {}
        parameters.check(type(self).__name__, self.get_params(deep=False), words)
        # A copy, so that nothing of this fit stays where it fails.
        classes = known_classes(self.teacher, teacher_proba) if y is None else None
        rows = rows_.check(X, y, sample_weight, groups, estimator=copy(self), classes=classes)
        street = self._choose(rows, teacher_proba, X_transfer)
        if street.wanted:
            check_can_be_asked(street.source)
        routed = self._route(street, fit_params, given=teacher_proba is not None)
        street = street._replace(
            rows=_with_weights(rows, routed),
            student=replace(street.student, params=routed.student),
        )
        teacher = Teacher(self.teacher, routed.teacher)
        with Progress.of_fit(self, self._n_steps) as progress:
            fitted = self._fit(street, teacher, routed, progress)
        names = {"n_features_in_": rows.n_features, "feature_names_in_": rows.feature_names}
        self._keep({**fitted, "classes_": rows.classes, **present(names)})
        return self

    def _fit(
        self,
        street: Street,
        teacher: Teacher,
        routed: Routed,
        progress: Progress,
    ) -> dict[str, Any]:
        """Walk from rows to student, and return the fitted attributes.

        All that could be wrong has been checked.
        """
        rows, source, (strategy,), student, wanted = street
        answers = ask(
            source,
            teacher,
            rows,
            split_params=routed.splitter or None,
            keep=self.store_teachers,
            wanted=wanted,
            memory=self.memory,
            progress=progress,
            rehearse=self._rehearsal(teacher, street),
        )
        lesson = Lesson(
            rows,
            answers,
            random_state=self._random_state(),
            progress=progress,
            n_jobs=getattr(self, "n_jobs", None),
            transfer_weight=self.transfer_weight,
        )
        return {
            **self._teach(rows, student, strategy.targets(lesson, student.loss), progress),
            **({"teachers_": list(answers.teachers)} if answers.teachers else {}),
            **({"teacher_proba_": answers.out} if self.store_teacher_proba else {}),
        }

    def _rehearsal(self, teacher: Teacher, street: Street) -> Callable[[], None] | None:
        """Return what is done before any teacher is fitted."""
        if not self.rehearse:
            return None
        X = street.wanted.X
        unseen = None if X is None else street.rows.without_labels(X)
        return partial(rehearse, street.rows, teacher, street.student, unseen=unseen)

    def _teach(
        self, rows: Rows, student: Student, target: Targets, progress: Progress, **shipped: Any
    ) -> dict[str, Any]:
        with progress.part("student"), told_who_prepares(self.teacher, self.student):
            classifier = student.learn(
                rows, target, refuse_nan=nan_is_new(self.teacher, self.student, rows.X), **shipped
            )
        return {"student_": classifier.student, "classifier_": classifier}

    def _keep(self, fitted: dict[str, Any]) -> None:
        """Set the fitted attributes all at once, and let none of an earlier fit survive."""
        for name in [name for name in vars(self) if name.endswith("_")]:
            delattr(self, name)
        self.__dict__.update(fitted)

    # ---- choice and validation ----------------------------------------------------------------

    def _choose(self, rows: Rows, teacher_proba: Any, X_transfer: Any) -> Street:
        """Make what the fit walks along from the parameters, and find what is wrong with them."""
        if teacher_proba is None:
            check_teacher(self.teacher)
        student = prepare_student(
            self.student,
            rows.n_classes,
            loss=self.loss,
            temperature=self.temperature,
            proba_floor=self.proba_floor,
            shrinkage=0.0 if self.shrinkage is None else self.shrinkage,
            transfer_weight=self.transfer_weight,
        )
        open_memory(self.memory)
        source = self._source(teacher_proba)
        if source.fits_teachers:
            warn_of_unseeded_folds(self.memory, self._splitter())
        if self.shrinkage is None and isinstance(source, OutOfBag):
            student = replace(student, learns_from_bags=True)
        strategies = self._strategies(rows, X_transfer)
        for strategy in strategies:
            if strategy.needs_labels and not rows.has_labels:
                raise ValueError(
                    f"This requires y to be passed: {type(self).__name__} needs labels, for the "
                    "correction or the search, found y=None."
                )
            strategy.check(rows, student.loss)
        wanted = self._wanted(rows, strategies, X_transfer)
        if wanted and self.transfer_weight != 1:
            student.adapter.check_weights(student.estimator)
        return Street(rows, source, strategies, student, wanted)

    def _wanted(self, rows: Rows, strategies: list[Strategy], X_transfer: Any) -> Wanted:
        """Return which rows without labels the student learns from besides."""
        check_sampler(self.transfer, rows)
        X = None if X_transfer is None else rows_.check_alike(X_transfer, rows.X, "X_transfer")
        sampler = self.transfer if self._makes_rows(strategies) else None
        if X is None and sampler is None:
            return NOTHING
        seed = int(check_random_state(self._random_state()).randint(np.iinfo(np.int32).max))
        return Wanted(X, sampler, seed)

    def _makes_rows(self, strategies: list[Strategy]) -> bool:
        """Whether any strategy learns from rows that are made."""
        return True

    def _source(self, teacher_proba: Any) -> Any:
        """Return where this fit's answers come from."""
        return settle(self._own_source(), self.teacher, teacher_proba)

    # What subclasses decide.

    def _own_source(self) -> Source:
        """Return where answers come from, unless they are given or the teacher is frozen."""
        raise NotImplementedError

    def _strategies(self, rows: Rows, X_transfer: Any) -> list[Strategy]:
        """Return how targets are made, or what is tried."""
        raise NotImplementedError

    def _splitter(self) -> Any:
        """Return what splits rows in folds, None without folds."""
        return self._own_source().splitter

    def _random_state(self) -> Any:
        return getattr(self, "random_state", None)

    def _folds_parameter(self) -> Any:
        """Return `cv`, of a generator the list of what it gave.

        It is used up by one fit, and the next one must find the same folds; the parameter itself
        stays as it is.
        """
        if not isinstance(self.cv, Iterator):
            return self.cv
        generator, pairs = vars(self).get("_generated", (None, None))
        if generator is not self.cv:
            pairs = list(self.cv)
            self._generated = (self.cv, pairs)
        return pairs

    # ---- metadata routing ---------------------------------------------------------------------

    def _route(self, street: Street, fit_params: dict[str, Any], *, given: bool) -> Routed:
        rows = street.rows
        metadata = {"sample_weight": rows.sample_weight, "groups": rows.groups}
        metadata = {key: value for key, value in metadata.items() if value is not None}
        if not routing_enabled():
            refuse_extra_params(self, fit_params)
            return self._route_by_hand(metadata, street, given=given)
        routed = process_routing(self, "fit", **metadata, **fit_params)
        return Routed(
            *(
                dict(routed.get(member, {}).get(method, {}))
                for member, method in (
                    ("teacher", "fit"),
                    ("student", "fit"),
                    ("splitter", "split"),
                    ("scorer", "score"),
                )
            )
        )

    def _route_by_hand(self, metadata: dict[str, Any], street: Street, *, given: bool) -> Routed:
        groups = {key: metadata[key] for key in metadata if key == "groups"}
        weights = {key: metadata[key] for key in metadata if key == "sample_weight"}
        if groups and not self._keeps_groups(street):
            raise ValueError(
                f"groups was given, but {type(self).__name__} splits no rows here (bags ignore "
                "groups): leave it out, or use folds, such as cv=GroupKFold()."
            )
        if weights:
            check_weights_taken(None if given else self.teacher, "teacher")
            street.student.adapter.check_weights(street.student.estimator)
        return Routed(weights, dict(weights), groups, {})

    def _keeps_groups(self, street: Street) -> bool:
        """Whether anything splits rows here, so that groups mean something."""
        by_strategy = any(strategy.uses_groups for strategy in street.strategies)
        return street.source.splitter is not None or by_strategy

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
