"""Pieces of C: numbers, tables, names and comments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

#: Bytes of a number.
SIZES = {"short": 2, "int": 4, "unsigned": 4, "float": 4, "double": 8}
_PLAIN = re.compile(r"[A-Za-z0-9 _.,:;+*/()<>=!&|%#@$^~{}\[\]'-]")
# Between letters that together begin or end a comment, or are a trigraph.
_JOINT = re.compile(r"(?<=\*)(?=/)|(?<=/)(?=\*)|(?<=\?)(?=\?)")
_WORD = re.compile(
    "auto|break|case|char|const|continue|default|do|double|else|enum|extern|float|for|goto|if|inline"
    "|int|long|main|register|restrict|return|short|signed|sizeof|static|struct|switch|typedef|union"
    "|unsigned|void|volatile|while"
)


def is_name(text: Any) -> bool:
    """Whether something may be a name."""
    is_word = isinstance(text, str) and re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", text)
    return bool(is_word) and not _WORD.fullmatch(text)


def number(value: Any, kind: str = "double") -> str:
    """Return a number as a compiler reads it back to the last bit."""
    if kind not in ("float", "double"):
        return f"{int(value)}{'u' if kind == 'unsigned' else ''}"
    exact = np.float32(value) if kind == "float" else np.float64(value)
    if not np.isfinite(exact):
        return "NAN" if np.isnan(exact) else f"{'-' if exact < 0 else ''}HUGE_VAL"
    text = str(exact)
    text = text if "." in text or "e" in text else f"{text}.0"
    return f"{text}f" if kind == "float" else text


def table(name: str, kind: str, values: Any) -> list[str]:
    """Return a constant table."""
    texts = [number(value, kind) for value in np.ravel(values)]
    return [f"static const {kind} {name}[] = {{", *wrap(texts), "};"]


def wrap(texts: Sequence[str]) -> Iterator[str]:
    """Yield lines of items between commas."""
    line = ""
    for text in texts:
        if line and len(line) + len(text) > 96:
            yield f"    {line.rstrip()}"
            line = ""
        line += f"{text}, "
    yield f"    {line.rstrip().rstrip(',')}"


def texts(name: str, items: Sequence[Any]) -> list[str]:
    """Return a table of texts that other files can see."""
    quoted = [quote(item) for item in items]
    return [f"const char *const {name}[{len(quoted)}] = {{", *wrap(quoted), "};"]


def quote(text: Any) -> str:
    """Return text in quotes; what is no plain letter as bytes of UTF-8."""
    parts = [
        letter
        if _PLAIN.fullmatch(letter)
        else "".join(f"\\{byte:03o}" for byte in letter.encode("utf-8", "replace"))
        for letter in str(text)
    ]
    return '"' + "".join(parts) + '"'


def comment(text: Any) -> str:
    """Return text that cannot end a comment, on one line."""
    found = str(text).replace("\\", "/")
    found = "".join(c if c.isascii() and c.isprintable() else "?" for c in found)
    return _JOINT.sub(" ", found)


def block(about: Iterator[str] | Sequence[str]) -> list[str]:
    """Return lines as a comment."""
    first, *others = about
    return [f"/* {first}", *(f" * {line}".rstrip() for line in others), " */"]


def indent(lines: Sequence[str]) -> list[str]:
    """Return lines, a step to the right."""
    return [f"    {line}" for line in lines]


def each(variable: str, n: int, *body: str) -> list[str]:
    """Return a loop over 0 … n − 1; more than one statement in braces."""
    head = f"for ({variable} = 0; {variable} < {n}; {variable}++)"
    if len(body) == 1:
        return [head, f"    {body[0]}"]
    return [f"{head} {{", *indent(body), "}"]
