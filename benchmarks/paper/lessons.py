"""The ways of teaching a student of which the figures are made.

A lesson is a function of a classroom (a table, a split, a teacher) and a size of student. It
returns what each of a few students, which differ in their seed alone, says about the test rows.
"""

import warnings
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import log_loss, make_scorer, roc_auc_score
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold

import skdistill
from skdistill import corrections, teacher_probabilities

from ..data import paper_split
from ..kept import Kept, KeptForest
from ..ours import grown_trees
from ..scores import PROBA_FLOOR

FOLDS = 10
TUNING_GRID = {
    "estimator__max_leaf_nodes": [32, 128, 512, None],
    "estimator__min_samples_leaf": [1, 5, 20, 80],
}


class Outcome(NamedTuple):
    """Scores for the second class on the test rows, one row for each student, and remarks."""

    answers: list[np.ndarray]
    notes: dict[str, Any] | None = None
    link: str = "identity"


@dataclass
class Classroom:
    """What all students of a split share: rows, the teacher, and what was computed before."""

    table: str
    seed: int
    teacher: RandomForestClassifier
    repeats: int
    sizes: tuple[int, ...]
    folder: Path  # of this table, split and figure
    rows: list[np.ndarray] = field(init=False)

    def __post_init__(self) -> None:
        self.rows = paper_split(self.table, self.seed)
        # Figures share teachers' answers; this folder stays when the unit's own goes.
        self.teachers_folder = str(self.folder.parents[1] / "teachers")
        self.kept_teacher = Kept(self.teacher, folder=self.teachers_folder)
        # As the paper's, not stratified.
        self.folds = KFold(FOLDS, shuffle=True, random_state=self.seed)

    @property
    def train(self) -> tuple[np.ndarray, np.ndarray]:
        """Training rows and labels."""
        return self.rows[0], self.rows[2]

    @property
    def test(self) -> tuple[np.ndarray, np.ndarray]:
        """Test rows and labels."""
        return self.rows[1], self.rows[3]

    def student(self, size: int, repeat: int = 0) -> Kept:
        """Return a student that has learned nothing."""
        forest = RandomForestRegressor(size, random_state=1000 * self.seed + repeat)
        return Kept(forest, sizes=self.sizes, folder=str(self.folder))

    def students(self, size: int) -> list[Kept]:
        """Return students that differ in their seed."""
        return [self.student(size, repeat) for repeat in range(self.repeats)]

    @cached_property
    def inside(self) -> np.ndarray:
        """What the teacher says about the rows that it has seen, for the second class."""
        return teacher_probabilities(self.kept_teacher, *self.train, cv="in_sample")[:, 1]

    @cached_property
    def outside(self) -> np.ndarray:
        """What teachers of ten folds say about rows that they have not seen."""
        return teacher_probabilities(self.kept_teacher, *self.train, cv=self.folds)[:, 1]

    def score(self, outcome: Outcome) -> dict[str, Any]:
        """Compare what students say with the labels of the test rows."""
        _, y_test = self.test
        answers = [np.exp(a) if outcome.link == "log" else a for a in outcome.answers]
        answers = [np.clip(a, PROBA_FLOOR, 1 - PROBA_FLOOR) for a in answers]
        return {
            # Clipping would make ties.
            "auc": [round(float(roc_auc_score(y_test, a)), 6) for a in outcome.answers],
            "log_loss": [round(float(log_loss(y_test, a)), 6) for a in answers],
            **(outcome.notes or {}),
        }


# ---- the lessons -----------------------------------------------------------------------------


def teacher_itself(room: Classroom, size: int) -> Outcome:
    """Ask teachers that differ in their seed; the first is the one that teaches."""
    seeds = [room.seed + 10_000 * repeat for repeat in range(room.repeats)]
    teachers = [clone(room.kept_teacher).set_params(estimator__random_state=s) for s in seeds]
    return Outcome([t.fit(*room.train).predict_proba(room.test[0])[:, 1] for t in teachers])


def no_distillation(room: Classroom, size: int) -> Outcome:
    """Learn from labels."""
    return fit_all(room, room.students(size), room.train[1])


def tuned(room: Classroom, size: int) -> Outcome:
    """Learn from labels, with the leaves that suit labels best by cross-validated AUC."""
    folds = StratifiedKFold(5, shuffle=True, random_state=room.seed)
    by_auc = {"scoring": make_scorer(roc_auc_score), "cv": folds, "refit": False}
    found = GridSearchCV(room.student(size), TUNING_GRID, **by_auc).fit(*room.train).best_params_
    students = [student.set_params(**found) for student in room.students(size)]
    leaves = {name.removeprefix("estimator__"): value for name, value in found.items()}
    return fit_all(room, students, room.train[1])._replace(notes={"leaves": leaves})


def in_sample(room: Classroom, size: int, *, link: str = "identity") -> Outcome:
    """Learn what the teacher says about rows that it has seen; on log p that is no public loss."""
    if link == "log":
        return fit_all(room, room.students(size), linked(room.inside, link), link)
    return distil_all(
        room, [skdistill.Distiller(room.kept_teacher, s) for s in room.students(size)]
    )


def cross_fit(room: Classroom, size: int, *, link: str = "identity") -> Outcome:
    """Learn what teachers say about rows that they have not seen."""
    students = room.students(size)
    if link == "log":
        return fit_all(room, students, linked(room.outside, link), link)
    make = skdistill.CrossFitDistiller
    return distil_all(room, [make(room.kept_teacher, s, cv=room.folds) for s in students])


def corrected(room: Classroom, size: int, *, rule: str, link: str = "identity") -> Outcome:
    """Learn from cross-fitted teachers and labels, by a rule whose c is searched as in the paper.

    One search serves all students, as there. Squared error on log p is no public loss.
    """
    X, y = room.train
    students, notes = room.students(size), {}
    notes["c"] = c = search_c(room.student(size), X, y, room.outside, rule, link)
    if link == "log":
        both = np.column_stack([room.outside, y])
        models = [Corrected(s, rule=rule, c=c, link=link).fit(X, both) for s in students]
        return Outcome([model.predict(room.test[0]) for model in models], notes, link)
    how = {"correction": rule, "c": c, "cv": room.folds}
    made = [
        skdistill.LossCorrectedDistiller(room.kept_teacher, student, **how) for student in students
    ]
    return distil_all(room, made)._replace(notes=notes)


def orthogonal_log(room: Classroom, size: int) -> Outcome:
    """Correct fully, on log p: t = log p̂ + (y − p̂) / p̂."""
    y, proba = room.train[1], np.maximum(room.outside, PROBA_FLOOR)
    return fit_all(room, room.students(size), np.log(proba) + (y - proba) / proba, "log")


def ours(room: Classroom, size: int, *, scoring: str | None = None) -> Outcome:
    """Choose honestly among the default candidates, on out-of-bag answers of the teacher.

    One search serves all students, as with the paper's: they learn what its winner learned, and
    are shrunk and calibrated as it is.
    """
    own = {"largest": max(room.sizes), "folder": str(room.folder / "forests")}
    students = [
        KeptForest(size, random_state=s.estimator.random_state, **own) for s in room.students(size)
    ]
    search = skdistill.LossCorrectedDistillerCV(
        room.teacher,
        students[0],
        teacher_cv="oob",
        scoring=scoring,
        random_state=room.seed,
        memory=room.teachers_folder,
    )
    distil_all(room, [search])
    models = [search.classifier_, *(taught_alike(search, other) for other in students[1:])]
    answers = [model.predict_proba(room.test[0])[:, 1] for model in models]
    return Outcome(answers, {"chosen": search.best_candidate_, "shrinkage": search.shrinkage_})


def taught_alike(search: Any, student: KeptForest) -> Any:
    """Return what a search ships with another forest in it, taught and shrunk in the same way."""
    X, target, weight = search.student_.taught_
    student.fit(X, target, weight)
    if search.shrinkage_:
        every = np.ones(len(target)) if weight is None else weight
        for tree in grown_trees(student, X, target, search.classes_, every):
            tree.shrink(search.shrinkage_)
    classifier = copy(search.classifier_)
    classifier.student = student
    return classifier


def fit_all(room: Classroom, students: list, target, link: str = "identity") -> Outcome:
    """Fit students to a target that is at hand."""
    X, (X_test, _) = room.train[0], room.test
    return Outcome([student.fit(X, target).predict(X_test) for student in students], None, link)


def distil_all(room: Classroom, distillers: list) -> Outcome:
    """Fit distillers, and ask their students."""
    with warnings.catch_warnings():
        # A small teacher leaves some rows without enough out-of-bag votes; folds see to them.
        warnings.filterwarnings("ignore", message=".*out-of-bag votes")
        fitted = [distiller.fit(*room.train) for distiller in distillers]
    return Outcome([model.predict_proba(room.test[0])[:, 1] for model in fitted])


# ---- the paper's corrections -----------------------------------------------------------------

# Rules as functions f(proba, y, *, c, link), with the constants that the paper's search tries.
RULES: dict[str, tuple[Callable[..., Any], list[float]]] = {
    "fast_realized": (partial(corrections.fast, variance="realized"), [*np.logspace(-5, 3, 9)]),
    "slow_realized": (partial(corrections.slow, variance="realized"), [*np.logspace(-5, 3, 9)]),
    "relative": (corrections.relative, [0.25, 0.5, 1.0, 2.0, 4.0, 8.0]),
}


def linked(proba: np.ndarray, link: str) -> np.ndarray:
    """Return what a student learns without a correction: p, or log p of the second class."""
    return proba if link == "identity" else np.log(np.maximum(proba, PROBA_FLOOR))


class Corrected(RegressorMixin, BaseEstimator):
    """A student of the paper's corrected targets; `y` holds probabilities and labels.

    So a search slices both alike, as the paper's does: the probabilities come from teachers that
    have seen the labels of its validation rows.
    """

    def __init__(self, student, *, rule="fast_realized", c=1.0, link="identity"):
        self.student = student
        self.rule = rule
        self.c = c
        self.link = link

    def fit(self, X, y):
        """Fit to φ(p̂) + γ (y − p̂)."""
        proba, labels = y.T
        if self.link == "log":
            proba = np.maximum(proba, PROBA_FLOOR)
        gamma = RULES[self.rule][0](proba, labels, c=self.c, link=self.link)
        target = linked(proba, self.link) + gamma * (labels - proba)
        self.student_ = clone(self.student).fit(X, target)
        return self

    def predict(self, X):
        """Answer on the scale of the link."""
        return self.student_.predict(X)


def label_auc(model: Corrected, X: np.ndarray, y: np.ndarray) -> float:
    """Score a student by its AUC on the labels, as the paper's search does."""
    return roc_auc_score(y[:, 1], model.predict(X))


def search_c(student: Any, X, y, proba: np.ndarray, rule: str, link: str) -> float:
    """Choose the constant of a rule as the paper does: AUC, five folds, leaky probabilities."""
    model, grid = Corrected(student, rule=rule, link=link), {"c": RULES[rule][1]}
    search = GridSearchCV(model, grid, scoring=label_auc, cv=KFold(5), refit=False)
    return float(search.fit(X, np.column_stack([proba, y])).best_params_["c"])
