"""Writes what a student computes as a SELECT: features, learners, and what follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..kinds import Kind
from ..program import Program
from .dialects import Dialect
from .ends import write_end
from .features import Features
from .learners import Learners
from .stages import Stages


def write_select(
    program: Program, columns: Sequence[str], dialect: Dialect, table: str, keep: Sequence[str]
) -> str:
    """Return a program as a SELECT from a table, some columns of which are passed on."""
    stages = Stages(dialect, table, keep)
    features = Features(program, columns, stages)
    names = features.write()
    outputs = Learners(program, names, features.accepted, stages).write()
    for end in program.ends:
        outputs = write_end(end, outputs, stages)
    return _finish(stages, outputs, program.kind)


def _finish(stages: Stages, names: list[str], kind: Kind) -> str:
    found, labels = kind.columns, kind.labels
    best = {"best": stages.dialect.greatest(names)} if labels else {}
    stages.add("ranked" if labels else "answers", dict(zip(found, names, strict=True)) | best)
    lines = [f"{stages.dialect.quote(name)}," for name in stages.keep]
    lines += _choice(stages, found, labels) if labels else found
    select = "\n  ".join(["SELECT", *lines])
    return f"WITH {', '.join(stages.written)}\n{select}\nFROM {stages.last}"


def _choice(stages: Stages, found: list[str], labels: list[Any]) -> list[str]:
    """Return lines that answer probabilities, and the label of the largest."""
    stages.refuse_kept(["label"])
    pairs = list(zip(found, labels, strict=True))
    return [
        # ASCII, so that no label ends the comment.
        *(f"{p}, -- class {label!a}" for p, label in pairs),
        "CASE best",
        *(f"  WHEN {p} THEN {stages.dialect.label(label)}" for p, label in pairs),
        "END AS label",
    ]
