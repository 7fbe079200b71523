"""How columns, and the features made of them, are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..program import (
    UNKNOWN,
    Bin,
    Clip,
    Column,
    Fill,
    Layers,
    Lookup,
    Minus,
    Over,
    Plus,
    Program,
    Step,
    Times,
    Trees,
    Way,
)
from .functions import clip
from .stages import Stages, other_name
from .text import join

_ARITHMETIC = {Minus: "-", Over: "/", Times: "*", Plus: "+"}


class Features:
    """Writes columns and the features made of them."""

    def __init__(self, program: Program, columns: Sequence[str], stages: Stages) -> None:
        self.program, self.columns = program, columns
        self.stages, self.dialect = stages, stages.dialect
        self.accepted: str | None = None
        self._taken = {name.casefold() for name in stages.keep}
        self._names: dict[Way, str] = {}

    def write(self) -> dict[int, str]:
        """Return names of the features that learners read, by position."""
        used = sorted({j for learner in self.program.learners for j in read_by(learner)})
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
            return clip(self.dialect, x, step.low, step.high)
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
        self.stages.add("checked", columns | {self.accepted: join(conditions, "AND")})

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


def read_by(learner: Trees | Layers) -> set[int]:
    """Return the features that a learner reads."""
    if isinstance(learner, Layers):
        return set(np.flatnonzero(learner.layers[0].weights.any(axis=1)).tolist())
    return {int(j) for tree in learner.trees for j in tree.feature[~tree.is_leaf]}


def may_miss(program: Program, j: int) -> bool:
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
