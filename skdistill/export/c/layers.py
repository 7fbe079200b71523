"""How linear models and networks are written."""

from __future__ import annotations

from ..program import Layers
from .ends import logistic, softmax_lines
from .text import SIZES, each, indent, table


def write_layers(learner: Layers, name: str, kind: str) -> tuple[list[str], int]:
    """Return the function that computes layers of f into out, and the bytes of its tables."""
    tables: list[str] = []
    body: list[str] = []
    n_bytes, source, last = 0, "f", len(learner.layers) - 1
    for depth, (weights, bias, activation) in enumerate(learner.layers):
        n_in, n_out = weights.shape
        own, into = f"{name}_{depth}", "out" if depth == last else f"hidden{depth}"
        tables += table(f"{own}_weights", kind, weights.T) if n_in else []
        tables += table(f"{own}_bias", kind, bias)
        n_bytes += SIZES[kind] * (weights.size + bias.size)
        body += [] if depth == last else [f"double {into}[{n_out}];"]
        add = each("i", n_in, f"sum += {own}_weights[j * {n_in} + i] * {source}[i];")
        sums = ["double sum = 0;", *(add if n_in else []), f"{into}[j] = sum + {own}_bias[j];"]
        body += [*each("j", n_out, *sums), *_activation(activation, into, n_out)]
        source = into
    head = [f"static void {name}(const double *f, double *out)", "{", "    int i, j;"]
    unused = [] if learner.layers[0].weights.size else ["    (void)f;", "    (void)i;"]
    return [*tables, *head, *unused, *indent(body), "}", ""], n_bytes


def _activation(kind: str, name: str, n: int) -> list[str]:
    x = f"{name}[j]"
    texts = {
        "relu": f"{x} > 0 ? {x} : 0",
        "tanh": f"tanh({x})",
        "exp": f"exp({x})",
        "logistic": logistic(x),
    }
    if kind == "softmax":
        return softmax_lines(n, name, "j")
    return [] if kind == "identity" else each("j", n, f"{x} = {texts[kind]};")
