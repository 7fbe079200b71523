"""What a comparison trains and measures, and in which order."""

from __future__ import annotations

from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from .._utils.estimators import is_frozen
from .._utils.memory import KeptAnswers
from .._utils.names import printable
from .._utils.progress import SILENT, Progress
from ..rehearsal import rehearse
from ..rows import Rows
from ..sources import Answers, Folds, Source, Splits, Teacher, fall_at_random
from ..sources.answers import say
from ..targets import Lesson
from .kinds import FOR_CLASSES, Kind
from .measure.costs import pickled_size
from .measure.measurement import Measured
from .methods import (
    IN_SAMPLE,
    METHODS,
    TEACHER,
    TUNED,
    TUNED_LABELS,
    Method,
    Pupil,
    parse_methods,
    search_grid,
    title,
    tune_on_labels,
)
from .show.tables import format_size
from .teaching import (
    Taught,
    as_answers,
    ask_outside,
    check_askable,
    outside_source,
    teach,
    warn_if_judged_on_known_rows,
)


class Entry(NamedTuple):
    """A student that is to be trained."""

    name: str
    student: Any
    pupil: Pupil
    methods: list[Method]


class _Asked(NamedTuple):
    """A taught teacher, its answers, and how long those from outside took."""

    taught: Taught
    answers: Answers
    outside_seconds: float


class _Made(NamedTuple):
    """A model, what it takes to make it on its own, and what else there is to say of it."""

    model: Any
    seconds: float
    note: str = ""


class Plan:
    """What is trained and measured, and in which order."""

    def __init__(
        self,
        teacher: Any,
        train: Rows,
        test: Any,
        *,
        cv: Any,
        teacher_cv: Any,
        loss: str,
        n_jobs: int | None,
        seed: int,
        kind: Kind = FOR_CLASSES,
        score_name: str = "accuracy",
        progress: Progress = SILENT,
    ) -> None:
        self.teacher = teacher
        self.train = train
        self.test = test
        self.cv = cv
        self.teacher_cv = teacher_cv
        self.loss = loss
        self.n_jobs = n_jobs
        self.seed = seed
        self.kind = kind
        self.sheet = kind.sheet.called(score_name)
        self.progress = progress

    # ---- validation --------------------------------------------------------------------------

    def check(self, named: dict[str, Any], methods: Any) -> None:
        """Find what is wrong before any teacher is fitted."""
        own = None
        if self.teacher_cv is not None:
            own = self._outside(self.teacher_cv, name="teacher_cv", others=["None"])
        self.kind.check_teacher(self.teacher)
        self.kind.check_judged(self.teacher, named.values(), "compare_students")
        self.entries = [self._entry(*item, methods, own) for item in named.items()]
        every = [method for entry in self.entries for method in entry.methods]
        check_askable(self.teacher, every, own)
        # The search for the tuned distillation asks teachers of its own.
        self.asks_outside = any(m.asks_outside and m.key != TUNED for m in every)
        searches = any(m.key in (TUNED, TUNED_LABELS) for m in every)
        self.folds = self._folds() if self.asks_outside or searches else []
        self.source = self._outside(self.folds) if own is None else own
        tunes = any(m.key == TUNED for m in every)
        if tunes and self.teacher_cv is None and len(self.folds) < 3:
            raise ValueError(
                f"cv must give at least 3 folds for the method 'tuned' with teacher_cv=None, found "
                f"{len(self.folds)}."
            )
        if any(method.asks_outside for method in every):
            # It finds what is wrong with rows and groups.
            self.source.split(self.train)

    def _outside(self, cv: Any, **called: Any) -> Source:
        return outside_source(cv, seed=self.seed, n_jobs=self.n_jobs, **called)

    def _entry(self, name: str, student: Any, methods: Any, source: Source | None) -> Entry:
        pupil = self.kind.prepare(self.teacher, student, self.train, self.loss, source)
        chosen = parse_methods(METHODS if methods is None else methods, METHODS, self.kind.resolve)
        if methods is None and is_frozen(self.teacher):
            chosen = [method for method in chosen if not method.asks_outside]
        if not search_grid(student):
            if methods is not None and any(method.key == TUNED_LABELS for method in chosen):
                raise ValueError(
                    f"methods holds 'tuned_labels', but there is no search for the student {name}: "
                    "leave it out, or hand over a search, such as GridSearchCV, as a student."
                )
            chosen = [method for method in chosen if method.key != TUNED_LABELS]
        return Entry(name, student, pupil, chosen)

    def _folds(self) -> Splits:
        return Folds(self.cv, self.seed).split(self.train)

    # ---- teaching ----------------------------------------------------------------------------

    def rehearse(self) -> None:
        """Try all members on a few rows."""
        members = [entry.pupil.student for entry in self.entries]
        with self.progress.part("rehearsal"):
            rehearse(self.train, Teacher(self.teacher), *members, unseen=self.test.rows)

    def carry_out(self) -> tuple[list[Measured], dict[tuple[str | None, Any], Any]]:
        """Train and measure everything; return measurements and fitted models."""
        asked = self._ask()
        teacher = asked.taught.teacher
        teacher_answer = say(teacher, self.test.rows)
        warn_if_judged_on_known_rows(self.teacher, self.test.rows, teacher_answer)
        measured = [self.test.measure(teacher, TEACHER, fit_seconds=asked.taught.fit_seconds)]
        self._tell(measured[0])
        models: dict[tuple[str | None, Any], Any] = {(None, TEACHER): teacher}
        memory = self._memory()
        seconds = 0.0
        for n_done, entry in enumerate(self.entries, start=1):
            start = perf_counter()
            shared = 0.0 if memory is None else -memory.kept_seconds
            for method in entry.methods:
                made = self._make(entry, method, asked, memory)
                models[entry.name, method.key] = made.model
                measured.append(self._measure(entry, method, made, teacher_answer))
                self._tell(measured[-1])
            # What teachers answered to the first student is there for all.
            shared += 0.0 if memory is None else memory.kept_seconds
            seconds += perf_counter() - start - shared
            self._tell_left(seconds / n_done, len(self.entries) - n_done)
        with self.progress.part("times of predictions"):
            measured = self.test.time(measured, list(models.values()))
        return measured, models

    def _measure(self, entry: Entry, method: Method, made: _Made, teacher_answer: Any) -> Measured:
        measured: Measured = self.test.measure(
            made.model,
            method.key,
            student=entry.name,
            teacher_answer=teacher_answer,
            fit_seconds=made.seconds,
            note=made.note,
        )
        return measured

    def _ask(self) -> _Asked:
        source = self.source if self.asks_outside else None
        start = perf_counter()
        # First the folds: they find what is wrong with the rows.
        outside = (
            None
            if source is None
            else ask_outside(self.teacher, self.train, source, progress=self.progress)
        )
        seconds = perf_counter() - start
        taught = teach(self.teacher, self.train, source, self.progress)
        if source is not None and source.needs_one_fit:
            seconds = taught.fit_seconds
        return _Asked(taught, as_answers(taught, outside), seconds)

    def _make(
        self, entry: Entry, method: Method, asked: _Asked, memory: KeptAnswers | None
    ) -> _Made:
        name = self._name(entry.name, title(method.key))
        self.progress.begin(name)
        progress = self.progress.within(name)
        if method.key == TUNED:
            return self._tune(entry, memory, progress)
        if method.key == TUNED_LABELS:
            return self._tune_on_labels(entry, progress)
        made = self._learn(entry, method, asked.answers)
        seconds = made.seconds
        seconds += asked.outside_seconds if method.asks_outside else 0.0
        seconds += asked.taught.asked_seconds if method.key == IN_SAMPLE else 0.0
        return made._replace(seconds=seconds)

    def _learn(self, entry: Entry, method: Method, answers: Answers) -> _Made:
        start = perf_counter()
        are_drawn = fall_at_random(self.train, self.teacher_cv)
        lesson = Lesson(self.train, answers, random_state=self.seed, folds_are_drawn=are_drawn)
        model = entry.pupil.learn(self.train, *entry.pupil.lesson(method, lesson))
        return _Made(model, perf_counter() - start)

    def _tune_on_labels(self, entry: Entry, progress: Progress) -> _Made:
        start = perf_counter()
        tuned = tune_on_labels(
            entry.student,
            self.train.X,
            self.train.y,
            cv=self.folds,
            n_jobs=self.n_jobs,
            progress=progress,
            on_labels=self.kind.on_labels,
            score=self.kind.score_on_labels,
        )
        return _Made(getattr(tuned, self.kind.shipped), perf_counter() - start)

    def _tune(self, entry: Entry, memory: KeptAnswers | None, progress: Progress) -> _Made:
        model = self.kind.search(
            self.teacher,
            entry.student,
            self.loss,
            cv=self.folds,
            teacher_cv=self.teacher_cv,
            n_jobs=self.n_jobs,
            random_state=self.seed,
            memory=memory,
            rehearse=False,
        )
        progress.watch(model)
        spared = 0.0 if memory is None else -memory.spared_seconds
        start = perf_counter()
        model.fit(self.train.X, self.train.y, groups=self.train.groups)
        seconds = perf_counter() - start
        spared += 0.0 if memory is None else memory.spared_seconds
        shipped = getattr(model, self.kind.shipped)
        return _Made(shipped, seconds + spared, str(model.best_candidate_))

    def _memory(self) -> KeptAnswers | None:
        """Return where the tuned distillers of several students find their teacher's answers."""
        # A teacher that cannot be pickled cannot be told from others either.
        several = len(self.entries) > 1 and np.isfinite(pickled_size(self.teacher))
        return KeptAnswers() if several else None

    # ---- what is said meanwhile --------------------------------------------------------------

    def _name(self, student: str | None, method: str) -> str:
        return f"{printable(student)}: {method}" if student and len(self.entries) > 1 else method

    def _tell(self, m: Measured) -> None:
        """Say the line of the table that is ready."""
        said = ", ".join(
            f"{score.title} {score.write(score.of(m))}"
            for score in (self.sheet.score, self.sheet.loss)
        )
        self.progress.say(
            f"{self._name(m.student, m.title)}: {said}, {format_size(m.size)}, fitted in "
            f"{m.fit_seconds:.1f} s"
        )

    def _tell_left(self, seconds_each: float, n_left: int) -> None:
        if n_left:
            self.progress.say(
                f"{n_left} of {len(self.entries)} students left: about "
                f"{seconds_each * n_left:.0f} s"
            )
