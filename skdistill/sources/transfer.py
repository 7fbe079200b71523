"""Transfer rows, called further ones below: they have no labels, and teachers answer about them.

Rows of the user's, or of a sampler that does not say otherwise, are answered by all teachers: the
answer is the mean. A row that was made of another one is answered by teachers that have not seen
its parent: what they remember of the parent's label would come back with it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from .._utils.compat import index_rows, n_rows
from ..rows import Rows, check_alike, pick_by_column, stack
from ..samplers.nodes import SHARE, NodeSampler, Trees, grow_trees, own_trees, picks_within

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

NODES = "nodes"
# As many rows in all, but each at least once and at most so often.
_WANTED_ROWS, _MOST_COPIES = 60_000, 6


class Further(NamedTuple):
    """Rows without labels, and what teachers say about them.

    `parents` are the numbers of the rows that they were made of, None where nobody knows any, and
    `picks`, of rows that were made in nodes, those from which each of their values was taken.
    """

    X: Any
    out: Array
    parents: Indices | None = None
    is_made: bool = False
    picks: NDArray[np.int32] | None = None


class Order(NamedTuple):
    """What a teacher is asked about beside its own rows, by numbers of all rows.

    Either rows that are there, or copies to be made: of `parents`, among `members`.
    """

    X: Any
    parents: Indices | None
    is_made: bool
    members: Indices | None = None
    seed: int = 0


@dataclass(frozen=True)
class Wanted:
    """Which further rows a student is to learn from.

    `X` are rows of the user's, checked; `sampler` is None, "nodes" or an object with `fit` and
    `sample`.
    """

    X: Any = None
    sampler: Any = None
    seed: int = 0

    def __bool__(self) -> bool:
        return self.X is not None or self.sampler is not None

    def of(self, rows: Rows, part: Indices | None = None) -> Asked:
        """Return what is asked where teachers learn from a part of the rows, or from all."""
        part = np.arange(rows.n_samples) if part is None else part
        members = np.sort(part[rows.weights[part] > 0])
        tables = [] if self.X is None else [Order(self.X, None, is_made=False)]
        if self.sampler is None:
            return Asked(rows.X, part, tables)
        if self.makes_in_nodes:
            return Asked(rows.X, part, tables, members, self.seed)
        return Asked(rows.X, part, [*tables, _sample(self.sampler, rows, members, self.seed)])

    @property
    def makes_in_nodes(self) -> bool:
        """Whether rows are made in the nodes of trees."""
        return isinstance(self.sampler, str)  # "nodes", the only word there is


NOTHING = Wanted()


def check_sampler(transfer: Any) -> None:
    """Refuse what makes no rows."""
    if transfer is None:
        return
    is_sampler = hasattr(transfer, "fit") and hasattr(transfer, "sample")
    is_word = isinstance(transfer, str) and transfer == NODES
    if not (is_sampler or is_word) or isinstance(transfer, type):
        raise ValueError(
            f"transfer must be None, {NODES!r} or a sampler, an object with fit(X) and "
            f"sample(n_samples), found {transfer!r}."
        )


class Asked(NamedTuple):
    """What teachers of one part of the rows are asked about, and how the answers come together."""

    X: Any
    part: Indices
    tables: list[Order]
    members: Indices | None = None
    seed: int = 0

    def orders(self, unseen: Indices) -> list[Order]:
        """Return what a teacher is asked that has not seen some of the rows."""
        orders = [_by_parents(table, unseen) for table in self.tables]
        if self.members is None:
            return orders
        parents = np.intersect1d(self.members, unseen)
        return [*orders, Order(None, parents, True, self.members, self.seed)]

    def gather(self, told: Sequence[Sequence[Further]]) -> tuple[Further, ...]:
        """Put together what the part's teachers have told."""
        return tuple(self._merge(answers) for answers in zip(*told, strict=True))

    def _merge(self, answers: tuple[Further, ...]) -> Further:
        first = answers[0]
        if first.parents is None:
            return first._replace(out=np.mean([answer.out for answer in answers], axis=0))
        place = np.full(self.part.max() + 1, -1)
        place[self.part] = np.arange(len(self.part))
        parents = np.concatenate([place[answer.parents] for answer in answers])
        out = np.concatenate([answer.out for answer in answers])
        if first.picks is None:
            return Further(stack([answer.X for answer in answers]), out, parents, first.is_made)
        picks = np.concatenate([answer.picks for answer in answers])
        X = pick_by_column(self.X, picks.T)
        return Further(X, out, parents, first.is_made, place[picks].astype(np.int32))


def _by_parents(table: Order, unseen: Indices) -> Order:
    if table.parents is None:
        return table
    own = np.flatnonzero(np.isin(table.parents, unseen))
    return table._replace(X=index_rows(table.X, own), parents=table.parents[own])


def n_further(n_rows: int) -> int:
    """Return how many rows are made of so many."""
    return round(n_rows * float(np.clip(_WANTED_ROWS / n_rows, 1, _MOST_COPIES)))


def _sample(sampler: Any, rows: Rows, members: Indices, seed: int) -> Order:
    """Let a sampler make rows of some, and check them."""
    known, name = rows.take(members), f"What {type(sampler).__name__}.sample returns"
    number = n_further(len(members))
    try:
        sampler = clone(sampler, safe=False)
        _fit_sampler(sampler, known)
        # Samplers of other packages take the seed here, such as KernelDensity.
        how = {"random_state": seed} if _takes(sampler.sample, "random_state") else {}
        made = sampler.sample(number, **how)
    except Exception as error:
        raise ValueError(
            f"transfer: the sampler {type(sampler).__name__} failed: {type(error).__name__}: "
            f"{error}"
        ) from error
    if isinstance(made, tuple):
        raise ValueError(f"transfer: {name} must be a table of rows, found a tuple.")
    made = check_alike(made, rows.X, f"transfer: {name}")
    if n_rows(made) != number:
        raise ValueError(f"transfer: {name} must have {number} rows, found {n_rows(made)}.")
    parents = getattr(sampler, "parents_", None)
    if parents is not None:
        parents = members[_check_parents(parents, number, len(members), type(sampler).__name__)]
    return Order(made, parents, is_made=True)


def _fit_sampler(sampler: Any, rows: Rows) -> None:
    """Fit a sampler to rows, and to their labels if it takes any."""
    if isinstance(sampler, NodeSampler) and rows.has_labels:
        sampler._fit_to(rows.X, rows.y, type(rows.outcome))
        return
    takes_labels = rows.has_labels and _takes(sampler.fit, "y")
    sampler.fit(rows.X, **({"y": rows.y} if takes_labels else {}))


def _takes(method: Any, name: str) -> bool:
    return name in inspect.signature(method).parameters


def _check_parents(parents: Any, number: int, n_members: int, name: str) -> Indices:
    """Refuse what does not name a row of `fit` for each row that was made."""
    found = np.asarray(parents)
    if found.shape != (number,) or found.dtype.kind not in "iu":
        raise ValueError(
            f"transfer: {name}.parents_ must hold {number} row numbers, found shape {found.shape} "
            f"of {found.dtype}."
        )
    if found.min() < 0 or found.max() >= n_members:
        raise ValueError(
            f"transfer: {name}.parents_ must hold numbers of rows of fit, from 0 to "
            f"{n_members - 1}, found {found.min()} to {found.max()}."
        )
    return found.astype(np.intp)


# ---- what a fitted teacher does with its orders ----------------------------------------------


def tell(
    fitted: Any,
    rows: Rows,
    seen: Indices,
    orders: Sequence[Order],
    answer: Callable[[Any, Indices | None], Array],
) -> list[Further]:
    """Return what a teacher says about each of its orders; `seen` are the rows it learned from.

    `answer` asks it about rows with, or without, parents; NaN of one with a parent says that nobody
    can answer.
    """
    told, trees, of_tables = [], None, dict[int, Array]()
    for order in orders:
        X, parents, picks = order.X, order.parents, None
        if order.members is not None:
            trees = trees or _trees_of(fitted, rows.take(seen), order.seed)
            picks, parents = _make(order, rows, trees)
            X = pick_by_column(rows.X, picks.T)
        if id(X) in of_tables:  # a table of the user's stands in the orders of two parts
            out = of_tables[id(X)]
        else:
            out = answer(X, parents) if n_rows(X) else np.zeros((0, rows.n_columns))
        if parents is None:
            of_tables[id(X)] = out
        found = Further(X if picks is None else None, out, parents, order.is_made, picks)
        told.append(_with_answers(found))
    return told


def _with_answers(told: Further) -> Further:
    """Leave out rows with parents that nobody can answer about."""
    nobody = np.isnan(told.out).any(axis=1)
    if told.parents is None or not nobody.any():
        return told
    own = np.flatnonzero(~nobody)
    return told._replace(
        X=None if told.X is None else index_rows(told.X, own),
        out=told.out[own],
        parents=told.parents[own],
        picks=None if told.picks is None else told.picks[own],
    )


def tell_all(
    fitted: Any, rows: Rows, asked: Asked, answer: Callable[[Any, Indices | None], Array]
) -> tuple[Further, ...]:
    """Return what the only teacher that there is says about all that is asked."""
    every = np.arange(rows.n_samples)
    return asked.gather([tell(fitted, rows, every, asked.orders(every), answer)])


def _trees_of(fitted: Any, rows: Rows, seed: int) -> Trees:
    """Return a teacher's own trees, or those of a small forest on the labels."""
    fitted = fitted.estimator if isinstance(fitted, FrozenEstimator) else fitted
    trees = own_trees(fitted)
    if trees is not None:
        return trees
    target = rows.target if rows.has_labels else rows.outcome.guess(fitted, rows.X)
    return grow_trees(rows.X, target, rows.sample_weight, seed, type(rows.outcome))


def _make(order: Order, rows: Rows, trees: Trees) -> tuple[NDArray[np.int32], Indices]:
    """Make the copies of an order, a tree for each; the last copy may be of some rows only.

    Return where each of their values comes from, and their parents.
    """
    members = np.asarray(order.members)
    X, wanted = index_rows(rows.X, members), np.searchsorted(members, np.asarray(order.parents))
    read, left = trees.read(X), n_further(len(members)) / len(members)
    picks, parents = [np.empty((0, X.shape[1]), dtype=np.intp)], [wanted[:0]]
    for place in range(int(np.ceil(left))):
        rng = np.random.default_rng([order.seed, place])
        some = wanted[rng.random(len(members))[wanted] < left - place]
        if len(some):
            nodes = trees.nodes(read, place)
            picks.append(np.column_stack([*picks_within(nodes, X.shape[1], rng, SHARE, some)]))
            parents.append(some)
    return members[np.concatenate(picks)].astype(np.int32), members[np.concatenate(parents)]


# ---- further rows as arrays, which a folder can keep ----------------------------------------


def pack(further: Further) -> list[Array]:
    """Return what a folder keeps of further rows: answers, and of rows made where they come from.

    Row numbers are floats there, like everything else.
    """
    if further.picks is None:
        return [further.out]
    return [
        further.out,
        np.column_stack([np.asarray(further.parents), further.picks]).astype(np.float64),
    ]


def packed_shapes(
    wanted: Wanted, n_answers: int, n_columns: int | None
) -> list[tuple[int | None, int]]:
    """Return the shapes of that for one part of the rows; how many rows were made is not known."""
    shapes = [] if wanted.X is None else [(n_rows(wanted.X), n_answers)]
    made = [(None, n_answers), (None, 1 + (n_columns or 0))] if wanted.makes_in_nodes else []
    return [*shapes, *made]


def unpack(
    arrays: Iterator[Array], wanted: Wanted, rows: Rows, part: Indices
) -> tuple[Further, ...]:
    """Return further rows of a part, by the part's numbers."""
    found = [] if wanted.X is None else [Further(wanted.X, next(arrays))]
    if wanted.makes_in_nodes:
        out, numbers = next(arrays), next(arrays).astype(np.int32)
        parents, picks = numbers[:, 0].astype(np.intp), numbers[:, 1:]
        X = pick_by_column(index_rows(rows.X, part), picks.T)
        found.append(Further(X, out, parents, is_made=True, picks=picks))
    return tuple(found)
