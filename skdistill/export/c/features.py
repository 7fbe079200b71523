"""How the features of a row are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..program import Bin, Clip, Column, Fill, Lookup, Minus, Over, Plus, Program, Step, Times
from .text import indent, number, table

#: From here on a double rounds to infinity in 32 bits.
EDGE = float(np.finfo(np.float32).max) + 2.0**103
Tables = dict[str, list[float]]


def write_features(program: Program, name: str, kind: str) -> tuple[list[str], int]:
    """Return the function that fills f from x, and the bytes of its tables.

    The function returns 0, or the number of the column, from 1, that holds what is refused.
    """
    tables: Tables = {}
    lines = _refuse_missing(program)
    for k, feature in enumerate(program.features):
        fault = f"return {feature.column + 1};"
        lines += _feature(program, k, fault, f"{name}_", tables)
    needs_v = any(feature.steps for feature in program.features)
    head = [line for key, values in tables.items() for line in table(key, "double", values)]
    text = [
        *head,
        f"static int {name}_features(const {kind} *x, double *f)",
        "{",
        *(["    double v;"] if needs_v else []),
        *indent(lines),
        *([] if program.features else ["    (void)x;", "    (void)f;"]),
        "    return 0;",
        "}",
        "",
    ]
    return text, 8 * sum(map(len, tables.values()))


def _refuse_missing(program: Program) -> list[str]:
    lines = []
    for j, column in enumerate(program.columns):
        if not column.takes_missing:
            lines += [f"if (x[{j}] != x[{j}])", f"    return {j + 1};"]
    return lines


def _feature(program: Program, k: int, fault: str, prefix: str, tables: Tables) -> list[str]:
    feature = program.features[k]
    if not feature.steps:
        lines = [f"f[{k}] = x[{feature.column}];"]
    else:
        lines = [f"v = x[{feature.column}];"]
        if not _is_cast(program.columns[feature.column], feature.steps):
            lines += _refuse_beyond("v", "HUGE_VAL", fault)
        for place, step in enumerate(feature.steps):
            lines += _step(step, f"{prefix}%s_{k}_{place}", fault, tables)
        lines.append(f"f[{k}] = v;")
    if not all(learner.takes_missing for learner in program.learners):
        lines += [f"if (f[{k}] != f[{k}])", f"    {fault}"]
    if not all(learner.takes_infinity for learner in program.learners):
        limit = number(EDGE) if program.reads_float32 else "HUGE_VAL"
        lines += _refuse_beyond(f"f[{k}]", limit, fault)
    return lines


def _is_cast(column: Column, steps: Sequence[Step]) -> bool:
    """Whether the first step reads text, or numbers that a frame's categories were.

    What was not there in fit is then missing, or unknown, to all that follows. An encoder of plain
    numbers refuses infinite ones, even where it takes unknown ones.
    """
    first = steps[0]
    if not isinstance(first, Lookup):
        return False
    if not column.is_number:
        return True
    return len(steps) > 1 and first == Lookup(first.keys, first.keys, np.nan, np.nan)


def _refuse_beyond(value: str, limit: str, fault: str) -> list[str]:
    return [f"if ({value} >= {limit} || {value} <= -{limit})", f"    {fault}"]


def _step(step: Step, place: str, fault: str, tables: Tables) -> list[str]:
    """Write a step, which works on v."""
    match step:
        case Fill(value, gap):
            is_gap = "v != v" if gap != gap else f"v == {number(gap)}"
            return [f"if ({is_gap})", f"    v = {number(value)};"]
        case Minus(value):
            return [f"v -= {number(value)};"]
        case Over(value):
            return [f"v /= {number(value)};"]
        case Times(value):
            return [f"v *= {number(value)};"]
        case Plus(value):
            return [f"v += {number(value)};"]
        case Clip(low, high):
            a, b = number(low), number(high)
            return [f"v = v < {a} ? {a} : v > {b} ? {b} : v;"]
        case Bin(edges):
            tables[place % "edges"] = [*edges]
            found = _find(len(edges), f"v >= {place % 'edges'}[b]")
            return ["if (v == v) {", *indent([*found, "v = b;"]), "}"]
        case Lookup():
            return _lookup(step, place, fault, tables)
    raise TypeError(f"Nobody knows how to write {step!r}.")


def _lookup(step: Lookup, place: str, fault: str, tables: Tables) -> list[str]:
    missing, other = _answer(step.missing, fault), _answer(step.otherwise, fault)
    told = [
        (key, value)
        for key, value in zip(step.keys, step.values, strict=True)
        if step.otherwise is None or value != step.otherwise
    ]
    if len(told) <= 1:
        cases = [
            line
            for key, value in told
            for line in (f"else if (v == {number(key)})", f"    v = {number(value)};")
        ]
        return ["if (v != v)", f"    {missing}", *cases, "else", f"    {other}"]
    keys, values = place % "keys", place % "values"
    tables[keys] = [key for key, _ in told]
    tables[values] = [value for _, value in told]
    found = _find(len(told), f"v != {keys}[b]")
    answer = [f"if (b < {len(told)})", f"    v = {values}[b];", "else", f"    {other}"]
    return ["if (v != v) {", f"    {missing}", "} else {", *indent([*found, *answer]), "}"]


def _find(n: int, goes_on: str) -> list[str]:
    return ["int b = 0;", f"while (b < {n} && {goes_on})", "    b++;"]


def _answer(value: float | None, fault: str) -> Any:
    return fault if value is None else f"v = {number(value)};"
