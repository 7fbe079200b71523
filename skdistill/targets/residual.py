"""The learned correction: a small model of where the teacher is wrong.

Instead of moving every target towards its label by the same share, learn from the labels where the
teacher's probabilities are off, and move those. The model m of the labels y on (x, logit p̂) starts
at logit p̂, is cross-fitted, and gives p̃ = expit(logit p̂ + m) (softmax and log p̂ for more than two
classes). A row's own label never enters its p̃, except through other rows' p̂. Of numbers the scores
are the predictions themselves, and the model learns the residuals y − m̂.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .._utils.boosting import REPEATABLE
from .._utils.numeric import NumericEncoder
from .._utils.parallel import run
from .._utils.rounding import first_best, noise_of
from .._utils.validation import is_number
from ..outcomes import Boosting, Outcome
from ..rows import Rows, mean_weight
from ..sources import Splits

if TYPE_CHECKING:
    import lightgbm as lgb

Array = NDArray[np.float64]

DEFAULT_SHARE = 0.2
_PARAMS = {
    **REPEATABLE,
    "lambda_l2": 5.0,
    # Bins of more rows come out alike, and cost as much as a dozen rounds.
    "bin_construct_sample_cnt": 50_000,
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


def share(c: float | None) -> float:
    """Return what follows the learned correction: a share c of the orthogonal one, or .2."""
    if c is None:
        return DEFAULT_SHARE
    if not is_number(c) or not 0 <= c <= 1:
        raise ValueError(
            f"c must be a share in [0, 1] with correction='residual', or None, found {c!r}."
        )
    return float(c)


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

    def fit(
        self,
        rows: Rows,
        proba: Array,
        splits: Splits,
        *,
        are_drawn: bool = False,
        n_jobs: int | None = None,
    ) -> Self:
        """Fit a model for each fold, and choose their size by out-of-fold loss.

        `proba` is what the teacher says, shape (n_samples, n_columns), of classes floored at 1/500
        before use; `splits` are its own folds, if it has any. Sets `corrected`, the teacher's
        answers with their learnable errors taken out: a row's own label never enters, except
        through other rows' answers and the size of the models. They are the floored ones where the
        models find nothing: no round is one of the choices. Folds of many rows are joined to two
        halves (`fold_of` says which model is that of each of `splits`) if they `are_drawn`: rows
        fell into them at random, and not by groups or times, so that each half is like the other.
        The folds' models are fitted in parallel, and the same for every `n_jobs`.
        """
        self.outcome = outcome = rows.outcome
        self.encoder = NumericEncoder().fit(rows.X)
        scores = outcome.to_scores(proba)
        self.shown = _most_varied(scores)
        table = _beside(self.encoder.transform(rows.X), scores[:, self.shown])
        target, weight = rows.target, rows.sample_weight
        if weight is not None:  # in a unit in which the models' penalties are what they should be
            weight = weight / mean_weight(weight)
        task = outcome.boosting(scores, target)
        self.unit = task.unit
        self.fold_of = np.arange(len(splits))
        if are_drawn:
            splits, self.fold_of = _of_many_rows(splits, weight, *scores.shape)

        def learn(size: _Size, rounds: tuple[int, ...], folds: Splits) -> list[_Model]:
            shared = (table, task, scores.shape[1], weight, size.params, rounds)
            return run(_climb, [(*shared, *fold) for fold in folds], n_jobs, name="corrections")

        n_judges = _n_judges(splits, weight)
        found = _choose(learn, splits[:n_judges], outcome, target, scores, weight)
        self.rounds, self.boosters = found.rounds, []
        if self.rounds:
            models = found.models + learn(found.size, (self.rounds,), splits[n_judges:])
            for (_, test), (fitted, steps) in zip(splits, models, strict=True):
                scores[test] += steps[-1]
                self.boosters.append(fitted)
        self.corrected = outcome.from_scores(scores)
        return self

    def apply(self, X: Any, proba: Array, folds: NDArray[np.intp] | None = None) -> Array:
        """Correct what the teacher says about other rows, by the models' mean.

        `folds` are for rows made of those of `fit`: each is corrected by one model alone, that of
        the fold (by its place in `splits`) which has not learned from the row's parent.
        """
        from_scores, scores = self.outcome.from_scores, self.outcome.to_scores(proba)
        if not self.rounds:
            return from_scores(scores)
        table = _beside(self.encoder.transform(X), scores[:, self.shown])
        if folds is not None:
            folds = self.fold_of[folds]
            for k in np.unique(folds):
                own = np.flatnonzero(folds == k)
                part = table[own]
                scores[own] += self._steps(self.boosters[k], part, _missing(part))
            return from_scores(scores)
        missing = _missing(table)
        found = [from_scores(scores + self._steps(m, table, missing)) for m in self.boosters]
        return np.asarray(np.mean(found, axis=0))

    def _steps(self, model: _Fitted, table: Any, missing: _Entries) -> Array:
        return _steps(model, table, missing, 0, self.rounds, self.unit)


# ---- folds -----------------------------------------------------------------------------------


def _of_many_rows(
    splits: Splits, weight: Array | None, n_samples: int, n_scores: int
) -> tuple[Splits, NDArray[np.intp]]:
    """Return the folds for the models, and which of them each of `splits` is part of.

    Where half of the folds hold as many rows as a model learns from, two models cost less than one
    for each of them, and know no less about rows that are alike.
    """
    each, most = np.arange(len(splits)), _most_rows(n_scores)
    if len(splits) > 2 and n_samples >= 2 * most:
        n_first = (len(splits) + 1) // 2
        halves = [_joined(half, n_samples) for half in (splits[:n_first], splits[n_first:])]
        if all(len(_there(train, weight)) >= most for train, _ in halves):
            return halves, each // n_first  # 0 for the first half, 1 for the second
    return splits, each


def _joined(splits: Splits, n_samples: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows that all of some folds may learn from, and all that they are tested on."""
    of_all = np.ones(n_samples, dtype=bool)
    for train, _ in splits:
        of_one = np.zeros(n_samples, dtype=bool)
        of_one[train] = True
        of_all &= of_one
    return np.flatnonzero(of_all), np.concatenate([test for _, test in splits])


def _there(rows: NDArray[np.intp], weight: Array | None) -> NDArray[np.intp]:
    """Return the rows that have weight."""
    return rows if weight is None else rows[weight[rows] > 0]


# ---- choosing --------------------------------------------------------------------------------

# Rows and columns of entries of a table.
_Entries: TypeAlias = tuple[NDArray[np.intp], NDArray[np.intp]]
# A fold's model, and what it adds to the scores of the fold's rows, by numbers of rounds.
_Model: TypeAlias = "tuple[_Fitted, Array]"


class _Fitted(NamedTuple):
    """A fitted booster, and in which columns it has seen no missing value.

    It would take one for a 0, such as the first of the categories. So it adds nothing to the scores
    of rows where these are missing, or unknown: the teacher has the last word about them.
    """

    booster: lgb.Booster
    sees_none_missing: NDArray[np.bool_]


class _Found(NamedTuple):
    """A size and a number of rounds, and the models of the folds that judge, after so many."""

    size: _Size
    rounds: int
    models: list[_Model]


def _n_judges(splits: Splits, weight: Array | None) -> int:
    """Return how many of the first folds hold enough rows to judge by, all if none do."""
    sizes = [len(_there(test, weight)) for _, test in splits]
    return int(np.searchsorted(np.cumsum(sizes), _ENOUGH_JUDGES)) + 1


def _choose(
    learn: Callable[[_Size, tuple[int, ...], Splits], list[_Model]],
    judges: Splits,
    outcome: Outcome,
    target: NDArray[Any],
    scores: Array,
    weight: Array | None,
) -> _Found:
    """Return the size, the rounds and the models of the least out-of-fold loss."""
    rows = np.concatenate([test for _, test in judges])
    target, scores, weight = target[rows], scores[rows], None if weight is None else weight[rows]
    choices = [_Found(_SMALL, 0, [])]
    risks = [outcome.risk(scores, target, weight)]
    for size in _sizes(scores.shape[1]):
        models = learn(size, size.rounds, judges)
        for k, rounds in enumerate(size.rounds):
            choices.append(_Found(size, rounds, [(m, steps[k : k + 1]) for m, steps in models]))
            moved = scores + np.concatenate([steps[k] for _, steps in models])
            risks.append(outcome.risk(moved, target, weight))
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


def _best(risks: list[float]) -> int:
    """Return the place of the least risk, the first of equal ones: the smallest model."""
    gains = -np.array(risks)
    return first_best(gains, noise_of(gains))


# ---- learning --------------------------------------------------------------------------------


def _climb(
    table: Any,
    task: Boosting,
    n_scores: int,
    weight: Array | None,
    params: dict[str, float],
    rounds: tuple[int, ...],
    train: NDArray[np.intp],
    test: NDArray[np.intp],
) -> _Model:
    """Fit the model of a fold, and ask it about the fold's rows after each number of rounds."""
    import lightgbm as lgb

    train = _sample(train, weight, n_scores)
    own = None if weight is None else weight[train]
    start = None if task.start is None else task.start[train].ravel(order="F")
    known = table[train]
    data = lgb.Dataset(known, task.labels[train], weight=own, init_score=start)
    params = {**_PARAMS, **params, **task.params}
    booster = lgb.train(params, data, num_boost_round=rounds[-1])
    sees_none_missing = np.ones(table.shape[1], dtype=bool)
    sees_none_missing[_missing(known)[1]] = False
    fitted = _Fitted(booster, sees_none_missing)
    rows = table[test]
    missing, spans = _missing(rows), pairwise((0, *rounds))
    added = np.array([_steps(fitted, rows, missing, *span, task.unit) for span in spans])
    return fitted, np.cumsum(added, axis=0, out=added)


def _sample(train: NDArray[np.intp], weight: Array | None, n_scores: int) -> NDArray[np.intp]:
    """Return the rows to learn from: those with weight, a random part of many."""
    # LightGBM makes its bins of all rows, and counts them, whatever they weigh.
    train, most = _there(train, weight), _most_rows(n_scores)
    if len(train) <= most:
        return train
    return train[np.sort(np.random.default_rng(0).choice(len(train), most, replace=False))]


def _most_rows(n_scores: int) -> int:
    return max(_MOST_ROWS // n_scores, _MOST_ROWS_OF_MANY_CLASSES)


def _steps(
    model: _Fitted, table: Any, missing: _Entries, start: int, stop: int, unit: float
) -> Array:
    """Return what some rounds of a model add to the scores, shape (n_samples, n_scores)."""
    step = model.booster.predict(
        table, start_iteration=start, num_iteration=stop - start, raw_score=True, num_threads=1
    )
    steps = np.asarray(step).reshape(table.shape[0], -1) * unit
    rows, columns = missing
    steps[rows[model.sees_none_missing[columns]]] = 0.0
    return steps


def _missing(table: Any) -> _Entries:
    """Return the rows and the columns of the missing entries."""
    if not sparse.issparse(table):
        rows, columns = np.nonzero(np.isnan(table))
        return rows, columns
    entries = table.tocoo()
    missing = np.isnan(entries.data)
    return entries.row[missing], entries.col[missing]


# ---- scores ----------------------------------------------------------------------------------


def _most_varied(scores: Array) -> NDArray[np.intp]:
    """Return which columns of scores the models see: all, of many classes those that vary most."""
    order = np.argsort(-scores.var(axis=0), kind="stable")
    return np.sort(order[:_MOST_SCORES])


def _beside(rows: Any, scores: Array) -> Any:
    if sparse.issparse(rows):
        return sparse.csr_matrix(sparse.hstack([rows, scores], format="csr"))
    return np.hstack([rows, scores])
