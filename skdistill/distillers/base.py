"""What all distillers share: validation, routing, tags and prediction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin
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
from .._utils.compat import CallbackSupportMixin, routing_enabled
from .._utils.estimators import weights_of
from .._utils.memory import open_memory, warn_of_unseeded_folds
from .._utils.progress import Progress
from .._utils.validation import check_weights_taken, refuse_extra_params
from ..outcomes import Outcome
from ..rehearsal import rehearse
from ..rows import Rows
from ..sources import (
    NOTHING,
    Answers,
    OutOfBag,
    Source,
    Teacher,
    Wanted,
    ask,
    check_can_be_asked,
    check_sampler,
    fall_at_random,
    settle,
)
from ..students import Student
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


def _with_routed(rows: Rows, routed: Routed, teacher: Any, student: Any) -> Rows:
    """Return rows with what members and splitter got, by whatever names they asked for it.

    The learned correction and the default score weigh rows as the members do, and all that splits
    rows keeps groups together.
    """
    members = ((teacher, routed.teacher), (student, routed.student))
    asked = [rows.sample_weight, *(weights_of(member, params) for member, params in members)]
    weight = next((weight for weight in asked if weight is not None), None)
    groups = routed.splitter.get("groups") if rows.groups is None else rows.groups
    return replace(
        rows,
        sample_weight=rows_.check_weights(weight, rows.n_samples),
        groups=rows_.check_groups(groups, rows.n_samples),
    )


def present(values: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is None: a fitted attribute that means nothing is not there."""
    return {name: value for name, value in values.items() if value is not None}


class BaseDistiller(CallbackSupportMixin, MetaEstimatorMixin, BaseEstimator):
    """Validation, routing, tags and prediction of all distillers; a face says of what outcome."""

    # What fit takes but only hands on; asking for it is the members' business.
    __metadata_request__fit = {"sample_weight": UNUSED, "groups": UNUSED}  # noqa: RUF012

    # Teachers and student; more in a subclass. Callbacks want to know.
    _n_steps = 2

    # Whether a search finds what `shrinkage` is best.
    _tries_shrinkages = False

    # What a face says: what ships is called so.
    _shipped: ClassVar[str]

    def _fit_to(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        groups: Any,
        given: Any,
        X_transfer: Any,
        fit_params: dict[str, Any],
    ) -> Self:
        """Check all that `fit` was handed, and walk the street; `given` are teachers' answers."""
        words = {"shrinkage": "auto"} if self._tries_shrinkages else {}
        parameters.check(type(self).__name__, self.get_params(deep=False), words)
        # A copy, so that nothing of this fit stays where it fails.
        known = self._known(given) if y is None else None
        rows = rows_.check(
            X, y, sample_weight, groups, estimator=copy(self), known=known, read=self._read
        )
        street = self._choose(rows, given, X_transfer)
        if street.wanted:
            check_can_be_asked(street.source, rows.outcome)
        routed = self._route(street, fit_params, given=given is not None)
        street = street._replace(
            rows=_with_routed(rows, routed, self.teacher, self.student),
            student=street.student.with_fit_params(routed.student),
        )
        teacher = Teacher(self.teacher, routed.teacher)
        with Progress.of_fit(self, self._n_steps) as progress:
            fitted = self._fit(street, teacher, routed, progress)
        names = {"n_features_in_": rows.n_features, "feature_names_in_": rows.feature_names}
        self._keep({**fitted, **self._says_of(rows), **present(names)})
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
        lesson = self._lesson(street, answers, progress=progress)
        return {
            **self._teach(rows, student, strategy.targets(lesson, student.loss), progress),
            **({"teachers_": list(answers.teachers)} if answers.teachers else {}),
            **self._keeps_of(answers),
        }

    def _lesson(self, street: Street, answers: Answers | None, **how: Any) -> Lesson:
        """Return what targets are made of; `how` is what is so in some distillers alone."""
        cvs = [getattr(self, name, None) for name in ("cv", "teacher_cv")]
        return Lesson(
            street.rows,
            answers,
            random_state=self._random_state(),
            n_jobs=getattr(self, "n_jobs", None),
            transfer_weight=self.transfer_weight,
            stays_between=not street.student.learns_beyond,
            folds_are_drawn=fall_at_random(street.rows, *cvs),
            **how,
        )

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
            learned = student.learn(
                rows, target, refuse_nan=nan_is_new(self.teacher, self.student, rows.X), **shipped
            )
        return {"student_": learned.student, self._shipped: learned}

    def _keep(self, fitted: dict[str, Any]) -> None:
        """Set the fitted attributes all at once, and let none of an earlier fit survive."""
        for name in [name for name in vars(self) if name.endswith("_")]:
            delattr(self, name)
        self.__dict__.update(fitted)

    # ---- choice and validation ----------------------------------------------------------------

    def _choose(self, rows: Rows, given: Any, X_transfer: Any) -> Street:
        """Make what the fit walks along from the parameters, and find what is wrong with them."""
        if given is None:
            rows.outcome.check_teacher(self.teacher)
        student = self._prepare(rows, 0.0 if self.shrinkage is None else self.shrinkage)
        open_memory(self.memory)
        source = self._source(given)
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
        self._check_members(rows, strategies, given=given is not None)
        wanted = self._wanted(rows, strategies, X_transfer)
        if wanted and self.transfer_weight != 1:
            student.check_transfer_weight()
        return Street(rows, source, strategies, student, wanted)

    def _wanted(self, rows: Rows, strategies: list[Strategy], X_transfer: Any) -> Wanted:
        """Return which rows without labels the student learns from besides."""
        check_sampler(self.transfer)
        X = None if X_transfer is None else rows_.check_alike(X_transfer, rows.X, "X_transfer")
        sampler = self.transfer if self._makes_rows(strategies) else None
        if sampler is not None and len(rows.X.shape) != 2:
            raise ValueError("transfer needs rows with columns: X must have two dimensions.")
        if X is None and sampler is None:
            return NOTHING
        seed = int(check_random_state(self._random_state()).randint(np.iinfo(np.int32).max))
        return Wanted(X, sampler, seed)

    def _makes_rows(self, strategies: list[Strategy]) -> bool:
        """Whether any strategy learns from rows that are made."""
        return True

    def _source(self, given: Any) -> Any:
        """Return where this fit's answers come from."""
        return settle(self._own_source(), self.teacher, given)

    # What faces decide.

    def _known(self, given: Any) -> Outcome | None:
        """Return what is known of the outcome where there are no labels."""
        raise NotImplementedError

    def _read(self, y: Any) -> tuple[NDArray[Any], Outcome, NDArray[np.intp]]:
        """Return labels, what they are, and their codes."""
        raise NotImplementedError

    def _prepare(self, rows: Rows, shrinkage: Any) -> Student:
        """Return the student, checked."""
        raise NotImplementedError

    def _says_of(self, rows: Rows) -> dict[str, Any]:
        """Return fitted attributes that say what the labels are."""
        return {}

    def _keeps_of(self, answers: Answers) -> dict[str, Any]:
        """Return the teachers' answers as a fitted attribute, if they are to be kept."""
        raise NotImplementedError

    def _check_members(self, rows: Rows, strategies: list[Strategy], *, given: bool) -> None:
        """Refuse members that do not go with what the labels are used for."""

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
        if self._splitter() is None and self._keeps_groups(street):
            metadata.pop("groups", None)  # nobody asks for what the correction's folds keep
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

    def _fitted(self) -> Any:
        # check_is_fitted composes our tags, which costs more than a small tree's prediction.
        shipped = vars(self).get(self._shipped)
        if shipped is None:
            raise NotFittedError(
                f"This {type(self).__name__} instance is not fitted yet. Call 'fit' with "
                "appropriate arguments before using this estimator."
            )
        return shipped

    def __sklearn_is_fitted__(self) -> bool:
        return self._shipped in vars(self)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        members = self._members_tags()
        inputs = tags.input_tags
        inputs.sparse = all(member.input_tags.sparse for member in members)
        inputs.allow_nan = all(member.input_tags.allow_nan for member in members)
        inputs.positive_only = any(member.input_tags.positive_only for member in members)
        tags.non_deterministic = any(member.non_deterministic for member in members)
        return tags

    def _members_tags(self) -> list[Any]:
        return [
            get_tags(member)
            for member in (self.teacher, self.student)
            if hasattr(member, "__sklearn_tags__") and not isinstance(member, type)
        ]
