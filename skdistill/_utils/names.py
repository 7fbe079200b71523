"""Names for people: whatever users call their columns, files and classes, on one line."""

from __future__ import annotations

import unicodedata
from html import escape
from typing import Any

# Control characters, marks that turn the direction of writing, halves of characters, and the two
# line breaks of Unicode.
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# Without its joiners Persian is misspelt, and a family of emoji falls apart.
_JOINERS = "\u200c\u200d"
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
