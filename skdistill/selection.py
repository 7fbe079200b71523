"""The honest search: which candidate, which blend, without a look at validation labels.

For each fold, the targets of its training rows come from teachers (and a residual model) that were
fitted on training rows alone; a student learns them, and is judged on the fold's validation labels.
Teachers are asked once, and all candidates share their answers. The functions here know a task and
strategies, not the distiller that calls them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import corrections
from ._utils.compat import index_params, index_rows
from ._utils.parallel import blame, run
from ._utils.progress import SILENT, Progress
from ._utils.rounding import first_best, noise_of
from ._utils.warn import warn
from .rows import Rows
from .sources import Splits
from .students import Student
from .students.calibration import Calibration, fit_calibration
from .targets import (
    STRATEGIES,
    Blend,
    Correction,
    Lesson,
    Strategy,
    Targets,
    parse_strategy,
)

Array = NDArray[np.float64]

SHARES = (0.1, 0.2, 0.3, 0.5, 0.7)


def parse_candidates(
    candidates: Any,
    *,
    with_made: bool = False,
    with_shares: bool = False,
    resolve: Callable[..., Correction] = corrections.resolve,
) -> list[Strategy]:
    """Return what a user's list of candidates means, in the given order.

    "auto" are those that have a name, and shares besides `with_shares`; `with_made` rows that is
    "transfer" in the place of "blend". `resolve` knows the rules that candidates may name.
    """
    names = list(STRATEGIES)
    if isinstance(candidates, str) and candidates == "auto":
        suited = [name for name in names if name != ("blend" if with_made else "transfer")]
        candidates = [*suited, *SHARES] if with_shares else suited
    if isinstance(candidates, str) or not isinstance(candidates, Sequence) or not candidates:
        raise ValueError(
            f"candidates must be 'auto' or a list with at least one of {names}, a share in "
            f"[0, 1] or a (rule, c) pair, found {candidates!r}."
        )
    parsed = [_parse(candidate, resolve) for candidate in candidates]
    if len({str(candidate.name) for candidate in parsed}) < len(parsed):
        raise ValueError(f"candidates must differ from each other, found {candidates!r}.")
    if _blend(parsed) is not None and len(parsed) < 3:
        raise ValueError(
            "candidates must hold at least two others besides 'blend', which mixes them, found "
            f"{candidates!r}."
        )
    return parsed


def _parse(candidate: Any, resolve: Callable[..., Correction]) -> Strategy:
    if isinstance(candidate, str) and candidate not in STRATEGIES:
        raise ValueError(
            f"candidates must be 'auto' or hold names of {list(STRATEGIES)}, shares in [0, 1] or "
            f"(rule, c) pairs, found {candidate!r}."
        )
    try:
        return parse_strategy(candidate, resolve)
    except ValueError as error:
        raise ValueError(f"candidates holds {candidate!r}: {error}") from error


def _blend(candidates: Sequence[Strategy]) -> Blend | None:
    return next((c for c in candidates if isinstance(c, Blend)), None)


# ---- students out of fold --------------------------------------------------------------------


@dataclass(frozen=True)
class Task:
    """What a search works on: rows, a student, and pairs of training and validation rows.

    `floor` is that of the log loss, which judges classes by default as the squared error does
    numbers; `judge` is None for the default.
    """

    rows: Rows
    student: Student
    folds: Splits
    floor: float
    judge: Judge | None = None
    n_jobs: int | None = None
    progress: Progress = SILENT


@dataclass(frozen=True)
class Judge:
    """A scorer, and what it asked for beside rows and labels."""

    scorer: Callable[..., float]
    params: dict[str, Any] = field(default_factory=dict)

    def score(self, classifier: Any, rows: Rows, part: NDArray[np.intp]) -> float:
        """Score a classifier on some of the rows."""
        unseen, params = rows.take(part), index_params(rows.X, self.params, part)
        return float(self.scorer(classifier, unseen.X, unseen.y, **params))


class Trial(NamedTuple):
    """A student of one candidate in one fold: its answers, its score, its fit time.

    And how strongly it was shrunk.
    """

    proba: Array
    score: float | None
    seconds: float
    shrinkage: float = 0.0


def try_students(
    task: Task, targets: Sequence[dict[Any, Targets]], step: str = "candidates"
) -> dict[Any, list[list[Trial]]]:
    """Fit a student for each candidate and fold, and ask it about the fold's validation rows.

    `targets` holds for each fold the targets of its training rows for each candidate's name. For
    each way to shrink the students there are the trials of all folds.
    """
    jobs = [(name, k) for name in targets[0] for k in range(len(task.folds))]
    calls = [
        (
            task.student,
            task.rows,
            task.folds[k],
            targets[k][name],
            task.judge,
            f"for candidate {name!r} in fold {k + 1} of {len(task.folds)}",
        )
        for name, k in jobs
    ]
    trials = run(_try, calls, task.n_jobs, task.progress, step)
    by_name: dict[Any, list[list[Trial]]] = {name: [] for name in targets[0]}
    for (name, _), tried in zip(jobs, trials, strict=True):
        by_name[name].append(tried)
    return {
        name: [list(trials) for trials in zip(*tried, strict=True)]
        for name, tried in by_name.items()
    }


def _best_shrunk(
    task: Task, ways: Sequence[list[Trial]], without: int | None = None
) -> list[Trial]:
    """Choose how strongly a candidate's students are shrunk, the same in all folds.

    By what all folds say, or all but one.
    """
    if len(ways) == 1:
        return ways[0]
    scores, weights = _scores(task, ways)
    if without is not None:
        others = _others(task, without)
        scores, weights = scores[:, others], weights[others]
    means = _worst_if_nan(np.average(scores, axis=1, weights=weights))
    return ways[first_best(means, noise_of(scores))]


def _try(
    student: Student,
    rows: Rows,
    fold: tuple[Any, Any],
    target: Targets,
    judge: Judge | None,
    name: str,
) -> list[Trial]:
    """Return a trial for each way in which the student is shrunk."""
    train, valid = fold
    found: list[Trial] = []
    with blame(f"The student failed {name}"):
        start = perf_counter()
        ways = student.take(rows, train).learn_each(rows.take(train), target)
        for strength, classifier in zip(student.strengths, ways, strict=True):
            seconds = found[0].seconds if found else perf_counter() - start
            proba = np.asarray(rows.outcome.say(classifier, index_rows(rows.X, valid)))
            with blame(f"scoring failed {name}"):
                score = None if judge is None else judge.score(classifier, rows, valid)
            found.append(Trial(proba, score, seconds, strength))
    return found


# ---- the choice ------------------------------------------------------------------------------


def choose(
    candidates: Sequence[Strategy],
    scores: Array,
    weights: Array,
    min_gain_se: float,
    *,
    made_first: bool = False,
) -> int:
    """Return the place of the best of those that stand, unless another beats it by enough.

    `scores`, greater is better, are those of each candidate and row (log loss) or fold (other
    scorers), `weights` of rows or folds. Enough are `min_gain_se` paired standard errors. Means
    that are closer than rounding are equal, and the first of them wins. What stands are the pure
    candidates, or, `made_first`, those that learn from made rows, if any does.

    >>> import numpy as np
    >>> candidates = parse_candidates(["labels", "cross_fit", 0.5])
    >>> scores = np.array([[0.1, 0.2, 0.3], [0.0, 0.0, 0.1], [0.2, 0.3, 0.5]])
    >>> choose(candidates, scores, np.ones(3), min_gain_se=0.5)
    2
    >>> choose(candidates, scores, np.ones(3), min_gain_se=100)
    0
    """
    means, noise = _worst_if_nan(np.average(scores, axis=1, weights=weights)), noise_of(scores)
    standing = _standing(candidates, made_first=made_first)
    if not standing:
        return first_best(means, noise)
    to_beat = standing[first_best(means[standing], noise)]
    allowed = [to_beat]
    for k in range(len(candidates)):
        if _gains(scores[k] - scores[to_beat], weights, min_gain_se, noise):
            allowed.append(k)
    return allowed[first_best(means[allowed], noise)]


def _standing(candidates: Sequence[Strategy], *, made_first: bool) -> list[int]:
    """Return the places of what others have to beat."""
    made = [k for k, candidate in enumerate(candidates) if candidate.needs_made and made_first]
    return made or [k for k, candidate in enumerate(candidates) if candidate.is_pure]


def _worst_if_nan(means: Array) -> Array:
    """Let scores that are not finite lose, as in GridSearchCV."""
    return np.where(np.isfinite(means), means, -np.inf)


def _gains(gain: Array, weights: Array, min_gain_se: float, noise: float) -> bool:
    """Whether the mean of paired gains is large beside its standard error, and no rounding."""
    mean = np.average(gain, weights=weights)
    return bool(mean > noise and mean > min_gain_se * standard_error(gain, weights))


def standard_error(values: Array, weights: Array) -> float:
    """Return the standard error of a weighted mean."""
    if len(values) < 2:
        return 0.0
    share = weights / weights.sum()
    mean = (share * values).sum()
    spread = np.sqrt(((share * (values - mean)) ** 2).sum())
    return float(spread * np.sqrt(len(values) / (len(values) - 1)))


# ---- the search ------------------------------------------------------------------------------


class Found(NamedTuple):
    """What a search found: the winner and its place, its out-of-fold predictions, all results.

    `weights` are those of the blend, None where that was no candidate; `shrinkage` is the winner's.
    """

    best: int
    strategy: Strategy
    proba: Array
    results: dict[str, Any]
    weights: dict[Any, float] | None
    shrinkage: float


def search(
    task: Task,
    candidates: Sequence[Strategy],
    lessons: Sequence[Lesson],
    min_gain_se: float,
    *,
    made_first: bool = False,
) -> Found:
    """Try candidates in every fold, and choose; each lesson is about a fold's training rows.

    `made_first` is as in :func:`choose`.
    """
    loss = task.student.loss
    with task.progress.part("targets"):
        targets = [
            {c.name: c.targets(lesson, loss) for c in candidates if not isinstance(c, Blend)}
            for lesson in lessons
        ]
    ways = try_students(task, targets)
    trials = {name: _best_shrunk(task, tried) for name, tried in ways.items()}
    blend = _blend(candidates)
    if blend is not None:
        trials[blend.name], blend = _try_blend(task, blend, candidates, lessons, ways)
    ordered = [trials[c.name] for c in candidates]
    scores, unit_weights = _scores(task, ordered)
    _tell_not_finite(candidates, scores)
    best = choose(candidates, scores, unit_weights, min_gain_se, made_first=made_first)
    results = _results(task, candidates, ordered, scores, unit_weights)
    winner = candidates[best]
    if blend is not None and winner.name == blend.name:
        winner = blend
    weights = None if blend is None else dict(blend.weights or {})
    proba = out_of_fold(task, ordered[best])
    return Found(best, winner, proba, results, weights, ordered[best][0].shrinkage)


def _try_blend(
    task: Task,
    blend: Blend,
    candidates: Sequence[Strategy],
    lessons: Sequence[Lesson],
    ways: dict[Any, list[list[Trial]]],
) -> tuple[list[Trial], Blend]:
    """Try the blend, in each fold with weights from the others; return it with those of all.

    How strongly members are shrunk is up to the others, too.
    """
    members = blend_members(candidates)

    def answers(without: int | None) -> list[Array]:
        chosen = [_best_shrunk(task, ways[member.name], without) for member in members]
        return [out_of_fold(task, trials) for trials in chosen]

    mixed = []
    for k, (lesson, (_, valid)) in enumerate(zip(lessons, task.folds, strict=True)):
        mixture = blend.weighed(members, weights_without(task, answers(k), valid))
        mixed.append({blend.name: mixture.targets(lesson, task.student.loss)})
    found = _best_shrunk(task, try_students(task, mixed, "blend")[blend.name])
    weights = _weigh(task, answers(None), slice(None), task.rows.sample_weight)
    return found, blend.weighed(members, weights)


def _tell_not_finite(candidates: Sequence[Strategy], scores: Array) -> None:
    """Warn of candidates that a scorer could not judge, or refuse if it could judge none."""
    lost = [c.name for c, row in zip(candidates, scores, strict=True) if not np.isfinite(row).all()]
    if len(lost) == len(candidates):
        raise ValueError(
            "scoring gave no finite score for any candidate: use another, or folds "
            "in which it can judge."
        )
    if lost:
        warn(f"Some scores of the candidates {lost} are not finite: they are not chosen.")


def blend_members(candidates: Sequence[Strategy]) -> list[Strategy]:
    """Return what a blend mixes: the named candidates, or all where fewer than two are named."""
    named = [c for c in candidates if c.is_blended]
    return named if len(named) > 1 else [c for c in candidates if not isinstance(c, Blend)]


def weights_without(task: Task, answers: list[Array], valid: NDArray[np.intp]) -> Array:
    """Weigh the members of a blend by the rows of all folds but one."""
    others, weight = _without(task, valid)
    return _weigh(task, answers, others, weight)


def _weigh(task: Task, answers: list[Array], part: Any, weight: Array | None) -> Array:
    rows, own = task.rows, [answer[part] for answer in answers]
    return rows.outcome.blend_weights(own, rows.target[part], weight, task.floor)


def _without(task: Task, valid: NDArray[np.intp]) -> tuple[NDArray[np.bool_], Array | None]:
    """Mark the rows of all folds but one, and return their weights."""
    others = np.ones(len(task.rows.codes), dtype=bool)
    others[valid] = False
    return others, None if task.rows.sample_weight is None else task.rows.sample_weight[others]


def calibrate(task: Task, proba: Array, min_gain_se: float) -> Calibration | None:
    """Fit a sigmoid to a student's out-of-fold predictions, if sigmoids prove themselves there.

    On the folds that they were fitted without they must gain more than `min_gain_se` paired
    standard errors of log loss.
    """
    better = np.empty_like(proba)
    for _, valid in task.folds:
        others, weight = _without(task, valid)
        better[valid] = fit_calibration(proba[others], task.rows.codes[others], weight)(
            proba[valid]
        )
    plain, calibrated = (_row_scores(task, p) for p in (proba, better))
    if not _gains(calibrated - plain, task.rows.weights, min_gain_se, noise_of(plain)):
        return None
    return fit_calibration(proba, task.rows.codes, task.rows.sample_weight)


def _others(task: Task, fold: int) -> NDArray[np.bool_]:
    """Mark what `_scores` has scores of, rows or folds, outside a fold."""
    if task.judge is None:
        return _without(task, task.folds[fold][1])[0]
    return np.arange(len(task.folds)) != fold


def out_of_fold(task: Task, trials: Sequence[Trial]) -> Array:
    """Put the folds' predictions back in the order of the rows."""
    proba = np.empty((len(task.rows.codes), task.rows.n_columns))
    for (_, valid), trial in zip(task.folds, trials, strict=True):
        proba[valid] = trial.proba
    return proba


def _scores(task: Task, ordered: Sequence[Sequence[Trial]]) -> tuple[Array, Array]:
    """Return each candidate's score for every row (by default) or fold, and their weights."""
    if task.judge is not None:
        scores = np.array([[trial.score for trial in trials] for trials in ordered], dtype=float)
        return scores, np.ones(len(task.folds))
    rows = [_row_scores(task, out_of_fold(task, trials)) for trials in ordered]
    return np.array(rows), task.rows.weights


def _row_scores(task: Task, answers: Array) -> Array:
    """Return for each row how good its answer is."""
    return task.rows.outcome.row_scores(answers, task.rows.target, task.floor)


def _fold_means(scores: Array, weights: Array) -> Array:
    """Return each candidate's mean score in a fold, NaN where all rows weigh nothing."""
    if not weights.any():
        return np.full(len(scores), np.nan)
    return np.asarray(np.average(scores, axis=1, weights=weights))


def _results(
    task: Task,
    candidates: Sequence[Strategy],
    ordered: Sequence[Sequence[Trial]],
    scores: Array,
    weights: Array,
) -> dict[str, Any]:
    """Lay the results out as GridSearchCV does."""
    by_fold = scores
    if task.judge is None:
        by_fold = np.column_stack(
            [_fold_means(scores[:, valid], weights[valid]) for _, valid in task.folds]
        )
    judged = np.isfinite(by_fold).any(axis=0)
    means = np.average(scores, axis=1, weights=weights)
    names = np.empty(len(candidates), dtype=object)
    names[:] = [c.name for c in candidates]
    return {
        "candidate": names,
        "params": [{"candidate": c.name} for c in candidates],
        "shrinkage": np.array([trials[0].shrinkage for trials in ordered]),
        **{f"split{k}_test_score": column for k, column in enumerate(by_fold.T)},
        "mean_test_score": means,
        "std_test_score": by_fold[:, judged].std(axis=1),
        "se_test_score": np.array([standard_error(row, weights) for row in scores]),
        "rank_test_score": _ranks(_worst_if_nan(means), noise_of(scores)),
        "mean_fit_time": np.array([np.mean([t.seconds for t in trials]) for trials in ordered]),
    }


def _ranks(means: Array, noise: float) -> NDArray[np.int32]:
    """Return the places in order of the means, the better one of two that are equal."""
    return 1 + (means > means[:, None] + noise).sum(axis=1, dtype=np.int32)
