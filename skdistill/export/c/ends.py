"""How the way from outputs to answers is written."""

from __future__ import annotations

from collections.abc import Sequence

from ..program import (
    Calibrated,
    Clipped,
    End,
    Exp,
    Logistic,
    Normalised,
    Sharpened,
    Sigmoid,
    Softmax,
    Spread,
    TwoColumns,
)
from .text import each, indent, number


def write_ends(ends: Sequence[End], n: int) -> list[str]:
    """Return statements that turn the first n of v into answers, in place."""
    lines: list[str] = []
    for end in ends:
        lines += _end(end, n)
        n = 2 if isinstance(end, Sigmoid | TwoColumns) else n
        n = end.n_classes if isinstance(end, Spread) else n
    return lines


def _end(end: End, n: int) -> list[str]:
    match end:
        case Exp():
            return each("k", n, "v[k] = exp(v[k]);")
        case Logistic():
            return each("k", n, f"v[k] = {logistic('v[k]')};")
        case Clipped():
            return each("k", n, "v[k] = v[k] > 0 ? (v[k] < 1 ? v[k] : 1) : 0;")
        case Sigmoid():
            return [f"v[1] = {logistic('v[0]')};", "v[0] = 1 - v[1];"]
        case TwoColumns():
            return ["v[1] = v[0];", "v[0] = 1 - v[1];"]
        case Softmax():
            return softmax_lines(n)
        case Normalised():
            share = f"v[k] = total > 0 ? v[k] / total : {number(1 / n)};"
            return _braces(
                "double total = 0;", *each("k", n, "total += v[k];"), *each("k", n, share)
            )
        case Spread(columns, n_classes):
            # From behind, so that nothing is written over before it has moved.
            moves = [f"v[{to}] = v[{k}];" for k, to in enumerate(columns) if k != to][::-1]
            return moves + [f"v[{k}] = 0;" for k in range(n_classes) if k not in columns]
        case Sharpened(power):
            return [*each("k", n, f"v[k] = {number(power)} * log(v[k]);"), *softmax_lines(n)]
        case Calibrated(slope, shift, floor):
            shifts = ", ".join(map(number, shift))
            mixed = f"{number(floor)} + {number(1 - n * floor)} * v[k]"
            logs = each("k", n, f"v[k] = {number(slope)} * log({mixed}) + shift[k];")
            declared = f"static const double shift[{n}] = {{{shifts}}};"
            return [*_braces(declared, *logs), *softmax_lines(n)]
    raise TypeError(f"Nobody knows how to write {end!r}.")


def logistic(x: str) -> str:
    """Return the logistic function of a number, without overflow on either side."""
    return f"{x} > 0 ? 1 / (1 + exp(-{x})) : exp({x}) / (1 + exp({x}))"


def softmax_lines(n: int, name: str = "v", index: str = "k") -> list[str]:
    """Return statements of a softmax over the first n of an array, in place."""
    x = f"{name}[{index}]"
    return _braces(
        f"double most = {name}[0], total = 0;",
        *each(index, n, f"most = {x} > most ? {x} : most;"),
        *each(index, n, f"total += {x} = exp({x} - most);"),
        *each(index, n, f"{x} /= total;"),
    )


def _braces(*lines: str) -> list[str]:
    return ["{", *indent(lines), "}"]
