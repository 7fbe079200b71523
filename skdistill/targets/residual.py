"""The learned correction: a small model of where the teacher is wrong.

Instead of moving every target towards its label by the same share, learn from the labels where the
teacher's probabilities are off, and move those. The model m of the labels y on (x, logit p̂) starts
at logit p̂, is cross-fitted, and gives p̃ = expit(logit p̂ + m) (softmax and log p̂ for more than two
classes). A row's own label never enters its p̃, except through other rows' p̂.
"""

from __future__ import annotations

from typing import Any, Self

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit, softmax

from .. import corrections
from .._utils.numeric import NumericEncoder
from .._utils.probabilities import floor_proba
from .._utils.rounding import first_best, noise_of, on_grid
from .._utils.validation import is_number
from ..rows import Rows
from ..sources import Splits
from .losses import Correction

Array = NDArray[np.float64]

DEFAULT_SHARE = 0.2
# Few leaves, slow steps and strong shrinkage: the teacher has had the first word, and most of the
# surprise that is left is noise.
_PARAMS = {
    "num_leaves": 7,
    "learning_rate": 0.05,
    "min_data_in_leaf": 40,
    "lambda_l2": 5.0,
    "verbosity": -1,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
}
_ROUNDS = (0, 10, 20, 40, 80)
# Each class has its tree in a round already; if each were a column of all of them too, the time
# would grow with the square of their number.
_MOST_SCORES = 26


def share(c: float | None) -> Correction:
    """Return what follows the learned correction: a share c of the orthogonal one, or .2."""
    if c is None:
        return corrections.resolve(DEFAULT_SHARE)
    if not is_number(c) or not 0 <= c <= 1:
        raise ValueError(
            f"c must be a share in [0, 1] with correction='residual', or None, found {c!r}."
        )
    return corrections.resolve(float(c))


class ResidualModel:
    """Where a teacher is wrong, learned from labels over folds of the rows.

    >>> import numpy as np
    >>> from skdistill import rows
    >>> X = np.linspace(0, 1, 400)[:, None]
    >>> train = rows.check(X, X[:, 0] > 0.5)

    A teacher that says 1/2 everywhere, and rows that say more:

    >>> even = np.arange(400) % 2 == 0
    >>> splits = [(np.flatnonzero(even), np.flatnonzero(~even)),
    ...           (np.flatnonzero(~even), np.flatnonzero(even))]
    >>> proba = np.full((400, 2), 0.5)
    >>> model = ResidualModel().fit(train, proba, splits)
    >>> model.corrected[[0, -1], 1].round(2)
    array([0.04, 0.96])

    Other rows get the mean of the folds' models:

    >>> model.apply(X[[0, -1]], proba[:2])[:, 1].round(2)
    array([0.04, 0.96])
    """

    def fit(self, rows: Rows, proba: Array, splits: Splits) -> Self:
        """Fit a model for each fold, and choose the number of rounds by out-of-fold log loss.

        `proba` is what the teacher says, shape (n_samples, n_classes), floored at 1/500 before
        use; `splits` are its own folds, if it has any. Sets `corrected`, the teacher's
        probabilities with their learnable errors taken out: a row's own label never enters, except
        through other rows' probabilities and the number of rounds. They are the floored ones where
        the models find nothing: no round is one of the choices.
        """
        proba = floor_proba(proba)
        self.encoder = NumericEncoder().fit(rows.X)
        scores = _scores(proba)
        self.shown = _most_varied(scores)
        table = _beside(self.encoder.transform(rows.X), scores[:, self.shown])
        weight = rows.sample_weight
        candidates = np.repeat(scores[None], len(_ROUNDS), axis=0)
        self.boosters = []
        for train, test in splits:
            # LightGBM makes its bins of all rows, and counts them, whatever they weigh.
            train = train if weight is None else train[weight[train] > 0]
            own = None if weight is None else weight[train]
            booster = _fit(table[train], rows.codes[train], scores[train], proba.shape[1], own)
            for k, rounds in enumerate(_ROUNDS[1:], start=1):
                candidates[k][test] += _steps(booster, table[test], rounds)
            self.boosters.append(booster)
        best, self.corrected = _best(candidates, rows.codes, weight)
        self.rounds = _ROUNDS[best]
        return self

    def apply(self, X: Any, proba: Array, folds: NDArray[np.intp] | None = None) -> Array:
        """Correct what the teacher says about rows that no model has seen, by the models' mean.

        `folds` are the numbers of the folds whose model answers alone about each row.
        """
        scores = _scores(floor_proba(proba))
        if not self.rounds:
            return _probabilities(scores)
        table = _beside(self.encoder.transform(X), scores[:, self.shown])
        if folds is not None:
            for k, booster in enumerate(self.boosters):
                own = np.flatnonzero(folds == k)
                if len(own):
                    scores[own] += _steps(booster, table[own], self.rounds)
            return _probabilities(scores)
        found = [
            _probabilities(scores + _steps(booster, table, self.rounds))
            for booster in self.boosters
        ]
        return np.asarray(np.mean(found, axis=0))


def _steps(booster: lgb.Booster, table: Any, rounds: int) -> Array:
    """Return what the first rounds of a model add to the scores, shape (n_samples, n_scores)."""
    step = booster.predict(table, num_iteration=rounds, raw_score=True, num_threads=1)
    return np.asarray(step).reshape(table.shape[0], -1)


def _scores(proba: Array) -> Array:
    """Log-odds of the second of two classes, or the logarithms of more.

    On a grid: LightGBM's bins depend on which values are equal.
    """
    if proba.shape[1] == 2:
        return on_grid(np.log(proba[:, 1:]) - np.log(proba[:, :1]))
    return on_grid(np.log(proba))


def _probabilities(scores: Array) -> Array:
    if scores.shape[1] == 1:
        positive = expit(scores)
        return np.hstack([1 - positive, positive])
    return np.asarray(softmax(scores, axis=1))


def _most_varied(scores: Array) -> NDArray[np.intp]:
    """Return which columns of scores the models see: all, of many classes those that vary most."""
    order = np.argsort(-scores.var(axis=0), kind="stable")
    return np.sort(order[:_MOST_SCORES])


def _beside(rows: Any, scores: Array) -> Any:
    if sparse.issparse(rows):
        return sparse.csr_matrix(sparse.hstack([rows, scores], format="csr"))
    return np.hstack([rows, scores])


def _fit(
    rows: Any, codes: NDArray[np.intp], scores: Array, n_classes: int, weight: Array | None
) -> lgb.Booster:
    objective = {"objective": "binary", "boost_from_average": False}
    if n_classes > 2:
        objective = {"objective": "multiclass", "num_class": n_classes}
    data = lgb.Dataset(
        rows, codes, weight=weight, init_score=scores.ravel(order="F"), free_raw_data=True
    )
    return lgb.train({**_PARAMS, **objective}, data, num_boost_round=_ROUNDS[-1])


def _best(
    candidates: Array, codes: NDArray[np.intp], sample_weight: Array | None
) -> tuple[int, Array]:
    """Return which probabilities have the least out-of-fold log loss, the earliest of equal ones.

    And the probabilities.
    """
    probas = [_probabilities(scores) for scores in candidates]
    own = np.arange(len(codes))
    risks = [np.average(-np.log(floor_proba(p)[own, codes]), weights=sample_weight) for p in probas]
    gains = -np.array(risks)
    best = first_best(gains, noise_of(gains))
    return best, probas[best]
