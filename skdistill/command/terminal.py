"""What is printed: for a terminal that may know ASCII alone, and a reader who may have left."""

from __future__ import annotations

import codecs
import io
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from .._utils.names import printable
from .._utils.progress import Progress

# How our signs are written where the terminal knows ASCII alone.
SPELT = {"µ": "u", "±": "+/-", "–": "-", "×": "x", "²": "2"}


class BadInputError(Exception):
    """Something that the user can put right; its message is one line."""


def listed(names: Any, most: int = 3) -> str:
    """Return the first of some names, quoted."""
    names = [repr(name) for name in names]
    return ", ".join(names[:most]) + (f", … ({len(names):,} in all)" if len(names) > most else "")


def counted(number: int, noun: str) -> str:
    """Return a number of things.

    >>> counted(1, "row"), counted(2000, "row")
    ('1 row', '2,000 rows')
    """
    return f"{number:,} {noun}" + "s" * (number != 1)


def reason(error: BaseException | str) -> str:
    """Return what an error says, on one line."""
    return " ".join(str(error).split()) or type(error).__name__


# ---- standard output -------------------------------------------------------------------------


def say(text: str, end: str = "\n") -> bool:
    """Print, and return whether anybody reads it: `head` closes the pipe when it has enough."""
    try:
        print(text, end=end, flush=True)
    except BrokenPipeError:
        _fall_silent()
        return False
    except OSError as error:
        _fall_silent()
        raise BadInputError(f"Could not print: {reason(error)}") from None
    return True


def _fall_silent() -> None:
    """Lead what is still to be printed nowhere, that which Python flushes at its end as well."""
    with suppress(OSError), open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _spell(error: UnicodeError) -> tuple[str, int]:
    """Say how to print what the terminal has no letter for."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    unknown = error.object[error.start : error.end]
    spelt = [SPELT.get(c) or c.encode("unicode_escape").decode("ascii") for c in unknown]
    return "".join(spelt), error.end


def spell_for_terminal() -> None:
    """Let what is printed be spelt where the terminal lacks a letter."""
    codecs.register_error("skdistill", _spell)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="skdistill")


# ---- standard error --------------------------------------------------------------------------


def tell(text: Any) -> None:
    """Print one line to standard error."""
    with suppress(OSError, ValueError):  # no reader is no reason to fail
        print(f"skdistill: {printable(reason(text))}", file=sys.stderr, flush=True)


@contextmanager
def warnings_told() -> Iterator[None]:
    """Tell warnings as one line each."""
    with warnings.catch_warnings():
        # LightGBM before 4.7 makes up names for the columns of arrays and misses them.
        warnings.filterwarnings("ignore", message="X does not have valid feature names")
        warnings.showwarning = lambda message, *_, **__: tell(message)
        yield


def at_work(doing: str, *, quiet: bool = False) -> Progress:
    """Return a task that says of itself, every few seconds in which it is silent, what it does."""
    return Progress.of_call("skdistill", not quiet, printable(doing))
