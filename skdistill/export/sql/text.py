"""Pieces of a SELECT: numbered names, and long sums."""

from __future__ import annotations

# Longer sums are written as sums of sums: databases count how deep they are.
_MOST_TERMS = 200


def numbered(word: str, n: int) -> list[str]:
    """Return n names that begin with a word."""
    return [f"{word}_{k}" for k in range(n)]


def join(terms: list[str], operator: str = "+") -> str:
    """Write terms with an operator between them."""
    if len(terms) > _MOST_TERMS:
        parts = [terms[k : k + _MOST_TERMS] for k in range(0, len(terms), _MOST_TERMS)]
        terms = [f"({join(part, operator)})" for part in parts]
    return f"\n      {operator} ".join(terms)
