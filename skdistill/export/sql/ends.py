"""How the way from outputs to answers is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..program import (
    Calibrated,
    Clipped,
    End,
    Exp,
    Logistic,
    Normalised,
    Sharpened,
    Sigmoid,
    Softmax,
    Spread,
    TwoColumns,
)
from .functions import clip, exp, sigmoid, softmax
from .stages import Stages
from .text import join, numbered


def write_end(end: End, names: list[str], stages: Stages) -> list[str]:
    """Add the stages of an end to outputs, and return what it makes of them."""
    return _ENDS[type(end)](end, names, stages)


def _each(
    stages: Stages, stage: str, names: list[str], write: Callable[[str], str], word: str
) -> list[str]:
    """Add a stage that does the same to each."""
    made = numbered(word, len(names))
    stages.add(stage, {m: write(name) for m, name in zip(made, names, strict=True)})
    return made


def _exp_end(end: Exp, names: list[str], stages: Stages) -> list[str]:
    return _each(stages, "powers", names, lambda x: exp(stages.dialect, x), "power")


def _logistic_end(end: Logistic, names: list[str], stages: Stages) -> list[str]:
    return _each(stages, "shares", names, lambda x: sigmoid(stages.dialect, x), "share")


def _sigmoid_end(end: Sigmoid, names: list[str], stages: Stages) -> list[str]:
    stages.add("probabilities", {"probability": sigmoid(stages.dialect, names[0])})
    return _two_columns_end(TwoColumns(), ["probability"], stages)


def _softmax_end(end: Softmax, names: list[str], stages: Stages) -> list[str]:
    made = numbered("probability", len(names))
    stages.add_all(softmax(stages.dialect, names, made))
    return made


def _clipped_end(end: Clipped, names: list[str], stages: Stages) -> list[str]:
    return _each(stages, "clipped", names, lambda x: clip(stages.dialect, x, 0.0, 1.0), "share")


def _two_columns_end(end: TwoColumns, names: list[str], stages: Stages) -> list[str]:
    second = names[0]
    first = f"{stages.dialect.number(1.0)} - {second}"
    stages.add("probabilities", {"probability_0": first, "probability_1": second})
    return numbered("probability", 2)


def _normalised_end(end: Normalised, names: list[str], stages: Stages) -> list[str]:
    number = stages.dialect.number
    stages.add("totals", {name: name for name in names} | {"total": join(names)})
    return _each(
        stages,
        "probabilities",
        names,
        lambda x: (
            f"CASE WHEN total <= {number(0.0)} THEN {number(1 / len(names))} ELSE {x} / total END"
        ),
        "probability",
    )


def _spread_end(end: Spread, names: list[str], stages: Stages) -> list[str]:
    made = numbered("probability", end.n_classes)
    known = dict(zip(end.columns, names, strict=True))
    none = f"{stages.dialect.number(0.0)} * {names[0]}"  # NULL stays NULL
    stages.add("probabilities", {name: known.get(k, none) for k, name in enumerate(made)})
    return made


def _sharpened_end(end: Sharpened, names: list[str], stages: Stages) -> list[str]:
    number = stages.dialect.number
    # What is 0 stays so: it is far below the others, whatever the power.
    scores = _each(
        stages,
        "scores",
        names,
        lambda x: (
            f"CASE WHEN {x} <= {number(0.0)} THEN {number(-1e9)} "
            f"ELSE {number(end.power)} * ln({x}) END"
        ),
        "score",
    )
    return _softmax_end(Softmax(), scores, stages)


def _calibrated_end(end: Calibrated, names: list[str], stages: Stages) -> list[str]:
    number = stages.dialect.number
    floor, rest = number(end.floor), number(1 - len(names) * end.floor)
    scores = numbered("score", len(names))
    columns = {
        score: f"{number(end.slope)} * ln({floor} + {rest} * {name}) + {number(shift)}"
        for score, name, shift in zip(scores, names, end.shift, strict=True)
    }
    stages.add("scores", columns)
    return _softmax_end(Softmax(), scores, stages)


_ENDS: dict[type[End], Callable[[Any, list[str], Stages], list[str]]] = {
    Exp: _exp_end,
    Logistic: _logistic_end,
    Sigmoid: _sigmoid_end,
    Softmax: _softmax_end,
    Clipped: _clipped_end,
    TwoColumns: _two_columns_end,
    Normalised: _normalised_end,
    Spread: _spread_end,
    Sharpened: _sharpened_end,
    Calibrated: _calibrated_end,
}
