"""Names for people: whatever users call their columns, files and classes, on one line."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from html import escape
from typing import Any

# Control characters, marks that turn the direction of writing, halves of characters, and the two
# line breaks of Unicode.
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# Without its joiners Persian is misspelt, and a family of emoji falls apart.
_JOINERS = "\u200c\u200d"
# How alike a misspelt word and what is meant are, and the letters of a word that says something.
_NEAR, _PART = 0.65, 3
# Notebooks set what stands between dollar signs as mathematics, but not inside of these classes.
NO_MATHEMATICS = 'class="tex2jax_ignore mathjax_ignore"'


def printable(name: Any) -> str:
    r"""Return a name that moves no cursor, breaks no line and turns no text around.

    Escape sequences, line breaks and marks that are not seen become what Python writes for them.

    >>> print(printable("Größe\n\x1b[31m"))
    Größe\n\x1b[31m
    """
    # All letters of the world stay, and so does a backslash: this is for reading only.
    text = str(name)
    return text if text.isprintable() else "".join(map(_printable_character, text))


def _printable_character(character: str) -> str:
    if unicodedata.category(character) not in _UNPRINTABLE or character in _JOINERS:
        return character
    return character.encode("unicode_escape").decode("ascii")


def as_html(name: Any) -> str:
    r"""Return a name as HTML, also for use in an attribute.

    >>> print(as_html("a<b\n"))
    a&lt;b\n
    """
    return escape(printable(name))


def did_you_mean(word: str, known: Iterable[Any]) -> str:
    """Ask about the nearest of what is known, or what one of both is a part of, if there is any.

    >>> did_you_mean("Colour", ["color", "size"]), did_you_mean("auc", ["f1", "roc_auc"])
    ("; did you mean 'color'?", "; did you mean 'roc_auc'?")
    """
    lower = {str(name).lower(): name for name in reversed(list(known))}
    word = word.lower()
    parts = [name for name in lower if min(len(name), len(word)) >= _PART and _is_part(name, word)]
    close = get_close_matches(word, list(lower), n=1, cutoff=_NEAR) or sorted(parts, key=len)
    return f"; did you mean {lower[close[0]]!r}?" if close else ""


def _is_part(one: str, other: str) -> bool:
    return one in other or other in one
