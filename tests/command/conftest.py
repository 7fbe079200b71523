"""Tables, and a command that spares the fits."""

import numpy as np
import pytest

from skdistill._utils import progress
from skdistill.command import output
from skdistill.command import run as command
from skdistill.command.models import make_student
from skdistill.evaluation import student_on_labels
from skdistill.evaluation.show.results import Comparison

from ..evaluation.show.test_results import made_up


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Say nothing on standard error because a machine is busy: lines are counted there."""
    monkeypatch.setattr(progress, "SECONDS_OF_SILENCE", 600.0)


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """Start no processes: tests run side by side already, and their tables are small."""
    monkeypatch.setattr(command, "N_JOBS", None)


@pytest.fixture
def write(tmp_path):
    """Write text as a file and return its path."""

    def write_text(text, name="table.csv"):
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return write_text


@pytest.fixture
def reading_only(monkeypatch):
    """Let the command read a table and announce it, but fit nothing."""
    monkeypatch.setattr(command, "_compare", lambda *_: None)
    monkeypatch.setattr(output, "text_of", lambda *_, **__: "")


@pytest.fixture
def learned(monkeypatch):
    """Let the command do all but the learning; hold what would have been learned from."""
    held = {}

    def compare(_, __, X, y, *, X_test, y_test, **___):
        held.update(X=np.concatenate([X, X_test]), y=np.concatenate([y, y_test]))
        return Comparison([made_up("teacher"), made_up("labels")], {})

    monkeypatch.setattr(command, "compare_students", compare)
    return held


@pytest.fixture
def three_folds(monkeypatch):
    """Spare the tests that do not look at folds some time."""
    monkeypatch.setattr(command, "FOLDS", 3)


@pytest.fixture
def on_labels(monkeypatch):
    """Let students be compared on labels alone, all but the first too large for the budget."""
    held = {}

    def compare(table, _, students, arguments):
        held["table"] = table
        for name in students:
            model = student_on_labels(make_student(name, 0, table.X_train))
            held[name] = model.fit(table.X_train, table.y_train).classifier_
        sizes = [1000 * place for place in range(1, len(students) + 1)]
        losses = [[1.0 / place] for place in range(1, len(students) + 1)]
        made = [
            made_up("labels", loss, student=name, size=size)
            for name, size, loss in zip(students, sizes, losses, strict=True)
        ]
        classifiers = {(name, "labels"): held[name] for name in students}
        return Comparison([made_up("teacher"), *made], classifiers, max_size=arguments.max_size)

    monkeypatch.setattr(command, "_compare", compare)
    return held
