"""How a diagnosis shows itself, whatever the outcome."""

from __future__ import annotations

from textwrap import fill
from typing import Any

from ..._utils.names import NO_MATHEMATICS, as_html, printable
from ..advice import percent
from ..measure.scores import Reliability
from ..methods import CORRECTED, IN_SAMPLE, TEACHER
from . import pictures
from .tables import html_table

SHOWN_COLUMNS, SHOWN_SHARE = 5, 0.01


class Findings:
    """Prints, shows itself in notebooks, and draws reliability curves."""

    advice: str
    correction_columns: dict[str, float]
    calibration: Reliability
    in_sample_calibration: Reliability
    corrected_calibration: Reliability

    @property
    def _n_classes(self) -> int:
        """Number of classes, 0 for numbers."""
        raise NotImplementedError

    def _lines(self) -> dict[str, str]:
        """Return what was found, by its names."""
        raise NotImplementedError

    def _where(self) -> str:
        """Say where the correction acts."""
        columns = [
            f"{printable(name)} {percent(share)}"
            for name, share in self.correction_columns.items()
            if share >= SHOWN_SHARE
        ][:SHOWN_COLUMNS]
        return ", ".join(columns) or "–"

    def __str__(self) -> str:
        lines = self._lines()
        width = max(map(len, lines))
        table = "\n".join(f"{name:<{width}}  {value}" for name, value in lines.items())
        return table + "\n\n" + fill(self.advice, width=94)

    def _repr_html_(self) -> str:
        lines = self._lines()
        table = html_table({"the teacher": list(lines), "": list(lines.values())}, left=2)
        return f"<div>{table}<p {NO_MATHEMATICS}><b>{as_html(self.advice)}</b></p></div>"

    def plot(self, ax: Any = None) -> Any:
        """Draw the teacher's reliability curves: for unseen rows, seen rows, and corrected.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw, with the key beside; None makes a figure with the key below.

        Returns
        -------
        matplotlib Axes
            What was drawn on.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        return pictures.draw_reliability(
            {
                (TEACHER, "rows it has not seen"): self.calibration,
                (IN_SAMPLE, "rows it has seen"): self.in_sample_calibration,
                (CORRECTED, "not seen, corrected"): self.corrected_calibration,
            },
            ax,
            n_classes=self._n_classes,
        )
