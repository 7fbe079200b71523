"""How learners are written, side by side."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ..program import Layers, Program, Tree, Trees
from ..thresholds import exact_threshold
from .features import may_miss
from .functions import Named, activation
from .stages import Stages
from .text import join, numbered
from .trees import TreeWriter

Array = NDArray[np.float64]


class Learners:
    """Writes learners side by side."""

    def __init__(
        self, program: Program, features: dict[int, str], accepted: str | None, stages: Stages
    ) -> None:
        self.program, self.features, self.accepted = program, features, accepted
        self.stages, self.dialect = stages, stages.dialect

    def write(self) -> list[str]:
        """Return the names of all outputs."""
        learners = self.program.learners
        names = numbered("output", sum(learner.n_outputs for learner in learners))
        rest, parts = list(names), []
        for k, learner in enumerate(learners):
            own, rest = rest[: learner.n_outputs], rest[learner.n_outputs :]
            mark = "" if len(learners) == 1 else f"{k}_"
            write = self._trees if isinstance(learner, Trees) else self._layers
            parts.append(write(cast(Any, learner), own, mark))
        for name, columns in _side_by_side(parts):
            self.stages.add(name, columns)
        return names

    def _guard(self, value: str) -> str:
        """Write NULL for a row that the model refuses."""
        return value if self.accepted is None else f"CASE WHEN {self.accepted} THEN {value} END"

    # Trees.

    def _trees(self, learner: Trees, names: list[str], mark: str) -> list[Named]:
        if any(tree.value.shape[1] > 1 for tree in learner.trees):
            return self._trees_of_leaves(learner, names, mark)
        terms: list[list[str]] = [[] for _ in names]
        for tree in learner.trees:
            values = [self.dialect.number(value) for value in tree.value[:, 0]]
            terms[tree.output or 0].append(self._tree(learner, tree, values))
        outputs = self._sums(learner, names, terms)
        return [("outputs", {name: self._guard(value) for name, value in outputs.items()})]

    def _trees_of_leaves(self, learner: Trees, names: list[str], mark: str) -> list[Named]:
        """Find leaves first, so that outputs need not find them each on its own."""
        leaves = {}
        terms: list[list[str]] = [[] for _ in names]
        for k, tree in enumerate(learner.trees):
            leaf = f"leaf_{mark}{k}"
            nodes = np.flatnonzero(tree.is_leaf)
            leaves[leaf] = self._guard(
                self._tree(learner, tree, list(map(str, range(len(tree.left)))))
            )
            for output in range(len(names)) if tree.output is None else [tree.output]:
                values = tree.value[nodes, 0 if tree.output is not None else output]
                whens = " ".join(
                    f"WHEN {node} THEN {self.dialect.number(value)}"
                    for node, value in zip(nodes, values, strict=True)
                )
                terms[output].append(f"CASE {leaf} {whens} END")
        return [("leaves", leaves), ("outputs", self._sums(learner, names, terms))]

    def _sums(self, learner: Trees, names: list[str], terms: list[list[str]]) -> dict[str, str]:
        sums = {}
        for name, start, own in zip(names, learner.start, terms, strict=True):
            first = [] if own and start == 0 else [self.dialect.number(start)]
            value = join([*first, *own])
            by = "" if learner.divisor == 1 else f" / {self.dialect.number(learner.divisor)}"
            sums[name] = f"({value}){by}" if by else value
        return sums

    def _tree(self, learner: Trees, tree: Tree, leaves: list[str]) -> str:
        threshold = exact_threshold(tree.threshold) if learner.reads_float32 else tree.threshold
        tree = tree._replace(threshold=threshold)
        gaps = partial(may_miss, self.program)
        return TreeWriter(self.dialect, self.features, gaps, tree, leaves).write()

    # Layers.

    def _layers(self, learner: Layers, names: list[str], mark: str) -> list[Named]:
        inputs, stages = self.features, []
        for k, layer in enumerate(learner.layers):
            is_last = k == len(learner.layers) - 1
            made = names if is_last else numbered(f"unit_{mark}{k}", len(layer.bias))
            sums = made if layer.activation == "identity" else numbered(f"sum_{mark}{k}", len(made))
            columns = {
                name: self._unit(layer.weights[:, unit], layer.bias[unit], inputs)
                for unit, name in enumerate(sums)
            }
            if k == 0:
                columns = {name: self._guard(value) for name, value in columns.items()}
            stages.append(("outputs" if made is sums and is_last else "layer", columns))
            stages += activation(self.dialect, layer.activation, sums, made, mark)
            inputs = dict(enumerate(made))
        return stages

    def _unit(self, weights: Array, bias: float, inputs: dict[int, str]) -> str:
        used = np.flatnonzero(weights).tolist()
        terms = [f"{self.dialect.number(weights[j])} * {inputs[j]}" for j in used]
        return join([self.dialect.number(bias), *terms])


def _side_by_side(parts: list[list[Named]]) -> Iterable[Named]:
    """Join the stages of learners; one that has fewer waits for the others."""
    for k in range(max(map(len, parts))):
        columns: dict[str, str] = {}
        for stages in parts:
            own = stages[k][1] if k < len(stages) else {name: name for name in stages[-1][1]}
            columns |= own
        yield next(stages[k][0] for stages in parts if k < len(stages)), columns
