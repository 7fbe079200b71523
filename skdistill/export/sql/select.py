"""Writes what a classifier computes as a SELECT: features, learners, and what follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..program import Program
from .dialects import Dialect
from .ends import write_end
from .features import Features
from .learners import Learners
from .stages import Stages
from .text import numbered


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
    return _finish(stages, outputs, program.classes.tolist())


def _finish(stages: Stages, names: list[str], classes: list[Any]) -> str:
    dialect = stages.dialect
    found = numbered("probability", len(names))
    stages.add("ranked", dict(zip(found, names, strict=True)) | {"best": dialect.greatest(names)})
    stages.refuse_kept(["label"])
    lines = [f"{dialect.quote(name)}," for name in stages.keep]
    # ASCII, so that no label ends the comment.
    lines += [f"{p}, -- class {label!a}" for p, label in zip(found, classes, strict=True)]
    lines += ["CASE best"]
    lines += [f"  WHEN {p} THEN {dialect.label(c)}" for p, c in zip(found, classes, strict=True)]
    lines += ["END AS label"]
    select = "\n  ".join(["SELECT", *lines])
    return f"WITH {', '.join(stages.written)}\n{select}\nFROM {stages.last}"
