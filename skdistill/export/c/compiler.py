"""Compiles C code, and calls it from Python."""

from __future__ import annotations

import ctypes
import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .source import CSource

#: C99 as it stands in the book: no multiplication and addition in one rounding.
FLAGS = ("-std=c99", "-O2", "-Wall", "-Wextra", "-pedantic", "-Werror")


class CompilerError(RuntimeError):
    """There is no compiler, or it has something against the code."""


def find_compiler() -> list[str] | None:
    """Return the command of a C compiler: that of the variable CC, or cc, gcc or clang."""
    told = shlex.split(os.environ.get("CC", ""))
    for command in ([told] if told else []) + [["cc"], ["gcc"], ["clang"]]:
        if shutil.which(command[0]):
            return command
    return None


class CompiledCode:
    """Code that was compiled, as a function of rows of numbers."""

    def __init__(self, code: CSource) -> None:
        self.code = code
        self.n_answers = code.program.kind.n_columns
        self.dtype = np.dtype(np.float64 if code.number == "double" else np.float32)
        # The file may go once it is loaded; some systems want it to stay as long as that.
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            library = ctypes.CDLL(str(_compile(code, Path(folder))))
        self._rows = library[f"{code.name}_predict_rows"]
        self._rows.argtypes = [ctypes.c_void_p, ctypes.c_long, ctypes.c_void_p]

    def call(self, X: NDArray[Any], answer: NDArray[Any]) -> int:
        """Write what is said of rows; return 0, or the number of a column that is refused.

        Both are contiguous and of the code's type.
        """
        return self._rows(_address(X), len(X), _address(answer))

    def ask(self, X: NDArray[Any]) -> NDArray[Any]:
        """Return probabilities of rows, of shape (n_samples, n_classes), or numbers in a column."""
        X = np.ascontiguousarray(X, dtype=self.dtype)
        answer = np.empty((len(X), self.n_answers), dtype=self.dtype)
        fault = self.call(X, answer)
        if fault:
            column = self.code.program.columns[fault - 1].name
            raise ValueError(
                f"Column {column!r} holds what the student refuses: a missing or infinite value, "
                "or a category that was not there in fit."
            )
        return answer


def _address(array: NDArray[Any]) -> int:
    """Return where an array lies; for one row `array.ctypes` costs more than all else."""
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(array))  # type: ignore[arg-type]
    except (TypeError, ValueError):  # it is read-only, or empty
        return array.ctypes.data


def _compile(code: CSource, folder: Path) -> Path:
    command = find_compiler()
    if command is None:
        raise CompilerError("There is no C compiler: install gcc or clang, or set CC to one.")
    source, library = folder / f"{code.name}.c", folder / f"{code.name}.so"
    source.write_text(code, encoding="utf-8")
    line = [*command, *FLAGS, "-shared", "-fPIC", "-o", str(library), str(source), "-lm"]
    ran = subprocess.run(line, capture_output=True, text=True)
    if ran.returncode:
        raise CompilerError(f"{shlex.join(line)} failed:\n{ran.stderr.strip() or ran.stdout}")
    return library
