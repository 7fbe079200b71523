"""One way to write a page: texts with places for numbers, tables, what stays of the page before.

The words of a page are in `texts/NAME.md`, in parts that begin with a line `<!-- part -->`.
"""

import os
import platform
import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import joblib
import lightgbm
import numpy
import sklearn

import skdistill

HERE = Path(__file__).parent
RESULTS = HERE / "results"


def machine() -> str:
    """Describe machine and versions in one line."""
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, "
        f"NumPy {numpy.__version__}, scikit-learn {sklearn.__version__}, "
        f"LightGBM {lightgbm.__version__}, joblib {joblib.__version__}, "
        f"skdistill {skdistill.__version__}"
    )


@cache
def texts(name: str) -> dict[str, str]:
    """Return the words of a page, by the name of the part."""
    content = (HERE / "texts" / f"{name}.md").read_text(encoding="utf-8")
    _, *found = re.split(r"^<!-- (.*) -->\n", content, flags=re.MULTILINE)
    return {name: text.strip("\n") for name, text in zip(found[::2], found[1::2], strict=True)}


def fill(name: str, part: str, /, **values: Any) -> str:
    """Return a part of a page with its numbers; what is empty leaves no gap."""
    return re.sub(r"\n{3,}", "\n\n", texts(name)[part].format(**values)).strip("\n")


def blocks(parts: Iterable[str]) -> str:
    """Set one part below the other, without those that are empty."""
    return "\n\n".join(part for part in parts if part)


def heading(title: str, command: str, about: str, measured: str = "") -> str:
    """Begin a result page: what was measured, when and where (now, here), how to repeat it."""
    measured = measured or f"on {date.today().isoformat()}: {machine()}"
    return (
        f"# {title}\n\n{about.strip()}\n\nMeasured {measured}.\n"
        f"To repeat: `python -m benchmarks.{command}`"
        + (" with the tables' folder in `SKDISTILL_DATA`" if "SKDISTILL" in about else "")
        + "."
    )


def measured_before(path: Path) -> str:
    """Return what a page says about when and where it was measured, to write it again."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    found = re.search(r"^Measured (on .*)\.$", text, re.MULTILINE)
    return found[1] if found else ""


def measured(records: Iterable[dict]) -> str:
    """Say when and where records were measured, as far as they know it."""
    known = [record for record in records if "date" in record]
    dates = sorted({record["date"] for record in known})
    machines = "; ".join(sorted({record["machine"] for record in known}))
    return f"from {dates[0]} to {dates[-1]}: {machines}"


def table(header: list[str], rows: list[list[object]]) -> str:
    """Lay out rows as a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def yes(holds: bool) -> str:
    return "yes" if holds else "**no**"


def counted(values: Iterable[Any], tell: Callable[[Any, int], str]) -> str:
    """Write how often each value is there, the most frequent first."""
    return ", ".join(tell(value, n) for value, n in Counter(values).most_common())


def by_hand(path: Path, heading: str) -> str:
    """Return what a person wrote under the last heading of a page, to keep it."""
    return path.read_text(encoding="utf-8").partition(heading)[2] if path.exists() else ""


def explanation(heading: str, text: str) -> str:
    """End a page by what a person wrote."""
    return f"{heading}\n\n{text.strip() or '(not written yet)'}\n"


def write(path: Path, text: str) -> None:
    """Write a file so that a stopped run leaves the old or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(path.suffix + ".part")
    part.write_text(text.rstrip("\n") + "\n", encoding="utf-8")
    part.replace(path)
    print(f"The page is {path}.")


def draw(path: Path, picture: Callable[[], Any], **style: Any) -> str:
    """Draw a figure, and return its file's name; nothing without matplotlib."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        print(f"{path.name} is left out: matplotlib is not installed.")
        return ""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture().savefig(path, **{"dpi": 110, "bbox_inches": "tight"} | style)
    return path.name
