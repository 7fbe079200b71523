"""The honest search: which candidate, which blend, without a look at validation labels.

For each fold, the targets of its training rows come from teachers (and a residual model) that were
fitted on training rows alone; a student learns them, and is judged on the fold's validation labels.
Teachers are asked once, and all candidates share their answers. The functions here know arrays,
splits and estimators, not the distiller that calls them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import rankdata

from . import corrections
from .targets import residual
from ._utils.compat import index_params, index_rows
from ._utils.parallel import run
from ._utils.progress import SILENT, Progress
from .students.calibration import Calibration, fit_calibration
from .targets.losses import Correction, Loss, floor_proba
from .students import DistilledClassifier, fit_student
from .sources.folds import Answers, Splits, quiet_folds

Array = NDArray[np.float64]

PURE = ("labels", "in_sample", "cross_fit")
NAMED = (*PURE, "residual", "blend")
SHARES = (0.1, 0.2, 0.3, 0.5, 0.7)


@dataclass(frozen=True)
class Candidate:
    """One way of making targets: its name as the user knows it, and how it corrects."""

    name: Any
    kind: str
    correction: Correction | None = None

    @property
    def is_pure(self) -> bool:
        """Whether it is one of the strategies that no search is needed for."""
        return self.kind in PURE


def parse_candidates(candidates: Any, n_classes: int) -> list[Candidate]:
    """Return what a user's list of candidates means.

    Parameters
    ----------
    candidates : "auto" or sequence
        Names, shares or pairs of a rule and its constant.
    n_classes : int
        Number of classes; "auto" adds shares for more than two.

    Returns
    -------
    list of Candidate
        The candidates, in the given order.

    Raises
    ------
    ValueError
        If there is none, one is unknown, or a blend has nothing to blend.
    """
    if isinstance(candidates, str) and candidates == "auto":
        candidates = NAMED if n_classes == 2 else (*NAMED, *SHARES)
    if isinstance(candidates, str) or not isinstance(candidates, Sequence) or not candidates:
        raise ValueError(
            f"candidates must be 'auto' or a list with at least one of {list(NAMED)}, a share in "
            f"[0, 1] or a (rule, c) pair, found {candidates!r}."
        )
    parsed = [_parse(candidate) for candidate in candidates]
    names = [str(candidate.name) for candidate in parsed]
    if len(set(names)) < len(names):
        raise ValueError(f"candidates must differ from each other, found {candidates!r}.")
    if any(c.kind == "blend" for c in parsed) and len(parsed) < 3:
        raise ValueError(
            "candidates must hold at least two others besides 'blend', which mixes them, found "
            f"{candidates!r}."
        )
    return parsed


def _parse(candidate: Any) -> Candidate:
    if isinstance(candidate, str) and candidate in NAMED:
        share = residual.share(None) if candidate == "residual" else None
        return Candidate(candidate, candidate, share)
    try:
        if isinstance(candidate, tuple) and len(candidate) == 2:
            rule, c = candidate
            if rule == "residual":
                return Candidate(candidate, "residual", residual.share(c))
            return Candidate(candidate, "corrected", corrections.resolve(rule, c))
        if not isinstance(candidate, str):
            return Candidate(candidate, "corrected", corrections.resolve(candidate))
    except ValueError as error:
        raise ValueError(f"candidates holds {candidate!r}: {error}") from error
    raise ValueError(
        f"candidates must hold names of {list(NAMED)}, shares in [0, 1] or (rule, c) pairs, found "
        f"{candidate!r}."
    )


# ---- targets ---------------------------------------------------------------------------------


def make_targets(
    candidates: Sequence[Candidate],
    answers: Answers,
    X: Any,
    codes: NDArray[np.intp],
    loss: Loss,
    *,
    sample_weight: Array | None = None,
    random_state: Any = None,
) -> dict[Any, Array]:
    """Return the target of each candidate but the blend, for the rows of `answers`.

    Parameters
    ----------
    candidates : sequence of Candidate
        What is asked for.
    answers : Answers
        What teachers say about the rows.
    X : {ndarray, sparse matrix, frame} of shape (n_samples, n_features)
        All rows.
    codes : ndarray of shape (n_samples,)
        Codes of their labels.
    loss : Loss
        What the student learns by.
    sample_weight : ndarray of shape (n_samples,), default=None
        Weights of all rows.
    random_state : int, RandomState instance or None, default=None
        Seeds the folds of the residual model where the teachers have none.

    Returns
    -------
    dict of {object: ndarray}
        A target for each candidate's name.
    """
    rows, own = answers.rows, codes[answers.rows]
    onehot = np.eye(answers.out.shape[1])[own]
    better: Array | None = None
    if any(c.kind == "residual" for c in candidates):
        splits = answers.splits or quiet_folds(own, random_state)
        weight = None if sample_weight is None else sample_weight[rows]
        better = residual.correct_proba(
            index_rows(X, rows), own, answers.out, splits, sample_weight=weight
        )
    source: dict[str, Array | None] = {
        "in_sample": answers.inside,
        "cross_fit": answers.out,
        "corrected": answers.out,
        "residual": better,
    }
    targets = {}
    for c in candidates:
        if c.kind == "labels":
            targets[c.name] = loss.labels(onehot)
        elif c.kind != "blend":
            proba = source[c.kind]
            if proba is None:
                raise AssertionError(f"nobody asked for the probabilities of {c.name!r}")
            targets[c.name] = loss.target(proba, onehot, c.correction)
    return targets


# ---- students out of fold --------------------------------------------------------------------


class Trial(NamedTuple):
    """A student of one candidate in one fold: its probabilities, its score, its fit time."""

    proba: Array
    score: float | None
    seconds: float


def try_students(
    task: Task, targets: Sequence[dict[Any, Array]], step: str = "candidates"
) -> dict[Any, list[Trial]]:
    """Fit a student for each candidate and fold, and ask it about the fold's validation rows.

    Parameters
    ----------
    task : Task
        What is worked on.
    targets : sequence of dict
        For each fold a target of its training rows for each candidate.
    step : str, default="candidates"
        What this part of the fit is called.

    Returns
    -------
    dict of {object: list of Trial}
        For each candidate its trials, one per fold.
    """
    jobs = [(name, k) for name in targets[0] for k in range(len(task.folds))]
    calls = [
        (
            task.student,
            task.X,
            task.y,
            task.classes,
            task.loss,
            task.params,
            task.folds[k],
            targets[k][name],
            task.scorer,
        )
        for name, k in jobs
    ]
    trials = run(_try, calls, task.n_jobs, task.progress, step)
    by_name: dict[Any, list[Trial]] = {name: [] for name in targets[0]}
    for (name, _), trial in zip(jobs, trials, strict=True):
        by_name[name].append(trial)
    return by_name


def _try(
    student: Any,
    X: Any,
    y: NDArray[Any],
    classes: NDArray[Any],
    loss: Loss,
    params: dict[str, Any],
    fold: tuple[Any, Any],
    target: Array,
    scorer: Callable[..., float] | None,
) -> Trial:
    train, valid = fold
    start = perf_counter()
    fitted = fit_student(
        student, index_rows(X, train), target, classes, index_params(X, params, train)
    )
    seconds = perf_counter() - start
    classifier = DistilledClassifier(fitted, classes, loss)
    rows = index_rows(X, valid)
    score = None if scorer is None else float(scorer(classifier, rows, y[valid]))
    return Trial(classifier.predict_proba(rows), score, seconds)


# ---- blending --------------------------------------------------------------------------------


def blend_weights(label_proba: Array, sample_weight: Array | None = None) -> Array:
    """Return the weights on the simplex whose mixture has the least log loss.

    A super learner of the candidates' students: the weights minimise the mean of
    −log Σ_c w_c f_c, by SLSQP.

    Parameters
    ----------
    label_proba : ndarray of shape (n_samples, n_members)
        What each member's out-of-fold student gives for each row's label, floored.
    sample_weight : ndarray of shape (n_samples,), default=None
        Weights of the rows.

    Returns
    -------
    ndarray of shape (n_members,)
        Non-negative weights that sum to one.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill.selection import blend_weights
    >>> blend_weights(np.array([[0.9, 0.1], [0.1, 0.9]])).round(2)
    array([0.5, 0.5])
    """
    n_members = label_proba.shape[1]
    row_weight = np.ones(len(label_proba)) if sample_weight is None else sample_weight
    row_weight = row_weight / row_weight.sum()

    def risk(w: Array) -> tuple[float, Array]:
        mixed = label_proba @ w
        return -float(row_weight @ np.log(mixed)), -((row_weight / mixed) @ label_proba)

    found = minimize(
        risk,
        np.full(n_members, 1 / n_members),
        jac=True,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * n_members,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": np.ones_like},
        # Members are often alike: by default a gain below 1e-6 ends the search where it starts.
        options={"ftol": 1e-10},
    )
    weights = np.clip(found.x, 0.0, 1.0)
    # Weights that only the solver's tolerance keeps from 0 would cost a member's targets.
    weights[weights < 1e-3] = 0.0
    return np.asarray(weights / weights.sum())


def of_label(proba: Array, codes: NDArray[np.intp], floor: float) -> Array:
    """Return the floored probability that each row's own label gets."""
    return np.asarray(floor_proba(proba, floor)[np.arange(len(codes)), codes])


def mix(targets: dict[Any, Array], weights: dict[Any, float]) -> Array:
    """Return Σ w_c t_c, members without weight left out."""
    return np.asarray(sum(w * targets[name] for name, w in weights.items() if w > 0))


# ---- the choice ------------------------------------------------------------------------------


def choose(
    candidates: Sequence[Candidate], scores: Array, weights: Array, min_gain_se: float
) -> int:
    """Return the best pure candidate, unless another beats it by enough.

    Parameters
    ----------
    candidates : sequence of Candidate
        The candidates.
    scores : ndarray of shape (n_candidates, n_units)
        Greater is better, for each candidate and row (log loss) or fold (other scorers).
    weights : ndarray of shape (n_units,)
        Weights of rows or folds.
    min_gain_se : float
        How many paired standard errors a candidate must gain on the best pure one.

    Returns
    -------
    int
        Place of the chosen candidate.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill.selection import choose, parse_candidates
    >>> candidates = parse_candidates(["labels", "cross_fit", 0.5], 2)
    >>> scores = np.array([[0.1, 0.2, 0.3], [0.0, 0.0, 0.1], [0.2, 0.3, 0.5]])
    >>> choose(candidates, scores, np.ones(3), min_gain_se=0.5)
    2
    >>> choose(candidates, scores, np.ones(3), min_gain_se=100)
    0
    """
    means = _worst_if_nan(np.average(scores, axis=1, weights=weights))
    pure = [k for k, candidate in enumerate(candidates) if candidate.is_pure]
    if not pure:
        return int(means.argmax())
    best_pure = max(pure, key=lambda k: means[k])
    allowed = [best_pure]
    for k in range(len(candidates)):
        if _gains(scores[k] - scores[best_pure], weights, min_gain_se):
            allowed.append(k)
    return max(allowed, key=lambda k: means[k])


def _worst_if_nan(means: Array) -> Array:
    """Let scores that are not finite lose, as in GridSearchCV."""
    return np.where(np.isfinite(means), means, -np.inf)


def _gains(gain: Array, weights: Array, min_gain_se: float) -> bool:
    """Whether the mean of paired gains is large beside its standard error."""
    mean = np.average(gain, weights=weights)
    return bool(mean > min_gain_se * standard_error(gain, weights))


def standard_error(values: Array, weights: Array) -> float:
    """Return the standard error of a weighted mean."""
    if len(values) < 2:
        return 0.0
    share = weights / weights.sum()
    mean = share @ values
    spread = np.sqrt(((share * (values - mean)) ** 2).sum())
    return float(spread * np.sqrt(len(values) / (len(values) - 1)))


# ---- the search ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Task:
    """What a search works on: validated rows, a student and its loss.

    `params` are those of the student's `fit`, `folds` pairs of training and validation rows, and
    `scorer` None for the floored log loss.
    """

    X: Any
    y: NDArray[Any]
    classes: NDArray[Any]
    codes: NDArray[np.intp]
    sample_weight: Array | None
    student: Any
    loss: Loss
    params: dict[str, Any]
    folds: Splits
    floor: float
    scorer: Callable[..., float] | None = None
    n_jobs: int | None = None
    random_state: Any = None
    progress: Progress = SILENT


class Found(NamedTuple):
    """What a search found: the place of the winner, its out-of-fold predictions, all results."""

    best: int
    proba: Array
    results: dict[str, Any]
    blend: dict[Any, float] | None


def search(
    task: Task, candidates: Sequence[Candidate], parts: Sequence[Answers], min_gain_se: float
) -> Found:
    """Try candidates in every fold, and choose.

    Parameters
    ----------
    task : Task
        What is worked on.
    candidates : sequence of Candidate
        What is tried.
    parts : sequence of Answers
        For each fold what teachers say about its training rows.
    min_gain_se : float
        See `choose`.

    Returns
    -------
    Found
        The winner and how all fared.
    """
    with task.progress.part("targets"):
        targets = [targets_of(task, candidates, part) for part in parts]
    trials = try_students(task, targets)
    weights = None
    if any(c.kind == "blend" for c in candidates):
        members = blend_members(candidates)
        own = {name: out_of_fold(task, trials[name]) for name in members}
        label_proba = np.column_stack([of_label(own[m], task.codes, task.floor) for m in members])
        mixed = [
            {
                "blend": mix(
                    target, dict(zip(members, weights_without(task, label_proba, v), strict=True))
                )
            }
            for target, (_, v) in zip(targets, task.folds, strict=True)
        ]
        trials |= try_students(task, mixed, "blend")
        found = blend_weights(label_proba, task.sample_weight)
        weights = dict(zip(members, map(float, found), strict=True))
    ordered = [trials[c.name] for c in candidates]
    scores, unit_weights = _scores(task, ordered)
    _tell_not_finite(candidates, scores)
    best = choose(candidates, scores, unit_weights, min_gain_se)
    results = _results(task, candidates, ordered, scores, unit_weights)
    return Found(best, out_of_fold(task, ordered[best]), results, weights)


def _tell_not_finite(candidates: Sequence[Candidate], scores: Array) -> None:
    """Warn of candidates that a scorer could not judge, or refuse if it could judge none."""
    lost = [c.name for c, row in zip(candidates, scores, strict=True) if not np.isfinite(row).all()]
    if len(lost) == len(candidates):
        raise ValueError(
            "scoring gave no finite score for any candidate: use another, or folds "
            "in which it can judge."
        )
    if lost:
        warnings.warn(
            f"Some scores of the candidates {lost} are not finite: they are not chosen.",
            UserWarning,
            stacklevel=2,
        )


def targets_of(task: Task, candidates: Sequence[Candidate], answers: Answers) -> dict[Any, Array]:
    """Make the targets of all candidates but the blend for the rows of `answers`."""
    return make_targets(
        candidates,
        answers,
        task.X,
        task.codes,
        task.loss,
        sample_weight=task.sample_weight,
        random_state=task.random_state,
    )


def blend_members(candidates: Sequence[Candidate]) -> list[Any]:
    """Return what a blend mixes: the named candidates, or all where fewer than two are named."""
    named = [c.name for c in candidates if c.kind in NAMED and c.kind != "blend"]
    return named if len(named) > 1 else [c.name for c in candidates if c.kind != "blend"]


def weights_without(task: Task, label_proba: Array, valid: NDArray[np.intp]) -> Array:
    """Weigh the members of a blend by the rows of all folds but one."""
    others, weight = _without(task, valid)
    return blend_weights(label_proba[others], weight)


def _without(task: Task, valid: NDArray[np.intp]) -> tuple[NDArray[np.bool_], Array | None]:
    """Mark the rows of all folds but one, and return their weights."""
    others = np.ones(len(task.codes), dtype=bool)
    others[valid] = False
    return others, None if task.sample_weight is None else task.sample_weight[others]


def calibrate(task: Task, proba: Array, min_gain_se: float) -> Calibration | None:
    """Fit a sigmoid to a student's out-of-fold predictions, if sigmoids prove themselves there.

    Parameters
    ----------
    task : Task
        What is worked on.
    proba : ndarray of shape (n_samples, n_classes)
        Out-of-fold predictions of the student.
    min_gain_se : float
        How many paired standard errors of log loss sigmoids must gain on the folds that they were
        fitted without.

    Returns
    -------
    Calibration or None
        Fitted to all rows, or None where the gain is too small.
    """
    better = np.empty_like(proba)
    for _, valid in task.folds:
        others, weight = _without(task, valid)
        better[valid] = fit_calibration(proba[others], task.codes[others], weight)(proba[valid])
    plain, calibrated = (np.log(of_label(p, task.codes, task.floor)) for p in (proba, better))
    if not _gains(calibrated - plain, _row_weights(task), min_gain_se):
        return None
    return fit_calibration(proba, task.codes, task.sample_weight)


def out_of_fold(task: Task, trials: Sequence[Trial]) -> Array:
    """Put the folds' predictions back in the order of the rows."""
    proba = np.empty((len(task.codes), len(task.classes)))
    for (_, valid), trial in zip(task.folds, trials, strict=True):
        proba[valid] = trial.proba
    return proba


def _scores(task: Task, ordered: Sequence[Sequence[Trial]]) -> tuple[Array, Array]:
    """Return each candidate's score for every row (log loss) or fold, and their weights."""
    if task.scorer is not None:
        scores = np.array([[trial.score for trial in trials] for trials in ordered], dtype=float)
        return scores, np.ones(len(task.folds))
    rows = [np.log(of_label(out_of_fold(task, t), task.codes, task.floor)) for t in ordered]
    return np.array(rows), _row_weights(task)


def _fold_means(scores: Array, weights: Array) -> Array:
    """Return each candidate's mean score in a fold, NaN where all rows weigh nothing."""
    if not weights.any():
        return np.full(len(scores), np.nan)
    return np.asarray(np.average(scores, axis=1, weights=weights))


def _row_weights(task: Task) -> Array:
    return np.ones(len(task.codes)) if task.sample_weight is None else task.sample_weight


def _results(
    task: Task,
    candidates: Sequence[Candidate],
    ordered: Sequence[Sequence[Trial]],
    scores: Array,
    weights: Array,
) -> dict[str, Any]:
    """Lay the results out as GridSearchCV does."""
    by_fold = scores
    if task.scorer is None:
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
        **{f"split{k}_test_score": column for k, column in enumerate(by_fold.T)},
        "mean_test_score": means,
        "std_test_score": by_fold[:, judged].std(axis=1),
        "se_test_score": np.array([standard_error(row, weights) for row in scores]),
        "rank_test_score": rankdata(-_worst_if_nan(means), method="min").astype(np.int32),
        "mean_fit_time": np.array([np.mean([t.seconds for t in trials]) for trials in ordered]),
    }
