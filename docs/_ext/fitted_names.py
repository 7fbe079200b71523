"""Lets docstrings name fitted attributes, such as classes_, without quotes.

reST takes the underscore for a reference.
"""

import re
from typing import Any

from sphinx.application import Sphinx

QUOTED = re.compile(r"(``.*?``|`.*?`)")
FITTED = re.compile(r"(?<=\w)_(?!\w)")
DEFINED = re.compile(r"^\s*[\w, ]+ : ")
BEFORE_NUMPYDOC = 100


def escape(line: str) -> str:
    """Return a line of a docstring, in which trailing underscores stand for themselves."""
    if line.lstrip().startswith((">>>", "...")):
        return line
    name = DEFINED.match(line)
    start = name.end() if name else 0
    parts = QUOTED.split(line[start:])
    parts[::2] = [FITTED.sub(r"\\_", part) for part in parts[::2]]
    return line[:start] + "".join(parts)


def escape_docstring(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Escape the docstring of an object."""
    lines[:] = [escape(line) for line in lines]


def setup(app: Sphinx) -> dict[str, Any]:
    """Come before numpydoc, which makes its own of a docstring."""
    app.connect("autodoc-process-docstring", escape_docstring, priority=BEFORE_NUMPYDOC)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
