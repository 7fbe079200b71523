"""The honest search of a distiller, whatever the outcome."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import get_scorer
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping

from .. import selection
from .._utils.estimators import is_frozen
from .._utils.probabilities import PROBA_FLOOR
from .._utils.progress import Progress
from .._utils.validation import check_scorer, check_scorer_in_folds
from ..rows import Rows
from ..selection import Judge, Task
from ..sources import Answers, Folds, Source, Splits, Teacher, ask_parts, choose_search_source
from ..sources.overfit import overfit_share
from ..sources.search import Unseen
from ..students.kinds import gains_from_made_rows
from ..targets import Strategy
from .base import BaseDistiller, Routed, Street, present

Array = NDArray[np.float64]


class Searched(BaseDistiller):
    """Candidates are tried honestly, and the best one is taken, whatever the outcome."""

    # Teachers, targets, candidates, blend, a last teacher where in-sample wins, student.
    _n_steps = 6

    _tries_shrinkages = True

    # The search needs no teacher afterwards.
    store_teachers = False
    store_teacher_proba = store_teacher_prediction = False

    # Lowest probability in the default score of classes.
    _floor = PROBA_FLOOR

    # ---- choice and validation ----------------------------------------------------------------

    def _choose(self, rows: Rows, given: Any, X_transfer: Any) -> Street:
        street = super()._choose(rows, given, X_transfer)
        check_scorer(self.scoring, rows)
        if given is not None or is_frozen(self.teacher):
            _check_fixed(street)
        return street

    def _source(self, given: Any) -> Any:
        return choose_search_source(
            self.teacher_cv,
            self.teacher,
            given=given,
            random_state=self.random_state,
            n_jobs=self.n_jobs,
        )

    def _own_source(self) -> Source:
        """Return the folds of the selection."""
        return Folds(self._folds_parameter(), self.random_state)

    def _strategies(self, rows: Rows, X_transfer: Any) -> list[Strategy]:
        with_made = gains_from_made_rows(self.student) and self.transfer is not None
        # With rows that have no label, the share says how much those with one carry.
        with_shares = X_transfer is not None
        return selection.parse_candidates(
            self.candidates,
            with_made=with_made,
            with_shares=with_shares,
            resolve=rows.outcome.rule,
        )

    def _makes_rows(self, strategies: list[Strategy]) -> bool:
        asked = [strategy.name for strategy in strategies if strategy.needs_made]
        if asked and self.transfer is None:
            raise ValueError(
                f"transfer must say how the candidate {asked[0]!r} makes rows, found None: use "
                "'nodes' or a sampler, or leave the candidate out."
            )
        return bool(asked)

    def _made_rows_stand(self) -> bool:
        """Return whether what learns from made rows is what others have to beat."""
        return False

    def _keeps_groups(self, street: Street) -> bool:
        return True

    def get_metadata_routing(self) -> MetadataRouter:
        """Say which metadata go where; a scorer may ask for some too.

        Returns
        -------
        MetadataRouter
            The routing of this distiller.
        """
        router = super().get_metadata_routing()
        if self.scoring is not None:
            to_score = MethodMapping().add(caller="fit", callee="score")
            router.add(scorer=get_scorer(self.scoring), method_mapping=to_score)
        return router

    # ---- the search --------------------------------------------------------------------------

    def _fit(
        self,
        street: Street,
        teacher: Teacher,
        routed: Routed,
        progress: Progress,
    ) -> dict[str, Any]:
        rows, source, strategies, student, _ = street
        folds = self._split(rows, source, routed.splitter or None)
        scorer = None if self.scoring is None else get_scorer(self.scoring)
        check_scorer_in_folds(self.scoring, rows, folds)
        judge = None if scorer is None else Judge(scorer, routed.scorer)
        task = Task(rows, student, folds, self._floor, judge, self.n_jobs, progress)
        *parts, whole = self._answers(task, street, teacher)
        lessons = [
            self._lesson(street, part, part=train, is_judged=True)
            for part, (train, _) in zip(parts, folds, strict=True)
        ]
        found = selection.search(
            task, strategies, lessons, self.min_gain_se, made_first=self._made_rows_stand()
        )
        last = whole
        if whole is not None and found.strategy.needs_inside:
            last = source.finish(teacher, rows, whole, progress)
        target = found.strategy.targets(self._lesson(street, last, is_judged=True), student.loss)
        shipped, known = self._calibrate(task, found.proba)
        student = replace(student, shrinkages=(found.shrinkage,))
        return {
            **self._teach(rows, student, target, progress, **shipped),
            **known,
            "shrinkage_": found.shrinkage,
            "best_candidate_": found.strategy.name,
            "best_index_": found.best,
            "best_score_": float(found.results["mean_test_score"][found.best]),
            "cv_results_": found.results,
            **present(
                {"blend_weights_": found.weights, "overfit_share_": _overfit_share(rows, whole)}
            ),
        }

    def _split(self, rows: Rows, source: Any, split_params: dict[str, Any] | None) -> Splits:
        """Return the folds of the selection."""
        folds = self._own_source().split(rows, split_params) or []
        if len(folds) < source.min_folds:
            raise ValueError(
                f"cv must give at least 3 folds with teacher_cv=None, and 2 otherwise, found "
                f"{len(folds)}: use more folds, or another teacher_cv."
            )
        return folds

    def _answers(self, task: Task, street: Street, teacher: Teacher) -> list[Answers | None]:
        """Ask about each fold's training rows, and about all rows, if any strategy needs that."""
        if not any(strategy.needs_answers for strategy in street.strategies):
            return [None] * (len(task.folds) + 1)
        return [
            *ask_parts(
                street.source,
                teacher,
                task.rows,
                task.folds,
                inside=any(strategy.needs_inside for strategy in street.strategies),
                wanted=street.wanted,
                memory=self.memory,
                progress=task.progress,
                rehearse=self._rehearsal(teacher, street),
            )
        ]

    def _calibrate(self, task: Task, answers: Array) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what ships beside the student, and fitted attributes that say so."""
        return {}, {}


def _check_fixed(street: Street) -> None:
    """Refuse candidates that a frozen teacher or given probabilities cannot serve honestly."""
    outcome = street.rows.outcome
    if not isinstance(street.source, Unseen) and any(s.needs_answers for s in street.strategies):
        raise ValueError(
            f"A frozen teacher and given {outcome.answers} ({outcome.given}) may have seen the "
            "validation labels, so only the candidate 'labels' would be judged honestly: hand over "
            "a teacher that can be fitted, or state teacher_cv='unseen' if its teacher never saw "
            "any of these labels; candidates but 'in_sample' are honest then."
        )
    if any(strategy.needs_inside for strategy in street.strategies):
        raise ValueError(
            "candidates must not hold 'in_sample' for a frozen teacher or given "
            f"{outcome.answers}, which know one kind of answer only: list the others, such as "
            "['labels', 'cross_fit', 'residual', 'blend']."
        )


def _overfit_share(rows: Rows, whole: Answers | None) -> float | None:
    if whole is None or whole.inside is None:
        return None
    return overfit_share(rows.truth, whole.inside, whole.out, rows.sample_weight)
