"""Scores of class probabilities: how right they are, how calibrated, how close to a teacher's.

All functions take *truth*: one-hot labels, or the true (Bayes) probabilities where these are known,
which gives the score that is expected over labels, free of their noise.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import entr, rel_entr
from sklearn.metrics import r2_score

from ..._utils.probabilities import PROBA_FLOOR, floor_proba
from ..._utils.validation import check_probabilities, class_columns

Array = NDArray[np.float64]

# Every logarithm here raises probabilities to PROBA_FLOOR first: without a floor the single rows on
# which an unpruned tree is certain and wrong would decide every comparison.
N_BINS = 10

# ---- how right -------------------------------------------------------------------------------


def onehot(y: ArrayLike, classes: NDArray[Any]) -> Array:
    """Return labels as rows of zeros and a one, in the order of `classes`."""
    return (np.asarray(y)[:, None] == classes).astype(np.float64)


def floored(proba: ArrayLike) -> Array:
    """Raise probabilities to at least ``PROBA_FLOOR`` (1/500), rows renormalised."""
    return floor_proba(np.asarray(proba, dtype=np.float64))


def hits(truth: ArrayLike, proba: ArrayLike) -> Array:
    """Return for each row whether, or how probably, its most probable class is the label.

    >>> hits([[1, 0], [0.3, 0.7]], [[0.6, 0.4], [0.6, 0.4]])
    array([1. , 0.3])
    """
    chosen = np.asarray(proba).argmax(axis=1)
    return np.asarray(truth, dtype=np.float64)[np.arange(len(chosen)), chosen]


def log_losses(truth: ArrayLike, proba: ArrayLike) -> Array:
    """Return the log loss of each row in nats, −Σ truth · log(proba), with probabilities floored.

    A certain and wrong prediction costs log(501), not infinity:

    >>> log_losses([[1, 0], [1, 0]], [[0.5, 0.5], [0.0, 1.0]]).round(3)
    array([0.693, 6.217])
    """
    return np.asarray(-(np.asarray(truth) * np.log(floored(proba))).sum(axis=1))


def neg_log_loss_floored(classifier: Any, X: Any, y: ArrayLike) -> float:
    """Score a classifier by minus its log loss, with probabilities floored at 1/500.

    It is a scorer, for the `scoring` of any search or curve. scikit-learn's own `"neg_log_loss"`
    floors at about 1e-16, so that for a student that is sometimes certain and wrong, such as an
    unpruned tree, it counts little else.

    Parameters
    ----------
    classifier : classifier
        A fitted classifier with `predict_proba`.
    X : {ndarray, sparse matrix, frame} of shape (n_samples, n_features)
        Rows.
    y : array-like of shape (n_samples,)
        Their labels.

    Returns
    -------
    float
        Greater is better, 0 is best. A row whose class the classifier does not know counts like one
        to which it gives probability 0.

    Raises
    ------
    ValueError
        If the classifier knows none of the labels: they are of another kind.

    Examples
    --------
    A tree that is certain, and wrong about one of four rows; `"neg_log_loss"` says −9:

    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdistill.evaluation import neg_log_loss_floored
    >>> tree = DecisionTreeClassifier(random_state=0).fit([[0], [1]], ["no", "yes"])
    >>> round(neg_log_loss_floored(tree, [[0], [1], [0], [1]], ["no", "no", "no", "yes"]), 2)
    -1.56
    """
    truth = onehot(y, classifier.classes_)
    unknown = ~truth.any(axis=1)
    if unknown.all():
        raise ValueError(
            f"y holds no label that the classifier knows: its classes are "
            f"{classifier.classes_.tolist()}, y begins with {np.asarray(y)[:3].tolist()}."
        )
    losses = log_losses(truth, classifier.predict_proba(X))
    losses[unknown] = -np.log(PROBA_FLOOR / (1 + PROBA_FLOOR))
    return -float(losses.mean())


def bayes_log_loss(bayes_proba: ArrayLike) -> float:
    """Return the Bayes risk: the mean log loss, in nats, of the true probabilities themselves."""
    return float(entr(np.asarray(bayes_proba)).sum(axis=1).mean())


def excess_log_loss(bayes_proba: ArrayLike, proba: ArrayLike) -> float:
    """Return the log loss beyond the Bayes risk in nats, the mean of Σ p₀ (log p₀ − log q).

    It is an expectation over labels, so it needs none. Predicted probabilities q are floored.
    """
    return float(log_losses(bayes_proba, proba).mean()) - bayes_log_loss(bayes_proba)


def brier_score(truth: ArrayLike, proba: ArrayLike) -> float:
    """Return the score of Brier (1950): mean squared error over classes, halved for two of them.

    That is :func:`sklearn.metrics.brier_score_loss`, which knows several classes since
    scikit-learn 1.8 only, and no Bayes probabilities: with these it is the expected score.
    """
    truth, proba = np.asarray(truth, dtype=np.float64), np.asarray(proba, dtype=np.float64)
    # Expected over one-hot labels drawn from truth: 1 − 2 Σ truth proba + Σ proba².
    distance = truth.sum(axis=1) - 2 * (truth * proba).sum(axis=1) + (proba**2).sum(axis=1)
    return float(distance.mean()) / (2 if proba.shape[1] == 2 else 1)


def mean_and_error(values: Array, groups: ArrayLike | None = None) -> tuple[float, float]:
    """Return the mean over rows and its standard error, in which a group counts once.

    Rows of a group are no independent draws: ten rows of one patient say hardly more than one.
    The mean is a ratio, the groups' sums of values by their sums of rows, and the error is that
    of such a ratio, G / (G − 1) Σ_g (Σ_{i in g} (v_i − v̄))² / n² under the root. With groups of
    one row it is the error that is known of a mean.

    NaN for a single row or group. See Cochran, "Sampling Techniques", 1977, section 9A.1.

    >>> values = np.array([0.0, 0.0, 1.0, 1.0])
    >>> round(mean_and_error(values)[1], 3)
    0.289
    >>> mean_and_error(values, groups=["a", "a", "b", "b"])
    (0.5, 0.5)
    """
    mean = float(values.mean())
    off = np.asarray(values - mean, dtype=np.float64)
    if groups is not None:
        codes = np.unique(np.ravel(groups), return_inverse=True)[1]
        off = np.bincount(codes, weights=off).astype(np.float64)
    n_drawn = len(off)
    if n_drawn < 2:
        return mean, float("nan")
    return mean, float(np.sqrt(n_drawn / (n_drawn - 1) * (off**2).sum()) / len(values))


# ---- how calibrated --------------------------------------------------------------------------


class Reliability(NamedTuple):
    """A reliability curve: for each bin of rows what was predicted, and what came."""

    predicted: Array  # mean predicted probability, or number, of each bin
    observed: Array  # share of its rows in which it came true, or mean of its numbers
    n_rows: NDArray[np.intp]

    @property
    def error(self) -> float:
        """The expected calibration error: mean distance of the two, weighted by rows.

        Even for a calibrated classifier it is not 0 but about 0.8 standard errors of a bin's share.
        See Naeini et al., "Obtaining well calibrated probabilities using Bayesian binning", 2015.
        """
        return float(np.average(np.abs(self.predicted - self.observed), weights=self.n_rows))


def reliability(truth: ArrayLike, proba: ArrayLike, *, n_bins: int = N_BINS) -> Reliability:
    """Return the reliability curve over bins of equally many rows, fewer where many rows tie.

    For two classes it is about the probability of the second one, and agrees with
    :func:`sklearn.calibration.calibration_curve` with `strategy="quantile"`. For more classes it
    is about the probability of each row's most probable class.

    >>> curve = reliability([[1, 0], [0, 1], [0, 1], [0, 1]], [[0.2, 0.8]] * 4)
    >>> curve.predicted, curve.observed, round(curve.error, 3)
    (array([0.8]), array([0.75]), 0.05)
    """
    truth, proba = np.asarray(truth, dtype=np.float64), np.asarray(proba, dtype=np.float64)
    if proba.shape[1] == 2:
        sure, came = proba[:, 1], truth[:, 1]
    else:
        sure, came = proba.max(axis=1), hits(truth, proba)
    return binned(sure, came, n_bins=n_bins)


def binned(sure: Array, came: Array, *, n_bins: int = N_BINS) -> Reliability:
    """Return what was predicted and what came, in bins of equally many rows."""
    edges = np.percentile(sure, np.linspace(0, 100, n_bins + 1))
    places = np.searchsorted(edges[1:-1], sure)
    count = np.bincount(places, minlength=n_bins)
    filled = count > 0
    predicted, observed = (
        np.bincount(places, weights=values, minlength=n_bins)[filled] / count[filled]
        for values in (sure, came)
    )
    return Reliability(predicted, observed, count[filled])


# ---- how close to the teacher ----------------------------------------------------------------


class Fidelity(NamedTuple):
    """How close a student is to its teacher."""

    agreement: float  # share of rows for which both find the same class most probable
    # Share of the variance of the teacher's log-odds that the student explains; for more than two
    # classes of its centred log-probabilities, all classes together.
    r2_log_odds: float
    kl_divergence: float  # mean of Σ p (log p − log q), teacher p, student q, in nats


def fidelity(teacher_proba: ArrayLike, proba: ArrayLike) -> Fidelity:
    """Measure how close a student's probabilities are to the teacher's, for rows neither has seen.

    All logarithms are of floored probabilities.

    >>> teacher = [[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]]
    >>> fidelity(teacher, teacher)
    Fidelity(agreement=1.0, r2_log_odds=1.0, kl_divergence=0.0)
    """
    teacher, student = floored(teacher_proba), floored(proba)
    agree = np.asarray(teacher_proba).argmax(axis=1) == np.asarray(proba).argmax(axis=1)
    r2 = r2_score(_log_odds(teacher), _log_odds(student), multioutput="variance_weighted")
    divergence = rel_entr(teacher, student).sum(axis=1).mean()
    return Fidelity(float(agree.mean()), float(r2), float(divergence))


def _log_odds(proba: Array) -> Array:
    logs = np.log(proba)
    return np.asarray(logs - logs.mean(axis=1, keepdims=True))


def probabilities(classifier: Any, X: Any, classes: NDArray[Any]) -> Array:
    """Return what a classifier predicts, its columns in the order of `classes`."""
    proba = class_columns(classes, classifier, classifier.predict_proba(X))
    return check_probabilities(proba, f"What {type(classifier).__name__}.predict_proba answers")
