"""The file: declarations, tables, features, learners and the way to probabilities."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..files import refuse_existing, write_new
from ..program import Column, Program, Trees
from ..reading import read_program
from .ends import write_ends
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
    model : distiller or DistilledClassifier
        A fitted distiller, or its `classifier_`.
    X : {array-like, frame} of shape (n_samples, n_features), default=None
        Rows on which the code is compiled and compared with the model, see :func:`verify`. None
        compares nothing; it needs a compiler.
    name : str, default="model"
        What names in the code begin with.
    number : {"double", "float"}, default="double"
        The type of rows, tables and probabilities. "float" is for small machines: half as large,
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
        If a part of the student cannot be written, `name` is no name in C, or the compiled code
        does not answer as the model does.
    FileExistsError
        If a file exists, and is not to be written over.
    CompilerError
        If `X` is given and there is no compiler, or it fails; its message is told.

    Notes
    -----
    ``int NAME_predict_proba(const double *x, double *proba)`` takes a row, in the order of
    ``NAME_columns``, and writes a probability for each of ``NAME_classes``. It returns 0, or the
    number of the first column, counted from 1, that holds what the student refuses: missing values
    or infinite ones, or an unknown category. ``int NAME_predict(const double *x)`` returns the
    position of the most probable class, or minus that number. A missing value is NaN, a category
    its place in ``NAME_categories_J`` (``NAME_code`` finds it), an unknown one -1.

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
    paths = [] if path is None else [Path(path), Path(path).with_suffix(".h")]
    refuse_existing(paths, overwrite=overwrite)
    code = write_c(read_program(model), name, number)
    if X is not None:
        from ..verification import refuse_different

        refuse_different(model, code, X)
    write_new(dict(zip(paths, (code, code.header), strict=False)), overwrite=overwrite)
    return code


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
                *_entries(program, name, number),
            ]
        )
    )
    code.name, code.number, code.n_bytes, code.program = name, number, n_bytes, program
    code.header = _header(program, name, number)
    return code


# ---- what it is about ------------------------------------------------------------------------


def _about(program: Program, name: str) -> Iterator[str]:
    from ... import __version__

    yield f"{name}: a student of skdistill {__version__}, as C99."
    yield ""
    yield "Columns of a row, in their order:"
    for j, column in enumerate(program.columns):
        yield f"  {j}  {comment(column.name)}{_told(column)}"
    yield "Classes, in the order of the probabilities:"
    for k, label in enumerate(program.classes.tolist()):
        yield f"  {k}  {comment(label)}"


def _told(column: Column) -> str:
    told = [] if column.categories is None else [f"{len(column.categories)} categories"]
    told += [] if column.takes_missing else ["never missing"]
    told += [] if column.takes_unknown or column.is_number else ["none that is unknown"]
    return f" ({', '.join(told)})" if told else ""


def _categories(program: Program) -> dict[int, tuple[Any, ...]]:
    columns = enumerate(program.columns)
    return {j: column.categories for j, column in columns if column.categories is not None}


def _declarations(program: Program, name: str, number: str) -> list[str]:
    sizes = {"columns": len(program.columns), "classes": len(program.classes)}
    sizes |= {f"categories_{j}": len(found) for j, found in _categories(program).items()}
    lines = [f"extern const char *const {name}_{key}[{n}];" for key, n in sizes.items() if n]
    if _categories(program):
        lines.append(f"double {name}_code(int column, const char *text);")
    return [
        *lines,
        f"int {name}_predict_proba(const {number} *x, {number} *proba);",
        f"int {name}_predict(const {number} *x);",
        f"int {name}_predict_rows(const {number} *x, long n_rows, {number} *proba);",
        "",
    ]


def _header(program: Program, name: str, number: str) -> str:
    guard = name.upper()
    rules = (
        "",
        "A row holds the columns in their order; NaN is a missing value. A category is its place",
        "among the column's, which NAME_code finds; one that is not there is -1. predict_proba and",
        "predict_rows return 0, or the number of the column, counted from 1, that holds what the",
        "student refuses; predict returns the position of a class, or minus that number.",
    )
    return "\n".join(
        [
            *block([*_about(program, name), *rules]),
            f"#ifndef {guard}_H",
            f"#define {guard}_H",
            "",
            f"#define {guard}_N_COLUMNS {len(program.columns)}",
            f"#define {guard}_N_CLASSES {len(program.classes)}",
            "",
            *_declarations(program, name, number),
            "#endif",
            "",
        ]
    )


def _names(program: Program, name: str) -> list[str]:
    """Write names of columns, classes and categories, and how a text becomes its code."""
    lines = texts(f"{name}_classes", program.classes.tolist())
    if program.columns:
        lines += texts(f"{name}_columns", [column.name for column in program.columns])
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


# ---- what is called --------------------------------------------------------------------------


def _entries(program: Program, name: str, number: str) -> list[str]:
    n_columns, n_classes = len(program.columns), len(program.classes)
    outputs = [learner.n_outputs for learner in program.learners]
    first = [sum(outputs[:k]) for k in range(len(outputs))]
    width = max(n_classes, sum(outputs))
    proba = [
        f"double f[{max(len(program.features), 1)}], v[{width}];",
        f"int k, fault = {name}_features(x, f);",
        "if (fault)",
        "    return fault;",
        *(f"{name}_{k}(f, v + {place});" for k, place in enumerate(first)),
        *write_ends(program.ends, sum(outputs)),
        *each("k", n_classes, f"proba[k] = ({number})v[k];"),
        "return 0;",
    ]
    predict = [
        f"{number} proba[{n_classes}];",
        f"int k, best = 0, fault = {name}_predict_proba(x, proba);",
        "if (fault)",
        "    return -fault;",
        *each("k", n_classes, "if (proba[k] > proba[best])", "    best = k;"),
        "return best;",
    ]
    call = f"{name}_predict_proba(x + i * {n_columns}, proba + i * {n_classes})"
    rows = [
        "long i;",
        "for (i = 0; i < n_rows; i++) {",
        f"    const int fault = {call};",
        "    if (fault)",
        "        return fault;",
        "}",
        "return 0;",
    ]
    heads = {
        f"int {name}_predict_proba(const {number} *x, {number} *proba)": proba,
        f"int {name}_predict(const {number} *x)": predict,
        f"int {name}_predict_rows(const {number} *x, long n_rows, {number} *proba)": rows,
    }
    return [line for head, body in heads.items() for line in (head, "{", *indent(body), "}", "")]
