"""Displays, shaped like scikit-learn's. matplotlib is imported when one is drawn."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..._utils import parameters
from ..arguments import check_param_range
from ..curves import distillation_curve
from ..kinds import kind_of
from ..methods import TEACHER, title
from .colours import colours
from .pictures import (
    BESIDE,
    as_label,
    label_log_axis,
    mean_and_error_of_folds,
    own_axes,
    parameter_axis,
    pyplot,
)

Array = NDArray[np.float64]

# More than these would run into each other on the axis.
MANY_VALUES = 12


class DistillationCurveDisplay:
    """Scores of a teacher and its students against a parameter of the student.

    It is shaped like :class:`~sklearn.model_selection.ValidationCurveDisplay`; use
    :meth:`from_estimator` to make one. All parameters are stored as attributes.

    Parameters
    ----------
    param_name : str
        The parameter.
    param_range : array-like of shape (n_values,)
        Its values.
    teacher_scores : ndarray of shape (n_folds,)
        Score of the teacher in each outer fold.
    student_scores : dict of {object: ndarray of shape (n_values, n_folds)}
        For each method the score of each value's student.
    score_name : str, default=None
        What the score is; None is "Score".

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the curves.
    figure_ : matplotlib Figure
        Figure of the axes.
    lines_ : dict of {object: matplotlib Line2D} or None
        The line of `"teacher"` and of each method, unless drawn with error bars.
    fill_between_ : dict of {object: matplotlib PolyCollection} or None
        Their bands of one standard error, if drawn.
    errorbar_ : dict of {object: matplotlib ErrorbarContainer} or None
        Lines with error bars, if drawn.

    See Also
    --------
    skdistill.distillation_curve : Computes the scores.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill import DistillationCurveDisplay
    >>> display = DistillationCurveDisplay(
    ...     param_name="max_leaf_nodes",
    ...     param_range=[4, 16, 64],
    ...     teacher_scores=np.array([0.80, 0.82]),
    ...     student_scores={"cross_fit": np.array([[0.7, 0.71], [0.75, 0.77], [0.79, 0.8]])},
    ...     score_name="Accuracy",
    ... )
    >>> display.plot().ax_.get_xlabel()
    'max_leaf_nodes'
    """

    def __init__(
        self,
        *,
        param_name: str,
        param_range: Any,
        teacher_scores: Array,
        student_scores: dict[Any, Array],
        score_name: str | None = None,
    ) -> None:
        self.param_name = param_name
        self.param_range = param_range
        self.teacher_scores = teacher_scores
        self.student_scores = student_scores
        self.score_name = score_name

    def plot(
        self,
        ax: Any = None,
        *,
        negate_score: bool = False,
        score_name: str | None = None,
        se_display_style: str | None = "fill_between",
        line_kw: dict[str, Any] | None = None,
        fill_between_kw: dict[str, Any] | None = None,
        errorbar_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw mean scores, with bands of one standard error over folds.

        Folds share most of their training rows, so the standard error says how much the score
        depends on the test rows, not how well two methods can be told apart.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw, with the key beside; None makes a figure with the key below.
        negate_score : bool, default=False
            Whether to draw −score, for scores that are negated losses.
        score_name : str, default=None
            What to write at the axis of scores; None is the display's own.
        se_display_style : {"fill_between", "errorbar"} or None, default="fill_between"
            How to draw the standard error.
        line_kw : dict, default=None
            Further keywords of matplotlib's `plot`.
        fill_between_kw : dict, default=None
            Further keywords of its `fill_between`.
        errorbar_kw : dict, default=None
            Further keywords of its `errorbar`.

        Returns
        -------
        DistillationCurveDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the style is unknown.
        """
        parameters.check("plot", locals())
        kw = {"line": line_kw, "fill_between": fill_between_kw, "errorbar": errorbar_kw}
        with own_axes(ax, f"{type(self).__name__}.plot") as ax:
            self._draw_all(ax, negate_score, se_display_style, kw)
            ax.set_xlabel(as_label(self.param_name))
            ax.set_ylabel(as_label(score_name or self.score_name or "Score"))
            ax.legend(**BESIDE)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _draw_all(
        self, ax: Any, negate_score: bool, style: str | None, kw: dict[str, dict[str, Any] | None]
    ) -> None:
        """Draw each method's curve, and number the axis of the parameter."""
        values = list(self.param_range)
        places, scale, labels = parameter_axis(values)
        order = np.argsort(places, kind="stable")
        drawn: dict[str, dict[Any, Any]] = {"lines": {}, "fill_between": {}, "errorbar": {}}
        for method, scores in self._curves(len(values), negate_score).items():
            self._draw(ax, places[order], scores[order], method, style, kw, drawn)
        self.lines_, self.fill_between_, self.errorbar_ = (part or None for part in drawn.values())
        ax.set_xscale(scale)
        if labels is not None or len(values) <= MANY_VALUES:
            named = [as_label(label) for label in labels or []]
            ax.set_xticks(places, named or [f"{place:g}" for place in places])
            ax.minorticks_off()
        elif scale == "log":
            label_log_axis(ax.xaxis, *ax.get_xlim())

    def _curves(self, n_values: int, negate_score: bool) -> dict[Any, Array]:
        """Return what is drawn: the teacher's scores are the same for each value."""
        sign = -1.0 if negate_score else 1.0
        level = np.tile(np.asarray(self.teacher_scores), (n_values, 1))
        curves = {TEACHER: level, **self.student_scores}
        return {method: sign * np.asarray(scores) for method, scores in curves.items()}

    def _draw(
        self,
        ax: Any,
        places: Array,
        scores: Array,
        method: Any,
        style: str | None,
        kw: dict[str, Any],
        drawn: dict[str, dict[Any, Any]],
    ) -> None:
        mean, error = mean_and_error_of_folds(scores)
        look: dict[str, Any] = {
            "color": colours([*self.student_scores, TEACHER])[method],
            "label": as_label(title(method)),
            "linestyle": "--" if method == TEACHER else "-",
            "marker": None if method == TEACHER else "o",
        }
        if style == "errorbar":
            look |= {"capsize": 3} | (kw["errorbar"] or {})
            drawn["errorbar"][method] = ax.errorbar(places, mean, error, **look)
            return
        (drawn["lines"][method],) = ax.plot(places, mean, **look | (kw["line"] or {}))
        if style == "fill_between":
            look = {"color": look["color"], "alpha": 0.15, "linewidth": 0}
            drawn["fill_between"][method] = ax.fill_between(
                places, mean - error, mean + error, **look | (kw["fill_between"] or {})
            )

    @classmethod
    def from_estimator(
        cls,
        teacher: Any,
        student: Any,
        X: Any,
        y: ArrayLike,
        *,
        param_name: str,
        param_range: Any,
        scoring: Any = None,
        ax: Any = None,
        negate_score: bool = False,
        score_name: str | None = None,
        se_display_style: str | None = "fill_between",
        line_kw: dict[str, Any] | None = None,
        fill_between_kw: dict[str, Any] | None = None,
        errorbar_kw: dict[str, Any] | None = None,
        **curve_params: Any,
    ) -> Self:
        """Compute scores by :func:`~skdistill.distillation_curve`, and draw them.

        Parameters
        ----------
        teacher : classifier or regressor
            Any classifier with `predict_proba`, which teaches classes, or any regressor, which
            teaches numbers. It is cloned, never modified.
        student : regressor or classifier
            What learns from it. It is cloned, never modified.
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,)
            Labels, or numbers for a regressor as teacher.
        param_name : str
            A parameter of the student, `step__parameter` in a Pipeline.
        param_range : array-like of shape (n_values,)
            The values it takes.
        scoring : str, callable or None, default=None
            What is measured; None is the accuracy, or R².
        ax : matplotlib Axes, default=None
            Where to draw, with the key beside; None makes a figure with the key below.
        negate_score : bool, default=False
            Whether to draw −score.
        score_name : str, default=None
            What to write at the axis of scores; None is made of `scoring`.
        se_display_style : {"fill_between", "errorbar"} or None, default="fill_between"
            How to draw the standard error.
        line_kw, fill_between_kw, errorbar_kw : dict, default=None
            Further keywords of matplotlib, see :meth:`plot`.
        **curve_params : dict
            Further parameters of :func:`~skdistill.distillation_curve`: `methods`, `groups`,
            `cv`, `teacher_cv`, `loss`, `n_jobs`, `random_state`, `rehearse`, `verbose`.

        Returns
        -------
        DistillationCurveDisplay
            The display, drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed; nothing has been fitted then.
        ValueError
            If matplotlib does not take a keyword; nothing has been fitted then, either.

        Examples
        --------
        >>> from sklearn.datasets import load_breast_cancer
        >>> from sklearn.ensemble import RandomForestClassifier
        >>> from sklearn.tree import DecisionTreeRegressor
        >>> from skdistill import DistillationCurveDisplay
        >>> X, y = load_breast_cancer(return_X_y=True)
        >>> display = DistillationCurveDisplay.from_estimator(
        ...     RandomForestClassifier(20, random_state=0),
        ...     DecisionTreeRegressor(random_state=0),
        ...     X,
        ...     y,
        ...     param_name="max_leaf_nodes",
        ...     param_range=[2, 4, 8],
        ...     methods=["labels", "cross_fit"],
        ...     cv=2,
        ...     random_state=0,
        ... )
        >>> display.ax_.get_ylabel()
        'Accuracy'
        """
        parameters.check("from_estimator", locals())
        pyplot(f"{cls.__name__}.from_estimator")
        # A list, for it is needed twice, and a generator ends.
        param_name, param_range = check_param_range(student, param_name, param_range)
        kw = {"line_kw": line_kw, "fill_between_kw": fill_between_kw, "errorbar_kw": errorbar_kw}
        _try_keywords(kw, len(param_range))
        teacher_scores, student_scores = distillation_curve(
            teacher,
            student,
            X,
            y,
            param_name=param_name,
            param_range=param_range,
            scoring=scoring,
            **curve_params,
        )
        if score_name is None:
            measured = kind_of(teacher).scoring if scoring is None else scoring
            score_name = name_of_score(measured, negate=negate_score)
        display = cls(
            param_name=param_name,
            param_range=param_range,
            teacher_scores=teacher_scores,
            student_scores=student_scores,
            score_name=score_name,
        )
        return display.plot(
            ax,
            negate_score=negate_score,
            se_display_style=se_display_style,
            line_kw=line_kw,
            fill_between_kw=fill_between_kw,
            errorbar_kw=errorbar_kw,
        )


def _try_keywords(kw: dict[str, dict[str, Any] | None], n_values: int) -> None:
    """Refuse keywords that matplotlib does not take, by drawing so many places with them."""
    from matplotlib.figure import Figure

    ax, places = Figure().subplots(), np.arange(n_values)
    for method, (name, given) in zip(("plot", "fill_between", "errorbar"), kw.items(), strict=True):
        try:
            getattr(ax, method)(places, places, places, **given or {})
        except (AttributeError, TypeError, ValueError) as error:
            raise ValueError(f"{name} must hold keywords of {method}: {error}") from error


def name_of_score(scoring: Any, *, negate: bool = False) -> str:
    """Return what to write at the axis of a score.

    Parameters
    ----------
    scoring : str, callable or None
        What is measured.
    negate : bool, default=False
        Whether it is drawn negated.

    Returns
    -------
    str
        Its name in words, as scikit-learn writes it.

    Examples
    --------
    >>> name_of_score(None), name_of_score("neg_log_loss"), name_of_score("roc_auc")
    ('Accuracy', 'Negative log loss', 'Roc auc')
    >>> name_of_score("neg_log_loss", negate=True)
    'Log loss'
    >>> name_of_score("r2")
    'R²'
    """
    name = scoring if isinstance(scoring, str) else getattr(scoring, "__name__", "score")
    name = "accuracy" if scoring is None else name
    if name.startswith("neg_"):
        name = name[4:] if negate else "negative_" + name[4:]
    elif negate:
        name = "negative_" + name
    return "R²" if name == "r2" else name.replace("_", " ").capitalize()
