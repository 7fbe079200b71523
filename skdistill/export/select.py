"""Writes what a classifier computes as a SELECT: features, learners, and what follows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from .dialects import Dialect
from .program import (
    UNKNOWN,
    Bin,
    Calibrated,
    Clip,
    Clipped,
    Column,
    End,
    Exp,
    Fill,
    Layers,
    Logistic,
    Lookup,
    Minus,
    Normalised,
    Over,
    Plus,
    Program,
    Sharpened,
    Sigmoid,
    Softmax,
    Spread,
    Step,
    Times,
    Tree,
    Trees,
    TwoColumns,
    Way,
)
from .stages import Stages, other_name
from .thresholds import exact_threshold

Array = NDArray[np.float64]
# A stage and its columns.
Named = tuple[str, dict[str, str]]

# Beyond it exponentials are 0 or infinite, which is an error in PostgreSQL.
_MOST = 700.0
# Longer sums are written as sums of sums: databases count how deep they are.
_MOST_TERMS = 200


def write_select(
    program: Program, columns: Sequence[str], dialect: Dialect, table: str, keep: Sequence[str]
) -> str:
    """Return a program as a SELECT from a table, some columns of which are passed on."""
    stages = Stages(dialect, table, keep)
    features = _Features(program, columns, stages)
    names = features.write()
    outputs = _Learners(program, names, features.accepted, stages).write()
    for end in program.ends:
        outputs = _ENDS[type(end)](end, outputs, stages)
    return _finish(stages, outputs, program.classes.tolist())


def _finish(stages: Stages, names: list[str], classes: list[Any]) -> str:
    dialect = stages.dialect
    found = _numbered("probability", len(names))
    stages.add("ranked", dict(zip(found, names, strict=True)) | {"best": dialect.greatest(names)})
    stages.refuse_kept(["label"])
    lines = [f"{dialect.quote(name)}," for name in stages.keep]
    # ASCII, so that no label ends the comment.
    lines += [f"{p}, -- class {label!a}" for p, label in zip(found, classes, strict=True)]
    lines += ["CASE best"]
    lines += [f"  WHEN {p} THEN {dialect.label(c)}" for p, c in zip(found, classes, strict=True)]
    lines += ["END AS label"]
    select = "\n  ".join(["SELECT", *lines])
    return f"WITH {', '.join(stages.written)}\n{select}\nFROM {stages.last}"


def _numbered(word: str, n: int) -> list[str]:
    return [f"{word}_{k}" for k in range(n)]


# ---- features --------------------------------------------------------------------------------

_ARITHMETIC = {Minus: "-", Over: "/", Times: "*", Plus: "+"}


class _Features:
    """Writes columns and the features made of them."""

    def __init__(self, program: Program, columns: Sequence[str], stages: Stages) -> None:
        self.program, self.columns = program, columns
        self.stages, self.dialect = stages, stages.dialect
        self.accepted: str | None = None
        self._taken = {name.casefold() for name in stages.keep}
        self._names: dict[Way, str] = {}

    def write(self) -> dict[int, str]:
        """Return names of the features that learners read, by position."""
        used = sorted({j for learner in self.program.learners for j in _read_by(learner)})
        chains = {j: self.program.features[j].way for j in used}
        refusals = _refusals(self.program)
        wanted = list(dict.fromkeys([*chains.values(), *(chain for chain, *_ in refusals)]))
        self._read(sorted({column for column, _ in wanted}))
        self._follow(wanted)
        if refusals:
            self._check(refusals, wanted)
        return {j: self._names[chain] for j, chain in chains.items()}

    def _read(self, used: list[int]) -> None:
        columns = {}
        for j in used:
            name = self._names[j, ()] = self._new_name(j)
            # What SQLite does not find it takes for text, were it not for the t.
            column = f"t.{self.dialect.quote(self.columns[j])}"
            is_number = self.program.columns[j].is_number
            read = self.dialect.number_column if is_number else self.dialect.text_column
            columns[name] = read.format(column)
        self.stages.read(columns)

    def _follow(self, wanted: list[Way]) -> None:
        """Do all steps, in one stage as many as read a value once."""
        done = dict.fromkeys(wanted, 0)
        while any(done[chain] < len(chain[1]) for chain in wanted):
            columns = {}
            for chain in wanted:
                column, steps = chain
                start = self._names[column, steps[: done[chain]]]
                value, done[chain] = self._advance(start, chain, done[chain])
                reached = column, steps[: done[chain]]
                if reached not in self._names:
                    self._names[reached] = self._new_name(column)
                columns[self._names[reached]] = value
            self.stages.add("features", columns)

    def _new_name(self, column: int) -> str:
        name = self.columns[column]
        # PostgreSQL cuts names at 63 bytes, and with them the number at the end.
        name = name if len(name.encode()) < 50 else f"column_{column}"
        return self.dialect.quote(other_name(name, self._taken))

    def _advance(self, value: str, chain: Way, done: int) -> tuple[str, int]:
        """Do steps until one would repeat more than a name."""
        column, steps = chain
        for k in range(done, len(steps)):
            step = steps[k]
            if k > done and type(step) not in _ARITHMETIC:
                return value, k
            texts = self._texts((column, steps[:k]))
            if texts and isinstance(step, Fill) and step.place == UNKNOWN:
                value = self._known(value, column, texts)
            else:
                value = self._step(step, value, self._literal((column, steps[:k])))
        return value, len(steps)

    def _texts(self, done: Way) -> tuple[Any, ...]:
        """Return the categories of a column whose values are still text, up to a lookup."""
        column, steps = done
        if any(isinstance(step, Lookup) for step in steps):
            return ()
        return self.program.columns[column].categories or ()

    def _literal(self, done: Way) -> Callable[[Any], str]:
        """Return what writes values of a column, which may be codes of text."""
        texts = self._texts(done)
        if not texts:
            return self.dialect.number
        return lambda code: "NULL" if code != code else self._text(texts[int(code)], done[0])

    def _known(self, x: str, column: int, texts: Sequence[Any]) -> str:
        """Keep categories that were there in fit."""
        known = ", ".join(self._text(text, column) for text in texts)
        return f"CASE WHEN {x} IN ({known}) THEN {x} END"

    def _text(self, value: Any, column: int) -> str:
        where = f"The categories of {self.columns[column]!r}"
        if not isinstance(value, str):
            raise ValueError(f"{where} must all be text in SQL, found {value!r}.")
        return self.dialect.text(value, where)

    def _step(self, step: Step, x: str, literal: Callable[[Any], str]) -> str:
        if isinstance(step, Fill):
            value, place = literal(step.value), literal(step.place)
            if step.place != step.place:
                return f"COALESCE({x}, {value})"
            return f"CASE WHEN {x} = {place} THEN {value} ELSE {x} END"
        if isinstance(step, Clip):
            return _clip(self.dialect, x, step.low, step.high)
        if isinstance(step, Bin):
            return self._bin(x, step.edges)
        if isinstance(step, Lookup):
            return self._lookup(x, step, literal)
        return f"({x} {_ARITHMETIC[type(step)]} {self.dialect.number(step.value)})"

    def _bin(self, x: str, edges: Sequence[float]) -> str:
        number = self.dialect.number
        whens = [f"WHEN {x} < {number(edge)} THEN {number(k)}" for k, edge in enumerate(edges)]
        whens.append(f"WHEN {x} IS NOT NULL THEN {number(len(edges))}")
        return f"CASE {' '.join(whens)} END"

    def _lookup(self, x: str, step: Lookup, literal: Callable[[Any], str]) -> str:
        # Rows with others or missing ones are refused where None says so: any value will do.
        usual = max(step.values, key=step.values.count, default=0.0)
        other = usual if step.otherwise is None else step.otherwise
        missing = other if step.missing is None else step.missing
        number = self.dialect.number
        told = [
            f"WHEN {literal(key)} THEN {number(value)}"
            for key, value in zip(step.keys, step.values, strict=True)
            if value != other
        ]
        known = f"CASE {x} {' '.join(told)} ELSE {number(other)} END" if told else number(other)
        if missing == other or (missing != missing and other != other):
            return known
        return f"CASE WHEN {x} IS NULL THEN {number(missing)} ELSE {known} END"

    def _check(self, refusals: list[_Refusal], wanted: list[Way]) -> None:
        """Say which rows the model accepts: NULLs alone do not stop a tree."""
        columns = {self._names[chain]: self._names[chain] for chain in wanted}
        conditions = [self._condition(*refusal) for refusal in refusals]
        self.accepted = other_name("accepted", self._taken)
        self.stages.add("checked", columns | {self.accepted: _join(conditions, "AND")})

    def _condition(self, chain: Way, keys: tuple[Any, ...] | None, takes_missing: bool) -> str:
        name = self._names[chain]
        if keys is None:
            return f"{name} IS NOT NULL"
        known = f"{name} IN ({', '.join(map(self._literal(chain), keys))})"
        return f"({name} IS NULL OR {known})" if takes_missing else known


# What is looked at, the keys that are known (None: whatever is there), whether it may be missing.
_Refusal = tuple[Way, tuple[Any, ...] | None, bool]


def _refusals(program: Program) -> list[_Refusal]:
    columns = program.columns
    found: dict[_Refusal, None] = {
        ((j, ()), None, False): None for j, c in enumerate(columns) if not c.takes_missing
    }
    for feature in program.features:
        column, steps = feature.way
        for k, step in enumerate(steps):
            own = columns[column]
            if isinstance(step, Lookup) and _refuses(step, own):
                found[(column, steps[:k]), step.keys, step.missing is not None] = None
            elif _loses_unknown(step, own) and not own.takes_unknown:
                keys = tuple(range(len(own.categories or ())))
                found[(column, steps[:k]), keys, own.takes_missing] = None
    return list(found)


def _refuses(step: Lookup, column: Column) -> bool:
    """Whether unknown values are refused, by an encoder or by what learns from it."""
    if step.otherwise is None:
        return True
    return step.otherwise != step.otherwise and not column.takes_unknown


def _loses_unknown(step: Any, column: Column) -> bool:
    """Whether categories of a column that were not there in fit count as missing from here on."""
    return isinstance(step, Fill) and step.place == UNKNOWN and not column.is_number


def _read_by(learner: Trees | Layers) -> set[int]:
    """Return the features that a learner reads."""
    if isinstance(learner, Layers):
        return set(np.flatnonzero(learner.layers[0].weights.any(axis=1)).tolist())
    return {int(j) for tree in learner.trees for j in tree.feature[~tree.is_leaf]}


def _may_miss(program: Program, j: int) -> bool:
    """Whether a feature of an accepted row may be missing."""
    feature = program.features[j]
    column = program.columns[feature.column]
    missing = column.takes_missing
    for step in feature.steps:
        if isinstance(step, Fill) and step.place != step.place:
            missing = False
        elif _loses_unknown(step, column):
            missing |= column.takes_unknown
        elif isinstance(step, Lookup):
            told = [*step.values, step.otherwise, step.missing]
            missing = any(value is not None and value != value for value in told)
    return missing


# ---- learners --------------------------------------------------------------------------------


class _Learners:
    """Writes learners side by side."""

    def __init__(
        self, program: Program, features: dict[int, str], accepted: str | None, stages: Stages
    ) -> None:
        self.program, self.features, self.accepted = program, features, accepted
        self.stages, self.dialect = stages, stages.dialect

    def write(self) -> list[str]:
        """Return the names of all outputs."""
        learners = self.program.learners
        names = _numbered("output", sum(learner.n_outputs for learner in learners))
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
            value = _join([*first, *own])
            by = "" if learner.divisor == 1 else f" / {self.dialect.number(learner.divisor)}"
            sums[name] = f"({value}){by}" if by else value
        return sums

    def _tree(self, learner: Trees, tree: Tree, leaves: list[str]) -> str:
        threshold = exact_threshold(tree.threshold) if learner.reads_float32 else tree.threshold
        return _TreeWriter(self, tree._replace(threshold=threshold), leaves).write()

    def may_miss(self, feature: int) -> bool:
        """Whether a feature may be missing."""
        return _may_miss(self.program, feature)

    # Layers.

    def _layers(self, learner: Layers, names: list[str], mark: str) -> list[Named]:
        inputs, stages = self.features, []
        for k, layer in enumerate(learner.layers):
            is_last = k == len(learner.layers) - 1
            made = names if is_last else _numbered(f"unit_{mark}{k}", len(layer.bias))
            sums = (
                made if layer.activation == "identity" else _numbered(f"sum_{mark}{k}", len(made))
            )
            columns = {
                name: self._unit(layer.weights[:, unit], layer.bias[unit], inputs)
                for unit, name in enumerate(sums)
            }
            if k == 0:
                columns = {name: self._guard(value) for name, value in columns.items()}
            stages.append(("outputs" if made is sums and is_last else "layer", columns))
            stages += _activation(self.dialect, layer.activation, sums, made, mark)
            inputs = dict(enumerate(made))
        return stages

    def _unit(self, weights: Array, bias: float, inputs: dict[int, str]) -> str:
        used = np.flatnonzero(weights).tolist()
        terms = [f"{self.dialect.number(weights[j])} * {inputs[j]}" for j in used]
        return _join([self.dialect.number(bias), *terms])


def _side_by_side(parts: list[list[Named]]) -> Iterable[Named]:
    """Join the stages of learners; one that has fewer waits for the others."""
    for k in range(max(map(len, parts))):
        columns: dict[str, str] = {}
        for stages in parts:
            own = stages[k][1] if k < len(stages) else {name: name for name in stages[-1][1]}
            columns |= own
        yield next(stages[k][0] for stages in parts if k < len(stages)), columns


def _join(terms: list[str], operator: str = "+") -> str:
    """Write terms with an operator between them."""
    if len(terms) > _MOST_TERMS:
        parts = [terms[k : k + _MOST_TERMS] for k in range(0, len(terms), _MOST_TERMS)]
        terms = [f"({_join(part, operator)})" for part in parts]
    return f"\n      {operator} ".join(terms)


class _TreeWriter:
    """Writes a tree as a CASE, as few as can be within one another.

    Each CASE follows the branch that would be the deeper one, and a WHEN says who leaves it. So
    what stands within one another grows with the logarithm of the number of leaves, however deep
    the tree.
    """

    def __init__(self, learners: _Learners, tree: Tree, leaves: list[str]) -> None:
        self.features, self.may_miss = learners.features, learners.may_miss
        self.dialect, self.tree, self.leaves = learners.dialect, tree, leaves
        self.nesting = _nesting(tree)

    def write(self) -> str:
        """Return the CASE."""
        self._check_nesting()
        return self._case(0, "    ")

    def _check_nesting(self) -> None:
        deepest, limit = int(self.nesting[0]), self.dialect.max_nesting
        if limit is not None and deepest > limit:
            raise ValueError(
                f"A tree of {int(self.tree.is_leaf.sum())} leaves cannot be written for "
                f"dialect={self.dialect.name!r}: {deepest} CASEs would stand within one another, "
                f"and {limit} may, since {self.dialect.nesting_limit}. Take fewer leaves."
            )

    def _case(self, node: int, indent: str) -> str:
        tree = self.tree
        if tree.left[node] < 0:
            return self.leaves[node]
        lines = ["CASE"]
        while tree.left[node] >= 0:
            left, right = int(tree.left[node]), int(tree.right[node])
            goes_left = bool(self.nesting[left] <= self.nesting[right])
            aside, along = (left, right) if goes_left else (right, left)
            condition = self._condition(node, goes_left)
            lines.append(f"{indent}  WHEN {condition} THEN {self._case(aside, indent + '  ')}")
            node = along
        return "\n".join([*lines, f"{indent}  ELSE {self.leaves[node]}", f"{indent}END"])

    def _condition(self, node: int, left: bool) -> str:
        """Write which rows go left, or right; of NULL SQL says neither."""
        tree = self.tree
        feature, group = int(tree.feature[node]), int(tree.group[node])
        x = self.features[feature]
        if group >= 0:
            # SQL knows no empty lists, and no code is infinite.
            members = ", ".join(map(self.dialect.number, tree.groups[group] or (np.inf,)))
            condition = f"{x} {'' if left else 'NOT '}IN ({members})"
        else:
            sign = "<=" if left else ">"
            condition = f"{x} {sign} {self.dialect.number(tree.threshold[node])}"
        if self.may_miss(feature) and bool(tree.missing_left[node]) == left:
            return f"{condition} OR {x} IS NULL"
        return condition


def _nesting(tree: Tree) -> NDArray[np.intp]:
    """Return of each node how many CASEs stand within one another, 0 at leaves."""
    order = [0]
    for node in order:  # which grows
        if tree.left[node] >= 0:
            order += [int(tree.left[node]), int(tree.right[node])]
    nesting = np.zeros(len(tree.left), dtype=np.intp)
    for node in reversed(order):
        if tree.left[node] >= 0:
            low, high = sorted((nesting[tree.left[node]], nesting[tree.right[node]]))
            nesting[node] = max(high, low + 1)
    return nesting


# ---- functions -------------------------------------------------------------------------------

# NULL must stay NULL in each: it goes to ELSE.


def _clip(dialect: Dialect, x: str, low: float, high: float) -> str:
    least, most = dialect.number(low), dialect.number(high)
    return f"CASE WHEN {x} < {least} THEN {least} WHEN {x} > {most} THEN {most} ELSE {x} END"


def _exp(dialect: Dialect, x: str) -> str:
    number = dialect.number
    return (
        f"CASE WHEN {x} < {number(-_MOST)} THEN {number(0.0)} "
        f"WHEN {x} > {number(_MOST)} THEN {number(np.exp(_MOST))} ELSE exp({x}) END"
    )


def _sigmoid(dialect: Dialect, x: str) -> str:
    number = dialect.number
    return (
        f"CASE WHEN {x} < {number(-_MOST)} THEN {number(0.0)} "
        f"WHEN {x} > {number(_MOST)} THEN {number(1.0)} "
        f"ELSE {number(1.0)} / ({number(1.0)} + exp(-{x})) END"
    )


def _relu(dialect: Dialect, x: str) -> str:
    return f"CASE WHEN {x} < {dialect.number(0.0)} THEN {dialect.number(0.0)} ELSE {x} END"


def _tanh(dialect: Dialect, x: str) -> str:
    return f"tanh({x})"


_ACTIVATIONS = {"relu": _relu, "tanh": _tanh, "logistic": _sigmoid, "exp": _exp}


def _activation(
    dialect: Dialect, word: str, sums: list[str], made: list[str], mark: str
) -> list[Named]:
    if word == "identity":
        return []
    if word == "softmax":
        return _softmax(dialect, sums, made, mark)
    write = _ACTIVATIONS[word]
    return [("activations", {m: write(dialect, s) for m, s in zip(made, sums, strict=True)})]


def _softmax(dialect: Dialect, scores: list[str], made: list[str], mark: str = "") -> list[Named]:
    top, total = f"top_{mark}".strip("_"), f"total_{mark}".strip("_")
    above, powers = (
        _numbered(f"{word}_{mark}".strip("_"), len(scores)) for word in ("above", "power")
    )
    return [
        ("scores", {name: name for name in scores} | {top: dialect.greatest(scores)}),
        ("scores", {a: f"{name} - {top}" for a, name in zip(above, scores, strict=True)}),
        ("powers", {p: _exp(dialect, a) for p, a in zip(powers, above, strict=True)}),
        ("totals", {p: p for p in powers} | {total: _join(powers)}),
        ("probabilities", {m: f"{p} / {total}" for m, p in zip(made, powers, strict=True)}),
    ]


# ---- what turns outputs into probabilities ---------------------------------------------------


def _each(
    stages: Stages, stage: str, names: list[str], write: Callable[[str], str], word: str
) -> list[str]:
    """Add a stage that does the same to each."""
    made = _numbered(word, len(names))
    stages.add(stage, {m: write(name) for m, name in zip(made, names, strict=True)})
    return made


def _exp_end(end: Exp, names: list[str], stages: Stages) -> list[str]:
    return _each(stages, "powers", names, lambda x: _exp(stages.dialect, x), "power")


def _logistic_end(end: Logistic, names: list[str], stages: Stages) -> list[str]:
    return _each(stages, "shares", names, lambda x: _sigmoid(stages.dialect, x), "share")


def _sigmoid_end(end: Sigmoid, names: list[str], stages: Stages) -> list[str]:
    stages.add("probabilities", {"probability": _sigmoid(stages.dialect, names[0])})
    return _two_columns_end(TwoColumns(), ["probability"], stages)


def _softmax_end(end: Softmax, names: list[str], stages: Stages) -> list[str]:
    made = _numbered("probability", len(names))
    stages.add_all(_softmax(stages.dialect, names, made))
    return made


def _clipped_end(end: Clipped, names: list[str], stages: Stages) -> list[str]:
    return _each(stages, "clipped", names, lambda x: _clip(stages.dialect, x, 0.0, 1.0), "share")


def _two_columns_end(end: TwoColumns, names: list[str], stages: Stages) -> list[str]:
    second = names[0]
    first = f"{stages.dialect.number(1.0)} - {second}"
    stages.add("probabilities", {"probability_0": first, "probability_1": second})
    return _numbered("probability", 2)


def _normalised_end(end: Normalised, names: list[str], stages: Stages) -> list[str]:
    number = stages.dialect.number
    stages.add("totals", {name: name for name in names} | {"total": _join(names)})
    return _each(
        stages,
        "probabilities",
        names,
        lambda x: (
            f"CASE WHEN total <= {number(0.0)} THEN {number(1 / len(names))} ELSE {x} / total END"
        ),
        "probability",
    )


def _spread_end(end: Spread, names: list[str], stages: Stages) -> list[str]:
    made = _numbered("probability", end.n_classes)
    known = dict(zip(end.columns, names, strict=True))
    none = f"{stages.dialect.number(0.0)} * {names[0]}"  # NULL stays NULL
    stages.add("probabilities", {name: known.get(k, none) for k, name in enumerate(made)})
    return made


def _sharpened_end(end: Sharpened, names: list[str], stages: Stages) -> list[str]:
    number = stages.dialect.number
    # What is 0 stays so: it is far below the others, whatever the power.
    scores = _each(
        stages,
        "scores",
        names,
        lambda x: (
            f"CASE WHEN {x} <= {number(0.0)} THEN {number(-1e9)} "
            f"ELSE {number(end.power)} * ln({x}) END"
        ),
        "score",
    )
    return _softmax_end(Softmax(), scores, stages)


def _calibrated_end(end: Calibrated, names: list[str], stages: Stages) -> list[str]:
    number = stages.dialect.number
    floor, rest = number(end.floor), number(1 - len(names) * end.floor)
    scores = _numbered("score", len(names))
    columns = {
        score: f"{number(end.slope)} * ln({floor} + {rest} * {name}) + {number(shift)}"
        for score, name, shift in zip(scores, names, end.shift, strict=True)
    }
    stages.add("scores", columns)
    return _softmax_end(Softmax(), scores, stages)


_ENDS: dict[type[End], Callable[[Any, list[str], Stages], list[str]]] = {
    Exp: _exp_end,
    Logistic: _logistic_end,
    Sigmoid: _sigmoid_end,
    Softmax: _softmax_end,
    Clipped: _clipped_end,
    TwoColumns: _two_columns_end,
    Normalised: _normalised_end,
    Spread: _spread_end,
    Sharpened: _sharpened_end,
    Calibrated: _calibrated_end,
}
