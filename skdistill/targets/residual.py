"""The learned correction: a small model of where the teacher is wrong.

Instead of moving every target towards its label by the same share, learn from the labels where the
teacher's probabilities are off, and move those. The model m of the labels y on (x, logit p̂) starts
at logit p̂, is cross-fitted, and gives p̃ = expit(logit p̂ + m) (softmax and log p̂ for more than two
classes). A row's own label never enters its p̃, except through other rows' p̂.
"""

from __future__ import annotations

from numbers import Real
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit, softmax

from .. import corrections
from .._utils.numeric import as_numeric
from .losses import Correction, floor_proba

Array = NDArray[np.float64]

PROBA_FLOOR = 1 / 500
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


def share(c: float | None) -> Correction:
    """Return the correction that follows the learned one: a share of the orthogonal correction.

    Parameters
    ----------
    c : float or None
        The share, in [0, 1]; None is 0.2.

    Returns
    -------
    callable
        ``rule(proba, y, *, link)`` returns γ.

    Raises
    ------
    ValueError
        If `c` is no number in [0, 1].
    """
    if c is None:
        return corrections.resolve(DEFAULT_SHARE)
    if not isinstance(c, Real) or isinstance(c, bool) or not 0 <= c <= 1:
        raise ValueError(
            f"c must be a share in [0, 1] with correction='residual', or None, found {c!r}."
        )
    return corrections.resolve(float(c))


def correct_proba(
    X: Any,
    codes: NDArray[np.intp],
    proba: Array,
    splits: list[tuple[Any, Any]],
    *,
    sample_weight: Array | None = None,
) -> Array:
    """Return a teacher's probabilities with its learnable errors taken out.

    Parameters
    ----------
    X : {ndarray, sparse matrix, frame} of shape (n_samples, n_features)
        Rows; columns that are not numeric are read as ordinal codes.
    codes : ndarray of shape (n_samples,)
        Labels as codes 0, ..., n_classes − 1.
    proba : ndarray of shape (n_samples, n_classes)
        The teacher's probabilities, floored at 1/500 before use.
    splits : list of (ndarray, ndarray)
        Training and test rows of the folds over which the model is cross-fitted; those of the
        teacher, if it has any.
    sample_weight : ndarray of shape (n_samples,), default=None
        Weights of the rows.

    Returns
    -------
    ndarray of shape (n_samples, n_classes)
        The corrected probabilities. They are the floored ones where the model finds nothing: the
        number of its rounds, 0 among them, is chosen by out-of-fold log loss.

    Examples
    --------
    A teacher that says 1/2 everywhere, and rows that say more:

    >>> import numpy as np
    >>> from skdistill.targets.residual import correct_proba
    >>> X = np.linspace(0, 1, 400)[:, None]
    >>> codes = (X[:, 0] > 0.5).astype(int)
    >>> even = np.arange(400) % 2 == 0
    >>> splits = [(np.flatnonzero(even), np.flatnonzero(~even)),
    ...           (np.flatnonzero(~even), np.flatnonzero(even))]
    >>> better = correct_proba(X, codes, np.full((400, 2), 0.5), splits)
    >>> better[[0, -1], 1].round(2)
    array([0.04, 0.96])
    """
    proba = floor_proba(proba, PROBA_FLOOR)
    scores = _scores(proba)
    rows = _beside(as_numeric(X), scores)
    candidates = np.repeat(scores[None], len(_ROUNDS), axis=0)
    for train, test in splits:
        weight = None if sample_weight is None else sample_weight[train]
        booster = _fit(rows[train], codes[train], scores[train], proba.shape[1], weight)
        for k, rounds in enumerate(_ROUNDS[1:], start=1):
            step = booster.predict(rows[test], num_iteration=rounds, raw_score=True)
            candidates[k][test] += np.asarray(step).reshape(len(test), -1)
    return _best(candidates, codes, sample_weight)


def _scores(proba: Array) -> Array:
    """Log-odds of the second of two classes, or the logarithms of more."""
    if proba.shape[1] == 2:
        return np.asarray(np.log(proba[:, 1:]) - np.log(proba[:, :1]))
    return np.asarray(np.log(proba))


def _probabilities(scores: Array) -> Array:
    if scores.shape[1] == 1:
        positive = expit(scores)
        return np.hstack([1 - positive, positive])
    return np.asarray(softmax(scores, axis=1))


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


def _best(candidates: Array, codes: NDArray[np.intp], sample_weight: Array | None) -> Array:
    """Return the probabilities with the least out-of-fold log loss; of equal ones the earliest."""
    probas = [_probabilities(scores) for scores in candidates]
    own = np.arange(len(codes))
    risks = [
        np.average(-np.log(floor_proba(p, PROBA_FLOOR)[own, codes]), weights=sample_weight)
        for p in probas
    ]
    return probas[int(np.argmin(risks))]
