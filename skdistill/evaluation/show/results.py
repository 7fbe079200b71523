"""What a comparison found: a table, pictures, and what to ship."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from textwrap import fill
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._utils import parameters
from ..measure.measurement import Measured
from ..measure.times import Timing
from . import pictures
from .columns import OF_CLASSES, ScoreSheet, cost_cells, cost_columns
from .front import pareto_front
from .notes import say_if_disturbed, say_what_prepares
from .sentences import best_of, describe, name_of, student_names
from .tables import (
    NO_MATHEMATICS,
    as_frame,
    as_html,
    format_quantity,
    format_size,
    html_table,
    text_table,
)

Array = NDArray[np.float64]


class Models(dict[Any, Any]):
    """Models by student and method, and by the names under which a comparison prints them."""

    def __init__(self, named: dict[Any, Any], measurements: Sequence[Measured], kind: str) -> None:
        super().__init__(named)
        self._kind = kind
        self._keys: dict[Any, tuple[str | None, Any]] = {}
        for m in measurements:
            self._keys[name_of(m, measurements)] = self._keys[m.student, m.title] = (
                m.student,
                m.method,
            )

    def __missing__(self, name: Any) -> Any:
        if self._keys.get(name) in self:
            return self[self._keys[name]]
        raise KeyError(f"There is no {self._kind} {name!r}; there are: {list(self)}.")


class Comparison:
    """What :func:`~skdistill.compare_students` found. It prints, and shows itself in notebooks.

    Parameters
    ----------
    measurements : sequence of Measurement
        What was measured, the teacher first.
    models : dict
        What was measured of.
    score_name : str, default=None
        What the score is; None is the accuracy, or R².
    n_test : int, default=0
        Number of test rows.
    n_classes : int, default=2
        Number of classes; 0 for numbers.
    max_latency, max_size : float, default=None
        The budget, in microseconds per row and bytes.
    latency_batch : {1, 10_000}, default=1
        Which of the two times counts.
    sheet : ScoreSheet, default=None
        The scores that measurements hold; None is those of classes.

    Attributes
    ----------
    measurements : list of Measurement
        One for the teacher, then one for each student and method.
    classifiers : dict of {(str or None, object): classifier}
        By name of student and method; `(None, "teacher")` is the teacher. Those of students are
        what one ships. Names are taken as well as they are printed, such as
        `"distilled, corrected"`, and where there are several students
        `"small tree: distilled, corrected"`.
    regressors : dict of {(str or None, object): regressor}
        The same of a comparison of numbers, which has no `classifiers`.
    best : classifier or regressor
        The distilled student of lowest log loss, or RMSE, that fits the budget: what one would
        ship.
    best_key : tuple of (str, object)
        Its key in `classifiers` or `regressors`.
    table : DataFrame or PlainTable
        All numbers.
    on_front : ndarray of shape (n_measurements,)
        Which are on the Pareto front of score and time.
    fits_budget : ndarray of shape (n_measurements,)
        Which fit the budget.
    """

    def __init__(
        self,
        measurements: Sequence[Measured],
        models: dict[tuple[str | None, Any], Any],
        *,
        score_name: str | None = None,
        n_test: int = 0,
        n_classes: int = 2,
        max_latency: float | None = None,
        max_size: float | None = None,
        latency_batch: int = 1,
        sheet: ScoreSheet | None = None,
    ) -> None:
        sheet = OF_CLASSES if sheet is None else sheet
        self.measurements = list(measurements)
        self.models = Models(models, self.measurements, sheet.models.removesuffix("s"))
        self.score_name = sheet.score.title if score_name is None else score_name
        self.n_test = n_test
        self.n_classes = n_classes
        self.max_latency = max_latency
        self.max_size = max_size
        self.latency_batch = latency_batch
        self.sheet = sheet.called(self.score_name)

    # ---- numbers -----------------------------------------------------------------------------

    @property
    def classifiers(self) -> Models:
        """The classifiers, by name of student and method."""
        return self._models("classifiers")

    @property
    def regressors(self) -> Models:
        """The regressors, by name of student and method."""
        return self._models("regressors")

    def _models(self, name: str) -> Models:
        if name != self.sheet.models:
            raise AttributeError(f"This comparison is of {self.sheet.models}: use that.")
        return self.models

    @property
    def latencies(self) -> Array:
        """The time of each that counts, in microseconds per row."""
        return np.array([self._timing(m).microseconds for m in self.measurements])

    def _timing(self, m: Measured) -> Timing:
        return m.row if self.latency_batch == 1 else m.batch

    @property
    def on_front(self) -> NDArray[np.bool_]:
        """Which are on the Pareto front of score and time; times within their noise are equal."""
        errors = [self._timing(m).error for m in self.measurements]
        return pareto_front([m.score for m in self.measurements], self.latencies, errors)

    @property
    def fits_budget(self) -> NDArray[np.bool_]:
        """Which fit the budget."""
        sizes = np.array([m.size for m in self.measurements])
        fits = np.ones(len(sizes), dtype=bool)
        if self.max_latency is not None:
            fits &= self.latencies <= self.max_latency
        if self.max_size is not None:
            fits &= sizes <= self.max_size
        return fits

    @property
    def best_key(self) -> tuple[str | None, Any]:
        """The key of the distilled student of lowest log loss, or RMSE, that fits the budget."""
        best = best_of(self.measurements, self.fits_budget, self.sheet.loss)
        if best is None:
            raise ValueError(self._tell_misfit())
        return best.student, best.method

    @property
    def best(self) -> Any:
        """The distilled student of lowest log loss, or RMSE, that fits, as one ships it."""
        return self.models[self.best_key]

    def under(
        self, *, max_latency: float | None = None, max_size: float | None = None
    ) -> Comparison:
        """Return the same comparison under another budget; nothing is fitted or timed again.

        Parameters
        ----------
        max_latency : float, default=None
            The most microseconds per row, when as many rows as `latency_batch` are predicted at
            once.
        max_size : float, default=None
            The most bytes of a pickled classifier.

        Returns
        -------
        Comparison
            Its `best`, `describe()`, `fits_budget` and `plot()` keep to that budget.

        Examples
        --------
        >>> from sklearn.datasets import load_breast_cancer
        >>> from sklearn.naive_bayes import GaussianNB
        >>> from sklearn.tree import DecisionTreeRegressor
        >>> from skdistill import compare_students
        >>> X, y = load_breast_cancer(return_X_y=True)
        >>> comparison = compare_students(
        ...     GaussianNB(),
        ...     DecisionTreeRegressor(random_state=0),
        ...     X,
        ...     y,
        ...     param_name="max_leaf_nodes",
        ...     param_range=[2, 64],
        ...     methods=["cross_fit"],
        ...     random_state=0,
        ... )
        >>> comparison.under(max_size=3_000).best_key
        ('max_leaf_nodes=2', 'cross_fit')
        >>> int(comparison.under(max_size=3_000).best.student.get_n_leaves())
        2
        """
        parameters.check("under", {"max_latency": max_latency, "max_size": max_size})
        other = copy(self)
        other.max_latency, other.max_size = max_latency, max_size
        return other

    def _tell_misfit(self) -> str:
        """Say why nobody fits the budget."""
        judged = [not m.is_teacher for m in self.measurements]
        limits = {
            f"max_latency={self.max_latency} µs per row": self.max_latency,
            f"max_size={self.max_size} bytes": self.max_size,
        }
        budget = " and ".join(text for text, limit in limits.items() if limit is not None)
        sizes = np.array([m.size for m in self.measurements])[judged]
        return (
            f"No distilled student fits the budget of {budget}: the quickest student takes "
            f"{format_quantity(self.latencies[judged].min())} µs, and the smallest has "
            f"{format_size(float(sizes.min()))}."
        )

    @property
    def _has_budget(self) -> bool:
        return self.max_latency is not None or self.max_size is not None

    @property
    def table(self) -> Any:
        """All numbers: a DataFrame where pandas is installed, a printable object otherwise."""
        columns: dict[str, list[Any]] = {
            "student": [m.student for m in self.measurements],
            "method": [m.method for m in self.measurements],
            **self.sheet.columns(self.measurements),
            **cost_columns(self.measurements),
        }
        columns["on_front"] = self.on_front.tolist()
        if self._has_budget:
            columns["fits_budget"] = self.fits_budget.tolist()
        return as_frame(columns)

    # ---- text --------------------------------------------------------------------------------

    def _names(self) -> dict[str, list[str]]:
        students = [m.student or "" for m in self.measurements]
        several = len(student_names(self.measurements)) > 1
        return {
            "student": students if several else [],
            "method": [m.title for m in self.measurements],
        }

    @property
    def _n_names(self) -> int:
        return sum(1 for cells in self._names().values() if cells)

    def _parts(self) -> list[dict[str, list[str]]]:
        """Return the columns of both tables: scores, and costs."""
        marks = [
            ("front" if front else "") + ("" if fits else " over budget")
            for front, fits in zip(self.on_front, self.fits_budget, strict=True)
        ]
        names = self._names()
        costs = cost_cells(self.measurements) | {"remarks": [mark.strip() for mark in marks]}
        return [names | self.sheet.cells(self.measurements), names | costs]

    def __str__(self) -> str:
        tables = [text_table(part, left=self._n_names) for part in self._parts()]
        return "\n\n".join([*tables, fill(self.describe(), width=94)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<div>{self.to_html()}</div>"

    def to_html(self) -> str:
        """Return scores, costs and the sentence below them as HTML without pictures.

        Returns
        -------
        str
            Two `table` and two `p` elements. Members of the Pareto front are bold, what is over
            the budget is faint.
        """
        tables = [
            html_table(
                part,
                left=self._n_names,
                bold=self.on_front.tolist(),
                faint=(~self.fits_budget).tolist(),
            )
            for part in self._parts()
        ]
        return (
            f"{'<br>'.join(tables)}<p {NO_MATHEMATICS}>{as_html(self.describe())}</p>"
            f"<p {NO_MATHEMATICS}><small>± one standard error "
            f"over {self.n_test:,} test rows; {self.sheet.footnote}; times are CPU time on one "
            "core. Bold: "
            f"on the Pareto front of {as_html(self.score_name)} and prediction time.</small></p>"
        )

    def describe(self) -> str:
        """Say in a sentence or two what distillation gained, or that it did not.

        The distilled student of lowest log loss, or RMSE, that fits the budget is held against the
        same student on labels, tuned where that was done, and against the teacher, with the
        standard error of the difference over test rows: of log losses, or of R². A difference below
        two of them counts as none.
        Further sentences are about times, where most of one goes to the steps of a Pipeline before
        its model, and what would be faster, and where CPU time and time on the wall disagree.

        Returns
        -------
        str
            The sentences.
        """
        fits = self.fits_budget if self._has_budget else None
        best = best_of(self.measurements, fits, self.sheet.loss)
        model = best and self.models.get((best.student, best.method))
        notes = [
            say_what_prepares(best, model) if best and model is not None else "",
            say_if_disturbed(self.measurements),
        ]
        return " ".join([describe(self.measurements, fits, self.sheet), *filter(None, notes)])

    # ---- pictures ----------------------------------------------------------------------------

    def plot(self, ax: Any = None) -> Any:
        """Draw score against prediction time, with the Pareto front.

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
        parameters.check("plot", {"ax": ax})
        return pictures.draw_tradeoff(self, ax)

    def plot_reliability(self, ax: Any = None, *, student: str | None = None) -> Any:
        """Draw the reliability curves of the teacher and of one student in all ways.

        Of numbers they show, in bins of rows of like predictions, the mean number against the mean
        prediction.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw, with the key beside; None makes a figure with the key below.
        student : str, default=None
            Name of the student; None is the first.

        Returns
        -------
        matplotlib Axes
            What was drawn on.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there is no such student.
        """
        parameters.check("plot_reliability", {"ax": ax})
        students = student_names(self.measurements)
        student = students[0] if student is None else student
        if student not in students:
            raise ValueError(f"student must be one of {students}, found {student!r}.")
        shown = [m for m in self.measurements if m.is_teacher or m.student == student]
        return pictures.draw_reliability(
            {(m.method, m.title): m.reliability for m in shown},
            ax,
            n_classes=self.n_classes,
        )
