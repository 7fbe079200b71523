"""Pictures of what was measured. matplotlib is imported when one is drawn, not before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..._utils.names import printable
from ..._utils.packages import needs
from ..measure.scores import Reliability
from ..methods import TEACHER, TUNED, title
from .colours import colours
from .tables import format_amount, format_score

if TYPE_CHECKING:
    from .results import Comparison

Array = NDArray[np.float64]

# What is a command to LaTeX, and how it is written as a letter.
_LATEX = {c: f"\\{c}" for c in "$%&#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
MARKERS = "os^DvP<>pXhd"
# A student that is less than twice as fast as its teacher sells nothing.
MENTIONED = 2
# In inches: as wide as a phone, so that letters keep their size there as well, and what a line of a
# key takes.
SIZE, KEY_LINE = (5.0, 3.6), 0.24
BESIDE: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1), "frameon": False}
# Two entries of a key stand side by side in it, unless one has more letters.
SHORT = 26


def pyplot(caller: str) -> Any:
    """Return matplotlib's pyplot, or say what to install.

    Parameters
    ----------
    caller : str
        What was asked to draw.

    Returns
    -------
    module
        ``matplotlib.pyplot``.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise ImportError(needs(caller, "matplotlib")) from None
    return plt


def as_label(name: Any) -> str:
    r"""Return a name for a picture, in which it is set as it is and never as mathematics.

    What stands between two dollar signs is mathematics to matplotlib, in titles, keys and at axes
    alike, and what cannot be read as such is an error when the picture is drawn. With its
    setting `text.usetex` all text goes through LaTeX, which has more such signs.

    Parameters
    ----------
    name : object
        A name that a user gave.

    Returns
    -------
    str
        What matplotlib shows as this name, under its present settings.

    Examples
    --------
    >>> print(as_label("$x_{"))
    \$x_{
    """
    settings = pyplot("A picture").rcParams
    text = printable(name)
    if settings["text.usetex"]:
        return "".join(_LATEX.get(character, character) for character in text)
    # Without it, or where mathematics is switched off, a backslash before a dollar sign is shown.
    return text.replace("$", r"\$") if settings["text.parse_math"] else text


def _as_entry(name: str) -> str:
    """Return a name for a key; matplotlib before 3.10 leaves out those that begin with _."""
    return f" {as_label(name)}" if name.startswith("_") else as_label(name)


# ---- score against time ----------------------------------------------------------------------


def draw_tradeoff(comparison: Comparison, ax: Any = None) -> Any:
    """Draw score against prediction time, with the Pareto front.

    Parameters
    ----------
    comparison : Comparison
        What is drawn.
    ax : matplotlib Axes, default=None
        Where; None makes a figure.

    Returns
    -------
    matplotlib Axes
        What was drawn on.
    """
    with own_axes(ax, "Comparison.plot") as ax:
        ax.set_xscale("log")
        ax.margins(y=0.08)
        _draw_times(comparison, ax)
        _draw_points(comparison, ax)
        _draw_front(comparison, ax)
        ax.set_ylabel(as_label(comparison.score_name))
        batch = comparison.latency_batch
        rows = "one row" if batch == 1 else f"{batch:,} rows at once"
        ax.set_xlabel(f"prediction time, µs per row ({rows}, one core)")
        _explain(comparison, ax)
    return ax


def _draw_points(comparison: Comparison, ax: Any) -> None:
    by_method = colours([m.method for m in comparison.measurements])
    by_student = _markers(comparison)
    fits = comparison.fits_budget
    for m, time, fit in zip(comparison.measurements, comparison.latencies, fits, strict=True):
        colour = by_method[m.method]
        # What was tuned is often the very student that it chose, and lies under it.
        below = isinstance(m.method, str) and m.method == TUNED
        ax.errorbar(
            time,
            m.score,
            m.score_se if np.isfinite(m.score_se) else None,
            marker="*" if m.is_teacher else by_student[m.student],
            markersize=16 if m.is_teacher else 13 if below else 8,
            color=colour,
            markerfacecolor=colour if fit else "white",
            elinewidth=1,
            linestyle="none",
            zorder=2 if below else 3,
        )


def _markers(comparison: Comparison) -> dict[Any, str]:
    """Return a shape for each student."""
    students = dict.fromkeys(m.student for m in comparison.measurements if not m.is_teacher)
    return {name: MARKERS[place % len(MARKERS)] for place, name in enumerate(students)}


def _draw_front(comparison: Comparison, ax: Any) -> None:
    """Draw what is to be had for which time, and how much faster than the teacher that is."""
    on_front = comparison.on_front
    times = comparison.latencies[on_front]
    scores = np.array([m.score for m in comparison.measurements])[on_front]
    order = np.lexsort((scores, times))
    times, scores = times[order], np.maximum.accumulate(scores[order])
    ax.step(times, scores, where="post", color="0.6", linewidth=1.5, linestyle="--", zorder=1)
    of_teacher = comparison.latencies[0]
    # Members that are as fast as each other share a place, and the best of them speaks.
    places = {round(float(np.log(t)), 1): (t, s) for t, s in zip(times, scores, strict=True)}
    for time, score in places.values():
        if of_teacher / time >= MENTIONED:
            ax.annotate(
                f"{of_teacher / time:,.0f}× faster",
                (time, score),
                xytext=(9, 7),
                textcoords="offset points",
                fontsize="small",
                bbox={"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 1},
                zorder=4,
            )


def _draw_times(comparison: Comparison, ax: Any) -> None:
    """Leave room beside the points, also where all are equally fast, and shade what is too slow.

    It comes before the points: matplotlib warns of a scale that a single place gives.
    """
    limit = comparison.max_latency
    shown = np.append(comparison.latencies, [] if limit is None else [limit])
    room = max((shown.max() / shown.min()) ** 0.08, 1.5)
    ax.set_xlim(shown.min() / room, shown.max() * room)
    label_log_axis(ax.xaxis, *ax.get_xlim())
    if limit is not None:
        ax.axvspan(limit, shown.max() * room, color="0.93", zorder=0)


def _explain(comparison: Comparison, ax: Any) -> None:
    """Put the key beside the picture: colours are methods, shapes students."""
    from matplotlib.patches import Patch

    methods = list(dict.fromkeys(m.method for m in comparison.measurements))
    handles: list[Any] = [
        _key(as_label(title(method)), color=colour, marker="*" if method == TEACHER else "o")
        for method, colour in colours(methods).items()
    ]
    markers = _markers(comparison)
    if len(markers) > 1:
        handles.append(_key(""))
        handles += [
            _key(_as_entry(str(name)), color="black", marker=m) for name, m in markers.items()
        ]
    handles.append(_key(""))
    if len(set(comparison.latencies[comparison.on_front])) > 1:
        handles.append(_key("Pareto front", color="0.6", linestyle="--"))
    if comparison.max_latency is not None:
        handles.append(Patch(color="0.93", label="slower than the budget"))
    if not comparison.fits_budget.all():
        handles.append(_key("over the budget", color="black", marker="o", markerfacecolor="white"))
    ax.legend(handles=handles, **BESIDE)


def _key(label: str, **look: Any) -> Any:
    from matplotlib.lines import Line2D

    size = 12 if look.get("marker") == "*" else 8
    defaults: dict[str, Any] = {"linestyle": "none", "markersize": size}
    return Line2D([], [], label=label, **defaults | look)


# ---- reliability -----------------------------------------------------------------------------

_CAME_TRUE = "share of rows in which it came true"
# What stands at the axes, by the number of classes: none are numbers, and three are many.
_AXES = {
    0: ("mean prediction", "mean number"),
    2: ("predicted probability of the second class", _CAME_TRUE),
    3: ("predicted probability of the most probable class", _CAME_TRUE),
}


def draw_reliability(
    curves: Mapping[tuple[Any, str], Reliability], ax: Any = None, *, n_classes: int = 2
) -> Any:
    """Draw reliability curves.

    Parameters
    ----------
    curves : mapping of {(method, title): Reliability}
        What is drawn.
    ax : matplotlib Axes, default=None
        Where; None makes a figure.
    n_classes : int, default=2
        Number of classes: of two the probability is that of the second one, of more that of the
        most probable one. 0 are numbers.

    Returns
    -------
    matplotlib Axes
        What was drawn on.
    """
    with own_axes(ax, "plot_reliability") as ax:
        _draw_curves(curves, ax, n_classes)
        _name_axes(curves, ax, n_classes)
    return ax


def _draw_curves(curves: Mapping[tuple[Any, str], Reliability], ax: Any, n_classes: int) -> None:
    format_error = format_score if n_classes else format_amount
    ends = _ends(curves) if n_classes == 0 else (0, 1)
    ax.plot(ends, ends, color="0.6", linestyle="--", label="perfectly calibrated")
    by_method = colours([method for method, _ in curves])
    for (method, name), curve in curves.items():
        # What was tuned is often the very student that it chose, and lies under it.
        below = isinstance(method, str) and method == TUNED
        ax.plot(
            curve.predicted,
            curve.observed,
            marker="*" if method == TEACHER else "o",
            markersize=9 if method == TEACHER else 5,
            color=by_method[method],
            linewidth=5 if below else 1.5,
            alpha=0.5 if below else 1,
            zorder=2 if below else 3,
            label=f"{_as_entry(name)} ({format_error(curve.error)})",
        )
    ax.legend(title="in brackets: calibration error", alignment="left", **BESIDE)


def _name_axes(curves: Mapping[tuple[Any, str], Reliability], ax: Any, n_classes: int) -> None:
    """Say what is at the axes, and show where the curves are."""
    if n_classes > 2:
        # The most probable of K classes has at least 1/K.
        low = min(min(c.predicted.min(), c.observed.min()) for c in curves.values())
        ax.set_xlim(low - 0.03, 1.03)
        ax.set_ylim(low - 0.03, 1.03)
    predicted, observed = _AXES[min(n_classes, 3)]
    ax.set_xlabel(predicted)
    ax.set_ylabel(observed)


def _ends(curves: Mapping[tuple[Any, str], Reliability]) -> tuple[float, float]:
    """Return the smallest and the largest number that curves hold."""
    shown = np.concatenate([np.r_[c.predicted, c.observed] for c in curves.values()])
    return float(shown.min()), float(shown.max())


def as_png(ax: Any, *, dpi: int = 144) -> bytes:
    """Return the figure of some axes as a PNG file, and close it.

    Parameters
    ----------
    ax : matplotlib Axes
        Axes of the figure.
    dpi : int, default=144
        Dots per inch.

    Returns
    -------
    bytes
        The file.
    """
    plt = pyplot("The report")
    file = BytesIO()
    ax.figure.savefig(file, format="png", dpi=dpi)
    plt.close(ax.figure)
    return file.getvalue()


# ---- axes and keys ---------------------------------------------------------------------------


def label_log_axis(axis: Any, low: float, high: float) -> None:
    """Give a logarithmic axis numbers that can be read, also where it spans less than a decade.

    Parameters
    ----------
    axis : matplotlib Axis
        The axis.
    low, high : float
        Its ends.
    """
    from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

    if high >= 100 * low:
        axis.set_major_locator(LogLocator())
    elif high >= 5 * low:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    else:
        axis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter("{x:,.10g}")
    axis.set_minor_formatter(NullFormatter())


@contextmanager
def own_axes(ax: Any, caller: str) -> Iterator[Any]:
    """Give axes to draw on, with a key: those of the user, or new ones, whose key goes below.

    Parameters
    ----------
    ax : matplotlib Axes or None
        Where the user wants it drawn; None makes a figure that a phone shows as large as a desk.
    caller : str
        What was asked to draw.

    Yields
    ------
    matplotlib Axes
        What is drawn on.
    """
    plt = pyplot(caller)
    if ax is not None:
        yield ax
        return
    _, ax = plt.subplots(figsize=SIZE, layout="constrained")
    yield ax
    ax.xaxis.label.set_fontsize("small")
    put_key_below(ax)


def put_key_below(ax: Any) -> None:
    """Move the key of some axes below their figure, which grows by it.

    Parameters
    ----------
    ax : matplotlib Axes
        The only axes of a figure with a constrained layout.
    """
    key, figure = ax.get_legend(), ax.figure
    texts = [text.get_text() for text in key.get_texts()]
    entries = zip(key.legend_handles, texts, strict=True)
    handles, names = zip(*(entry for entry in entries if entry[1]), strict=True)
    key.remove()
    n_columns = 2 if max(map(len, names)) <= SHORT else 1
    style = {"loc": "outside lower center", "ncols": n_columns, "frameon": False}
    figure.legend(handles, names, title=key.get_title().get_text() or None, **style)
    figure.set_figheight(figure.get_figheight() + KEY_LINE * (1 + len(names) / n_columns))


# ---- score against a parameter ---------------------------------------------------------------


def mean_and_error_of_folds(scores: Array) -> tuple[Array, Array]:
    """Return mean and standard error over folds, which are the last axis."""
    n_folds = scores.shape[-1]
    if n_folds < 2:
        return scores.mean(axis=-1), np.zeros(scores.shape[:-1])
    return scores.mean(axis=-1), scores.std(axis=-1, ddof=1) / np.sqrt(n_folds)


def parameter_axis(values: Sequence[Any]) -> tuple[Array, str, list[str] | None]:
    """Return places on the axis of a parameter, its scale, and labels where it is no number.

    As scikit-learn does, a range whose largest gap is more than five times its smallest is drawn
    on a logarithmic scale.

    Parameters
    ----------
    values : sequence
        The parameter's values.

    Returns
    -------
    places : ndarray of shape (n_values,)
        Where they lie.
    scale : {"linear", "log", "symlog"}
        The scale.
    labels : list of str or None
        Names of the places.

    Examples
    --------
    >>> parameter_axis([1, 10, 100])
    (array([  1.,  10., 100.]), 'log', None)
    >>> parameter_axis([4, None])
    (array([0., 1.]), 'linear', ['4', 'None'])
    """
    numbers = all(
        isinstance(v, int | float | np.number) and not isinstance(v, bool) for v in values
    )
    if not numbers:
        return np.arange(len(values), dtype=np.float64), "linear", [str(v) for v in values]
    places = np.array(values, dtype=np.float64)
    gaps = np.diff(np.unique(places))
    if len(gaps) < 2 or gaps.max() <= 5 * gaps.min():
        return places, "linear", None
    return places, "log" if places.min() > 0 else "symlog", None
