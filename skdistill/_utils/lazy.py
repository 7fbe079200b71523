"""Names that are imported when somebody asks for them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any


def lazily(
    package: str, homes: Mapping[str, Iterable[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a package whose names live in modules below it.

    `homes` are the names by module; the modules themselves can be asked for as well.
    """
    places = {name: module for module, names in homes.items() for name in names}
    modules = {module[1:] for module in homes if "." not in module[1:]}

    def find(name: str) -> Any:
        if name in modules:
            return import_module(f".{name}", package)
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(places[name], package), name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *places, *modules})

    return find, names
