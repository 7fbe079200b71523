"""Measure one classifier on test rows: scores, fidelity, costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from ..._utils.compat import index_rows
from ..._utils.parameters import LARGE_BATCH
from ...outcomes import Classes
from ...rows import Rows
from ..methods import TEACHER, title
from .costs import pickled_size
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
from .times import UNKNOWN, Timing, time_predictions

Array = NDArray[np.float64]

MAX_BLOCKS = 10


class Measured:
    """What all measurements tell, whatever the outcome."""

    student: str | None
    method: Any
    score: float
    score_se: float
    losses: Array
    fit_seconds: float
    size: float
    reliability: Reliability
    note: str
    groups: NDArray[Any] | None
    row: Timing
    batch: Timing

    @property
    def row_time(self) -> float:
        """Microseconds for one row on its own."""
        return self.row.microseconds

    @property
    def batch_time(self) -> float:
        """Microseconds per row when 10,000 rows are predicted at once."""
        return self.batch.microseconds

    @property
    def is_teacher(self) -> bool:
        """Whether it is the teacher."""
        return isinstance(self.method, str) and self.method == TEACHER

    @property
    def title(self) -> str:
        """What a reader is told that it is."""
        return title(self.method) + (f" ({self.note})" if self.note else "")


@dataclass(frozen=True)
class Measurement(Measured):
    """What was measured of one classifier."""

    student: str | None  # its name; None for the teacher
    method: Any  # how the classifier came about
    score: float
    score_se: float  # over test rows
    log_loss: float  # mean of `losses`
    log_loss_se: float
    excess: float | None  # log loss beyond the Bayes risk, where that is known
    brier_score: float
    calibration_error: float  # mean distance between predicted probability and observed share
    agreement: float  # these three, fidelity to the teacher on test rows: see `Fidelity`
    r2_log_odds: float
    kl_divergence: float
    fit_seconds: float  # what it takes to make it on its own, the teacher's fits included
    size: float  # bytes of the pickled classifier
    losses: Array = field(repr=False, compare=False)  # log loss of each test row
    reliability: Reliability = field(repr=False, compare=False)
    note: str = ""  # what else there is to say of it
    groups: NDArray[Any] | None = field(default=None, repr=False, compare=False)  # of test rows
    row: Timing = UNKNOWN  # of one row on its own
    batch: Timing = UNKNOWN  # of 10,000 rows that are predicted at once


class Judging:
    """What all test rows do, whatever the outcome: they time models, and cut a score in blocks."""

    __test__ = False  # pytest takes names for tests

    X: Any
    y: NDArray[Any]
    scorer: Callable[..., float] | None
    groups: NDArray[Any] | None
    answers_by: ClassVar[str]  # the method that is timed

    def time(self, measured: Sequence[Any], models: Sequence[Any]) -> list[Any]:
        """Return measurements with the times of their models."""
        of_rows = time_predictions(models, self.X, method=self.answers_by)
        of_batches = time_predictions(models, self.X, batch=LARGE_BATCH, method=self.answers_by)
        return [
            replace(m, row=row, batch=batch)
            for m, row, batch in zip(measured, of_rows, of_batches, strict=True)
        ]

    def score_by(self, scorer: Callable[..., float], model: Any) -> tuple[float, float]:
        """Return a score that is no mean over rows, and its standard error, from ten blocks."""
        score = float(scorer(model, self.X, self.y))
        parts = self.blocks()
        if len(parts) < 2:
            return score, float("nan")
        scores = [scorer(model, index_rows(self.X, p), self.y[p]) for p in parts]
        return score, mean_and_error(np.array(scores, dtype=np.float64))[1]

    def blocks(self) -> list[NDArray[np.intp]]:
        """Divide rows in blocks, none if not in two."""
        raise NotImplementedError


@dataclass(frozen=True)
class TestRows(Judging):
    """Rows that nobody has learned from, and how classifiers are judged on them.

    Where `bayes_proba`, the true class probabilities (n_samples, n_classes), are known, they take
    the place of `y`: accuracy, log loss and calibration are then those expected over labels.
    With `groups`, standard errors count these and not rows.
    """

    answers_by = "predict_proba"

    X: Any
    y: NDArray[Any]
    classes: NDArray[Any]  # all labels there are, sorted
    scorer: Callable[..., float] | None = None  # scorer(classifier, X, y); None: the accuracy
    bayes_proba: Array | None = None
    groups: NDArray[Any] | None = None

    @property
    def rows(self) -> Rows:
        """The rows as they travel."""
        return Rows(self.X, self.y, Classes(self.classes), np.searchsorted(self.classes, self.y))

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
        teacher_answer: ArrayLike | None = None,
        fit_seconds: float = float("nan"),
        note: str = "",
    ) -> Measurement:
        """Score a fitted classifier, and weigh it; it is timed beside all others, in the end.

        `teacher_answer` is what the teacher says about the rows, None for the teacher itself.
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
            *fidelity(proba if teacher_answer is None else teacher_answer, proba),
            fit_seconds,
            pickled_size(classifier),
            losses,
            curve,
            note,
            self.groups,
        )

    def _score(self, classifier: Any, proba: Array) -> tuple[float, float]:
        if self.scorer is None:
            return mean_and_error(hits(self.truth, proba), self.groups)
        return self.score_by(self.scorer, classifier)

    def blocks(self) -> list[NDArray[np.intp]]:
        """Divide rows in blocks with all classes."""
        return _blocks(self.y, self.groups)


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
