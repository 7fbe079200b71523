"""How a distiller asks and corrects its teacher, whatever the outcome."""

from __future__ import annotations

from typing import Any

from ..rows import Rows
from ..sources import InSample, Source, choose_source
from ..targets import CrossFit, Strategy, corrected_by
from .base import BaseDistiller


class Plain(BaseDistiller):
    """The teacher is asked about the rows it was fitted on."""

    def _own_source(self) -> Source:
        return InSample()

    def _strategies(self, rows: Rows, X_transfer: Any) -> list[Strategy]:
        # The only answers there are, as they are.
        return [CrossFit("plain")]


class CrossFitted(BaseDistiller):
    """No teacher is asked about a row it has seen, unless `cv` may say so."""

    # Whether `cv` may name a source of in-sample answers.
    _inside = False

    def _own_source(self) -> Source:
        return choose_source(
            self._folds_parameter(),
            random_state=self.random_state,
            n_jobs=self.n_jobs,
            inside=self._inside,
        )

    def _strategies(self, rows: Rows, X_transfer: Any) -> list[Strategy]:
        return [CrossFit("cross_fit")]


class Corrected(CrossFitted):
    """The answers are corrected by labels."""

    # Teachers, correction, student.
    _n_steps = 3
    _inside = True

    def _strategies(self, rows: Rows, X_transfer: Any) -> list[Strategy]:
        return [corrected_by(self.correction, self.c, resolve=rows.outcome.rule)]
