"""What is predicted: whether it is classes or numbers, and which classes."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from .terminal import BadInputError, counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS = 5
TEST_SHARE = 0.3
# With 8 rows of a class at least 5 are trained on, one for each fold.
ROWS_PER_CLASS = 8
# So few numbers make folds of three rows.
ROWS_OF_NUMBERS = 20
NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
COMMA = re.compile(r"\s*[+-]?\d*,\d+\s*", re.ASCII)
THOUSANDS = re.compile(r"\s*[+-]?[1-9]\d{0,2}(,\d{3})+\s*", re.ASCII)
# Such as 12 %, $1,234.50 or 9,90 €.
WITH_UNIT = re.compile(r"\s*([+-]?[€$£¥]\s*[+-]?\d[\d.,]*|[+-]?\d[\d.,]*\s*[€$£¥%])\s*")
# Digits behind a zero are a code and no number: 007 is not 7.
CODE = re.compile(r"\s*[+-]?0\d")
TRUTH_VALUES = dict.fromkeys(("True", "TRUE", "true"), True) | dict.fromkeys(
    ("False", "FALSE", "false"), False
)


class Task(StrEnum):
    """What a target holds."""

    CLASSES = "classes"
    NUMBERS = "numbers"

    @property
    def kind(self) -> str:
        """What the names of those end in who learn it."""
        return "Classifier" if self is Task.CLASSES else "Regressor"


def find_task(
    texts: list[str], asked: str | None = None, *, comma_is_decimal: bool = False
) -> Task:
    """Return what the different cells of a target are, if it is not asked for.

    >>> find_task(["1", "2"]), find_task(["1.5", "2"]), find_task(["1.5", "2"], "classes")
    (<Task.CLASSES: 'classes'>, <Task.NUMBERS: 'numbers'>, <Task.CLASSES: 'classes'>)
    """
    from ..outcomes.classes import MOST_NUMERIC_CLASSES

    if asked is not None:
        return Task(asked)
    if comma_is_decimal and all(COMMA.fullmatch(text) for text in texts):
        texts = [text.replace(",", ".") for text in texts]
    numbers = _as_numbers(texts)
    if numbers is None:
        return Task.CLASSES
    different = set(numbers.values())
    whole = all(number == number.to_integral_value() for number in different)
    return Task.CLASSES if whole and len(different) <= MOST_NUMERIC_CLASSES else Task.NUMBERS


def _as_numbers(texts: list[str]) -> dict[str, Decimal] | None:
    """Return the number that each text is, None if one is none."""
    if not all(NUMBER.fullmatch(text) and not CODE.match(text) for text in texts):
        return None
    try:
        return {text: Decimal(text.strip()) for text in texts}
    except InvalidOperation:  # an exponent of twenty digits
        return None


# ---- classes ---------------------------------------------------------------------------------


def classes_of(target: Any) -> tuple[NDArray[Any], list[str]]:
    """Return whole numbers, truth values or text, from a column of text without gaps, and notes.

    Spellings of one number or truth value are one class, and it is said so; different ones never
    become one, as 1e300 and 1e301 do among integers, and long ids among floats.
    """
    import numpy as np

    texts = target.unique().tolist()
    numbers = _as_numbers(texts)
    if all(text in TRUTH_VALUES for text in texts):
        meant: dict[str, Any] = TRUTH_VALUES
    elif numbers is not None:
        meant = _whole_numbers(numbers)
    else:
        meant = {text: text for text in texts}
    dtype = object if any(isinstance(meant[text], str) for text in texts) else None
    y = np.array([meant[text] for text in target], dtype=dtype)
    return y, [*_spellings(texts, meant, target.name), *_cases(meant, target.name)]


def _whole_numbers(numbers: dict[str, Decimal]) -> dict[str, Any]:
    """Return the whole number that each text is, or a spelling where one is none or too large."""
    different = numbers.values()
    if all(-(2**63) <= n < 2**63 and n == n.to_integral_value() for n in different):
        return {text: int(number) for text, number in numbers.items()}
    first: dict[Decimal, str] = {}
    return {text: first.setdefault(number, text) for text, number in numbers.items()}


def _spellings(texts: list[str], meant: dict[str, Any], name: str) -> list[str]:
    spellings: dict[Any, list[str]] = {}
    for text in texts:
        spellings.setdefault(meant[text], []).append(text)
    several = [found for found in spellings.values() if len(found) > 1]
    if not several:
        return []
    pairs = ", ".join(" = ".join(map(repr, found[:3])) for found in several[:3])
    return [f"Some classes of {name!r} are spelt in several ways, and are one each: {pairs}."]


def _cases(meant: dict[str, Any], name: str) -> list[str]:
    """Say that classes may be one, though they are learned as several."""
    by_letters: dict[str, list[str]] = {}
    for label in sorted({label for label in meant.values() if isinstance(label, str)}):
        by_letters.setdefault(label.casefold(), []).append(label)
    alike = [labels for labels in by_letters.values() if len(labels) > 1]
    if not alike:
        return []
    pairs = ", ".join(" and ".join(map(repr, labels)) for labels in alike[:3])
    return [f"Some classes of {name!r} differ in capital letters alone: {pairs}."]


def check_classes(y: NDArray[Any]) -> None:
    """Refuse what cannot be learned or tested."""
    import numpy as np

    classes, counts = np.unique(y, return_counts=True)
    names = classes.tolist()
    if len(names) < 2:
        raise BadInputError(f"The target must hold at least 2 classes, found {names}.")
    rarest = int(counts.argmin())
    if counts[rarest] >= ROWS_PER_CLASS:
        return
    raise BadInputError(
        f"Class {names[rarest]!r} has {counted(int(counts[rarest]), 'row')}, but each of the "
        f"{len(names)} classes needs at least {ROWS_PER_CLASS}: {FOLDS} folds in the "
        f"{1 - TEST_SHARE:.0%} of rows that are trained on. Take more rows, or join or "
        f"leave out rare classes.{_hint(names)}"
    )


def _hint(names: list[Any]) -> str:
    """Say what may be meant for numbers where it was taken for classes."""
    if len(names) > 2 and all(type(name) is int for name in names):
        return " If it is a count, --task numbers predicts it."
    if all(looks_like_amount(str(name)) for name in names):
        return " If these are amounts, write them as plain numbers: no sign, no commas."
    return ""


def looks_like_amount(text: str) -> bool:
    """Whether text is a number with a unit, or with commas between thousands."""
    return bool(THOUSANDS.fullmatch(text) or WITH_UNIT.fullmatch(text))


# ---- numbers ---------------------------------------------------------------------------------


def numbers_of(target: Any, *, comma_is_decimal: bool = False) -> NDArray[Any]:
    """Return the numbers that a column of text without gaps holds, enough of them and finite."""
    import numpy as np

    from .columns import as_numbers

    found = as_numbers(target, comma_is_decimal)
    if found is None:
        other = next(text for text in target if as_numbers(target[target == text]) is None)
        raise BadInputError(f"--task numbers: {target.name!r} holds text, such as {other!r}.")
    y = found.to_numpy(np.float64)
    if not np.isfinite(y).all():
        raise BadInputError(
            f"{target.name!r} holds infinite numbers: nobody learns those; leave these rows out."
        )
    if len(y) < ROWS_OF_NUMBERS:
        raise BadInputError(
            f"{target.name!r} must hold at least {ROWS_OF_NUMBERS} numbers, found {len(y)}."
        )
    if (y == y[0]).all():
        raise BadInputError(f"The target must hold different numbers, found {y[0]:g} alone.")
    return y


def tell_numbers(texts: list[str], name: str, asked: str | None) -> list[str]:
    """Say that the target is taken for a quantity, if nobody asked for that."""
    if asked is not None:
        return []
    return [
        f"{name!r} holds {len(set(texts)):,} different numbers, a quantity: regressors predict it; "
        "--task classes takes each number for a class."
    ]
