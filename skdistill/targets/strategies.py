"""Strategies: what is made of teachers' answers and labels for a student to learn.

A strategy says what it needs and makes the target. The distillers, the search and the evaluation
use the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import corrections
from .._utils.numeric import as_table
from .._utils.progress import SILENT, Progress
from ..rows import Rows
from ..sources import Answers, Further, Splits, quiet_folds
from . import residual
from .losses import Correction, Loss

Array = NDArray[np.float64]


class Lesson:
    """What targets are made of: rows, and what teachers say about them.

    `answers` may be None for strategies that need none. `random_state` seeds the folds of the
    residual model where the teachers have none. `part` are the numbers of the rows in question.
    `n_jobs` is how many models are fitted at a time. `is_judged` says that a search judges what
    comes of it, so that nobody needs a warning. `transfer_weight` is the weight of a row without a
    label. `stays_between` says that no target may lie beyond the label, which the student could not
    learn, and `folds_are_drawn` that rows fell into the teachers' folds at random.
    """

    def __init__(
        self,
        rows: Rows,
        answers: Answers | None,
        *,
        part: NDArray[np.intp] | None = None,
        random_state: Any = None,
        progress: Progress = SILENT,
        is_judged: bool = False,
        n_jobs: int | None = None,
        transfer_weight: float = 1.0,
        stays_between: bool = False,
        folds_are_drawn: bool = False,
    ) -> None:
        self.all_rows = rows
        self.is_judged = is_judged
        self.part = part
        self.random_state = random_state
        self.progress = progress
        self.n_jobs = n_jobs
        self.transfer_weight = transfer_weight
        self.stays_between = stays_between
        self.folds_are_drawn = folds_are_drawn
        self._answers = answers

    @property
    def answers(self) -> Answers:
        """What teachers say."""
        if self._answers is None:
            raise AssertionError("a strategy did not say that it needs answers")
        return self._answers

    @property
    def inside(self) -> Array:
        """In-sample answers."""
        if self.answers.inside is None:
            raise AssertionError("a strategy did not say that it needs answers from inside")
        return self.answers.inside

    @property
    def truth(self) -> Array:
        """Labels as columns: rows of zeros and a one, or numbers."""
        rows = self.all_rows
        return rows.truth if self.part is None else rows.truth[self.part]

    @property
    def weights(self) -> Array:
        """Weights of the rows."""
        weights = self.all_rows.weights
        return weights if self.part is None else weights[self.part]

    @cached_property
    def corrected(self) -> Array:
        """The teachers' answers after the learned correction, however many strategies ask."""
        with self.progress.part("correction"):
            return self.model.corrected

    @cached_property
    def model(self) -> residual.ResidualModel:
        """Where the teachers are wrong."""
        rows = self.all_rows if self.part is None else self.all_rows.take(self.part)
        return residual.ResidualModel().fit(
            rows,
            self.answers.out,
            self._splits,
            are_drawn=self.folds_are_drawn,
            n_jobs=self.n_jobs,
        )

    @cached_property
    def _splits(self) -> Splits:
        """The teachers' folds, or others where they have none."""
        codes, groups = self.all_rows.codes, self.all_rows.groups
        if self.part is not None:
            codes = codes[self.part]
            groups = None if groups is None else np.asarray(groups)[self.part]
        return self.answers.splits or quiet_folds(
            codes, self.random_state, groups=groups, outcome=type(self.all_rows.outcome)
        )

    def further(self, *, with_made: bool) -> list[Further]:
        """Return the rows without labels that a student learns from besides.

        Where a search judges what comes of them, those that were made are a matter of choice.
        """
        if self._answers is None:
            return []
        return [f for f in self.answers.further if with_made or not (f.is_made and self.is_judged)]

    @property
    def carried(self) -> float:
        """For how many rows each one with a label stands, in weights: itself and those without.

        Rows that were made of others do not count: they bring no new part of the population.
        """
        n = int((self.weights > 0).sum())
        others = [f for f in self.answers.further if f.parents is None and not f.is_made]
        return 1 + self.transfer_weight * sum(len(f.out) for f in others) / n

    def correct(self, further: Further) -> Array:
        """Return what the learned correction makes of the answers about further rows.

        About a row that was made of another, the model says so that has not seen its parent.
        """
        if further.parents is None:
            return self.model.apply(further.X, further.out)
        fold = np.zeros(len(self.answers.out), dtype=np.intp)
        for k, (_, test) in enumerate(self._splits):
            fold[test] = k
        return self.model.apply(further.X, further.out, fold[further.parents])


class Targets(NamedTuple):
    """What a student learns: of rows with labels, and of further tables of rows.

    `further` holds for each table its rows, their target, and the numbers of the rows that they
    were made of, None where nobody knows any.
    """

    own: Array
    further: tuple[tuple[Any, Array, Any], ...] = ()


@dataclass(frozen=True)
class Strategy:
    """A way of making targets, by the name that the user knows it by.

    A new strategy is a subclass with `target` and what it needs, and its word in `STRATEGIES`.
    """

    name: Any

    needs_answers: ClassVar[bool] = True
    #: Whether it needs labels, beside those that teachers learn from.
    needs_labels: ClassVar[bool] = True
    #: Whether it needs answers about rows that the teacher has seen.
    needs_inside: ClassVar[bool] = False
    #: Whether it splits rows by groups where the source does not.
    uses_groups: ClassVar[bool] = False
    #: Whether it needs no search, and no correction: what a candidate has to beat.
    is_pure: ClassVar[bool] = False
    #: Whether it learns from rows that were made of others.
    needs_made: ClassVar[bool] = False
    #: Whether its targets lie between answers and labels, so that they are positive if these are.
    stays_between: ClassVar[bool] = True
    #: Whether a blend mixes it; others only where it would have fewer than two to mix.
    is_blended: ClassVar[bool] = True

    def check(self, rows: Rows, loss: Loss) -> None:
        """Refuse rows that it cannot use, before any teacher is fitted."""

    def target(self, lesson: Lesson, loss: Loss) -> Array:
        """Return what the student learns of the rows with labels."""
        raise NotImplementedError

    def targets(self, lesson: Lesson, loss: Loss) -> Targets:
        """Return what the student learns of all rows."""
        return Targets(self.target(lesson, loss), self._further(lesson, loss))

    def _further(self, lesson: Lesson, loss: Loss) -> tuple[tuple[Any, Array, Any], ...]:
        if not self.needs_answers:
            return ()
        further = []
        for rows in lesson.further(with_made=self.needs_made):
            proba = self.about(lesson, rows)
            further.append((rows.X, loss.target(proba, proba), rows.parents))
        return tuple(further)

    def about(self, lesson: Lesson, further: Further) -> Array:
        """Return what it takes for the probabilities of rows without labels."""
        return further.out


@dataclass(frozen=True)
class Labels(Strategy):
    """No distillation."""

    needs_answers = False
    is_pure = True

    def target(self, lesson: Lesson, loss: Loss) -> Array:
        """Return the labels as the loss wants them."""
        return loss.labels(lesson.truth)


@dataclass(frozen=True)
class InSample(Strategy):
    """Plain distillation: what a teacher says about rows that it has seen."""

    needs_labels = False
    needs_inside = True
    is_pure = True

    def target(self, lesson: Lesson, loss: Loss) -> Array:
        """Return the linked in-sample answers."""
        return loss.target(lesson.inside, lesson.inside)


@dataclass(frozen=True)
class CrossFit(Strategy):
    """What teachers say about rows that they have not seen, as it is."""

    needs_labels = False
    is_pure = True

    def target(self, lesson: Lesson, loss: Loss) -> Array:
        """Return the linked answers."""
        if not lesson.is_judged and lesson.all_rows.has_labels:
            off = lesson.answers.out - lesson.truth
            lesson.all_rows.outcome.warn_of_shift(off, lesson.weights)
        return loss.target(lesson.answers.out, lesson.answers.out)


@dataclass(frozen=True)
class Corrected(Strategy):
    """The answers moved towards the label by a γ rule.

    Rows with labels carry the correction of those without: with N rows in all and n with labels the
    mean of (f − p̂)²/2 over all of them, less γ r f over those with labels alone, is the objective
    with the target p̂ + (N/n) γ r (prediction-powered inference, Angelopoulos et al. 2023). Where a
    student could not learn what lies beyond the label, (N/n) γ is 1 at most: the correction counts
    for fewer of the others, and a teacher that is right is left alone as before.
    """

    correction: Correction
    is_users_own: bool = False
    is_blended = False

    def check(self, rows: Rows, loss: Loss) -> None:
        """Refuse a function of the user's that returns no γ."""
        if not self.is_users_own:
            return
        even = rows.outcome.neutral(rows.y, rows.n_samples)
        rule = rows.outcome.settle(self.correction, even, rows.truth, rows.weights)
        loss.target(even, rows.truth, rule)

    def target(self, lesson: Lesson, loss: Loss) -> Array:
        """Return the corrected target of rows that stand for themselves alone."""
        return self._target(lesson, loss, carried=1.0)

    def targets(self, lesson: Lesson, loss: Loss) -> Targets:
        """Return that of rows that carry the correction of others, and the answers about those."""
        own = self._target(lesson, loss, carried=lesson.carried)
        return Targets(own, self._further(lesson, loss))

    def _target(self, lesson: Lesson, loss: Loss, carried: float) -> Array:
        proba, truth = lesson.answers.out, lesson.truth
        rule = lesson.all_rows.outcome.settle(self.correction, proba, truth, lesson.weights)

        def carrying(*args: Any, **kwargs: Any) -> Array:
            gamma = rule(*args, **kwargs)
            if lesson.stays_between:
                return np.minimum(carried * gamma, np.maximum(gamma, 1.0))
            return carried * gamma

        return loss.target(proba, truth, carrying)


@dataclass(frozen=True)
class Residual(Strategy):
    """The answers after the learned correction, moved towards the label by a share."""

    uses_groups = True
    stays_between = False
    share: float = residual.DEFAULT_SHARE

    def check(self, rows: Rows, loss: Loss) -> None:
        """Refuse rows that are no table, which the model of the residual reads."""
        as_table(rows.X)

    def target(self, lesson: Lesson, loss: Loss) -> Array:
        """Return the corrected target."""
        rule = lesson.all_rows.outcome.rule(self.share)
        return loss.target(lesson.corrected, lesson.truth, rule)

    def about(self, lesson: Lesson, further: Further) -> Array:
        """Return the answers after the learned correction."""
        return lesson.correct(further)


@dataclass(frozen=True)
class Transfer(Residual):
    """The same, and rows that were made of those with labels."""

    needs_made = True
    is_blended = False


@dataclass(frozen=True)
class Blend(Strategy):
    """The weighted mean of other strategies' targets; the weights are found by a search."""

    weights: Mapping[Any, float] | None = None
    members: tuple[Strategy, ...] = ()
    is_blended = False

    def weighed(self, members: Sequence[Strategy], weights: Iterable[float]) -> Blend:
        """Return the blend of what has weight."""
        named = {member.name: float(w) for member, w in zip(members, weights, strict=True)}
        heavy = tuple(member for member in members if named[member.name] > 0)
        return replace(self, weights=named, members=heavy)

    @property
    def needs_inside(self) -> bool:  # type: ignore[override]
        """Whether one of those with weight does."""
        return any(member.needs_inside for member in self.members)

    def target(self, lesson: Lesson, loss: Loss) -> Array:
        """Return Σ w t over the members."""
        return self.mix({member.name: member.target(lesson, loss) for member in self.members})

    def targets(self, lesson: Lesson, loss: Loss) -> Targets:
        """Return the target of rows with labels alone: not all members know others."""
        return Targets(self.target(lesson, loss))

    def mix(self, targets: Mapping[Any, Array]) -> Array:
        """Return Σ w t of targets by name, those without weight left out."""
        weights = self.weights or {}
        return np.asarray(sum(w * targets[name] for name, w in weights.items() if w > 0))


STRATEGIES: dict[str, Any] = {
    "labels": Labels,
    "in_sample": InSample,
    "cross_fit": CrossFit,
    "residual": Residual,
    "transfer": Transfer,
    "blend": Blend,
}


def corrected_by(
    correction: Any,
    c: Any = None,
    name: Any = None,
    resolve: Callable[..., Correction] = corrections.resolve,
) -> Strategy:
    """Return the strategy of a distiller's `correction` and `c`, whose rules `resolve` knows."""
    if isinstance(correction, str) and correction == "residual":
        return Residual(name, residual.share(c))
    return Corrected(name, resolve(correction, c), callable(correction))


def parse_strategy(
    candidate: Any, resolve: Callable[..., Correction] = corrections.resolve
) -> Strategy:
    """Return what a user's candidate means: a name, a share, or a pair of a rule and its c."""
    if isinstance(candidate, str):
        strategy: Strategy = STRATEGIES[candidate](candidate)
        return strategy
    is_pair = isinstance(candidate, tuple) and len(candidate) == 2
    rule, c = candidate if is_pair else (candidate, None)
    if isinstance(rule, str) and rule == "transfer":
        return Transfer(candidate, residual.share(c))
    return corrected_by(rule, c, candidate, resolve)
