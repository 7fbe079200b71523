"""What was measured so far: one JSON line for each cell, added for good as soon as it is there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import ClassVar, NamedTuple

try:
    import fcntl
except ImportError:  # only POSIX systems keep a second run out
    fcntl = None


class Cell(NamedTuple):
    """What is measured at once: a point of a curve of a figure, on one split."""

    figure: str
    table: str
    seed: int
    size: int
    curve: str

    def __str__(self) -> str:
        return "/".join(map(str, self))


class Store:
    """A file of records, one for each cell."""

    cell_type: ClassVar[type] = Cell

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[Cell, dict]:
        """Return all records; a last line that a stopped run left unfinished does not count."""
        if not self.path.exists():
            return {}
        whole = self.path.read_bytes().rpartition(b"\n")[0]
        records = map(json.loads, whole.decode().splitlines())
        fields = self.cell_type._fields
        return {self.cell_type(*(record[f] for f in fields)): record for record in records}

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Keep other runs out, and cut off what a stopped one left unfinished."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            if fcntl is not None:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError as error:
                    raise SystemExit(f"Another run is writing to {self.path}.") from error
            os.truncate(self.path, self.path.read_bytes().rfind(b"\n") + 1)
            yield

    def append(self, cell: Cell, values: dict) -> None:
        """Add what was measured in a cell, in one write that is on the disk afterwards."""
        with self.path.open("ab") as file:
            file.write((json.dumps({**cell._asdict(), **values}) + "\n").encode())
            file.flush()
            with suppress(OSError):  # some file systems cannot
                os.fsync(file.fileno())


def own_folder(cache: Path, figure: str, table: str, seed: int) -> Path:
    """Return where answers are kept that only cells of this figure, table and seed ask for."""
    return cache / "units" / f"{figure}-{table}-{seed}"


def check_settings(records: dict[Cell, dict], settings: dict[str, dict], path: Path) -> None:
    """Refuse to mix numbers that were measured in different ways."""
    for cell, record in records.items():
        if cell.figure in settings and record["settings"] != settings[cell.figure]:
            raise SystemExit(
                f"{path} holds {cell}, measured with {record['settings']}, not "
                f"{settings[cell.figure]}: move it away or use another --out."
            )


def missing(cells: Iterable[Cell], records: dict[Cell, dict]) -> list[Cell]:
    """Return the cells without a record, in their order."""
    return [cell for cell in cells if cell not in records]
