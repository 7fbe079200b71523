"""Where an honest search gets its answers: about each fold's training rows from these rows alone.

A source of a search has `min_folds`; `split(rows, folds)` returns for each part (the training rows
of every fold, then all rows) the teachers' folds within it; `ask` returns the answers about each
part; `finish` asks once more where the final student needs it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._utils.progress import SILENT, Progress
from ..outcomes import Outcome
from ..rows import Rows
from .answers import Answers, Source, Splits, Teacher, parts_of
from .fixed import Frozen, Given, InSample
from .folds import Told, ask_each, warn_of_missing_classes
from .transfer import NOTHING, Further, Order, Wanted

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LeaveTwoOut:
    """Teachers without each pair of folds, and without each fold.

    The teacher without folds j and k serves fold j while k validates, and fold k while j does; the
    teacher without fold k serves k in the end, and knows k's training rows from inside. For K
    folds that is K (K + 1) / 2 teachers in all.
    """

    n_jobs: int | None = None
    min_folds = 3
    key = "leave_two_out"
    fits_teachers = True

    def split(self, rows: Rows, folds: Splits) -> list[Splits | None]:
        """Return the same folds within each part."""
        return [splits_within(folds, part, rows.n_samples) for part in parts_of(rows, folds)]

    def ask(
        self,
        teacher: Teacher,
        rows: Rows,
        folds: Splits,
        splits: list[Splits | None],
        *,
        inside: bool,
        wanted: Wanted = NOTHING,
        progress: Progress = SILENT,
    ) -> list[Answers]:
        """Ask; the in-sample answers about all rows are the mean of the teachers that saw a row."""
        pairs = [(j, k) for k in range(len(folds)) for j in range(k)]
        calls = _calls(pairs, folds, inside=inside)
        warn_of_missing_classes(calls[: len(pairs)], rows)
        asked = [wanted.of(rows, part) for part in parts_of(rows, folds)]
        # For the fold that validates a teacher of a pair answers about the other one.
        orders = [[asked[k].orders(folds[j][1]), asked[j].orders(folds[k][1])] for j, k in pairs]
        orders += [[asked[-1].orders(test), []] for _, test in folds]
        found = ask_each(
            teacher,
            rows,
            calls,
            [first + second for first, second in orders],
            n_jobs=self.n_jobs,
            progress=progress,
        )
        n, shape = len(pairs), (rows.n_samples, rows.n_columns)
        out, further = _of_parts(pairs, folds, found[:n], orders[:n], shape)
        whole, known = _of_all_rows(folds, found[n:], shape, inside=inside)
        out, further = [*out, whole], [*further, [told.further for told in found[n:]]]
        return [
            Answers(out[k][part], known[k], splits[k], further=asked[k].gather(further[k]))
            for k, part in enumerate(parts_of(rows, folds))
        ]

    def finish(self, teacher: Teacher, rows: Rows, whole: Answers, progress: Progress) -> Answers:
        """Let a teacher of all rows give the in-sample answers that the final student learns."""
        return replace(whole, inside=InSample().ask(teacher, rows, progress=progress).out)


def _calls(pairs: list[tuple[int, int]], folds: Splits, *, inside: bool) -> Splits:
    """Return who is fitted on which rows and asked about which: without two folds, without one."""
    of_pairs = [
        (np.intersect1d(folds[j][0], folds[k][0]), np.concatenate([folds[j][1], folds[k][1]]))
        for j, k in pairs
    ]
    of_folds = [(train, np.concatenate([test, train]) if inside else test) for train, test in folds]
    return of_pairs + of_folds


def _of_parts(
    pairs: list[tuple[int, int]],
    folds: Splits,
    found: list[Told],
    orders: list[list[list[Order]]],
    shape: tuple[int, int],
) -> tuple[list[Array], list[list[list[Further]]]]:
    """Return what the teachers of pairs say for each fold that validates, at the rows' places."""
    out = [np.zeros(shape) for _ in folds]
    further: list[list[list[Further]]] = [[] for _ in folds]
    for (j, k), (first, _), told in zip(pairs, orders, found, strict=True):
        out[k][folds[j][1]], out[j][folds[k][1]] = np.split(told.out, [len(folds[j][1])])
        further[k].append(told.further[: len(first)])
        further[j].append(told.further[len(first) :])
    return out, further


def _of_all_rows(
    folds: Splits, found: list[Told], shape: tuple[int, int], *, inside: bool
) -> tuple[Array, list[Array | None]]:
    """Return what the teachers of folds say about all rows, and each about those that it knows.

    The last of these is their mean.
    """
    out, known = np.zeros(shape), []
    for (_, test), told in zip(folds, found, strict=True):
        out[test], knows = np.split(told.out, [len(test)])
        known.append(knows)
    if not inside:
        return out, [None] * (len(folds) + 1)
    return out, [*known, _mean_inside(known, folds, shape)]


def _mean_inside(known: list[Any], folds: Splits, shape: tuple[int, ...]) -> Array:
    """Average what the fold teachers say about the rows that they were fitted on."""
    total, times = np.zeros(shape), np.zeros((shape[0], 1))
    for knows, (train, _) in zip(known, folds, strict=True):
        total[train] += knows
        times[train] += 1
    return np.asarray(total / np.maximum(times, 1))


@dataclass(frozen=True)
class WithinParts:
    """A source of its own within each part: a bag, or folds."""

    source: Source
    min_folds = 2
    fits_teachers = True

    @property
    def key(self) -> Any:
        """What tells its answers from others."""
        return ("parts", self.source.key)

    def split(self, rows: Rows, folds: Splits) -> list[Splits | None]:
        """Split each part, which may lack a class."""
        return [self.source.split(rows.take(part)) for part in parts_of(rows, folds)]

    def ask(
        self,
        teacher: Teacher,
        rows: Rows,
        folds: Splits,
        splits: list[Splits | None],
        *,
        inside: bool,
        wanted: Wanted = NOTHING,
        progress: Progress = SILENT,
    ) -> list[Answers]:
        """Ask about one part after the other."""
        parts = parts_of(rows, folds)
        with progress.part("teachers", len(parts)) as step:
            return [
                self.source.ask(
                    teacher.take(rows, part),
                    rows.take(part),
                    own,
                    inside=inside,
                    wanted=wanted,
                    progress=step,
                )
                for part, own in zip(parts, splits, strict=True)
            ]

    def finish(self, teacher: Teacher, rows: Rows, whole: Answers, progress: Progress) -> Answers:
        """Leave the answers as they are: a teacher of all rows gave them."""
        return whole


@dataclass(frozen=True)
class Unseen:
    """A frozen teacher or given probabilities that never saw any of the labels."""

    source: Frozen | Given
    min_folds = 2
    key = None
    fits_teachers = False

    def split(self, rows: Rows, folds: Splits) -> list[Splits | None]:
        """Return that no part has folds of its own."""
        return [None] * (len(folds) + 1)

    def ask(
        self,
        teacher: Teacher,
        rows: Rows,
        folds: Splits,
        splits: list[Splits | None],
        *,
        inside: bool,
        wanted: Wanted = NOTHING,
        progress: Progress = SILENT,
    ) -> list[Answers]:
        """Ask once about all rows; each part's answers are its own rows'."""
        whole = self.source.ask(teacher, rows)
        return [
            Answers(whole.out[part], further=self.source.further(teacher, rows.take(part), wanted))
            for part in parts_of(rows, folds)
        ]

    def finish(self, teacher: Teacher, rows: Rows, whole: Answers, progress: Progress) -> Answers:
        """Leave the answers as they are."""
        return whole


def check_can_be_asked(source: Any, outcome: Outcome) -> None:
    """Refuse further rows where answers are given, of other rows."""
    if isinstance(source.source if isinstance(source, Unseen) else source, Given):
        raise ValueError(
            f"{outcome.given} holds no {outcome.answers} of further rows (X_transfer, transfer), "
            "and there is no teacher to ask: hand over a teacher in its place, or leave them out."
        )


SearchSource = LeaveTwoOut | WithinParts | Unseen


def splits_within(folds: Splits, part: NDArray[np.intp], n_samples: int) -> Splits:
    """Return the folds that lie in a part of the rows, in numbers of that part."""
    place = np.full(n_samples, -1)
    place[part] = np.arange(len(part))
    inner = [(place[train], place[test]) for train, test in folds]
    inner = [(train[train >= 0], test[test >= 0]) for train, test in inner]
    return [(train, test) for train, test in inner if len(test)]
