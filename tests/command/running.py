"""The command, run in-process on small tables."""

import csv
import io
import os
import re
import subprocess
import sys

import numpy as np

from skdistill.command.run import main

DATES = [f"2024-{1 + row % 12:02d}-{1 + row % 28:02d}" for row in range(160)]
METHODS = [
    "teacher",
    "student on labels",
    "student tuned on labels",
    "distilled in-sample",
    "distilled cross-fit",
    "distilled, corrected",
    "distilled, tuned",
]


def mixed_table(n_rows=160, labels=("no", "yes"), missing_target=0):
    """Numbers, text, truth values and an empty column, each with missing values; a text target."""
    rng = np.random.RandomState(0)
    lines = ["size,colour,flag,sometimes,[odd] {name},empty,target"]
    for row in range(n_rows):
        size = rng.standard_normal()
        colour = rng.choice(["red", "green", "blue", ""])
        label = labels[int(size > 0 or colour == "red") if row % 5 else row // 5 % len(labels)]
        cells = [
            "" if row % 11 == 0 else f"{size:.3f}",
            colour if row else "seen only once",
            rng.choice(["True", "False"]),
            rng.choice(["True", "False", ""]),
            "inf" if row == 3 else str(rng.randint(9)),
            "",
            "" if row < missing_target else label,
        ]
        lines.append(",".join(cells))
    return "\n".join(lines)


def run(capsys, *argv):
    assert main(argv) == 0
    return capsys.readouterr().out


def refusal(capsys, *argv):
    """Return the one line that says what is wrong."""
    assert main(argv) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert message.startswith("skdistill: ")
    return message


def two_columns(cells, labels, n_rows=40, names="a,y"):
    """Return a table whose cells and labels repeat themselves."""
    lines = [f"{cells[row % len(cells)]},{labels[row % len(labels)]}" for row in range(n_rows)]
    return "\n".join([names, *lines])


def methods(text):
    """Return the first cell of each line that is one of a method, whatever the tuned one chose."""
    cells = [re.sub(r"^(distilled, tuned) \(.*\)", r"\1", line) for line in text.splitlines()]
    return [cell for cell in (line.split("  ")[0] for line in cells) if cell in METHODS]


def in_a_shell(arguments, tmp_path, **environment):
    """Run the command in a process of its own."""
    return subprocess.run(
        ["bash", "-c", f'"{sys.executable}" -m skdistill {arguments}; exit ${{PIPESTATUS[0]}}'],
        capture_output=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        timeout=120,
    )


class Unwritable(io.StringIO):
    """A stream of which nobody reads."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def write(self, text):
        raise self.error


def numbers_only():
    """Return a table without text, whose student gets arrays and must know names all the same."""
    rng = np.random.RandomState(0)
    rows = [f"{a:.3f},{b:.3f},{'yes' if a > b else 'no'}" for a, b in rng.standard_normal((90, 2))]
    return "\n".join(["left,right,target", *rows])


def with_dates():
    head, *rows = mixed_table().split("\n")
    return "\n".join(
        [f"when,{head}", *(f"{day},{row}" for day, row in zip(DATES, rows, strict=True))]
    )


def predicted(capsys, *argv):
    """Return the classes and probabilities that `predict` prints."""
    assert main(["predict", *map(str, argv)]) == 0
    head, *rows = csv.reader(io.StringIO(capsys.readouterr().out))
    assert head == ["class", "probability no", "probability yes"]
    return [row[0] for row in rows], np.array([row[1:] for row in rows], dtype=float)
