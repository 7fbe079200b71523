"""What is new is one class in one room, and one word: a toy of each kind, from outside."""

import ast
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeRegressor

import skdistill
from skdistill import (
    CrossFitDistiller,
    Distiller,
    LossCorrectedDistiller,
    LossCorrectedDistillerCV,
    compare_students,
    corrections,
    distillation_targets,
    teacher_probabilities,
)
from skdistill.sources import Answers
from skdistill.sources.answers import say
from skdistill.sources.choice import SOURCES, UNSEEN
from skdistill.students.adapters import ADAPTERS, Adapter
from skdistill.targets import LOSSES, STRATEGIES, Loss, Strategy

PACKAGE = Path(skdistill.__file__).parent


def tree():
    return DecisionTreeRegressor(max_leaf_nodes=8, random_state=0)


# ---- a loss ----------------------------------------------------------------------------------


class RootLoss(Loss):
    """Squared error on the square roots of probabilities."""

    takes_logarithm = False

    def target(self, proba, onehot, correction=None):
        return np.sqrt(proba[:, 1] if self.n_classes == 2 else proba)

    def probabilities(self, output):
        squares = output**2
        if self.n_classes == 2:
            return np.column_stack([1 - squares, squares])
        return squares / squares.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("table", ["binary", "three_classes"])
def test_a_loss_is_a_class_and_a_word(request, monkeypatch, table):
    X, y = request.getfixturevalue(table)
    monkeypatch.setitem(LOSSES, "root", RootLoss)
    model = Distiller(GaussianNB(), tree(), loss="root").fit(X, y)
    proba = GaussianNB().fit(X, y).predict_proba(X)
    target = np.sqrt(proba[:, 1] if proba.shape[1] == 2 else proba)
    by_hand = tree().fit(X, target).predict(X)
    assert_allclose(model.student_.predict(X), by_hand, atol=1e-9)
    assert_allclose(model.predict_proba(X).sum(axis=1), 1)
    searched = LossCorrectedDistillerCV(GaussianNB(), tree(), loss="root", random_state=0)
    assert searched.fit(X, y).score(X, y) > 0.8
    with pytest.raises(ValueError, match="loss='root' needs a regressor as student"):
        Distiller(GaussianNB(), LogisticRegression(), loss="root").fit(X, y)


# ---- a γ rule --------------------------------------------------------------------------------


def sure(proba, y, *, c=0.5, link):
    """Correct more, the surer the teacher is."""
    return c * np.abs(2 * np.asarray(proba) - 1)


def test_a_rule_is_a_function_and_a_word(binary, monkeypatch):
    X, y = binary
    monkeypatch.setitem(corrections.RULES, "sure", sure)
    proba = GaussianNB().fit(X, y).predict_proba(X)[:, 1]
    model = LossCorrectedDistiller(
        GaussianNB(), tree(), correction="sure", c=0.3, cv="in_sample"
    ).fit(X, y)
    gamma = sure(proba, None, c=0.3, link="identity")
    target = (1 - gamma) * proba + gamma * (y == "malignant")
    by_hand = tree().fit(X, target).predict(X)
    assert_allclose(model.student_.predict(X), by_hand, atol=1e-9)
    candidates = ["labels", ("sure", 0.3)]
    found = LossCorrectedDistillerCV(GaussianNB(), tree(), candidates=candidates, random_state=0)
    assert list(found.fit(X, y).cv_results_["candidate"]) == candidates
    targets = distillation_targets(
        GaussianNB(), X, y, loss="squared_error", correction="sure", c=0.3, cv="in_sample"
    )
    assert_array_equal(targets, target)


# ---- a source --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Halves:
    """The teacher of every second row answers about the others."""

    random_state: object = None
    n_jobs: object = None
    key = "halves"
    splitter = None
    answers_inside = False
    fits_teachers = True
    needs_one_fit = False

    def check(self, teacher):
        pass

    def split(self, rows, params=None):
        numbers = np.arange(rows.n_samples)
        return [(numbers[::2], numbers[1::2]), (numbers[1::2], numbers[::2])]

    def ask(self, teacher, rows, splits=None, *, inside=False, keep=False, **how):
        out = np.zeros((rows.n_samples, rows.n_classes))
        for train, test in splits:
            out[test] = say(teacher.fit(rows.take(train)), rows, test)
        return Answers(out, say(teacher.fit(rows), rows) if inside else None, splits)


def test_a_source_is_a_class_and_a_word(binary, monkeypatch):
    X, y = binary
    monkeypatch.setitem(SOURCES, "halves", Halves)
    by_hand = np.zeros((len(y), 2))
    for k in (0, 1):
        by_hand[1 - k :: 2] = GaussianNB().fit(X[k::2], y[k::2]).predict_proba(X[1 - k :: 2])
    assert_array_equal(teacher_probabilities(GaussianNB(), X, y, cv="halves"), by_hand)
    model = CrossFitDistiller(GaussianNB(), tree(), cv="halves", store_teacher_proba=True)
    assert_array_equal(model.fit(X, y).teacher_proba_, by_hand)
    searched = LossCorrectedDistillerCV(
        GaussianNB(), tree(), teacher_cv="halves", cv=3, random_state=0
    )
    assert searched.fit(X, y).score(X, y) > 0.8
    comparison = compare_students(
        GaussianNB(), tree(), X, y, methods=["cross_fit"], teacher_cv="halves", random_state=0
    )
    assert len(comparison.measurements) == 2


# ---- a strategy ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cautious(Strategy):
    """Half of what the teacher says, half of nothing."""

    def target(self, lesson, loss):
        return loss.target((lesson.answers.out + 1 / loss.n_classes) / 2, lesson.truth)


def test_a_strategy_is_a_class_and_a_word(three_classes, monkeypatch):
    X, y = three_classes
    monkeypatch.setitem(STRATEGIES, "cautious", Cautious)
    names = ["labels", "cross_fit", "cautious", "blend"]
    model = LossCorrectedDistillerCV(GaussianNB(), tree(), candidates=names, random_state=0)
    model.fit(X, y)
    assert list(model.cv_results_["candidate"]) == names
    assert set(model.blend_weights_) == set(names[:3])
    alone = clone(model).set_params(candidates=["cautious"], calibrate=False).fit(X, y)
    assert alone.predict_proba(X).max() <= 2 / 3 + 1e-12


# ---- a student -------------------------------------------------------------------------------


class Memoriser(BaseEstimator):
    """A student with words of its own: it `memorise`s, and `recall`s."""

    def fit(self, X, y):
        raise NotImplementedError

    def memorise(self, X, targets):
        self.rows_ = {row.tobytes(): target for row, target in zip(X, targets, strict=True)}

    def recall(self, X):
        return np.array([self.rows_[row.tobytes()] for row in X])

    def predict_proba(self, X):
        return self.recall(X)


class Memorising(Adapter):
    """How a Memoriser learns."""

    @staticmethod
    def suits(student, n_classes):
        return isinstance(student, Memoriser)

    def fit(self, student, X, target, classes, params):
        student = clone(student)
        student.memorise(X, target)
        return student

    def answer(self, fitted, X, classes):
        return fitted.recall(X)


def test_a_way_of_learning_is_a_class(binary, monkeypatch):
    X, y = binary
    monkeypatch.setattr("skdistill.students.adapters.ADAPTERS", [Memorising, *ADAPTERS])
    model = Distiller(GaussianNB(), Memoriser(), proba_floor=1e-9).fit(X, y)
    assert_allclose(
        model.predict_proba(X), GaussianNB().fit(X, y).predict_proba(X), rtol=1e-6, atol=1e-8
    )
    assert set(model.predict(X)) == {"benign", "malignant"}


# ---- words -----------------------------------------------------------------------------------


def is_list_of_names(node):
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"


@cache
def files_that_hold():
    """Return the files in which each text constant stands, but for docstrings and `__all__`."""
    found = defaultdict(set)
    for path in PACKAGE.rglob("*.py"):
        code = ast.parse(path.read_text(encoding="utf-8"))
        code.body = [node for node in code.body if not is_list_of_names(node)]
        docs = {
            id(node.body[0].value)
            for node in ast.walk(code)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(code):
            if isinstance(node, ast.Constant) and id(node) not in docs:
                found[node.value].add(path.relative_to(PACKAGE).as_posix())
    return found


@pytest.mark.parametrize("word", ["oob", UNSEEN])
def test_the_word_of_a_source_is_read_in_one_place(word):
    # And once used, by the command line.
    assert files_that_hold()[word] <= {"sources/choice.py", "command/run.py"}


@pytest.mark.parametrize("word", [*LOSSES, *corrections.RULES])
def test_the_word_of_a_loss_or_rule_stands_once(word):
    # LightGBM has an objective of that name, and what is made by hand a default.
    others = {
        "students/boosting.py",
        "students/objectives.py",
        "students/distilled.py",
        "distillers/crossings.py",
        "export/learners.py",
        "export/sql/ends.py",  # a step's
        "export/sql/functions.py",
        "_utils/means.py",  # TweedieRegressor's
    }
    assert len(files_that_hold()[word] - others) == 1


def test_the_floor_of_probabilities_stands_once():
    holders = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_ratio = isinstance(node, ast.BinOp) and ast.unparse(node) == "1 / 500"
            if is_ratio or (isinstance(node, ast.Constant) and node.value == 0.002):
                holders.add(path.relative_to(PACKAGE).as_posix())
    assert holders == {"_utils/probabilities.py"}


# ---- the street has no way back ---------------------------------------------------------------

ORDER = [
    "_utils",
    "corrections",
    "outcomes",
    "rows",
    "samplers",
    "sources",
    "targets",
    "students",
    "selection",
]
ORDER += ["rehearsal", "distillers", "export", "evaluation", "command", "__init__", "__main__"]
# `compiled()` of what ships is asked for in one room, and made in another.
BACK = {("distilled.py", "export"), ("distilled_regressor.py", "export")}


def test_a_room_imports_only_from_rooms_before_it():
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or not node.level:
                continue
            base = [*parts[:-1]][: len(parts) - node.level]
            target = [*base, *(node.module or "").split(".")]
            names = [target[0]] if target[0] else [alias.name for alias in node.names]
            for name in names:
                if name in ORDER and (path.name, name) not in BACK:
                    assert ORDER.index(name) <= ORDER.index(parts[0]), (path, name)
