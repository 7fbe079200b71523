"""What the code does that a teacher brings along, so that edited code is not taken for the old."""

from __future__ import annotations

import dis
import os
import pickle
import sys
from collections.abc import Iterator
from functools import lru_cache, partial
from importlib import import_module, metadata, util
from inspect import unwrap
from operator import itemgetter
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

import joblib

#
# Pickles hold functions and classes by name, so they do not change when a function of a module or a
# notebook cell is edited. Seen is, of the user's own code (not of installed packages, for which
# their version stands): bytecode, constants, defaults, closures, the globals that it reads, own
# functions that it calls by name, also through modules and imports of its own, a class's methods
# and attributes up to installed base classes. What code writes itself, such as a counter, is its
# result and does not count.
# Not seen are: what is looked up by a name made at run time (getattr, globals(), import_module),
# attributes of objects that a function makes or receives (only their class, if it is named), own
# extension modules (Cython, C), files and the environment, and installed packages that are edited
# in place without a new version. Globals that cannot be pickled count by their type.


class CodeReader:
    """Describes what a value's functions and classes do, each once, by what they are made of.

    Descriptions hold numbers in the order of discovery where they refer to each other, and nothing
    that depends on the process: no ids, no order of sets, no files and lines.
    """

    def __init__(self) -> None:
        self._numbers: dict[int, str] = {}
        self._waiting: list[Any] = []  # also keeps them alive, so that no id comes twice
        self._open: set[int] = set()

    def read(self, value: Any) -> str:
        """Return one text for all code that is reached when a value is pickled."""
        said: list[Any] = [self._refer(thing) for thing in _reached(value)]
        said.extend(map(self._read, self._waiting))  # which grows meanwhile
        return repr(said)

    def _read(self, thing: Any) -> Any:
        if isinstance(thing, FunctionType):
            return self._function(thing)
        if isinstance(thing, type):
            return self._class(thing)
        return self._refer(type(thing)), self._items(vars(thing))

    def _refer(self, thing: Any) -> str:
        """Name what an installed package brings, with its version; number what is to be read."""
        modules = _modules_of(thing)
        if modules and all(map(_is_installed, modules)):
            name = getattr(thing, "__qualname__", type(thing).__qualname__)
            return " ".join([name, *(f"{m} {version_of(m)}" for m in modules)])
        return self._number(thing)

    def _number(self, thing: Any) -> str:
        if id(thing) not in self._numbers:
            self._numbers[id(thing)] = f"#{len(self._numbers)}"
            self._waiting.append(thing)
        return self._numbers[id(thing)]

    def _function(self, function: FunctionType) -> Any:
        look = _look_at(function.__code__)
        known = function.__globals__
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        return [
            look.text,
            self._describe(function.__defaults__),
            self._describe(function.__kwdefaults__),
            [(name, self._cell(cell)) for name, cell in cells],
            self._items({name: known[name] for name in look.reads if name in known}, look.names),
            self._items({k: v for k, v in vars(function).items() if k not in look.writes}),
            self._items(dict(_imports(look.imports, known.get("__package__"))), look.names),
        ]

    def _cell(self, cell: Any) -> Any:
        try:
            return self._describe(cell.cell_contents)
        except ValueError:
            return "empty"

    def _class(self, cls: type) -> Any:
        # sklearn wraps methods, and what is inside writes as well.
        bare = [getattr(f, "__func__", f) for f in vars(cls).values()]
        inside = [unwrap(f) if _wrapped(f) else f for f in bare]
        codes = [f.__code__ for f in inside if isinstance(f, FunctionType)]
        writes = {name for code in codes for name in _look_at(code).writes}
        members = {k: v for k, v in vars(cls).items() if k not in writes and _may_matter(k, v)}
        return [[*map(self._refer, (type(cls), *cls.__mro__[1:]))], self._items(members)]

    def _items(self, values: dict[Any, Any], names: frozenset[str] = frozenset()) -> Any:
        said = [(repr(self._describe(key)), key) for key in values]
        said.sort(key=itemgetter(0))
        return [(text, self._describe(values[key], names)) for text, key in said]

    def _describe(self, value: Any, names: frozenset[str] = frozenset()) -> Any:
        """Describe any value; of own modules only the attributes of these names."""
        if value is None or type(value) in (bool, int, float, complex, str, bytes):
            return f"{type(value).__name__} {value!r}"
        if isinstance(value, FunctionType | type):
            return self._refer(value)
        if id(value) in self._open:
            return "itself"
        self._open.add(id(value))
        try:
            return type(value).__qualname__, self._contents(value, names)
        finally:
            self._open.discard(id(value))

    def _contents(self, value: Any, names: frozenset[str]) -> Any:
        if isinstance(value, ModuleType):
            return self._module(value, names)
        if isinstance(value, CodeType):
            return _look_at(value).text
        if type(value) in (list, tuple):
            return [self._describe(entry) for entry in value]
        if type(value) in (set, frozenset):
            return sorted(repr(self._describe(entry)) for entry in value)
        if type(value) is dict:
            return self._items(value)
        parts = _parts_of_callable(value)
        return self._object(value) if parts is None else [self._describe(part) for part in parts]

    def _module(self, module: ModuleType, names: frozenset[str]) -> Any:
        if _is_installed(module.__name__):
            return module.__name__, version_of(module.__name__)
        return self._items({k: v for k, v in vars(module).items() if k in names}, names)

    def _object(self, value: Any) -> Any:
        try:
            said = [self._refer(thing) for thing in _reached(value)]
            return joblib.hash(value), said
        except Exception:  # pickling can raise anything
            # What a descriptor wraps is code of its class.
            own = not _is_installed(type(value).__module__) or hasattr(type(value), "__get__")
            if own and hasattr(value, "__dict__"):
                return self._number(value)
            return self._refer(type(value))


def _modules_of(thing: Any) -> list[str]:
    """Return whose a function or class is; a decorator's function poses as the one it wraps."""
    names = [getattr(thing, "__module__", None)]
    if isinstance(thing, FunctionType):
        names.append(thing.__globals__.get("__name__"))
    return sorted({name for name in names if isinstance(name, str)})


def _parts_of_callable(value: Any) -> tuple[Any, ...] | None:
    """Take apart what pickles hide: bound methods, partials, properties and what wraps."""
    if isinstance(value, MethodType):
        return value.__func__, value.__self__
    if isinstance(value, partial):
        return value.func, value.args, value.keywords, vars(value)
    if isinstance(value, property):
        return value.fget, value.fset, value.fdel
    if isinstance(value, classmethod | staticmethod):
        return (value.__func__,)
    if _wrapped(value) is None:
        return None
    # What is around it may hold more, such as sklearn's available_if the condition.
    own = {k: v for k, v in vars(value).items() if k == "__wrapped__" or not _is_special(k)}
    return type(value), own


def _wrapped(value: Any) -> Any:
    """Return what functools says to be inside; a cached function is pickled by name alone."""
    inside = getattr(value, "__dict__", None)
    return inside.get("__wrapped__") if isinstance(inside, dict) else None


def _may_matter(name: str, value: Any) -> bool:
    """Leave out what Python notes in every class, such as its first line."""
    written = callable(value) or isinstance(value, classmethod | staticmethod | property)
    return written or not _is_special(name)


def _is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


class _Sink:
    def write(self, content: Any) -> int:
        return len(content)


class _Finder(pickle.Pickler):
    """Notes functions, and the classes of objects, on the way."""

    def __init__(self) -> None:
        # Buffers of arrays hold no code.
        super().__init__(_Sink(), protocol=5, buffer_callback=lambda buffer: None)
        self.found: dict[int, Any] = {}

    def reducer_override(self, value: Any) -> Any:
        thing = value if isinstance(value, FunctionType | type) else type(value)
        self.found[id(thing)] = thing
        wrapped = _wrapped(value)
        if isinstance(wrapped, FunctionType):
            self.found[id(wrapped)] = wrapped
        return NotImplemented


def _reached(value: Any) -> list[Any]:
    finder = _Finder()
    finder.dump(value)
    return [*finder.found.values()]


class _Look(NamedTuple):
    text: str  # what it does
    reads: frozenset[str]  # globals
    writes: frozenset[str]  # attributes of others than self
    names: frozenset[str]  # globals and attributes
    imports: tuple[tuple[int, str], ...]


@lru_cache(4096)
def _look_at(code: CodeType) -> _Look:
    """Read a function's code and that of the functions in it."""
    reads, stores, writes, names = (set[str]() for _ in range(4))
    imports = set[tuple[int, str]]()
    for part in _nested(code):
        names.update(part.co_names)
        steps = list(dis.get_instructions(part))
        for k, step in enumerate(steps):
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"):
                reads.add(step.argval)
            elif step.opname in ("STORE_GLOBAL", "DELETE_GLOBAL"):
                stores.add(step.argval)
            elif step.opname == "STORE_ATTR" and not _is_self(steps[k - 1]):
                writes.add(step.argval)
            elif step.opname == "IMPORT_NAME":
                imports.add((steps[k - 2].argval, step.argval))
    sets = (frozenset(reads - stores), frozenset(writes), frozenset(names))
    return _Look(_text(code), *sets, tuple(sorted(imports)))


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _nested(constant)


def _is_self(step: dis.Instruction) -> bool:
    return step.opname.startswith("LOAD_FAST") and step.argrepr.endswith("self")


def _text(constant: Any) -> str:
    """Write down a constant, a function's code among them, without files and lines."""
    if isinstance(constant, CodeType):
        counts = (constant.co_argcount, constant.co_posonlyargcount, constant.co_kwonlyargcount)
        names = (constant.co_names, constant.co_varnames, constant.co_freevars)
        how = (constant.co_code, constant.co_exceptiontable, constant.co_flags)
        return repr((counts, names, constant.co_cellvars, how, [*map(_text, constant.co_consts)]))
    if isinstance(constant, tuple):
        return repr([*map(_text, constant)])
    if isinstance(constant, frozenset):
        return repr(sorted(map(_text, constant)))
    return f"{type(constant).__name__} {constant!r}"


def _imports(imports: tuple[tuple[int, str], ...], package: str | None) -> Iterator[Any]:
    """Return the modules that a function itself imports, as far as they are the user's own.

    They are imported here if nobody has done so yet: the key must not depend on who came first.
    """
    for level, name in imports:
        name = "." * level + name
        try:
            name = util.resolve_name(name, package)
            if not _is_installed(name.partition(".")[0]):
                import_module(name)
                yield name, sys.modules[name]
        except Exception:  # a module that is missing, or any error in it
            continue


# ---- installed packages, and the user's own ---------------------------------------------------


_SITES = {"site-packages", "dist-packages"}


def _is_installed(module: str) -> bool:
    """Tell the modules for which a version stands from those whose code must be read."""
    if module == "__main__":  # even where its file is that of a tool which runs it
        return False
    file = _file_of(module)
    if file is None:
        return module.partition(".")[0] in sys.stdlib_module_names
    if _SITES.isdisjoint(file.parts):
        return Path(os.__file__).parent in file.parents
    return version_of(module) is not None


def _file_of(module: str) -> Path | None:
    if module in sys.modules:
        file = getattr(sys.modules[module], "__file__", None)
    else:
        try:
            spec = util.find_spec(module) if "." not in module else None
        except (ImportError, ValueError):
            spec = None
        file = spec.origin if spec is not None and spec.has_location else None
    return None if file is None else Path(file)


def version_of(module: str) -> str | None:
    """Return the version of the package that a module is of."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names:
        return f"{sys.version_info.major}.{sys.version_info.minor}"
    own = vars(sys.modules[top]).get("__version__") if top in sys.modules else None
    return _noted_version(top) if own is None else str(own)


@lru_cache
def _noted_version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except (metadata.PackageNotFoundError, ValueError):
        return None
