"""The values of a column in cells, which a tree never divides, and words for sets of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._utils.names import printable
from .columns import another
from .neighbours import last_at_most
from .program import UNKNOWN, Array, Bin, Column, Feature, Fill, Lookup

Mask = NDArray[np.bool_]

_LARGEST = float(np.finfo(np.float64).max)
# Beyond this no threshold was crossed.
_FAR = 1e308
# What LightGBM reads as 0.
_NEXT_TO_ZERO = 2e-35


@dataclass(frozen=True)
class Condition:
    """The values of a column that a rule asks for.

    Of a column of numbers these are `intervals`, low < x ≤ high; of one of categories the
    `categories` that fit knew. `unknown` and `missing` say whether others, or none, will do.
    `text` says it all, its numbers to as many digits as the student tells apart.
    """

    column: str
    intervals: tuple[tuple[float, float], ...] | None
    categories: tuple[Any, ...] | None
    unknown: bool
    missing: bool
    text: str

    def __str__(self) -> str:
        return self.text


class Cut(NamedTuple):
    """The last number before a border, the border as text, and whether that is past it itself."""

    value: float
    text: str
    is_past: bool = False


class Split(NamedTuple):
    """A feature, and the thresholds that it meets, as numbers of a type."""

    feature: Feature
    thresholds: Array
    read: Any


# ---- numbers ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class NumberCells:
    """Numbers between cuts and, as the last cell where there may be any, missing ones."""

    column: Column
    cuts: tuple[Cut, ...]

    @cached_property
    def points(self) -> Array:
        """A value of each cell."""
        values = [cut.value for cut in self.cuts]
        last = np.nextafter(values[-1], np.inf) if values else 0.0
        return np.array([*values, last, *[np.nan] * self.column.takes_missing])

    def describe(self, mask: Mask) -> Condition:
        """Say which values some cells hold."""
        n_intervals = len(self.cuts) + 1
        missing = bool(mask[n_intervals:].any())
        runs = list(_runs(mask[:n_intervals]))
        borders = [(self._cut(first - 1), self._cut(last)) for first, last in runs]
        name = printable(self.column.name)
        if runs == [(0, n_intervals - 1)]:
            text = f"{name} is not missing"
        else:
            parts = [_interval(name, low, high) for low, high in borders]
            text = " or ".join([*parts, *["missing"] * missing]) if runs else f"{name} is missing"
        intervals = tuple(
            (-np.inf if low is None else low.value, np.inf if high is None else high.value)
            for low, high in borders
        )
        return Condition(self.column.name, intervals, None, False, missing, text)

    def _cut(self, k: int) -> Cut | None:
        return self.cuts[k] if 0 <= k < len(self.cuts) else None


def _runs(mask: Mask) -> Iterator[tuple[int, int]]:
    """Yield the first and the last place of each run of cells that are in."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    for first, after in edges.reshape(-1, 2).tolist():
        yield first, after - 1


def _interval(name: str, low: Cut | None, high: Cut | None) -> str:
    if low and high and low.text == high.text:
        return f"{name} = {low.text}"
    if high is None and low:
        return f"{name} {'≥' if low.is_past else '>'} {low.text}"
    before = f"{low.text} {'≤' if low.is_past else '<'} " if low else ""
    return f"{before}{name} {'<' if high and high.is_past else '≤'} {high.text if high else '∞'}"


def _cuts_of(split: Split) -> Iterator[Cut]:
    """Yield the cuts between values that a feature's splits tell apart.

    Steps keep the order of numbers, up to one that looks at single ones.
    """
    before = Feature(split.feature.column)
    for step in split.feature.steps:
        if isinstance(step, Lookup):
            yield from _around(before, step.keys)
            return
        if isinstance(step, Bin):
            yield from _below(before, step.edges, np.float32)
            return
        if not isinstance(step, Fill):
            before = before.then(step)
        elif step.place == step.place:
            yield from _around(before, [step.place])
    yield from _cuts_at(before, split.thresholds, split.read)


def _around(before: Feature, keys: Any) -> Iterator[Cut]:
    """Yield the cuts on both sides of single numbers."""
    yield from _below(before, keys, np.float64)
    yield from _cuts_at(before, np.array(keys, dtype=np.float64), np.float64, np.float64)


def _below(before: Feature, edges: Any, precision: Any) -> Iterator[Cut]:
    """Yield cuts before edges, which belong to what comes after."""
    edges = np.array(edges, dtype=np.float64)
    last = _last(before, np.nextafter(edges, -np.inf), np.float64)
    written = _cuts_at(before, edges, np.float64, precision)
    for value, cut in zip(last.tolist(), written, strict=True):
        yield Cut(value, cut.text, is_past=True)


def _cuts_at(
    before: Feature, thresholds: Array, read: Any, precision: Any = np.float32
) -> Iterator[Cut]:
    """Yield cuts at thresholds.

    Each is written with as few digits as lie within two of the smallest steps of a number's type:
    trees are cut between two values that were rounded themselves.
    """
    low, high = (_stepped(thresholds, precision, way) for way in (-np.inf, np.inf))
    found = [_last(before, t, read).tolist() for t in (low, thresholds, high)]
    for least, value, most in zip(*found, strict=True):
        if abs(value) < _NEXT_TO_ZERO:
            yield Cut(value, "0", is_past=value < 0)
        else:
            least, most = (value if abs(v) > _FAR else v for v in (least, most))
            yield Cut(value, _shortest(least, value, most))


def _stepped(thresholds: Array, precision: Any, way: float) -> Array:
    with np.errstate(over="ignore"):
        stepped = thresholds.astype(precision)
    for _ in range(2):
        stepped = np.nextafter(stepped, precision(way))
    return stepped.astype(np.float64)


def _last(feature: Feature, thresholds: Array, read: Any) -> Array:
    with np.errstate(over="ignore"):
        return last_at_most(feature, thresholds, np.dtype(np.float64), read, _LARGEST)


def _shortest(least: float, value: float, most: float) -> str:
    for digits in range(1, 18):
        rounded = float(f"{value:.{digits}g}")
        if least <= rounded <= most:
            return as_text(rounded)
    return as_text(value)


# ---- categories ------------------------------------------------------------------------------


@dataclass(frozen=True)
class CategoryCells:
    """Categories by their codes; then unknown and missing ones, where there may be any."""

    column: Column
    categories: tuple[Any, ...]
    codes: tuple[float, ...]
    unknown: float

    @cached_property
    def points(self) -> Array:
        """A value of each cell."""
        others = [self.unknown] * self.column.takes_unknown + [np.nan] * self.column.takes_missing
        return np.array([*self.codes, *others])

    def describe(self, mask: Mask) -> Condition:
        """Say which values some cells hold."""
        n_known = len(self.categories)
        chosen = [c for c, is_in in zip(self.categories, mask, strict=False) if is_in]
        others = [c for c, is_in in zip(self.categories, mask, strict=False) if not is_in]
        unknown = self.column.takes_unknown and bool(mask[n_known])
        missing = self.column.takes_missing and bool(mask[-1])
        name = printable(self.column.name)
        extra = ["unknown"] * unknown + ["missing"] * missing
        if not chosen:
            text = f"{name} is {' or '.join(extra)}"
        elif not others:
            all_but_missing = unknown or not self.column.takes_unknown
            word = "is not missing" if all_but_missing else " or ".join(["is known", *extra])
            text = f"{name} {word}"
        else:
            text = " or ".join([f"{name} {_shorter(chosen, others)}", *extra])
        return Condition(self.column.name, None, tuple(chosen), unknown, missing, text)


def _shorter(chosen: list[Any], others: list[Any]) -> str:
    """Say which categories are in, or which are not."""
    is_in = len(chosen) <= len(others)
    words = [as_text(c) for c in (chosen if is_in else others)]
    if len(words) == 1:
        return f"{'=' if is_in else '≠'} {words[0]}"
    return f"{'in' if is_in else 'not in'} {{{', '.join(words)}}}"


def as_text(value: Any) -> str:
    """Return a number in few characters, or a category, in quotes where it could be misread.

    >>> as_text(45.0), as_text("Never-married"), as_text("missing"), as_text("a, b")
    ('45', 'Never-married', "'missing'", "'a, b'")
    """
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    text = printable(value)
    is_plain = text == text.strip() != "" and not set(text) & set(",{}'")
    return text if is_plain and text not in ("missing", "unknown") else f"'{text}'"


# ---- either ----------------------------------------------------------------------------------

Cells = NumberCells | CategoryCells


def cells_of(column: Column, splits: list[Split]) -> Cells:
    """Divide the values of a column so that no split of its features divides them further."""
    if column.categories is not None:
        codes = tuple(map(float, range(len(column.categories))))
        return CategoryCells(column, column.categories, codes, UNKNOWN)
    if all(map(_is_looked_up, splits)):
        keys = tuple(dict.fromkeys(key for split in splits for key in _keys(split.feature)))
        return CategoryCells(column, keys, keys, another(keys))
    cuts = {cut.value: cut for split in splits for cut in _cuts_of(split)}
    inside = [cuts[value] for value in sorted(cuts) if abs(value) < _FAR]
    return NumberCells(column, tuple(_told_apart(inside)))


def _told_apart(cuts: list[Cut]) -> Iterator[Cut]:
    """Yield cuts, in full where two would read the same."""
    often = Counter((cut.text, cut.is_past) for cut in cuts)
    for cut in cuts:
        is_clear = often[cut.text, cut.is_past] == 1
        yield cut if is_clear else Cut(cut.value, as_text(cut.value))


def _is_looked_up(split: Split) -> bool:
    """Whether numbers are categories."""
    steps = [step for step in split.feature.steps if not isinstance(step, Fill)]
    return bool(steps) and isinstance(steps[0], Lookup) and bool(steps[0].keys)


def _keys(feature: Feature) -> Iterator[float]:
    """Yield the numbers at which steps look, up to the first that tells categories."""
    for step in feature.steps:
        if isinstance(step, Lookup):
            yield from map(float, step.keys)
            return
        if isinstance(step, Fill) and step.place == step.place:
            yield float(step.place)
