"""The file: declarations, tables, features, learners and what is called from outside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..files import refuse_existing, write_new
from ..program import Column, Program, Trees
from ..reading import read_program
from .entries import about, functions, rules
from .features import write_features
from .layers import write_layers
from .text import block, comment, each, indent, is_name, texts
from .trees import write_trees


class CSource(str):
    """C code of a student: a str that knows its `name`, `number`, `header`, `n_bytes`, `program`.

    `n_bytes` are those of its tables, which are all constant.
    """

    name: str
    number: str
    header: str
    n_bytes: int
    program: Program


def to_c(
    model: Any,
    X: Any = None,
    *,
    name: str = "model",
    number: str = "double",
    path: Any = None,
    overwrite: bool = False,
) -> CSource:
    """Write a student as one file of C99.

    It needs the mathematical library alone, allocates nothing, and may be called from many threads.
    Trees answer what they do in Python to the last bit: they compare as scikit-learn does, which
    rounds to 32 bits, and send missing values and unknown categories the same way.

    Parameters
    ----------
    model : distiller, DistilledClassifier or DistilledRegressor
        A fitted distiller, or its `classifier_` or `regressor_`.
    X : {array-like, frame} of shape (n_samples, n_features), default=None
        Rows on which the code is compiled and compared with the model, see :func:`verify`. None
        compares nothing; it needs a compiler.
    name : str, default="model"
        What names in the code begin with.
    number : {"double", "float"}, default="double"
        The type of rows, tables and answers. "float" is for small machines: half as large,
        and right to about 1e-6; rows go the same way through trees as float32 rows do in Python.
    path : str or path, default=None
        Where the code is written, with a header beside it that ends in ``.h``.
    overwrite : bool, default=False
        Whether files that exist are written over.

    Returns
    -------
    CSource
        The code, a str that knows its `header` and `n_bytes`.

    Raises
    ------
    ValueError
        If a part of the student cannot be written, `name` is no name in C, `path` ends in ``.h``,
        or the compiled code does not answer as the model does.
    FileExistsError
        If a file exists, and is not to be written over.
    RuntimeError
        If `X` is given and there is no compiler, or it fails; its message is told.

    Notes
    -----
    ``int NAME_predict_proba(const double *x, double *proba)`` takes a row, in the order of
    ``NAME_columns``, and writes a probability for each of ``NAME_classes``. It returns 0, or the
    number of the first column, counted from 1, that holds what the student refuses: missing values
    or infinite ones, or an unknown category. ``int NAME_predict(const double *x)`` returns the
    position of the most probable class, or minus that number. A missing value is NaN, a category
    its place in ``NAME_categories_J`` (``NAME_code`` finds it), an unknown one -1.

    Of a student of numbers there is ``int NAME_predict(const double *x, double *prediction)``
    instead of both, which writes the number, and returns what ``NAME_predict_proba`` does.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import Distiller
    >>> from skdistill.export import to_c
    >>> X, y = load_iris(return_X_y=True)
    >>> model = Distiller(RandomForestClassifier(), DecisionTreeRegressor(max_depth=3)).fit(X, y)
    >>> code = to_c(model, name="iris")
    >>> "int iris_predict_proba(const double *x, double *proba)" in code
    True
    """
    if not is_name(name):
        raise ValueError(
            "name must be a name in C, of letters, digits and _, and no word of the language, "
            f"found {name!r}."
        )
    if number not in ("double", "float"):
        raise ValueError(f"number must be 'double' or 'float', found {number!r}.")
    paths = _paths(path)
    refuse_existing(paths, overwrite=overwrite)
    code = write_c(read_program(model), name, number)
    if X is not None:
        from ..verification import refuse_different

        refuse_different(model, code, X)
    write_new(dict(zip(paths, (code, code.header), strict=False)), overwrite=overwrite)
    return code


def _paths(path: Any) -> list[Path]:
    """Return where the code goes, and the header."""
    if path is None:
        return []
    code = Path(path)
    # Some systems take .H for the same file.
    if code.suffix.lower() == ".h":
        raise ValueError(
            f"path must be that of the code, such as {code.stem}.c, found {str(path)!r}: the "
            "header is written beside it, and ends in .h."
        )
    return [code, code.with_suffix(".h")]


def write_c(program: Program, name: str, number: str = "double") -> CSource:
    """Return the code of a program."""
    features, n_bytes = write_features(program, name, number)
    learners: list[str] = []
    for k, learner in enumerate(program.learners):
        if isinstance(learner, Trees):
            lines, size = write_trees(program, learner, f"{name}_{k}", number)
        else:
            lines, size = write_layers(learner, f"{name}_{k}", number)
        learners, n_bytes = learners + lines, n_bytes + size
    has_text = any(not column.is_number for column in program.columns)
    code = CSource(
        "\n".join(
            [
                *block([*_about(program, name), f"Tables: {n_bytes:,} bytes, all constant."]),
                "#include <math.h>",
                *(["#include <string.h>"] if has_text else []),
                "",
                *_declarations(program, name, number),
                *_names(program, name),
                *features,
                *learners,
                *_functions(program, name, number),
            ]
        )
    )
    code.name, code.number, code.n_bytes, code.program = name, number, n_bytes, program
    code.header = _header(program, name, number)
    return code


def _functions(program: Program, name: str, number: str) -> Iterator[str]:
    for head, body in functions(program, name, number).items():
        yield from (head, "{", *indent(body), "}", "")


# ---- what it is about ------------------------------------------------------------------------


def _about(program: Program, name: str) -> Iterator[str]:
    from ... import __version__

    yield f"{name}: a student of skdistill {__version__}, as C99."
    yield ""
    yield "Columns of a row, in their order:"
    for j, column in enumerate(program.columns):
        yield f"  {j}  {comment(column.name)}{_told(column)}"
    yield from about(program.kind)


def _told(column: Column) -> str:
    told = [] if column.categories is None else [f"{len(column.categories)} categories"]
    told += [] if column.takes_missing else ["never missing"]
    told += [] if column.takes_unknown or column.is_number else ["none that is unknown"]
    return f" ({', '.join(told)})" if told else ""


def _categories(program: Program) -> dict[int, tuple[Any, ...]]:
    columns = enumerate(program.columns)
    return {j: column.categories for j, column in columns if column.categories is not None}


def _declarations(program: Program, name: str, number: str) -> list[str]:
    sizes = {word: len(items) for word, items in _lists(program).items()}
    sizes |= {f"categories_{j}": len(found) for j, found in _categories(program).items()}
    lines = [f"extern const char *const {name}_{key}[{n}];" for key, n in sizes.items() if n]
    if _categories(program):
        lines.append(f"double {name}_code(int column, const char *text);")
    return [*lines, *(f"{head};" for head in functions(program, name, number)), ""]


def _header(program: Program, name: str, number: str) -> str:
    guard = name.upper()
    sizes = {word.upper(): len(items) for word, items in _lists(program).items()}
    return "\n".join(
        [
            *block([*_about(program, name), "", *rules(program.kind)]),
            f"#ifndef {guard}_H",
            f"#define {guard}_H",
            "",
            *(f"#define {guard}_N_{word} {n}" for word, n in sizes.items()),
            "",
            *_declarations(program, name, number),
            "#endif",
            "",
        ]
    )


def _lists(program: Program) -> dict[str, list[Any]]:
    """Return what is told by name: columns and, if there are any, classes."""
    names, labels = [column.name for column in program.columns], program.kind.labels
    return {"columns": names, "classes": labels} if labels else {"columns": names}


def _names(program: Program, name: str) -> list[str]:
    """Write names of columns, classes and categories, and how a text becomes its code."""
    told = reversed(_lists(program).items())
    lines = [line for word, items in told if items for line in texts(f"{name}_{word}", items)]
    found = _categories(program)
    for j, categories in found.items():
        lines += texts(f"{name}_categories_{j}", categories)
    if not found:
        return [*lines, ""]
    cases = [
        f"case {j}: texts = {name}_categories_{j}; n = {len(categories)}; break;"
        for j, categories in found.items()
    ]
    body = [
        "const char *const *texts;",
        "int k, n;",
        "switch (column) {",
        *cases,
        "default: return -1;",
        "}",
        *each("k", 0, "if (strcmp(texts[k], text) == 0)", "    return k;"),
        "return -1;",
    ]
    body = [line.replace("k < 0", "k < n") for line in body]
    head = f"double {name}_code(int column, const char *text)"
    return [*lines, "", head, "{", *indent(body), "}", ""]
