"""Reuse teacher probabilities between fits whose teacher, rows, labels, weights and folds agree.

A question has a fingerprint, which does not change with what cannot change the answer (memory
layout, number of jobs), and which changes with the code of the user's own functions and classes.
An answer is a file of plain arrays with a digest: reading it executes nothing, and what is damaged,
foreign or in the wrong place is computed anew.
"""

from __future__ import annotations

import dis
import errno
import hashlib
import os
import pickle
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib import import_module, metadata, util
from inspect import unwrap
from numbers import Integral
from operator import itemgetter
from pathlib import Path
from textwrap import shorten
from time import perf_counter
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple, Protocol

import joblib
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import clone

from .compat import routing_enabled
from .warn import warn

Array = NDArray[np.float64]
Parts = list[tuple[Array, Array | None]]
Shapes = list[tuple[int | None, int]]

_WITHOUT_INFLUENCE = ("n_jobs", "verbose")
_DISK_IS_FULL = (errno.ENOSPC, errno.EDQUOT)


# ---- where answers are kept -------------------------------------------------------------------


class Store(Protocol):
    """What finds answers again."""

    def find(self, key: str, compute: Callable[[], Parts], shapes: Shapes) -> Parts:
        """Return what is kept under a key, or compute and keep it."""


def open_memory(memory: Any) -> Store | None:
    """Return where answers are kept, None for None; refuse what cannot be written to."""
    store = _store(memory)
    if isinstance(store, Folder):
        try:
            store.check()
        except OSError as error:
            raise ValueError(f"memory={memory!r} cannot be written to: {error}.") from error
    return store


def reuse(memory: Any, key: str, compute: Callable[[], Parts], shapes: Shapes) -> Parts:
    """Return what is kept under a key, or compute and keep it.

    `shapes` are what the arrays must look like: for each part the number of rows, None where it is
    not known beforehand, and the number of columns. A folder that can no longer be written to is no
    reason to fail: nobody is served worse than without memory.
    """
    store = _store(memory)
    return compute() if store is None else store.find(key, compute, shapes)


def _store(memory: Any) -> Store | None:
    if memory is None or isinstance(memory, KeptAnswers):
        return memory
    if isinstance(memory, joblib.Memory):
        if memory.backend != "local":
            raise ValueError(
                f"memory must keep its files in a folder, found a joblib.Memory whose backend is "
                f"{memory.backend!r}."
            )
        return None if memory.location is None else Folder(Path(memory.location))
    if isinstance(memory, str | Path):
        return Folder(Path(memory))
    raise ValueError(f"memory must be None, a path or a joblib.Memory, found {memory!r}.")


@dataclass(frozen=True)
class Folder:
    """Keeps answers as files in a subfolder, beside whatever joblib keeps there."""

    location: Path

    @property
    def path(self) -> Path:
        """The subfolder with our files only."""
        return self.location / "skdistill"

    def check(self) -> None:
        """Raise OSError where nothing can be written; a full disk may have room again later."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.path):
                pass
        except OSError as error:
            if error.errno not in _DISK_IS_FULL:
                raise

    def find(self, key: str, compute: Callable[[], Parts], shapes: Shapes) -> Parts:
        """Return what is kept under a key, or compute and keep it.

        A file that is damaged, foreign or another key's is computed anew and replaced.
        """
        file = self.path / f"{key}.npz"
        found = _read(file, key, shapes)
        if found is None:
            found = compute()
            if _fit_together(found, shapes):  # else it would be computed anew in any case
                self._keep(file, key, found)
        return found

    def _keep(self, file: Path, key: str, parts: Parts) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            _write(file, key, parts)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            warn(
                f"memory={str(self.location)!r} cannot be written to now ({reason}): the fit goes "
                "on, but what its teachers answered is not kept."
            )


def _write(file: Path, key: str, parts: Parts) -> None:
    """Write beside, then rename: who reads at the same time finds a whole file or none."""
    arrays: dict[str, Any] = _named(parts)
    arrays["digest"] = np.frombuffer(_digest(key, arrays), np.uint8)
    # Not tempfile's file: it would be hidden from the others who share the folder.
    beside = file.with_name(f"{key}.{uuid.uuid4().hex}.tmp")
    try:
        with beside.open("xb") as opened:
            np.savez(opened, **arrays)
        os.replace(beside, file)
    finally:
        beside.unlink(missing_ok=True)


def _read(file: Path, key: str, shapes: Shapes) -> Parts | None:
    """Return what was stored under this key; None where there is nothing, or anything else."""
    try:
        # np.load would leave a file open that it opens itself and cannot read.
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        if arrays.pop("digest").tobytes() != _digest(key, arrays):
            return None
        parts = [
            (arrays.pop(f"out{k}"), arrays.pop(f"inside{k}", None)) for k in range(len(shapes))
        ]
    except Exception:  # damage can look like anything
        return None
    return parts if _fit_together(parts, shapes) and not arrays else None


def _named(parts: Parts) -> dict[str, Array]:
    arrays = {f"out{k}": out for k, (out, _) in enumerate(parts)}
    known = {f"inside{k}": inside for k, (_, inside) in enumerate(parts) if inside is not None}
    return arrays | known


def _digest(key: str, arrays: dict[str, Array]) -> bytes:
    """Sum up the arrays, and under which key they belong."""
    digest = hashlib.sha256(repr(key).encode())
    for name, array in sorted(arrays.items()):
        digest.update(repr((name, array.shape, array.dtype.str)).encode())
        digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.digest()


def _fit_together(parts: Parts, shapes: Shapes) -> bool:
    return len(parts) == len(shapes) and all(
        _looks_right(array, len(out) if n_rows is None else n_rows, n_columns)
        for (out, inside), (n_rows, n_columns) in zip(parts, shapes, strict=True)
        for array in (out, inside)
        if array is not None
    )


def _looks_right(array: Array, *shape: int) -> bool:
    return array.shape == shape and array.dtype.kind == "f" and bool(np.isfinite(array).all())


class KeptAnswers:
    """Keeps what teachers answered until all students are trained, and how long that took.

    To a distiller it is a `memory` that lives as long as the process. `spared_seconds` is what
    answers would have taken that were found again.
    """

    def __init__(self) -> None:
        self.spared_seconds = 0.0
        self._kept: dict[str, tuple[Parts, float]] = {}

    def find(self, key: str, compute: Callable[[], Parts], shapes: Shapes | None = None) -> Parts:
        """Return what is kept under a key, or compute it; nobody else can damage it."""
        if key in self._kept:
            self.spared_seconds += self._kept[key][1]
        else:
            start = perf_counter()
            value = compute()
            self._kept[key] = (value, perf_counter() - start)
        return self._kept[key][0]


# ---- the fingerprint --------------------------------------------------------------------------


def fingerprint(teacher: Any, X: Any, *others: Any, with_code: bool = True) -> str:
    """Return a key that is equal where the probabilities must be.

    Of the teacher its parameters count, with the code of the functions and classes among them, but
    not its number of jobs, nor whether it is fitted; of X its values and types, not their layout in
    memory; `others` are labels, parameters of `fit`, folds and whatever else matters. Within one
    call nobody edits code, and need not look at it.
    """
    # Some estimators are their own clones.
    teacher = deepcopy(clone(teacher))
    names = [
        name
        for name in teacher.get_params(deep=True)
        if name.rpartition("__")[2] in _WITHOUT_INFLUENCE
    ]
    for part in [teacher, *teacher.get_params(deep=True).values()]:
        # clone hands callbacks on, and who watches has no influence either.
        if hasattr(part, "set_callbacks") and not isinstance(part, type):
            part.set_callbacks()
    try:
        teacher.set_params(**dict.fromkeys(names))
        # Whoever requests metadata gets them with routing only.
        around = (_version("sklearn"), _version("skdistill"), routing_enabled())
        code = _CodeReader().read((teacher, others)) if with_code else None
        return str(joblib.hash((around, code, teacher, _canonical(X), [*map(_canonical, others)])))
    except Exception as error:
        raise ValueError(
            "memory cannot tell this teacher or these rows from others, because they cannot be "
            f"pickled ({shorten(str(error), 200)}): use functions of a module instead of lambdas, "
            "or memory=None."
        ) from error


def _canonical(value: Any) -> Any:
    """Return a value whose hash does not depend on how equal values lie in memory."""
    if sparse.issparse(value):
        rows = value.tocsr().copy()
        rows.sum_duplicates()
        indices = [rows.indices.astype(np.int64), rows.indptr.astype(np.int64)]
        return (rows.shape, np.asarray(rows.data), *indices)
    if hasattr(value, "columns"):
        columns = (
            value.iloc[:, j] if hasattr(value, "iloc") else value[:, j]
            for j in range(value.shape[1])
        )
        return [
            (str(name), _kind(column.dtype), _canonical(column.to_numpy()))
            for name, column in zip(value.columns, columns, strict=True)
        ]
    if isinstance(value, np.ndarray):
        return np.ascontiguousarray(value).view(np.ndarray)
    if isinstance(value, dict):
        return {key: _canonical(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(entry) for entry in value]
    return value


def _kind(dtype: Any) -> Any:
    """Describe a column's type: of categories also their order, which codes depend on."""
    categories: Any = getattr(dtype, "categories", None)
    listed = [str(c) for c in categories] if hasattr(categories, "__iter__") else None
    return str(dtype), listed, getattr(dtype, "ordered", None)


def warn_of_unseeded_folds(memory: Any, splitter: Any) -> None:
    """Warn where no two fits have equal folds, so that nothing could be found again."""
    unseeded = getattr(splitter, "shuffle", False) and not isinstance(
        splitter.random_state, Integral
    )
    if memory is not None and unseeded:
        warn(
            "memory has no effect, because the folds are shuffled anew in every fit: give "
            "random_state an int."
        )


# ---- the code that a teacher brings along -----------------------------------------------------
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


class _CodeReader:
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
            return " ".join([name, *(f"{m} {_version(m)}" for m in modules)])
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
            return module.__name__, _version(module.__name__)
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
    return _version(module) is not None


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


def _version(module: str) -> str | None:
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
