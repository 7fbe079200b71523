"""What is called from outside, and what the header says of it; for classes, and for a number."""

from __future__ import annotations

from collections.abc import Iterator

from ..kinds import Kind
from ..program import Program
from .ends import write_ends
from .text import comment, each

Functions = dict[str, list[str]]


def about(kind: Kind) -> Iterator[str]:
    """Yield lines that say what is answered."""
    yield "Classes, in the order of the probabilities:" if kind.labels else "It predicts a number."
    for k, label in enumerate(kind.labels):
        yield f"  {k}  {comment(label)}"


def rules(kind: Kind) -> list[str]:
    """Return what one must know to call it."""
    refusal = (
        "; predict returns the position of a class, or minus that number." if kind.labels else "."
    )
    return [
        "A row holds the columns in their order; NaN is a missing value. A category is its place",
        "among the column's, which NAME_code finds; one that is not there is -1. "
        f"{kind.method} and",
        "predict_rows return 0, or the number of the column, counted from 1, that holds what the",
        f"student refuses{refusal}",
    ]


def functions(program: Program, name: str, number: str) -> Functions:
    """Return the body of each function, by its head."""
    kind = program.kind
    row, out = f"const {number} *x", f"{number} *{kind.written_to}"
    found = {f"int {name}_{kind.method}({row}, {out})": _of_row(program, name, number)}
    if kind.labels:
        found[f"int {name}_predict({row})"] = _choice(kind, name, number)
    found[f"int {name}_predict_rows({row}, long n_rows, {out})"] = _of_rows(program, name)
    return found


def _of_row(program: Program, name: str, number: str) -> list[str]:
    """Return what writes the answer to a row."""
    kind, outputs = program.kind, [learner.n_outputs for learner in program.learners]
    first = [sum(outputs[:k]) for k in range(len(outputs))]
    width = max(kind.n_columns, sum(outputs))
    return [
        f"double f[{max(len(program.features), 1)}], v[{width}];",
        f"int k, fault = {name}_features(x, f);",
        "if (fault)",
        "    return fault;",
        *(f"{name}_{k}(f, v + {place});" for k, place in enumerate(first)),
        *write_ends(program.ends, sum(outputs)),
        *each("k", kind.n_columns, f"{kind.written_to}[k] = ({number})v[k];"),
        "return 0;",
    ]


def _choice(kind: Kind, name: str, number: str) -> list[str]:
    """Return what finds the most probable class."""
    return [
        f"{number} proba[{kind.n_columns}];",
        f"int k, best = 0, fault = {name}_predict_proba(x, proba);",
        "if (fault)",
        "    return -fault;",
        *each("k", kind.n_columns, "if (proba[k] > proba[best])", "    best = k;"),
        "return best;",
    ]


def _of_rows(program: Program, name: str) -> list[str]:
    """Return what writes the answers to many rows."""
    kind, n = program.kind, len(program.columns)
    out = f"{kind.written_to} + i * {kind.n_columns}"
    return [
        "long i;",
        "for (i = 0; i < n_rows; i++) {",
        f"    const int fault = {name}_{kind.method}(x + i * {n}, {out});",
        "    if (fault)",
        "        return fault;",
        "}",
        "return 0;",
    ]
