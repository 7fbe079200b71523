"""Measure one classifier on test rows: scores, fidelity, costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from ..._utils.compat import index_rows
from ..methods import TEACHER, title
from .costs import pickled_size, prediction_time
from .scores import (
    Reliability,
    bayes_log_loss,
    brier_score,
    fidelity,
    hits,
    log_losses,
    mean_and_error,
    onehot,
    probabilities,
    reliability,
)

Array = NDArray[np.float64]

LARGE_BATCH = 10_000
MAX_BLOCKS = 10


@dataclass(frozen=True)
class Measurement:
    """What was measured of one classifier.

    Attributes
    ----------
    student : str or None
        Name of the student; None for the teacher.
    method : object
        How the classifier came about.
    score, score_se : float
        Its score, and the standard error over test rows, or over their groups.
    log_loss, log_loss_se : float
        Mean of `losses` and its standard error.
    excess : float or None
        Log loss beyond the Bayes risk, where that is known.
    brier_score : float
        Mean squared error of probabilities.
    calibration_error : float
        Mean distance between predicted probability and observed share.
    agreement, r2_log_odds, kl_divergence : float
        Fidelity to the teacher on test rows, see `fidelity` in
        :mod:`skdistill.evaluation.measure.scores`.
    fit_seconds : float
        What it takes to make it on its own, the teacher's fits included.
    row_time : float
        Microseconds for one row on its own.
    batch_time : float
        Microseconds per row when 10,000 rows are predicted at once.
    size : float
        Bytes of the pickled classifier.
    losses : ndarray of shape (n_samples,)
        Log loss of each test row.
    reliability : Reliability
        Curve of predicted probability and observed share.
    note : str
        What else there is to say of it.
    groups : ndarray of shape (n_samples,) or None
        Group of each test row, by which errors are counted.
    """

    student: str | None
    method: Any
    score: float
    score_se: float
    log_loss: float
    log_loss_se: float
    excess: float | None
    brier_score: float
    calibration_error: float
    agreement: float
    r2_log_odds: float
    kl_divergence: float
    fit_seconds: float
    row_time: float
    batch_time: float
    size: float
    losses: Array = field(repr=False, compare=False)
    reliability: Reliability = field(repr=False, compare=False)
    note: str = ""
    groups: NDArray[Any] | None = field(default=None, repr=False, compare=False)

    @property
    def is_teacher(self) -> bool:
        """Whether it is the teacher."""
        return isinstance(self.method, str) and self.method == TEACHER

    @property
    def title(self) -> str:
        """What a reader is told that it is."""
        return title(self.method) + (f" ({self.note})" if self.note else "")


@dataclass(frozen=True)
class TestRows:
    """Rows that nobody has learned from, and how classifiers are judged on them.

    Attributes
    ----------
    X : {ndarray, sparse matrix, frame} of shape (n_samples, n_features)
        The rows.
    y : ndarray of shape (n_samples,)
        Their labels.
    classes : ndarray of shape (n_classes,)
        All labels there are, sorted.
    scorer : callable or None
        ``scorer(classifier, X, y)``; None is the accuracy.
    bayes_proba : ndarray of shape (n_samples, n_classes) or None
        True class probabilities, where they are known. They take the place of `y`: accuracy, log
        loss and calibration are then those expected over labels.
    groups : ndarray of shape (n_samples,) or None
        Group of each row; standard errors then count groups and not rows.
    """

    __test__ = False  # pytest takes the name for a test

    X: Any
    y: NDArray[Any]
    classes: NDArray[Any]
    scorer: Callable[..., float] | None = None
    bayes_proba: Array | None = None
    groups: NDArray[Any] | None = None

    @property
    def truth(self) -> Array:
        """One-hot labels, or Bayes probabilities."""
        return onehot(self.y, self.classes) if self.bayes_proba is None else self.bayes_proba

    def measure(
        self,
        classifier: Any,
        method: Any,
        *,
        student: str | None = None,
        teacher_proba: ArrayLike | None = None,
        fit_seconds: float = float("nan"),
        note: str = "",
    ) -> Measurement:
        """Score a fitted classifier, weigh and time it.

        Parameters
        ----------
        classifier : classifier
            A fitted classifier with `predict_proba`.
        method : object
            How it came about.
        student : str, default=None
            The student's name; None for the teacher.
        teacher_proba : array-like of shape (n_samples, n_classes), default=None
            What the teacher says about the rows; None for the teacher itself.
        fit_seconds : float, default=nan
            What it took to make it.
        note : str, default=""
            What else there is to say of it.

        Returns
        -------
        Measurement
            The numbers.
        """
        proba = probabilities(classifier, self.X, self.classes)
        truth = self.truth
        losses = log_losses(truth, proba)
        log_loss, log_loss_se = mean_and_error(losses, self.groups)
        score, score_se = self._score(classifier, proba)
        curve = reliability(truth, proba)
        excess = None if self.bayes_proba is None else log_loss - bayes_log_loss(truth)
        return Measurement(
            student,
            method,
            score,
            score_se,
            log_loss,
            log_loss_se,
            excess,
            brier_score(truth, proba),
            curve.error,
            *fidelity(proba if teacher_proba is None else teacher_proba, proba),
            fit_seconds,
            prediction_time(classifier, self.X),
            prediction_time(classifier, self.X, batch=LARGE_BATCH),
            pickled_size(classifier),
            losses,
            curve,
            note,
            self.groups,
        )

    def _score(self, classifier: Any, proba: Array) -> tuple[float, float]:
        if self.scorer is None:
            return mean_and_error(hits(self.truth, proba), self.groups)
        score = float(self.scorer(classifier, self.X, self.y))
        return score, self._error_by_blocks(classifier)

    def _error_by_blocks(self, classifier: Any) -> float:
        """Return the standard error of a score that is no mean over rows, from ten blocks."""
        assert self.scorer is not None
        parts = _blocks(self.y, self.groups)
        if len(parts) < 2:
            return float("nan")
        scores = [self.scorer(classifier, index_rows(self.X, p), self.y[p]) for p in parts]
        return mean_and_error(np.array(scores, dtype=np.float64))[1]


def _blocks(y: NDArray[Any], groups: NDArray[Any] | None) -> list[NDArray[np.intp]]:
    """Divide rows in blocks with all classes, ten if possible, and none if not in two.

    Groups stay whole: what they share would make blocks too much alike.
    """
    classes, codes = np.unique(y, return_inverse=True)
    rows = np.arange(len(y)) if groups is None else np.unique(groups, return_inverse=True)[1]
    most = min(len(np.unique(rows[codes == k])) for k in range(len(classes)))
    for n_blocks in range(min(MAX_BLOCKS, most), 1, -1):
        parts = [part for _, part in _splitter(n_blocks, groups).split(y, y, groups)]
        if all(len(np.unique(codes[part])) == len(classes) for part in parts):
            return parts
    return []


def _splitter(n_blocks: int, groups: NDArray[Any] | None) -> Any:
    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    return kind(n_blocks, shuffle=True, random_state=0)
