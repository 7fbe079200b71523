"""What every benchmark says about itself: the machine, the versions, the command."""

from __future__ import annotations

import os
import platform
from datetime import date
from pathlib import Path

import joblib
import lightgbm
import numpy
import sklearn

import skdistill

RESULTS = Path(__file__).parent / "results"


def machine() -> str:
    """Describe machine and versions in one line."""
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, "
        f"NumPy {numpy.__version__}, scikit-learn {sklearn.__version__}, "
        f"LightGBM {lightgbm.__version__}, joblib {joblib.__version__}, "
        f"skdistill {skdistill.__version__}"
    )


def heading(title: str, command: str, about: str, measured: str = "") -> str:
    """Begin a result page: what was measured, when and where (now, here), how to repeat it."""
    measured = measured or f"on {date.today().isoformat()}: {machine()}"
    return (
        f"# {title}\n\n{about}\n\nMeasured {measured}.\n"
        f"To repeat: `{command}`"
        + (" with the tables' folder in `SKDISTILL_DATA`" if "SKDISTILL" in about else "")
        + ".\n"
    )


def table(header: list[str], rows: list[list[object]]) -> str:
    """Lay out rows as a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"


def write(name: str, text: str) -> None:
    """Write a result page in one go, and print it."""
    path = RESULTS / name
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
    print(text)
