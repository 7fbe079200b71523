"""What a diagnosis finds of a teacher of numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..rows import Rows
from ..sources.overfit import overfit_share
from .advice import OF_NUMBERS, Difference, advise, leads
from .explanation import explain_shift_of_numbers
from .measure.numbers import calibration, squared_errors
from .measure.scores import Reliability, mean_and_error
from .show.findings import Findings
from .show.tables import format_amount, format_score

Array = NDArray[np.float64]


@dataclass(frozen=True)
class NumbersDiagnosis(Findings):
    """What :func:`~skdistill.diagnose_teacher` found of a regressor.

    Attributes
    ----------
    recommendation : {"DistillerRegressor", "LossCorrectedDistillerRegressor", \
"LossCorrectedDistillerRegressorCV"}
        Which distiller to use.
    advice : str
        The same in one sentence, with the reason.
    overfit_share : float
        How much of the surprise of y the teacher remembers: 0 for nothing, 1 for a teacher that
        repeats y; see :ref:`mathematics`.
    in_sample_r2, out_of_fold_r2 : float
        R² of the teacher for rows that it has, and has not, seen.
    corrected_r2 : float
        Out-of-fold R² of the teacher after the learned correction of
        :class:`~skdistill.LossCorrectedDistillerRegressor`.
    correction_gain : Difference
        By how much the correction raises R², with its standard error.
    squared_bias, squared_bias_se : float
        Estimate of the teacher's mean squared bias in squared units of y, and its standard error:
        the mean of (m̃ − m̂)(y − m̂), with m̂ the out-of-fold and m̃ the corrected predictions. The
        noise of y averages out. It is a lower bound as far as the correction finds the bias.
    correction_columns : dict of {str: float}
        The columns on which the correction depends, and their shares in that, greatest first.
        Empty where it found nothing.
    calibration : Reliability
        Mean predictions and mean numbers in bins of out-of-fold predictions; `calibration.error`
        is their mean distance.
    in_sample_calibration, corrected_calibration : Reliability
        Those of the answers for seen rows and after the correction.
    student_r2 : float, default=None
        Out-of-fold R² of the student trained on labels, if one was given.
    lead, corrected_lead : Difference, default=None
        By how much of R² the teacher, and the corrected teacher, lead it; negative where they
        trail.
    """

    recommendation: str
    advice: str
    overfit_share: float
    in_sample_r2: float
    out_of_fold_r2: float
    corrected_r2: float
    correction_gain: Difference
    squared_bias: float
    squared_bias_se: float
    correction_columns: dict[str, float]
    calibration: Reliability = field(repr=False)
    in_sample_calibration: Reliability = field(repr=False)
    corrected_calibration: Reliability = field(repr=False)
    student_r2: float | None = None
    lead: Difference | None = None
    corrected_lead: Difference | None = None

    @property
    def _n_classes(self) -> int:
        return 0

    def _lines(self) -> dict[str, str]:
        lines = {
            "overfit share": format_score(self.overfit_share),
            "R², rows it has seen": format_score(self.in_sample_r2),
            "R², rows it has not seen": format_score(self.out_of_fold_r2),
            "R², the same corrected": format_score(self.corrected_r2),
            "gained by the correction": str(self.correction_gain),
            "squared bias that it finds": format_amount(self.squared_bias, self.squared_bias_se),
            "where it acts": self._where(),
            "calibration error": format_amount(self.calibration.error),
        }
        if self.lead is not None and self.corrected_lead is not None:
            lines |= {
                "R² of the student on labels": format_score(self.student_r2 or 0.0),
                "lead of the teacher": str(self.lead),
                "lead of the corrected teacher": str(self.corrected_lead),
            }
        return lines


def diagnose_numbers(rows: Rows, said: dict[str, Array]) -> NumbersDiagnosis:
    """Return what the answers of a regressor show, all of them columns of predictions."""
    y = rows.truth
    losses = {who: squared_errors(y, answers)[:, 0] / y.var() for who, answers in said.items()}
    r2 = {who: 1 - float(loss.mean()) for who, loss in losses.items()}
    inside, outside, corrected = (said[who] for who in ("inside", "outside", "corrected"))
    facts: dict[str, Any] = {
        "overfit_share": overfit_share(y, inside, outside),
        "correction_columns": explain_shift_of_numbers(rows.X, outside, corrected, y.std()),
        **leads(losses, rows.groups),
    }
    recommendation, advice = advise(**facts, words=OF_NUMBERS)
    moved = ((corrected - outside) * (y - outside))[:, 0]
    bias, bias_se = mean_and_error(moved, rows.groups)
    return NumbersDiagnosis(
        recommendation=recommendation,
        advice=advice,
        in_sample_r2=r2["inside"],
        out_of_fold_r2=r2["outside"],
        corrected_r2=r2["corrected"],
        squared_bias=bias,
        squared_bias_se=bias_se,
        calibration=calibration(rows.y, outside[:, 0]),
        in_sample_calibration=calibration(rows.y, inside[:, 0]),
        corrected_calibration=calibration(rows.y, corrected[:, 0]),
        student_r2=r2.get("student"),
        **facts,
    )
