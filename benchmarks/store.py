"""What was measured so far: one JSON line for each cell, added for good as soon as it is there."""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

try:
    import fcntl
except ImportError:  # only POSIX systems keep a second run out
    fcntl = None

Records = dict[Any, dict[str, Any]]


class Store:
    """A file of records, one for each cell; cells are NamedTuples of one type."""

    def __init__(self, path: Path, cell_type: type[NamedTuple]) -> None:
        self.path, self.cell_type = path, cell_type

    def read(self) -> Records:
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

    def append(self, cell: Any, values: dict) -> None:
        """Add what was measured in a cell, in one write that is on the disk afterwards."""
        with self.path.open("ab") as file:
            file.write((json.dumps({**cell._asdict(), **values}) + "\n").encode())
            file.flush()
            with suppress(OSError):  # some file systems cannot
                os.fsync(file.fileno())


def missing(cells: Iterable[Any], records: Records) -> list[Any]:
    """Return the cells without a record, in their order."""
    return [cell for cell in cells if cell not in records]
