"""The learned correction: a small model of where the teacher is wrong.

Instead of moving every target towards its label by the same share, learn from the labels where the
teacher's probabilities are off, and move those. The model m of the labels y on (x, logit p̂) starts
at logit p̂, is cross-fitted, and gives p̃ = expit(logit p̂ + m) (softmax and log p̂ for more than two
classes). A row's own label never enters its p̃, except through other rows' p̂.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit, softmax

from .. import corrections
from .._utils.numeric import NumericEncoder
from .._utils.parallel import run
from .._utils.probabilities import floor_proba
from .._utils.rounding import first_best, noise_of, on_grid
from .._utils.validation import is_number
from ..rows import Rows
from ..sources import Splits
from .losses import Correction

if TYPE_CHECKING:
    import lightgbm as lgb

Array = NDArray[np.float64]

DEFAULT_SHARE = 0.2
_PARAMS = {
    "lambda_l2": 5.0,
    # Bins of more rows come out alike, and cost as much as a dozen rounds.
    "bin_construct_sample_cnt": 50_000,
    "verbosity": -1,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
}


class _Size(NamedTuple):
    """How large the models are, and after which numbers of rounds they are judged."""

    params: dict[str, float]
    rounds: tuple[int, ...]


# Few leaves, slow steps and strong shrinkage: the teacher has had the first word, and most of the
# surprise that is left is noise.
_SMALL = _Size(
    {"num_leaves": 7, "learning_rate": 0.05, "min_data_in_leaf": 40}, rounds=(10, 20, 40, 80)
)
_LARGE = _Size(
    {"num_leaves": 15, "learning_rate": 0.1, "min_data_in_leaf": 20}, rounds=(20, 40, 80, 160)
)
# Models so small find little more in more rows: of 20 made-up columns, 10⁵ rows gave the small one
# a log loss of .5127, the larger one .5069; 4 · 10⁵ rows .5124 and .5053. Each class has its
# tree in a round, so that the cost allows for fewer rows of several classes.
_MOST_ROWS = 100_000
_MOST_ROWS_OF_MANY_CLASSES = 20_000
# A larger model has no more trees: all rounds for ten classes, 40 for letters, none beyond 80.
_MOST_LARGE_TREES = 1_600
# So many rows tell sizes and rounds apart. The folds after those that hold them do as they say.
_ENOUGH_JUDGES = 40_000
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
    array([0., 1.])

    Other rows get the mean of the folds' models:

    >>> model.apply(X[[0, -1]], proba[:2])[:, 1].round(2)
    array([0., 1.])
    """

    def fit(self, rows: Rows, proba: Array, splits: Splits, *, n_jobs: int | None = None) -> Self:
        """Fit a model for each fold, and choose their size by out-of-fold log loss.

        `proba` is what the teacher says, shape (n_samples, n_classes), floored at 1/500 before
        use; `splits` are its own folds, if it has any. Sets `corrected`, the teacher's
        probabilities with their learnable errors taken out: a row's own label never enters, except
        through other rows' probabilities and the size of the models. They are the floored ones
        where the models find nothing: no round is one of the choices. The folds' models are fitted
        in parallel, and the same for every `n_jobs`.
        """
        proba = floor_proba(proba)
        self.encoder = NumericEncoder().fit(rows.X)
        scores = _scores(proba)
        self.shown = _most_varied(scores)
        table = _beside(self.encoder.transform(rows.X), scores[:, self.shown])
        codes, weight = rows.codes, rows.sample_weight

        def learn(size: _Size, rounds: tuple[int, ...], folds: Splits) -> list[_Model]:
            shared = (table, codes, scores, weight, size.params, rounds)
            return run(_climb, [(*shared, *fold) for fold in folds], n_jobs, name="corrections")

        n_judges = _n_judges(splits, weight)
        found = _choose(learn, splits[:n_judges], codes, scores, weight)
        self.rounds, self.boosters = found.rounds, []
        if self.rounds:
            models = found.models + learn(found.size, (self.rounds,), splits[n_judges:])
            for (_, test), (booster, steps) in zip(splits, models, strict=True):
                scores[test] += steps[-1]
                self.boosters.append(booster)
        self.corrected = _probabilities(scores)
        return self

    def apply(self, X: Any, proba: Array, folds: NDArray[np.intp] | None = None) -> Array:
        """Correct what the teacher says about other rows, by the models' mean.

        `folds` are for rows made of those of `fit`: each is corrected by one model alone, that of
        the fold (by its place in `splits`) which has not learned from the row's parent.
        """
        scores = _scores(floor_proba(proba))
        if not self.rounds:
            return _probabilities(scores)
        table = _beside(self.encoder.transform(X), scores[:, self.shown])
        if folds is not None:
            for k in np.unique(folds):
                own = np.flatnonzero(folds == k)
                scores[own] += _steps(self.boosters[k], table[own], 0, self.rounds)
            return _probabilities(scores)
        found = [
            _probabilities(scores + _steps(booster, table, 0, self.rounds))
            for booster in self.boosters
        ]
        return np.asarray(np.mean(found, axis=0))


# ---- choosing --------------------------------------------------------------------------------

# A fold's model, and what it adds to the scores of the fold's rows, by numbers of rounds.
_Model: TypeAlias = "tuple[lgb.Booster, Array]"


class _Found(NamedTuple):
    """A size and a number of rounds, and the models of the folds that judge, after so many."""

    size: _Size
    rounds: int
    models: list[_Model]


def _n_judges(splits: Splits, weight: Array | None) -> int:
    """Return how many of the first folds hold enough rows to judge by, all if none do."""
    sizes = [len(test) if weight is None else (weight[test] > 0).sum() for _, test in splits]
    return int(np.searchsorted(np.cumsum(sizes), _ENOUGH_JUDGES)) + 1


def _choose(
    learn: Callable[[_Size, tuple[int, ...], Splits], list[_Model]],
    judges: Splits,
    codes: NDArray[np.intp],
    scores: Array,
    weight: Array | None,
) -> _Found:
    """Return the size, the rounds and the models of the least out-of-fold log loss."""
    rows = np.concatenate([test for _, test in judges])
    codes, scores, weight = codes[rows], scores[rows], None if weight is None else weight[rows]
    choices = [_Found(_SMALL, 0, [])]
    risks = [_risk(scores, codes, weight)]
    for size in _sizes(scores.shape[1]):
        models = learn(size, size.rounds, judges)
        for k, rounds in enumerate(size.rounds):
            choices.append(_Found(size, rounds, [(b, steps[k : k + 1]) for b, steps in models]))
            moved = scores + np.concatenate([steps[k] for _, steps in models])
            risks.append(_risk(moved, codes, weight))
        best = _best(risks)
        # Few rounds that are too many already leave nothing for a larger model. Of 143 pairs of a
        # table and a teacher it was best for 78, and tried for 73 of them; where the small one's
        # last round was not the best, it would have won 5 times of 46, by .0023 in the mean.
        if best < len(risks) - 1:
            break
    return choices[best]


def _sizes(n_scores: int) -> list[_Size]:
    """Return the sizes to try, smallest first."""
    rounds = tuple(rounds for rounds in _LARGE.rounds if rounds * n_scores <= _MOST_LARGE_TREES)
    return [_SMALL, _LARGE._replace(rounds=rounds)] if rounds else [_SMALL]


def _risk(scores: Array, codes: NDArray[np.intp], weight: Array | None) -> float:
    """Return the log loss."""
    own = floor_proba(_probabilities(scores))[np.arange(len(codes)), codes]
    return float(np.average(-np.log(own), weights=weight))


def _best(risks: list[float]) -> int:
    """Return the place of the least risk, the first of equal ones: the smallest model."""
    gains = -np.array(risks)
    return first_best(gains, noise_of(gains))


# ---- learning --------------------------------------------------------------------------------


def _climb(
    table: Any,
    codes: NDArray[np.intp],
    scores: Array,
    weight: Array | None,
    params: dict[str, float],
    rounds: tuple[int, ...],
    train: NDArray[np.intp],
    test: NDArray[np.intp],
) -> _Model:
    """Fit the model of a fold, and ask it about the fold's rows after each number of rounds."""
    import lightgbm as lgb

    train = _sample(train, weight, scores.shape[1])
    own = None if weight is None else weight[train]
    data = lgb.Dataset(
        table[train], codes[train], weight=own, init_score=scores[train].ravel(order="F")
    )
    params = {**_PARAMS, **params, **_objective(scores.shape[1])}
    booster = lgb.train(params, data, num_boost_round=rounds[-1])
    rows = table[test]
    added = [_steps(booster, rows, start, stop) for start, stop in pairwise((0, *rounds))]
    return booster, np.cumsum(added, axis=0)


def _sample(train: NDArray[np.intp], weight: Array | None, n_scores: int) -> NDArray[np.intp]:
    """Return the rows to learn from: those with weight, a random part of many."""
    # LightGBM makes its bins of all rows, and counts them, whatever they weigh.
    train = train if weight is None else train[weight[train] > 0]
    most = max(_MOST_ROWS // n_scores, _MOST_ROWS_OF_MANY_CLASSES)
    if len(train) <= most:
        return train
    return train[np.sort(np.random.default_rng(0).choice(len(train), most, replace=False))]


def _objective(n_scores: int) -> dict[str, Any]:
    if n_scores == 1:
        return {"objective": "binary", "boost_from_average": False}
    return {"objective": "multiclass", "num_class": n_scores}


def _steps(booster: lgb.Booster, table: Any, start: int, stop: int) -> Array:
    """Return what some rounds of a model add to the scores, shape (n_samples, n_scores)."""
    step = booster.predict(
        table, start_iteration=start, num_iteration=stop - start, raw_score=True, num_threads=1
    )
    return np.asarray(step).reshape(table.shape[0], -1)


# ---- scores ----------------------------------------------------------------------------------


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
