"""A student that is one tree, as rules about the columns of the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any, overload

import numpy as np

from .._utils.estimators import last_step
from .._utils.names import NO_MATHEMATICS, as_html
from .._utils.parameters import check
from .cells import Condition, Mask, Split, cells_of
from .columns import UnknownPartError
from .kinds import Kind
from .program import Array, Indices, Program, Tree, Trees
from .reading import read_program, what_ships
from .values import values_of

_ADVICE = (
    "Rules need a student that is one tree, whose features come from one column each, such as "
    "DecisionTreeRegressor(max_leaf_nodes=16)."
)
_WIDTH = 100
# A space at which no line ends.
_GLUE = "\xa0"

# ---- what is returned ------------------------------------------------------------------------


@dataclass(frozen=True)
class Rule:
    """What a row must be like: all `conditions` must hold.

    `coverage` is the share of rows for which they do, and `n_rows` their number where they were
    given.
    """

    conditions: tuple[Condition, ...]
    coverage: float
    n_rows: int | None

    def __str__(self) -> str:
        return " and ".join(_clauses(self.conditions))


@dataclass(frozen=True)
class RuleOfClasses(Rule):
    """A rule, and the probabilities that a row then gets.

    They are in the order of the classes; `label` is the most probable one.
    """

    probabilities: tuple[float, ...]
    label: Any


@dataclass(frozen=True)
class RuleOfNumbers(Rule):
    """A rule, and the number that is then predicted."""

    prediction: float


def _clauses(conditions: tuple[Condition, ...]) -> list[str]:
    """Return conditions as they stand beside each other."""
    texts = [condition.text for condition in conditions]
    if len(texts) < 2:
        return texts or ["any row"]
    return [f"({text})" if " or " in text else text for text in texts]


class Rules(Sequence[Any]):
    """Rules, the one that covers most rows first; exactly one of all holds for each row.

    `classes` are in the order of the probabilities, none where numbers are predicted; `n_left_out`
    further rules are not told.
    """

    def __init__(self, found: Sequence[Rule], kind: Kind, answers: Array, n_left_out: int) -> None:
        self._found = tuple(found)
        self.classes = kind.classes
        self.n_left_out = n_left_out
        self._heads = ["coverage", *kind.heads()]
        coverages = [f"{100 * rule.coverage:.1f} %" for rule in found]
        self._cells = [[c, *own] for c, own in zip(coverages, kind.cells(answers), strict=True)]

    def __len__(self) -> int:
        return len(self._found)

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Any]: ...
    def __getitem__(self, place: int | slice) -> Any:
        return self._found[place]

    def __str__(self) -> str:
        heads = [*self._heads, "rule"]
        lines = [[*own, _unbroken(rule)] for own, rule in zip(self._cells, self, strict=True)]
        widths = [max(map(len, cells)) for cells in zip(heads, *lines, strict=True)][:-1]
        written = [line for cells in [heads, *lines] for line in _text_lines(cells, widths)]
        written.insert(1, "-" * max(map(len, written)))
        return "\n".join([*written, *([_left_out(self)] if self.n_left_out else [])])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        heads = "".join(_html_cell("th", as_html(head), "right") for head in self._heads)
        told = zip(self._cells, self, strict=True)
        lines = "".join(f"<tr>{_html_line(own, rule)}</tr>" for own, rule in told)
        rest = f"<p>{as_html(_left_out(self))}</p>" if self.n_left_out else ""
        return (
            f"<div {NO_MATHEMATICS}>"
            '<table style="border-collapse:collapse; font-variant-numeric:tabular-nums">'
            f"<thead><tr>{heads}{_html_cell('th', 'rule', 'left')}</tr></thead>"
            f"<tbody>{lines}</tbody></table>{rest}</div>"
        )


# ---- text and HTML ---------------------------------------------------------------------------


def _left_out(rules: Rules) -> str:
    share = 100 * max(0.0, 1 - sum(rule.coverage for rule in rules))
    what = "rule covers" if rules.n_left_out == 1 else "rules cover"
    return f"{rules.n_left_out:,} more {what} {share:.1f} %."


def _unbroken(rule: Rule) -> str:
    """Return a rule whose lines may end between conditions alone, or inside of long ones."""
    clauses = _clauses(rule.conditions)
    glued = [c if len(c) > _WIDTH // 2 else c.replace(" ", _GLUE) for c in clauses]
    return f" and{_GLUE}".join(glued)


def _text_lines(cells: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    """Yield the lines of a rule: numbers beside it, further lines below its first."""
    numbers = [cell.rjust(width) for cell, width in zip(cells, widths, strict=False)]
    start = "  ".join([*numbers, ""])
    room = max(_WIDTH - len(start), 40)
    for part in wrap(cells[-1], room, break_long_words=False, break_on_hyphens=False):
        yield start + part.replace(_GLUE, " ")
        start = " " * len(start)


def _html_line(cells: list[str], rule: Rule) -> str:
    cells = [as_html(cell) for cell in cells]
    joint = ' <span style="opacity:0.6">and</span> '
    # A line ends between conditions, if they are no longer than it.
    clause = '<span style="display:inline-block">{}</span>'
    said = joint.join(clause.format(as_html(text)) for text in _clauses(rule.conditions))
    numbers = "".join(_html_cell("td", cell, "right") for cell in cells)
    return numbers + _html_cell("td", said, "left")


def _html_cell(kind: str, content: str, side: str) -> str:
    """Return a cell, its looks inside: notebooks drop style sheets, and choose the colours."""
    wraps = "normal" if side == "left" else "nowrap"
    look = f"text-align:{side}; vertical-align:top; padding:0.2em 0.7em; white-space:{wraps}"
    return f'<{kind} style="{look}">{content}</{kind}>'


# ---- the rules of a model --------------------------------------------------------------------


def rules(model: Any, X: Any = None, *, max_rules: int | None = None) -> Rules:
    """Read a student that is one tree as rules about the columns of the table.

    Each leaf is a rule: a conjunction of what is asked of columns, as they were before any step of
    a Pipeline. Splits on one column are joined to an interval in its own unit, ``30 < age ≤ 45``,
    or to a set of categories, ``job in {clerk, sales}``, whatever encoder stands between. A set
    speaks of the categories that fit knew; ``or unknown`` and ``or missing`` say where others, and
    gaps, belong as well. Exactly one rule holds for each row, and its probabilities are what
    `predict_proba` answers, calibration included, or its number what `predict` does.

    Parameters
    ----------
    model : distiller, DistilledClassifier or DistilledRegressor
        A fitted distiller, or its `classifier_` or `regressor_`, whose student is one tree, pruned
        or not, in a Pipeline or not. A forest or booster of a single tree will do too.
    X : {array-like, frame} of shape (n_samples, n_features) or None, default=None
        Rows whose share each rule tells. None: those that the tree learned from, by their weights,
        made-up ones included.
    max_rules : int or None, default=None
        How many rules are told, those first that cover most rows. None: all.

    Returns
    -------
    Rules
        A sequence that prints as text, and in notebooks as a table. Each rule has `conditions`,
        `probabilities` in the order of `classes`, the most probable `label`, its `coverage` and,
        if X is given, `n_rows`; of a student of numbers it has one `prediction` instead of
        probabilities and label. A condition has the name of its `column`, `intervals` (low < x ≤
        high, exactly) or `categories`, `unknown` and `missing`, and `text`, which says them.
        `n_left_out` is the number of rules beyond `max_rules`.

    Raises
    ------
    ValueError
        If the student is not one tree, or reads what is made of several columns.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import Distiller
    >>> from skdistill.export import rules
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> tree = DecisionTreeRegressor(max_leaf_nodes=4, random_state=0)
    >>> found = rules(Distiller(GaussianNB(), tree).fit(X, y))
    >>> found
    coverage   P(0)   P(1)   P(2)  rule
    -----------------------------------------------------------------------------------------
      33.3 %  1.000  0.000  0.000  petal width (cm) ≤ 0.8
      30.7 %  0.000  0.974  0.026  0.8 < petal width (cm) ≤ 1.75 and petal length (cm) ≤ 4.85
      30.7 %  0.000  0.021  0.979  petal width (cm) > 1.75
       5.3 %  0.000  0.529  0.471  0.8 < petal width (cm) ≤ 1.75 and petal length (cm) > 4.85
    >>> found[2].label, found[2].conditions[0].intervals
    (2, ((1.7500000596046448, inf),))
    """
    check("rules", {"max_rules": max_rules})
    program = _read(model)
    trees, tree = _only_tree(program, model)
    walk = _Walk(program, trees, tree)
    leaves = np.array([leaf for leaf, _ in walk])
    counts = None if X is None else _counts(model, program, trees, tree, X)[leaves]
    weights = _weights(tree)[leaves] if counts is None else counts
    order = np.argsort(-weights, kind="stable")[:max_rules]
    conditions, points = walk.describe(leaves[order])
    answers = program(points)
    found = [
        _rule(
            program.kind,
            said,
            float(weights[k] / weights.sum()),
            None if counts is None else int(counts[k]),
            answer,
        )
        for k, said, answer in zip(order, conditions, answers, strict=True)
    ]
    return Rules(found, program.kind, answers, len(leaves) - len(order))


def _rule(
    kind: Kind, said: tuple[Condition, ...], coverage: float, n_rows: int | None, answer: Array
) -> Rule:
    """Return a rule, with what is answered where it holds."""
    if kind.labels:
        label = kind.labels[answer.argmax()]
        return RuleOfClasses(said, coverage, n_rows, tuple(answer.tolist()), label)
    return RuleOfNumbers(said, coverage, n_rows, float(answer[0]))


def _read(model: Any) -> Program:
    try:
        return read_program(model)
    except UnknownPartError as error:
        raise UnknownPartError(f"{error} {_ADVICE}") from error


def _only_tree(program: Program, model: Any) -> tuple[Trees, Tree]:
    """Return the only tree that splits, and what it is part of."""
    learners = [learner for learner in program.learners if isinstance(learner, Trees)]
    trees = [(learner, tree) for learner in learners for tree in learner.trees]
    splitting = [found for found in trees if not found[1].is_leaf[0]]
    if len(learners) < len(program.learners) or len(splitting) > 1:
        name = type(last_step(what_ships(model).student)).__name__
        found = f"is {len(splitting)} trees" if splitting else "is no tree"
        raise UnknownPartError(f"{name} {found}. {_ADVICE}")
    return (splitting or trees)[0]


def _counts(model: Any, program: Program, trees: Trees, tree: Tree, X: Any) -> Indices:
    """Return how many rows come to each node that is a leaf."""
    # It says what is wrong with rows.
    program.kind.ask(what_ships(model), X)
    features = trees.rounded(program.compute_features(values_of(program, X)))
    return np.bincount(tree.leaves_of(features), minlength=len(tree.left))


def _weights(tree: Tree) -> Array:
    return np.ones(len(tree.left)) if tree.weight is None else tree.weight


class _Walk:
    """All ways through a tree: its leaves, each with the cells of columns that lead there.

    A leaf that no values lead to, such as one for a category that is two at once, is none.
    """

    def __init__(self, program: Program, trees: Trees, tree: Tree) -> None:
        self._tree, self._features = tree, program.features
        self._n_columns = len(program.columns)
        used = np.unique(tree.feature[~tree.is_leaf]).tolist()
        read = np.float32 if trees.reads_float32 else np.float64
        splits: dict[int, list[Split]] = {}
        for k in used:
            thresholds = np.unique(tree.threshold[(tree.feature == k) & ~tree.is_leaf])
            split = Split(self._features[k], thresholds, read)
            splits.setdefault(split.feature.column, []).append(split)
        self._cells = {j: cells_of(program.columns[j], own) for j, own in splits.items()}
        points = {j: cells.points for j, cells in self._cells.items()}
        columns = {k: self._features[k].column for k in used}
        self._values = {k: trees.rounded(self._features[k](points[j])) for k, j in columns.items()}

    def __iter__(self) -> Iterator[tuple[int, dict[int, Mask]]]:
        """Yield each leaf, and the cells of each column that was asked about on the way."""
        stack: list[tuple[int, dict[int, Mask]]] = [(0, {})]
        while stack:
            node, region = stack.pop()
            if self._tree.is_leaf[node]:
                yield node, region
                continue
            j, left = self._split(node)
            here = region.get(j, np.ones_like(left))
            for child, side in ((self._tree.right, ~left), (self._tree.left, left)):
                if (here & side).any():
                    stack.append((int(child[node]), {**region, j: here & side}))

    def _split(self, node: int) -> tuple[int, Mask]:
        """Return the column that a node asks about, and which of its cells go left."""
        k = int(self._tree.feature[node])
        values = self._values[k]
        return self._features[k].column, self._tree.goes_left(np.full(len(values), node), values)

    def describe(self, leaves: Indices) -> tuple[list[tuple[Condition, ...]], Array]:
        """Say what leads to leaves, and return a row of values of columns for each."""
        place = {leaf: k for k, leaf in enumerate(leaves.tolist())}
        said: list[tuple[Condition, ...]] = [()] * len(leaves)
        rows = np.zeros((len(leaves), self._n_columns))
        for leaf, region in self:
            if leaf in place:
                said[place[leaf]] = tuple(
                    self._cells[j].describe(mask) for j, mask in region.items() if not mask.all()
                )
                for j, mask in region.items():
                    rows[place[leaf], j] = self._cells[j].points[mask.argmax()]
        return said, rows
