"""How trees are written: their nodes as one table, and a loop that walks it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..program import Program, Tree, Trees
from ..thresholds import exact_threshold, round_down
from .text import SIZES, each, indent, number, table, wrap

_MISSING_LEFT, _IN_GROUP = 1, 2
_SHORT = 2**15


@dataclass
class NodeTable:
    """Nodes of all trees, each before those below it, so that the left one is the next.

    At a leaf `feature` is -1, and `right` the place of its values. In a group `threshold` is the
    place of its words in `groups`.
    """

    threshold: list[float] = field(default_factory=list)
    right: list[int] = field(default_factory=list)
    feature: list[int] = field(default_factory=list)
    flags: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    roots: list[int] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)

    def add(self, tree: Tree, threshold: NDArray[np.float64]) -> None:
        """Add a tree, with what its thresholds are in C."""
        order = _preorder(tree)
        first, leaf = len(self.right), tree.is_leaf[order]
        in_group = (tree.group[order] >= 0) & ~leaf
        places = np.array([*self._add_groups(tree.groups), 0])
        place = np.empty(len(order), dtype=np.intp)
        place[order] = first + np.arange(len(order))
        right = place[tree.right[order]]
        right[leaf] = len(self.values) + tree.value.shape[1] * np.arange(leaf.sum())
        threshold = np.where(in_group, places[tree.group[order]], threshold[order])
        flags = _MISSING_LEFT * tree.missing_left[order] + _IN_GROUP * in_group
        self.roots.append(first)
        self.threshold += np.where(leaf, 0.0, threshold).tolist()
        self.right += right.tolist()
        self.feature += np.where(leaf, -1, tree.feature[order]).tolist()
        self.flags += np.where(leaf, 0, flags).tolist()
        self.values += tree.value[order][leaf].ravel().tolist()

    def _add_groups(self, groups: Sequence[tuple[int, ...]]) -> list[int]:
        """Add groups as bits, in words of 32 behind their number; return their places."""
        places = []
        for group in groups:
            words = [0] * (max(group, default=0) // 32 + 1)
            for member in group:
                words[member // 32] |= 1 << member % 32
            places.append(len(self.groups))
            self.groups += [len(words), *words]
        return places


def _preorder(tree: Tree) -> NDArray[np.intp]:
    """Return nodes in an order in which the left one follows its parent."""
    order, waiting = [], [0]
    left, right = tree.left.tolist(), tree.right.tolist()
    while waiting:
        node = waiting.pop()
        order.append(node)
        if left[node] >= 0:
            waiting += [right[node], left[node]]
    return np.array(order, dtype=np.intp)


def write_trees(program: Program, learner: Trees, name: str, kind: str) -> tuple[list[str], int]:
    """Return the function that sums trees of f into out, and the bytes of its tables."""
    rounds = _rounds(program, learner, kind)
    nodes = NodeTable()
    for tree in learner.trees:
        nodes.add(tree, _thresholds(tree, learner, rounds=rounds))
    of_threshold = "float" if rounds else "double"
    # Feature and place of a node, and the places of values.
    is_small = max(len(nodes.right), len(nodes.values), len(program.features)) < _SHORT
    of_index = "short" if is_small else "int"
    tables = [
        f"static const struct {{ {of_threshold} threshold; {of_index} right, feature, flags; }} "
        f"{name}_nodes[] = {{",
        *wrap(_rows(nodes, of_threshold)),
        "};",
        *table(f"{name}_values", kind, nodes.values),
        *table(f"{name}_roots", "int", nodes.roots),
    ]
    if nodes.groups:
        tables += table(f"{name}_groups", "unsigned", nodes.groups)
    outputs = [tree.output for tree in learner.trees]
    adds_to_one = None not in outputs
    if adds_to_one:
        tables += table(f"{name}_outputs", "int", outputs)
    walk = _walk(nodes, name, rounds=rounds)
    one_node = SIZES[of_threshold] + 3 * SIZES[of_index]
    one_node += -one_node % SIZES[of_threshold]
    n_bytes = one_node * len(nodes.right) + SIZES[kind] * len(nodes.values)
    n_bytes += 4 * (len(nodes.roots) + len(nodes.groups) + len(outputs) * adds_to_one)
    function = _function(learner, name, walk, adds_to_one=adds_to_one)
    return [*tables, *function], n_bytes


def _rounds(program: Program, learner: Trees, kind: str) -> bool:
    """Whether thresholds have 32 bits: for rows of 32 bits that reach the trees as they are."""
    is_plain = all(not feature.steps for feature in program.features)
    return kind == "float" and (learner.reads_float32 or is_plain)


def _thresholds(tree: Tree, learner: Trees, *, rounds: bool) -> NDArray[np.float64]:
    if rounds:
        return round_down(tree.threshold).astype(np.float64)
    return exact_threshold(tree.threshold) if learner.reads_float32 else tree.threshold


def _rows(nodes: NodeTable, of_threshold: str) -> list[str]:
    columns = zip(nodes.threshold, nodes.right, nodes.feature, nodes.flags, strict=True)
    return [f"{{{number(t, of_threshold)}, {r}, {f}, {b}}}" for t, r, f, b in columns]


def _walk(nodes: NodeTable, name: str, *, rounds: bool) -> list[str]:
    """Return the statements that go from a node to the next."""
    kind, node = ("float" if rounds else "double"), f"{name}_nodes[i]"
    goes_left = f"w <= {node}.threshold"
    if any(flag & _MISSING_LEFT for flag in nodes.flags):
        goes_left = f"({goes_left} || (w != w && {node}.flags & {_MISSING_LEFT}))"
    lines = [f"const {kind} w = ({kind})f[{node}.feature];"]
    if nodes.groups:
        word = "group[1 + (int)w / 32] >> ((int)w % 32) & 1"
        lines += [
            f"if ({node}.flags & {_IN_GROUP}) {{",
            f"    const unsigned *group = {name}_groups + (int){node}.threshold;",
            f"    const int is_in = w != w ? {node}.flags & {_MISSING_LEFT}",
            f"        : w > -1 && w < 32 * group[0] && ({word});",
            f"    i = is_in ? i + 1 : {node}.right;",
            "    continue;",
            "}",
        ]
    return [*lines, f"i = {goes_left} ? i + 1 : {node}.right;"]


def _function(learner: Trees, name: str, walk: list[str], *, adds_to_one: bool) -> list[str]:
    n, value = learner.n_outputs, f"{name}_values[{name}_nodes[i].right"
    if adds_to_one:
        add = [f"out[{name}_outputs[k]] += {value}];"]
    else:
        add = each("j", n, f"out[j] += {value} + j];")
    start = ", ".join(map(number, learner.start))
    body = [
        f"static const double start[{n}] = {{{start}}};",
        "int i, j, k;",
        *each("j", n, "out[j] = start[j];"),
        *each(
            "k",
            len(learner.trees),
            f"i = {name}_roots[k];",
            f"while ({name}_nodes[i].feature >= 0) {{",
            *indent(walk),
            "}",
            *add,
        ),
    ]
    if learner.divisor != 1:
        body += each("j", n, f"out[j] /= {number(learner.divisor)};")
    return [f"static void {name}(const double *f, double *out)", "{", *indent(body), "}", ""]
