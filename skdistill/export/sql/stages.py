"""The WITH of a SELECT: stages, each of which reads the one before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .dialects import Dialect

#: The columns of a stage: what each is called, and what it is.
Stage = Mapping[str, str]


class Stages:
    """A chain of stages that passes some columns of the table on."""

    def __init__(self, dialect: Dialect, table: str, keep: Sequence[str]) -> None:
        self.dialect, self.table, self.keep = dialect, table, keep
        self.written: list[str] = []
        self.last = ""
        self._names = {table.casefold()}

    def read(self, columns: Stage) -> None:
        """Add the first stage, which reads the table, called t."""
        kept = {name: f"t.{name}" for name in self._kept()}
        self._add("given", kept | dict(columns), f"{self.dialect.quote(self.table)} AS t")

    def add(self, name: str, columns: Stage) -> None:
        """Add a stage."""
        self.refuse_kept(columns)
        kept = {name: name for name in self._kept()}
        self._add(name, kept | dict(columns), self.last)

    def add_all(self, stages: Iterable[tuple[str, Stage]]) -> None:
        """Add stages."""
        for name, columns in stages:
            self.add(name, columns)

    def _add(self, name: str, columns: Stage, source: str) -> None:
        columns = columns or {"no_column": "NULL"}
        self._check_width(len(columns))
        parts = [key if key == value else f"{value} AS {key}" for key, value in columns.items()]
        select = ",\n    ".join(parts)
        self.last = other_name(name, self._names)
        self.written.append(
            f"{self.last} {self.dialect.stage} (\n  SELECT\n    {select}\n  FROM {source}\n)"
        )

    def _kept(self) -> list[str]:
        return [self.dialect.quote(name) for name in self.keep]

    def refuse_kept(self, names: Iterable[str]) -> None:
        """Raise if what is passed on is called as something that is made."""
        kept = {name.casefold(): name for name in self.keep}
        for name in names:
            if name in kept:
                raise ValueError(
                    f"keep must not hold {kept[name]!r}: the SELECT makes a column of that name."
                )

    def _check_width(self, width: int) -> None:
        limit = self.dialect.max_columns
        if limit is not None and width > limit:
            raise ValueError(
                f"The student cannot be written for dialect={self.dialect.name!r}: it has {width} "
                f"columns at once, and the database at most {limit}. Select features before it."
            )


def other_name(name: str, taken: set[str]) -> str:
    """Return a name that is not taken, whatever its case, and take it."""
    found, number = name, 1
    while found.casefold() in taken:
        number += 1
        found = f"{name}_{number}"
    taken.add(found.casefold())
    return found
