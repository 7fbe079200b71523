"""How the features of rows are written: each step once for all features that take it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..columns import UnknownPartError
from ..program import (
    Bin,
    Clip,
    Feature,
    Fill,
    Lookup,
    Minus,
    Over,
    Plus,
    Program,
    Step,
    Times,
    Tree,
    Trees,
    tree_of,
)
from .graph import Graph
from .trees import write_trees


def write_features(graph: Graph, program: Program, x: str, columns: Sequence[int]) -> str:
    """Write features, of the columns that stand side by side in x."""

    def write(features: list[Feature]) -> str:
        groups: dict[Any, list[int]] = {}
        for k, feature in enumerate(features):
            groups.setdefault(_kind(feature), []).append(k)
        parts = [part(kind, [features[k] for k in own]) for kind, own in groups.items()]
        order = np.argsort([k for own in groups.values() for k in own])
        return graph.take(graph.beside(parts), order.tolist(), len(order))

    def part(kind: Any, features: list[Feature]) -> str:
        if kind is None:
            return graph.take(x, [columns.index(f.column) for f in features], len(columns))
        before = [Feature(f.column, f.steps[:-1]) for f in features]
        distinct = {feature.way: feature for feature in before}
        place = {way: k for k, way in enumerate(distinct)}
        made = write(list(distinct.values()))
        values = graph.take(made, [place[feature.way] for feature in before], len(place))
        return _STEPS[kind[0]](graph, values, [f.steps[-1] for f in features])

    return write(list(program.features))


def _kind(feature: Feature) -> Any:
    """Return what features have in common whose last step can be written as one."""
    if not feature.steps:
        return None
    step = feature.steps[-1]
    if isinstance(step, Lookup):
        return Lookup, len(_told(step)) > 1
    return type(step), isinstance(step, Fill) and step.place != step.place


def _arithmetic(kind: str) -> Callable[[Graph, str, Sequence[Any]], str]:
    return lambda graph, x, steps: graph.node(kind, x, graph.constant([s.value for s in steps]))


def _fill(graph: Graph, x: str, steps: Sequence[Fill]) -> str:
    value, place = [float(step.value) for step in steps], [float(step.place) for step in steps]
    # NaN is the place of all of them, or of none.
    fills_nan = np.isnan(place[0])
    found = graph.node("IsNaN", x) if fills_nan else graph.node("Equal", x, graph.constant(place))
    return graph.node("Where", found, graph.constant(value), x)


def _clip(graph: Graph, x: str, steps: Sequence[Clip]) -> str:
    # Not by Clip, Min and Max, which say nothing of NaN.
    for kind, bounds in (("Less", [s.low for s in steps]), ("Greater", [s.high for s in steps])):
        bound = graph.constant(bounds)
        x = graph.node("Where", graph.node(kind, x, bound), bound, x)
    return x


def _bin(graph: Graph, x: str, steps: Sequence[Bin]) -> str:
    # Nothing is at least NaN.
    edges = np.full((len(steps), max(len(step.edges) for step in steps)), np.nan)
    for own, step in zip(edges, steps, strict=True):
        own[: len(step.edges)] = step.edges
    wide = graph.node("Unsqueeze", x, graph.constant([2]))
    above = graph.cast(graph.node("GreaterOrEqual", wide, graph.constant(edges)), "DOUBLE")
    count = graph.node("ReduceSum", above, graph.constant([2]), keepdims=0)
    return graph.node("Where", graph.node("IsNaN", x), x, count)


# ---- what a value is equal to ----------------------------------------------------------------


def _lookup(graph: Graph, x: str, steps: Sequence[Lookup]) -> str:
    for step in steps:
        rounded = next((key for key in step.keys if float(np.float32(key)) != key), None)
        if rounded is not None:
            raise UnknownPartError(
                f"A column has categories that float32 rounds, such as {rounded}: make them whole "
                "numbers or text."
            )
    write = _one_by_one if len(_told(steps[0])) <= 1 else _by_trees
    found = write(graph, x, steps)
    missing = np.array([_other(s) if s.missing is None else s.missing for s in steps])
    if np.array_equal(missing, [_other(s) for s in steps], equal_nan=True):
        return found
    return graph.node("Where", graph.node("IsNaN", x), graph.constant(missing), found)


def _other(step: Lookup) -> float:
    """Return what other values become: where they are refused, what is most usual."""
    if step.otherwise is not None:
        return step.otherwise
    return max(step.values, key=step.values.count, default=np.nan)


def _told(step: Lookup) -> dict[Any, float]:
    """Return what differs from all other values."""
    other = _other(step)
    told = zip(step.keys, step.values, strict=True)
    return {key: value for key, value in told if value != other}


def _one_by_one(graph: Graph, x: str, steps: Sequence[Lookup]) -> str:
    keys, values = zip(*(next(iter(_told(s).items()), (np.nan, 0.0)) for s in steps), strict=True)
    other = graph.constant([_other(step) for step in steps])
    found = graph.node("Equal", x, graph.constant(keys))
    return graph.node("Where", found, graph.constant(values), other)


def _by_trees(graph: Graph, x: str, steps: Sequence[Lookup]) -> str:
    """Let trees search for keys: they take neither memory nor many nodes."""
    trees = [_search(k, _told(step), _other(step)) for k, step in enumerate(steps)]
    return write_trees(graph, Trees(trees, np.zeros(len(steps)), reads_float32=False), x)


def _search(k: int, told: dict[Any, float], other: float) -> Tree:
    """Return a tree that finds feature k among keys, between which all is other.

    Its splits halve what is left, by order alone.
    """
    keys = sorted(told)
    last = [edge for key in keys for edge in (np.nextafter(key, -np.inf), key)]
    answers = [answer for key in keys for answer in (other, told[key])] + [other]
    nodes: list[tuple[float, int, int, float]] = []

    def add(first: int, end: int) -> int:
        place, middle = len(nodes), (first + end) // 2
        nodes.append((0.0, -1, -1, answers[first]))
        if first < end:
            left, right = add(first, middle), add(middle + 1, end)
            nodes[place] = (last[middle], left, right, 0.0)
        return place

    add(0, len(last))
    threshold, left, right, value = zip(*nodes, strict=True)
    feature = np.full(len(nodes), k)
    return tree_of(feature, threshold, left, right, np.array(value), output=k)


_STEPS: dict[type[Step], Callable[[Graph, str, Sequence[Any]], str]] = {
    Fill: _fill,
    Minus: _arithmetic("Sub"),
    Over: _arithmetic("Div"),
    Times: _arithmetic("Mul"),
    Plus: _arithmetic("Add"),
    Clip: _clip,
    Bin: _bin,
    Lookup: _lookup,
}
