"""The ways of teaching a student of which the figures are made.

A lesson is a function of a classroom (a table, a split, a teacher) and a size of student. It
returns what each of a few students, which differ in their seed alone, says about the test rows.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from protocol import FOLDS, PROBA_FLOOR, split, tune_on_labels
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import KFold
from sklearn.tree import DecisionTreeRegressor

from skdistill import (
    CrossFitDistiller,
    Distiller,
    LossCorrectedDistiller,
    LossCorrectedDistillerCV,
)

from .forests import Corrected, KeptForest, KeptTeacher, linked, search_c


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
    teachers_folder: str
    students_folder: str
    rows: list[np.ndarray] = field(init=False)

    def __post_init__(self) -> None:
        self.rows = split(self.table, self.seed)

    @property
    def train(self) -> tuple[np.ndarray, np.ndarray]:
        """Training rows and labels."""
        X, _, y, _ = self.rows
        return X, y

    @property
    def test(self) -> tuple[np.ndarray, np.ndarray]:
        """Test rows and labels."""
        _, X_test, _, y_test = self.rows
        return X_test, y_test

    def student(self, size: int, repeat: int = 0) -> KeptForest:
        """Return a student that has learned nothing."""
        return KeptForest(
            size,
            random_state=1000 * self.seed + repeat,
            sizes=self.sizes,
            folder=self.students_folder,
        )

    def students(self, size: int) -> list[KeptForest]:
        """Return students that differ in their seed."""
        return [self.student(size, repeat) for repeat in range(self.repeats)]

    @property
    def kept_teacher(self) -> KeptTeacher:
        """The teacher, whose answers are kept."""
        return KeptTeacher(self.teacher, folder=self.teachers_folder)

    @property
    def folds(self) -> KFold:
        """The ten folds whose teachers have not seen a row; as the paper's, not stratified."""
        return KFold(FOLDS, shuffle=True, random_state=self.seed)

    @cached_property
    def inside(self) -> np.ndarray:
        """What the teacher says about the rows that it has seen, for the second class."""
        asked = Distiller(self.kept_teacher, STUMP, store_teacher_proba=True)
        return asked.fit(*self.train).teacher_proba_[:, 1]

    @cached_property
    def outside(self) -> np.ndarray:
        """What teachers of ten folds say about rows that they have not seen."""
        asked = CrossFitDistiller(self.kept_teacher, STUMP, cv=self.folds, store_teacher_proba=True)
        return asked.fit(*self.train).teacher_proba_[:, 1]

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


# Distillers always fit a student. Where only probabilities are wanted: a cheap one.
STUMP = DecisionTreeRegressor(max_depth=1)


# ---- the lessons -----------------------------------------------------------------------------


def teacher_itself(room: Classroom, size: int) -> Outcome:
    """Ask teachers that differ in their seed; the first is the one that teaches."""
    X_test, _ = room.test
    teachers = [
        clone(room.kept_teacher).set_params(teacher__random_state=room.seed + 10_000 * repeat)
        for repeat in range(room.repeats)
    ]
    return Outcome([t.fit(*room.train).predict_proba(X_test)[:, 1] for t in teachers])


def no_distillation(room: Classroom, size: int) -> Outcome:
    """Learn from labels."""
    return fit_all(room, room.students(size), room.train[1])


def tuned(room: Classroom, size: int) -> Outcome:
    """Learn from labels, with the leaves that suit labels best."""
    leaves = tune_on_labels(room.student(size), *room.train, room.seed)
    students = [student.set_params(**leaves) for student in room.students(size)]
    return fit_all(room, students, room.train[1])._replace(notes={"leaves": leaves})


def in_sample(room: Classroom, size: int, *, link: str = "identity") -> Outcome:
    """Learn what the teacher says about rows that it has seen; on log p that is no public loss."""
    if link == "log":
        return fit_all(room, room.students(size), linked(room.inside, link), link)
    return distil_all(
        room,
        [Distiller(room.kept_teacher, student) for student in room.students(size)],
    )


def cross_fit(room: Classroom, size: int, *, link: str = "identity") -> Outcome:
    """Learn what teachers say about rows that they have not seen."""
    if link == "log":
        return fit_all(room, room.students(size), linked(room.outside, link), link)
    return distil_all(
        room,
        [CrossFitDistiller(room.kept_teacher, s, cv=room.folds) for s in room.students(size)],
    )


def corrected(room: Classroom, size: int, *, rule: str, link: str = "identity") -> Outcome:
    """Learn from cross-fitted teachers and labels, by a rule whose c is searched as in the paper.

    One search serves all students, as there.
    """
    X, y = room.train
    c = search_c(room.student(size), X, y, room.outside, rule, link)
    if link == "log":
        return corrected_by_hand(room, size, rule=rule, link=link, c=c)
    distillers = [
        LossCorrectedDistiller(room.kept_teacher, student, correction=rule, c=c, cv=room.folds)
        for student in room.students(size)
    ]
    return distil_all(room, distillers)._replace(notes={"c": c})


def corrected_by_hand(room: Classroom, size: int, *, rule: str, link: str, c: float) -> Outcome:
    """Fit students to targets made here: squared error on log p is no public loss."""
    X, y = room.train
    both = np.column_stack([room.outside, y])
    models = [Corrected(s, rule=rule, c=c, link=link).fit(X, both) for s in room.students(size)]
    return Outcome([model.predict(room.test[0]) for model in models], {"c": c}, link)


def orthogonal_log(room: Classroom, size: int) -> Outcome:
    """Correct fully, on log p: t = log p̂ + (y − p̂) / p̂."""
    y, proba = room.train[1], np.maximum(room.outside, PROBA_FLOOR)
    return fit_all(room, room.students(size), np.log(proba) + (y - proba) / proba, "log")


def ours(room: Classroom, size: int, *, scoring: str | None = None) -> Outcome:
    """Choose honestly among the default candidates, on out-of-bag answers of the teacher.

    One search serves all students, as with the paper's: they learn what its winner learned.
    """
    search = LossCorrectedDistillerCV(
        room.teacher,
        room.student(size),
        teacher_cv="oob",
        scoring=scoring,
        random_state=room.seed,
        memory=room.teachers_folder,
    )
    distil_all(room, [search])
    weights = {name: round(weight, 3) for name, weight in search.blend_weights_.items()}
    # The first of these is the search's own student.
    outcome = fit_all(room, room.students(size), search.student_.y_)
    return outcome._replace(notes={"chosen": search.best_candidate_, "blend_weights": weights})


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
