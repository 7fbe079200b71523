"""Which distiller to use, and why: rules on what a diagnosis measured."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._utils.names import printable
from .measure.scores import mean_and_error

Array = NDArray[np.float64]

# The thresholds are measured by benchmarks/diagnosis.py. A difference counts if it is more than so
# many standard errors, paired over rows.
CLEAR = 2.0
# A teacher that remembers less than this of its labels hardly differs from a cross-fitted one.
MIN_OVERFIT = 0.1
MENTIONED_COLUMNS, MENTIONED_SHARE = 2, 0.2


class Difference(NamedTuple):
    """A mean difference of log losses, or of R², paired over rows, and its standard error.

    Where there are groups the error is over them.
    """

    mean: float
    error: float

    @property
    def is_clear(self) -> bool:
        """Whether it is positive, and more than two standard errors."""
        return self.mean > CLEAR * self.error and self.mean > 0

    def __neg__(self) -> Difference:
        return Difference(-self.mean, self.error)

    def __str__(self) -> str:
        return f"{self.mean:.3f} ± {self.error:.3f}"


def leads(losses: dict[str, Array], groups: ArrayLike | None) -> dict[str, Difference]:
    """Return by how much the correction lowers the teacher's losses, and both the student's.

    `losses` are those of each row, of who answers "inside" or "outside", of the "corrected" answers
    and, if it was asked, of the "student" on labels.
    """

    def lead(loser: str, winner: str) -> Difference:
        return Difference(*mean_and_error(losses[loser] - losses[winner], groups))

    found = {"correction_gain": lead("outside", "corrected")}
    if "student" in losses:
        found["lead"] = lead("student", "outside")
        found["corrected_lead"] = lead("student", "corrected")
    return found


class Words(NamedTuple):
    """How advice is worded: what its distillers are called, and which score says who leads.

    `cross_fits` is the distiller for teachers that remember labels and have no clear bias, and
    `unbiased` why.
    """

    suffix: str = ""
    score: str = "log loss"
    improves: str = "lowers"
    better: str = "below"
    cross_fits: str = "CrossFitDistiller"
    unbiased: str = "show no bias that is worth correcting."

    def name(self, distiller: str) -> str:
        """Return what the distiller is called that teaches such an outcome."""
        base = distiller.removesuffix("CV")
        return base + self.suffix + distiller[len(base) :]


OF_CLASSES = Words()
# Where cross-fitting alone would be advised, the correction was better by .010 ± .003 of R², over
# 15 tables and worlds (benchmarks/results/regression/diagnosis.md).
OF_NUMBERS = Words(
    "Regressor",
    "R²",
    "raises",
    "above",
    "LossCorrectedDistiller",
    "show no clear bias, and the correction mostly helps all the same. A student of low variance, "
    "such as a boosted ensemble, may gain from what the teacher remembers: "
    "LossCorrectedDistillerRegressorCV finds out.",
)


def advise(
    *,
    overfit_share: float,
    correction_gain: Difference,
    correction_columns: dict[str, float],
    lead: Difference | None = None,
    corrected_lead: Difference | None = None,
    words: Words = OF_CLASSES,
) -> tuple[str, str]:
    """Return which distiller to use, and why in one sentence, from what `Diagnosis` holds."""
    leads = [difference for difference in (lead, corrected_lead) if difference is not None]
    if leads and not any(difference.is_clear for difference in leads):
        return words.name("LossCorrectedDistillerCV"), _advice_to_choose(words, *leads)
    remembers = f"remembers {percent(overfit_share)} of what it could not know of its labels"
    if correction_gain.is_clear:
        besides = f"; it cross-fits as well, for the teacher {remembers}"
        name = words.name("LossCorrectedDistiller")
        return name, (
            f"Use {name}: the labels show where the teacher is wrong"
            f"{_where(correction_columns)}, and putting that right {words.improves} its "
            f"{words.score} for rows that it has not seen by {correction_gain}"
            f"{besides if overfit_share >= MIN_OVERFIT else ''}."
        )
    if overfit_share >= MIN_OVERFIT:
        name = words.name(words.cross_fits)
        return name, (
            f"Use {name}: the teacher {remembers}, which a student that is taught in-sample learns "
            f"as well, and its answers about rows that it has not seen {words.unbiased}"
        )
    plain, cross_fit = words.name("Distiller"), words.name("CrossFitDistiller")
    return plain, (
        f"Use {plain}, which fits the teacher once: it {remembers}, so that {cross_fit} "
        "would hardly do better, and its answers show no bias that is worth correcting."
    )


def _advice_to_choose(words: Words, lead: Difference, corrected_lead: Difference) -> str:
    search = words.name("LossCorrectedDistillerCV")
    if (-corrected_lead).is_clear:
        return (
            f"Train the student on labels, or use {search}, which tries that too: "
            f"for rows not seen, its {words.score} when trained on labels lies "
            f"{-lead} {words.better} the teacher's, and {-corrected_lead} {words.better} the "
            "corrected teacher's."
        )
    return (
        f"Use {search}, which tries labels alone too: for rows not seen, neither "
        "the teacher nor the corrected teacher clearly leads the student trained on labels (by "
        f"{lead} and {corrected_lead} of {words.score})."
    )


def _where(columns: dict[str, float]) -> str:
    """Name what the correction depends on most."""
    names = [printable(name) for name, share in columns.items() if share >= MENTIONED_SHARE]
    return f", mostly by {' and '.join(names[:MENTIONED_COLUMNS])}" if names else ""


def percent(share: float) -> str:
    """Write a share as a whole number of hundredths."""
    return f"{100 * share:.0f} %"
