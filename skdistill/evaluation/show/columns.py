"""What a comparison's tables hold: scores, of which the sheet says all there is to know, and costs.

A sheet for another kind of outcome makes another table, and other sentences, of measurements that
have its attributes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from ..._utils.parameters import LARGE_BATCH
from ..measure.measurement import Measured
from ..measure.times import Timing
from .tables import format_amount, format_quantity, format_score, format_size


class Score(NamedTuple):
    """A score: the attribute of a measurement, its name among numbers, and its title in print.

    `error` is the attribute with its standard error, where it has one, and `write` makes text of
    both. What is `brief` is shown where there is little room.
    """

    attribute: str
    column: str
    title: str
    error: str = ""
    write: Callable[..., str] = format_score
    brief: bool = False

    def of(self, m: Measured) -> Any:
        """Return its value, None where nobody knows it."""
        return getattr(m, self.attribute)

    def cell(self, m: Measured) -> str:
        """Write its value, with the standard error."""
        value = self.of(m)
        error = getattr(m, self.error) if self.error else None
        return "" if value is None else self.write(value, error)


class ScoreSheet(NamedTuple):
    """All scores of a kind of outcome.

    Of `score`, which pictures show against time, greater is better; of `loss`, which says who is
    best, less. The others follow. `counts` is what a difference of losses is told in, where it is
    another score than the loss, of which greater is better. `models` is what is compared, and
    `footnote` says how.
    """

    score: Score
    loss: Score
    others: tuple[Score, ...] = ()
    counts: str = ""
    models: str = "classifiers"
    footnote: str = ""

    def called(self, name: str) -> ScoreSheet:
        """Return the sheet with another title of the score, which a user may choose."""
        return self._replace(score=self.score._replace(title=name))

    def known(self, measurements: Sequence[Any]) -> Iterator[Score]:
        """Yield the scores that are known of these."""
        for score in (self.score, self.loss, *self.others):
            if any(score.of(m) is not None for m in measurements):
                yield score

    def brief(self, measurements: Sequence[Any], digits: int) -> dict[str, list[str]]:
        """Return the scores that count most, without errors, by their titles."""
        return {
            score.title: [score.write(score.of(m), digits=digits) for m in measurements]
            for score in self.known(measurements)
            if score.brief
        }

    def cells(self, measurements: Sequence[Any]) -> dict[str, list[str]]:
        """Return scores in print, by their titles."""
        known = self.known(measurements)
        return {score.title: [score.cell(m) for m in measurements] for score in known}

    def columns(self, measurements: Sequence[Any]) -> dict[str, list[Any]]:
        """Return scores and their errors as numbers, by their columns."""
        found = {}
        for score in self.known(measurements):
            found[score.column] = [score.of(m) for m in measurements]
            if score.error:
                found[f"{score.column}_se"] = [getattr(m, score.error) for m in measurements]
        return found


OF_CLASSES = ScoreSheet(
    Score("score", "score", "accuracy", "score_se", brief=True),
    Score("log_loss", "log_loss", "log loss", "log_loss_se", brief=True),
    (
        Score("excess", "excess_log_loss", "excess", brief=True),
        Score("brier_score", "brier_score", "Brier"),
        Score("calibration_error", "calibration_error", "calibration error"),
        Score("agreement", "agreement", "agreement"),
        Score("r2_log_odds", "r2_log_odds", "R² log-odds"),
        Score("kl_divergence", "kl_divergence", "KL"),
    ),
    footnote="log loss floors probabilities at 1/500; agreement, R² and KL (divergence) are with "
    "the teacher",
)
OF_NUMBERS = ScoreSheet(
    Score("score", "score", "R²", "score_se", brief=True),
    Score("rmse", "rmse", "RMSE", "rmse_se", format_amount, brief=True),
    (
        Score("mae", "mae", "MAE", "mae_se", format_amount, brief=True),
        Score("excess", "relative_excess", "relative excess", brief=True),
        Score("calibration_error", "calibration_error", "calibration error", "", format_amount),
        Score("fidelity_r2", "fidelity_r2", "R² with teacher"),
        Score("fidelity_rmse", "fidelity_rmse", "RMSE with teacher", "", format_amount),
    ),
    counts="R²",
    models="regressors",
    footnote="RMSE, MAE and calibration error are in units of y",
)

# ---- costs -----------------------------------------------------------------------------------


def cost_columns(measurements: Sequence[Any]) -> dict[str, list[Any]]:
    """Return what each costs as numbers."""
    columns: dict[str, list[Any]] = {"fit_seconds": [m.fit_seconds for m in measurements]}
    for batch, timings in _timings(measurements):
        columns[f"us_per_row_batch_{batch}"] = [timing.microseconds for timing in timings]
    columns["pickled_bytes"] = [m.size for m in measurements]
    for batch, timings in _timings(measurements):
        columns[f"us_per_row_batch_{batch}_se"] = [timing.error for timing in timings]
        if any(timing.preparing for timing in timings):
            columns[f"us_before_model_batch_{batch}"] = [timing.preparing for timing in timings]
    return columns


def cost_cells(measurements: Sequence[Any]) -> dict[str, list[str]]:
    """Return what each costs in print."""
    (_, rows), (_, batches) = _timings(measurements)
    return {
        "fit, s": [format_quantity(m.fit_seconds) for m in measurements],
        **_time_cells("µs, one row", rows),
        **_time_cells(f"µs/row, {LARGE_BATCH:,} rows", batches),
        "size": [format_size(m.size) for m in measurements],
    }


def _timings(measurements: Sequence[Any]) -> list[tuple[int, list[Timing]]]:
    return [
        (1, [m.row for m in measurements]),
        (LARGE_BATCH, [m.batch for m in measurements]),
    ]


def _time_cells(title: str, timings: Sequence[Timing]) -> dict[str, list[str]]:
    """Return a column of times, in brackets what of them goes to the steps before a model."""
    cells = [format_quantity(timing.microseconds) for timing in timings]
    if not any(timing.preparing for timing in timings):
        return {title: cells}
    before = [f" ({format_quantity(t.preparing)})" if t.preparing else "" for t in timings]
    return {f"{title} (before the model)": [a + b for a, b in zip(cells, before, strict=True)]}
