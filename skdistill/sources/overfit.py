"""Did the teacher see these labels? The overfit share, and a check of given probabilities."""

from __future__ import annotations

from typing import Any, NamedTuple

import joblib
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from .._utils.boosting import REPEATABLE
from .._utils.compat import index_rows
from .._utils.numeric import as_numeric, as_table
from .._utils.warn import quiet, warn
from ..outcomes import Classes, Outcome, View
from ..rows import Rows

Floats = NDArray[np.float64]

MAX_ROWS = 5_000
MIN_ROWS = 200
MAX_COLUMNS = 500
N_FOLDS = 5
# Weights 1 / variance are bounded here: a row the reference is sure of must not decide alone.
MIN_VARIANCE = 0.1

IN_SAMPLE_MESSAGE = (
    "The teacher's answers look like those of a teacher that saw these very labels: they "
    "follow each row's own label more closely than a function of the features can. A student that "
    "learns from them learns memorised label noise, and the teacher seems better than it is. "
    "Pass out-of-fold or out-of-bag answers instead, or let CrossFitDistiller, or its regressor, "
    "make them from a teacher that is not fitted yet."
)

JUDGED_MESSAGE = (
    "The teacher looks as if it had seen the labels of the very rows that it is judged on, so that "
    "its scores, and what students are held against, are too good. It holds something that was "
    "fitted before: judge it on other rows (X_test and y_test), or hand over a teacher that can be "
    "fitted."
)


def overfit_share(
    y: ArrayLike,
    proba_in: ArrayLike,
    proba_out: ArrayLike,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Share of the label's surprise that a teacher has memorised.

    All arrays have one shape, (n_samples,) or (n_samples, n_classes). With p_out what a teacher
    says about a row it did not see and p_in what it says once it saw the label y, the share is
    Σ (p_in − p_out)(y − p_out) / Σ (y − p_out)², the slope of p_in − p_out on y − p_out: 0 for a
    teacher that memorises nothing (or where nothing is to memorise), 1 for one that repeats the
    labels, 1 − 1/e for an unpruned bootstrap forest, as a tree's sample holds a given row with that
    probability. Entries that are not finite are left out. The quantity is our own; it measures the
    overfitting that cross-fitting cures in Dao et al. (ICLR 2021).

    >>> y, proba_out = [0, 1, 1], [0.2, 0.6, 0.4]
    >>> overfit_share(y, proba_out, proba_out)
    0.0
    >>> round(overfit_share(y, [0.1, 0.8, 0.7], proba_out), 2)
    0.5
    """
    y, proba_in, proba_out = (np.asarray(a, dtype=float) for a in (y, proba_in, proba_out))
    if not y.shape == proba_in.shape == proba_out.shape:
        raise ValueError(
            "y, proba_in and proba_out must have one shape, found "
            f"{y.shape}, {proba_in.shape} and {proba_out.shape}."
        )
    surprise, gain = y - proba_out, proba_in - proba_out
    weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    weight = weight.reshape(-1, *[1] * (y.ndim - 1)) * (np.isfinite(surprise) & np.isfinite(gain))
    surprise, gain = np.nan_to_num(surprise), np.nan_to_num(gain)
    total = np.sum(weight * surprise**2)
    return float(np.sum(weight * gain * surprise) / total) if total > 0 else 0.0


class InSampleEvidence(NamedTuple):
    """What `in_sample_evidence` measured."""

    slope: float
    standard_error: float  # of the slope
    share: float  # weighted overfit share, Σ d r / Σ r²
    unexplained: float  # squared error of p relative to that of m

    @property
    def lower_slope(self) -> float:
        """Slope less two standard errors."""
        return self.slope - 2 * self.standard_error

    @property
    def in_sample(self) -> bool:
        """Whether the probabilities look like in-sample ones."""
        memorises = self.lower_slope > MIN_SLOPE and self.share > MIN_SHARE
        return bool(memorises or self.unexplained < MAX_UNEXPLAINED)


# Chosen on the cells of benchmarks/in_sample_check.py, ten tables and simulations, all rows and
# subsamples. Lower slope of honest probabilities: at most 1.11, letter, from a forest of four times
# the reference's rows (1.16 on simulated data without noise). Of in-sample forests and LightGBMs of
# adult, magic and phoneme, 5,000 rows or all: at least 1.31.
MIN_SLOPE = 1.22
# Depth-4 forests remember up to 0.02 of the label noise in-sample; LightGBM on all of adult, 0.08.
MIN_SHARE = 0.03
# Trees or neighbours that repeat the labels: 0.00. Honest: at least 0.19 out-of-fold, and 0.10 for
# a frozen RBF-SVM asked about 2,000 other rows of letter; 0.05 in a trial with 500, so no higher.
# Two known errors: a teacher that memorises nearly but not quite all (LightGBM on 1,500 rows of
# phoneme: slope 1.20, 0.05) is missed between the two thresholds, and a perfect teacher of labels
# without noise repeats them too, and is reported.
MAX_UNEXPLAINED = 0.03


def looks_in_sample(
    X: Any,
    target: ArrayLike,
    answers: ArrayLike,
    outcome: Outcome | None = None,
    *,
    seed: int = 0,
) -> bool:
    """Tell whether given answers look like those of a teacher that saw the labels.

    See `in_sample_evidence` for how. Never raises and never warns: where nothing can be told
    (fewer than 200 rows, features that can't be made numeric, ...) the answer is False.

    >>> from sklearn.datasets import make_classification
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> X, y = make_classification(1000, flip_y=0.3, random_state=0)
    >>> forest = RandomForestClassifier(50, oob_score=True, random_state=0).fit(X, y)
    >>> looks_in_sample(X, y, forest.predict_proba(X))
    True
    >>> looks_in_sample(X, y, forest.oob_decision_function_)
    False
    """
    # Whatever a user's table holds, a check that only advises must not stop or disturb a fit.
    with quiet():
        try:
            evidence = in_sample_evidence(X, target, answers, outcome, seed=seed)
        except Exception:
            return False
    return evidence is not None and evidence.in_sample


# Verdicts of this process: a search with a frozen teacher asks about the same rows again and again.
_VERDICTS: dict[str, bool] = {}
_MAX_VERDICTS = 64


def warn_if_in_sample(rows: Rows, answers: Floats, message: str = IN_SAMPLE_MESSAGE) -> None:
    """Warn where given answers look like those of a teacher that saw the labels."""
    key = str(joblib.hash((rows.X.shape, rows.target, answers)))
    if key not in _VERDICTS:
        while len(_VERDICTS) >= _MAX_VERDICTS:
            _VERDICTS.pop(next(iter(_VERDICTS)), None)
        _VERDICTS[key] = looks_in_sample(rows.X, rows.target, answers, rows.outcome)
    if _VERDICTS[key]:
        warn(message)


def in_sample_evidence(
    X: Any,
    target: ArrayLike,
    answers: ArrayLike,
    outcome: Outcome | None = None,
    *,
    seed: int = 0,
) -> InSampleEvidence | None:
    """Measure how far answers (n_samples, n_columns) follow each row's own label.

    `target` are codes of classes, unless another `outcome` is told.

    A model h of the given probabilities p and a model m of the labels y, both of the features and
    both cross-fitted, leave d = p − h and r = y − (m + h) / 2. An honest teacher's d is a function
    of the features that h missed: if p is calibrated, y moves by d where p moves by d, so the
    slope Σ d r / Σ d² is at most about 1, *however much better than the reference the teacher is*.
    A teacher that memorised a share ω of the label noise has d = ω (y − E[y | x]), and slope 1/ω.
    Two exceptions: a share too small to matter is not reported, and a teacher that repeats the
    labels (ω = 1) is known by having no error left where the reference has.

    The rows are weighted by 1 / variance of the label. The answers are first put on the scale of
    the labels, by the temperature, or the line, that fits h to y (a too cautious honest teacher
    would have a large slope). More than two classes are folded into two groups, twice. None if
    there are too few rows.
    """
    answers = np.asarray(answers, dtype=np.float64)
    outcome = Classes(np.arange(answers.shape[1])) if outcome is None else outcome
    y = outcome.as_target(target)
    if len(y) < MIN_ROWS or not np.isfinite(answers).all():
        return None
    rows = _choose_rows(y, seed)
    table = _narrow(as_numeric(index_rows(as_table(X), rows)))
    parts = [
        _measure(table, view, outcome, seed)
        for view in outcome.views(y[rows], answers[rows], 2 * N_FOLDS)
    ]
    return _pool(np.array(parts)) if parts else None


def _choose_rows(y: NDArray[Any], seed: int) -> NDArray[np.intp]:
    """Choose at most `MAX_ROWS` rows, labels in proportion (every k-th of the sorted rows)."""
    if len(y) <= MAX_ROWS:
        return np.arange(len(y))
    shuffled = np.random.default_rng(seed).permutation(len(y))
    by_class = shuffled[np.argsort(y[shuffled], kind="stable")]
    return np.sort(by_class[np.linspace(0, len(y) - 1, MAX_ROWS).astype(np.intp)])


def _narrow(X: Any) -> Any:
    """Keep the `MAX_COLUMNS` columns that vary most: the reference may be weak, not slow."""
    if X.shape[1] <= MAX_COLUMNS:
        return X
    if sparse.issparse(X):
        mean = np.asarray(X.mean(axis=0)).ravel()
        variance = np.asarray(X.multiply(X).mean(axis=0)).ravel() - mean**2
    else:
        variance = np.nanvar(X, axis=0)
    return X[:, np.sort(np.argsort(-variance, kind="stable")[:MAX_COLUMNS])]


def _cross_fit(X: Any, view: View, outcome: Outcome, seed: int) -> tuple[Floats, Floats]:
    """Give out-of-fold models of the labels (m) and of the given answers (h)."""
    import lightgbm as lgb

    # Answers have less noise than labels and bear the bigger trees.
    for_labels = REPEATABLE | {"objective": outcome.objective, "num_leaves": 15}
    for_answers = REPEATABLE | {"objective": "regression", "num_leaves": 31, "min_data_in_leaf": 10}
    m, h = np.empty(len(view.y)), np.empty(len(view.y))
    folds = outcome.splitter(N_FOLDS, seed)
    for train, test in folds.split(np.zeros(len(view.y)), view.y):
        for out, target, params, rounds in (
            (m, view.y.astype(float), for_labels, 60),
            (h, view.answer, for_answers, 100),
        ):
            data = lgb.Dataset(X[train], target[train])
            out[test] = lgb.train(params, data, num_boost_round=rounds).predict(X[test])
    return m, h


def _measure(X: Any, view: View, outcome: Outcome, seed: int) -> tuple[float, ...]:
    """Give the weighted sums from which `_pool` makes the evidence, for one column."""
    y = view.y
    m, h = _cross_fit(X, view, outcome, seed)
    to_scale = outcome.fit_scale(h, y)
    p, h = to_scale(view.answer), to_scale(h)
    m = outcome.fit_scale(m, y)(m)
    reference = (m + h) / 2
    d, r = p - h, y - reference
    weight = 1 / np.maximum(outcome.variance(reference), MIN_VARIANCE)
    slope = np.sum(weight * d * r) / max(np.sum(weight * d * d), 1e-12)
    return (
        float(np.sum(weight * d * r)),
        float(np.sum(weight * d * d)),
        float(np.sum(weight * r * r)),
        float(np.sum((weight * d * (r - slope * d)) ** 2)),
        float(np.sum(weight * (y - view.answer) ** 2)),
        float(np.sum(weight * (y - m) ** 2)),
    )


def _pool(parts: Floats) -> InSampleEvidence | None:
    dr, dd, rr, spread, left, left_by_reference = parts.sum(axis=0)
    if min(dd, rr, left_by_reference) <= 1e-9 * len(parts):
        return None
    # Groupings of the same rows are not independent: the error is that of the mean one.
    error = np.sqrt(spread * len(parts)) / dd
    return InSampleEvidence(*map(float, (dr / dd, error, dr / rr, left / left_by_reference)))
