"""Writes files, and never over others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path


def refuse_existing(paths: Iterable[Path], *, overwrite: bool) -> None:
    """Refuse to write over a file."""
    found = [str(path) for path in paths if path.exists()]
    if found and not overwrite:
        raise FileExistsError(
            f"{' and '.join(found)} exists: choose another path, or overwrite=True."
        )


def write_new(texts: Mapping[Path, str | bytes], *, overwrite: bool) -> None:
    """Write texts to their files."""
    for path, text in texts.items():
        content = text.encode() if isinstance(text, str) else text
        with path.open("wb" if overwrite else "xb") as file:
            file.write(content)
