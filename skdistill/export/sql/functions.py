"""How functions are written; NULL stays NULL in each: it goes to ELSE."""

from __future__ import annotations

import numpy as np

from .dialects import Dialect
from .text import join, numbered

# A stage and its columns.
Named = tuple[str, dict[str, str]]

# Beyond it exponentials are 0 or infinite, which is an error in PostgreSQL.
_MOST = 700.0


def clip(dialect: Dialect, x: str, low: float, high: float) -> str:
    """Write a value within bounds."""
    least, most = dialect.number(low), dialect.number(high)
    return f"CASE WHEN {x} < {least} THEN {least} WHEN {x} > {most} THEN {most} ELSE {x} END"


def exp(dialect: Dialect, x: str) -> str:
    """Write an exponential."""
    number = dialect.number
    return (
        f"CASE WHEN {x} < {number(-_MOST)} THEN {number(0.0)} "
        f"WHEN {x} > {number(_MOST)} THEN {number(np.exp(_MOST))} ELSE exp({x}) END"
    )


def sigmoid(dialect: Dialect, x: str) -> str:
    """Write the logistic function."""
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


_ACTIVATIONS = {"relu": _relu, "tanh": _tanh, "logistic": sigmoid, "exp": exp}


def activation(
    dialect: Dialect, word: str, sums: list[str], made: list[str], mark: str
) -> list[Named]:
    """Return the stages of a layer's activation, from sums to what is made of them."""
    if word == "identity":
        return []
    if word == "softmax":
        return softmax(dialect, sums, made, mark)
    write = _ACTIVATIONS[word]
    return [("activations", {m: write(dialect, s) for m, s in zip(made, sums, strict=True)})]


def softmax(dialect: Dialect, scores: list[str], made: list[str], mark: str = "") -> list[Named]:
    """Return the stages of a softmax, from scores to what is made of them."""
    top, total = f"top_{mark}".strip("_"), f"total_{mark}".strip("_")
    above, powers = (
        numbered(f"{word}_{mark}".strip("_"), len(scores)) for word in ("above", "power")
    )
    return [
        ("scores", {name: name for name in scores} | {top: dialect.greatest(scores)}),
        ("scores", {a: f"{name} - {top}" for a, name in zip(above, scores, strict=True)}),
        ("powers", {p: exp(dialect, a) for p, a in zip(powers, above, strict=True)}),
        ("totals", {p: p for p in powers} | {total: join(powers)}),
        ("probabilities", {m: f"{p} / {total}" for m, p in zip(made, powers, strict=True)}),
    ]
