"""Rows made of pairs of neighbours, after Bucila, Caruana and Niculescu-Mizil."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils.sparsefuncs import mean_variance_axis

from .._utils.compat import n_rows
from .._utils.numeric import NumericEncoder
from ..rows import pick_by_column
from .base import BaseSampler

Array = NDArray[np.float64]
Indices = NDArray[np.intp]
Pairs = list[tuple[Indices, Indices]]

SHARE, SPREAD = 0.5, 0.5
#: Values of a column that distances tell apart; the rarest count as one.
_MOST_VALUES = 20
#: Of standardised columns: far below any distance that means something, far above rounding.
_JITTER = 1e-6


class Moved(NamedTuple):
    """A column after exchanges: whose value each row has, and the numbers that were drawn."""

    pick: Indices
    rows: Indices
    values: Array


def exchange(
    pairs: Pairs, rng: np.random.Generator, share: float, spread: float, values: Any, n: int
) -> Moved:
    """Let the two of a pair exchange their values in a column, each pair with probability `share`.

    Of numbers, `values`, each gets one drawn around that of the other. None exchanges values as
    they are, and so do pairs with one that is missing or infinite, or that are too far apart.
    """
    pick, number = np.arange(n), None if values is None else values.copy()
    for first, second in pairs:
        taken = rng.random(len(first)) < share
        a, b = first[taken], second[taken]
        pick[a], pick[b] = pick[b], pick[a]
        if number is not None:
            number[a], number[b] = _draw(number[a], number[b], rng, spread)
    if number is None:
        return Moved(pick, pick[:0], np.zeros(0))
    drawn = np.flatnonzero(np.isfinite(number) & (number != values[pick]))
    return Moved(pick, drawn, number[drawn])


def _draw(a: Array, b: Array, rng: np.random.Generator, spread: float) -> tuple[Array, Array]:
    noise = rng.standard_normal((2, len(a)))
    with np.errstate(over="ignore", invalid="ignore"):
        drawn = np.array([b, a]) + spread * np.abs(a - b) * noise
    usable = np.isfinite(drawn).all(axis=0)
    return np.where(usable, drawn[0], b), np.where(usable, drawn[1], a)


def in_rounds(partner: Indices, order: Indices) -> Pairs:
    """Return pairs of each row and its partner in rounds in which no row stands twice.

    Round by round is as good as one pair after the other in the order that is given.

    >>> in_rounds(np.array([1, 0, 1]), np.array([0, 2, 1]))
    [(array([0]), array([1])), (array([2]), array([1])), (array([1]), array([0]))]
    """
    free = [0] * len(partner)
    rounds = np.empty(len(partner), dtype=np.intp)
    for row, other in zip(order.tolist(), partner[order].tolist(), strict=True):
        rounds[row] = turn = max(free[row], free[other])
        free[row] = free[other] = turn + 1
    by_round = np.argsort(rounds, kind="stable")
    ends = np.cumsum(np.bincount(rounds))[:-1]
    return [(rows, partner[rows]) for rows in np.split(by_round, ends)]


# ---- distances -------------------------------------------------------------------------------


def nearest(X: Any, rng: np.random.Generator) -> Indices:
    """Return for each row its nearest other one, any one of those that are equally near."""
    points = _sparse_points(X) if sparse.issparse(X) else _points(X)
    if not sparse.issparse(points):
        points += rng.uniform(-_JITTER, _JITTER, points.shape)
    found = NearestNeighbors(n_neighbors=1).fit(points).kneighbors(return_distance=False)
    return np.asarray(found[:, 0])


def _points(X: Any) -> Array:
    """Return rows as points: numbers standardised, a coordinate for each value of the others."""
    encoder = NumericEncoder().fit(X)
    numeric = encoder.transform(X)
    codes = np.array([known is not None for known in encoder.encoders_])
    points = [_standardised(numeric[:, ~codes])]
    if codes.any():
        # Missing values are a value of their own.
        onehot = OneHotEncoder(sparse_output=False, max_categories=_MOST_VALUES)
        onehot.set_output(transform="default")  # whatever the user has set for all
        points.append(onehot.fit_transform(np.nan_to_num(numeric[:, codes], nan=-1.0)))
    return np.hstack(points)


def _standardised(numeric: Array) -> Array:
    """Standardise columns; what is missing or infinite becomes the mean."""
    known = np.isfinite(numeric)
    count = np.maximum(known.sum(axis=0), 1)
    # Within [-1, 1] first: squares of large numbers are infinite.
    points = np.where(known, numeric, 0.0)
    points /= _or_one(np.abs(points).max(axis=0))
    points = np.where(known, points - points.sum(axis=0) / count, 0.0)
    return np.asarray(points / _or_one(np.sqrt((points**2).sum(axis=0) / count)))


def _sparse_points(X: Any) -> Any:
    """Scale columns: distances do not know their means. What is missing counts as 0."""
    points = sparse.csr_matrix(X, dtype=np.float64, copy=True)
    points.data[~np.isfinite(points.data)] = 0.0
    largest = np.asarray(abs(points).max(axis=0).todense()).ravel()
    points = points @ sparse.diags(1 / _or_one(largest))
    variance = mean_variance_axis(sparse.csr_matrix(points), axis=0)[1]
    return sparse.csr_matrix(points @ sparse.diags(1 / _or_one(np.sqrt(variance))))


def _or_one(scale: Array) -> Array:
    return np.where(scale > 0, scale, 1.0)


# ---- columns ---------------------------------------------------------------------------------


def as_number(X: Any, j: int) -> Array | None:
    """Return a column of fractions as floats, missing ones NaN; None for any other.

    Whole numbers are codes or counts, whatever their type.
    """
    column = X.iloc[:, j] if hasattr(X, "iloc") else X[:, j]
    if _is_of_floats(column.dtype):
        values = _as_floats(column)
        return values if _has_fractions(values) else None
    return None


def _has_fractions(values: Any) -> bool:
    """Whether floats hold numbers that are not whole."""
    known = values[np.isfinite(values)]
    return bool((known != np.rint(known)).any())


def _is_of_floats(dtype: Any) -> bool:
    """Tell floats of NumPy, pandas and polars from all else; a sparse column of pandas is none."""
    if hasattr(dtype, "is_float"):  # of polars
        return bool(dtype.is_float())
    return getattr(dtype, "kind", None) == "f" and not hasattr(dtype, "fill_value")


def _as_floats(column: Any) -> Array:
    if hasattr(column, "iloc"):  # of pandas
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    return np.array(column, dtype=np.float64)


class MungeSampler(BaseSampler):
    """Synthetic rows made by exchanging values between nearest neighbours (MUNGE).

    For each row its nearest other row is found. In a copy of the rows each row and its nearest one
    exchange their values, in each column by itself with probability `share`. Of numbers with a
    fraction each of the two gets one that is drawn from a normal distribution around the other's,
    whose standard deviation is `spread` times their difference. Whole numbers, truth values, text,
    categories and times change places as they are, and so do missing values.

    Parameters
    ----------
    share : float, default=0.5
        Probability that a row and its nearest one exchange values, in each column: the paper's p.
    spread : float, default=0.5
        Standard deviation of what is drawn, in differences between the two: 1/s of the paper. With
        0 numbers change places as they are, and no value is new.
    random_state : int, RandomState instance or None, default=None
        Seeds all draws.

    Attributes
    ----------
    parents_ : ndarray of int of shape (n_samples,)
        The row of `fit` that each row of the last `sample` was made of.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where X had names that are all strings.

    See Also
    --------
    NodeSampler : No distance, no new value, and more gained in the mean over tables.

    Notes
    -----
    Distances are those of standardised numbers, with a coordinate of 0 and 1 for each of the most
    frequent 19 values of any other column; missing numbers lie in the mean there. Rows that are
    equally near are drawn from. Pairs come in a random order, another one for each copy.

    A tree of distances finds neighbours of few columns in O(n log n); of many, and of sparse ones,
    it takes O(n²), in a bounded amount of memory.

    References
    ----------
    .. [1] Bucila, Caruana, Niculescu-Mizil, "Model Compression", KDD 2006.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skdistill import MungeSampler
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> sampler = MungeSampler(random_state=0).fit(X)
    >>> rows = sampler.sample(1000)
    >>> rows.shape, sampler.parents_.shape
    ((1000, 4), (1000,))

    Measurements are drawn, so there are new ones:

    >>> set(rows["petal width (cm)"]) <= set(X["petal width (cm)"])
    False
    """

    def __init__(
        self, *, share: float = SHARE, spread: float = SPREAD, random_state: Any = None
    ) -> None:
        self.share = share
        self.spread = spread
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find for each row its nearest other one.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Rows, at least 2.
        y : None, default=None
            Not needed.

        Returns
        -------
        MungeSampler
            The fitted sampler itself.

        Raises
        ------
        ValueError
            If there is one row only, or X is no table.
        """
        X = self._take_in(X)
        if n_rows(X) < 2:
            raise ValueError(
                "X must hold at least 2 rows, for each a nearest other one: found 1 sample."
            )
        return self._keep(X, _partner=nearest(X, self._rng))

    def _copy(self, place: int, wanted: Indices) -> Any:
        pairs = in_rounds(self._partner, self._rng.permutation(len(self._partner)))
        if sparse.issparse(self._X):
            return self._copy_sparse(pairs, wanted)
        drawn: dict[int, tuple[Indices, Array]] = {}
        return _put(pick_by_column(self._X, self._picks(pairs, wanted, drawn)), drawn)

    def _picks(
        self, pairs: Pairs, wanted: Indices, drawn: dict[int, tuple[Indices, Array]]
    ) -> Iterator[Indices]:
        """Yield for each column the rows whose values are taken; remember what is drawn."""
        for j in range(self._X.shape[1]):
            moved = self._exchange(pairs, as_number(self._X, j))
            drawn[j] = _among(moved, wanted)
            yield moved.pick[wanted]

    def _exchange(self, pairs: Pairs, values: Array | None) -> Moved:
        return exchange(pairs, self._rng, self.share, self.spread, values, len(self._partner))

    def _copy_sparse(self, pairs: Pairs, wanted: Indices) -> Any:
        """Make column after column, each of them dense for a while."""
        X, made = sparse.csc_matrix(self._X), []
        for j in range(X.shape[1]):
            column = X[:, [j]].toarray()[:, 0]
            is_number = column.dtype.kind == "f" and _has_fractions(column)
            moved = self._exchange(pairs, column.astype(np.float64) if is_number else None)
            column = column[moved.pick]
            if is_number:
                _set(column, moved.rows, moved.values)
            made.append(sparse.csc_matrix(column[wanted, None]))
        return type(self._X)(sparse.hstack(made, format=self._X.format, dtype=X.dtype))


def _among(moved: Moved, wanted: Indices) -> tuple[Indices, Array]:
    """Return which of the rows that are wanted get a drawn number, by their places, and it."""
    place = np.full(len(moved.pick), -1)
    place[wanted] = np.arange(len(wanted))
    rows = place[moved.rows]
    return rows[rows >= 0], moved.values[rows >= 0]


def _put(made: Any, drawn: dict[int, tuple[Indices, Array]]) -> Any:
    """Return a new table with the numbers that were drawn in their columns."""
    for j, (rows, values) in drawn.items():
        if not len(rows):
            continue
        if hasattr(made, "iloc"):
            column = made.iloc[:, j].array.copy()
            _set(column, rows, values)
            made.isetitem(j, column)
        elif hasattr(made, "columns"):
            made = made.with_columns(made[:, j].scatter(rows, values))
        else:
            _set(made[:, j], rows, values)
    return made


def _set(column: Any, rows: Indices, values: Array) -> None:
    """Set numbers, which a short type may round but not lose."""
    kind = getattr(column.dtype, "numpy_dtype", column.dtype)  # pandas has its own
    largest = np.finfo(kind).max
    column[rows] = np.clip(values, -largest, largest).astype(kind)
