"""Pictures show what was measured, and say what to install where they cannot be drawn."""

import sys

import matplotlib
import matplotlib.backends.backend_agg
import numpy as np
import pytest
from numpy.testing import assert_allclose

from skdistill.evaluation.measure.scores import Reliability
from skdistill.evaluation.show.pictures import (
    as_label,
    as_png,
    draw_reliability,
    label_log_axis,
    mean_and_error_of_folds,
    parameter_axis,
)
from skdistill.evaluation.show.results import Comparison
from skdistill.evaluation.show.tables import printable

from .test_results import made_up

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def closed():
    """Leave no figure open."""
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


@pytest.fixture
def comparison():
    return Comparison(
        [
            made_up("teacher", score=0.9, row_time=1000.0),
            made_up("labels", score=0.7, row_time=1.0),
            made_up("cross_fit", score=0.8, row_time=10.0),
            made_up("cross_fit", score=0.6, row_time=100.0, student="other"),
        ],
        {},
        max_latency=50,
    )


def texts(ax):
    key = ax.get_legend() or ax.figure.legends[0]
    return [text.get_text() for text in key.get_texts()]


def test_picture_shows_every_measurement_at_its_place(comparison):
    ax = comparison.plot()
    places = {
        (float(x), float(y))
        for container in ax.containers
        for x, y in zip(*container.lines[0].get_data(), strict=True)
    }
    assert places == {(1000, 0.9), (1, 0.7), (10, 0.8), (100, 0.6)}
    assert ax.get_xscale() == "log"
    assert ax.get_ylabel() == "accuracy"


def test_picture_shows_the_front_and_how_much_faster_its_members_are(comparison):
    ax = comparison.plot()
    steps = next(line for line in ax.lines if line.get_drawstyle() == "steps-post")
    assert_allclose(steps.get_xdata(), [1, 10, 1000])
    assert_allclose(steps.get_ydata(), [0.7, 0.8, 0.9])
    assert [text.get_text() for text in ax.texts] == ["1,000× faster", "100× faster"]


def test_key_names_methods_students_and_budget(comparison):
    shown = texts(comparison.plot())
    for name in (
        "teacher",
        "student on labels",
        "distilled cross-fit",
        "s",
        "other",
        "over the budget",
    ):
        assert name in shown
    alone = Comparison(comparison.measurements[:3], {})
    assert "s" not in texts(alone.plot())
    assert "over the budget" not in texts(alone.plot())


def test_what_is_over_the_budget_is_hollow(comparison):
    hollow = {
        container.lines[0].get_xdata()[0]
        for container in comparison.plot().containers
        if container.lines[0].get_markerfacecolor() == "white"
    }
    assert hollow == {1000, 100}


def test_key_has_no_front_where_none_is_drawn():
    found = [made_up("teacher", score=0.7), made_up("labels", score=0.8)]
    assert "Pareto front" not in texts(Comparison(found, {}).plot())


@pytest.mark.parametrize("factor", [1.01, 2, 4, 9, 30, 1e6])
def test_axis_of_times_has_numbers_that_can_be_read(factor):
    found = [made_up("teacher", row_time=70.0 * factor), made_up("labels", row_time=70.0)]
    ax = Comparison(found, {}).plot()
    ax.figure.canvas.draw()
    low, high = ax.get_xlim()
    labels = {tick.get_position()[0]: tick.get_text() for tick in ax.get_xticklabels(which="both")}
    shown = {place: text for place, text in labels.items() if text and low <= place <= high}
    assert 2 <= len(shown) <= 9
    assert_allclose([float(text.replace(",", "")) for text in shown.values()], [*shown])


def test_numbers_at_a_logarithmic_axis_are_written_out():
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    ax.set(xscale="log", xlim=(0.02, 3e6))
    label_log_axis(ax.xaxis, *ax.get_xlim())
    assert ax.xaxis.get_major_formatter()(0.1) == "0.1"
    assert ax.xaxis.get_major_formatter()(1e6) == "1,000,000"


@pytest.mark.parametrize("draw", ["plot", "plot_reliability"])
def test_figure_of_ours_is_narrow_with_its_key_below(comparison, draw):
    import matplotlib.pyplot as plt

    beside, below = plt.subplots()[1], getattr(comparison, draw)()
    getattr(comparison, draw)(beside)
    assert texts(below) == [text for text in texts(beside) if text]
    assert (beside.figure.legends, below.get_legend()) == ([], None)
    (key,), ax = below.figure.legends, below
    assert ax.figure.get_figwidth() == 5
    ax.figure.canvas.draw()
    assert key.get_window_extent().y1 <= ax.get_tightbbox().y0
    assert key.get_window_extent().x0 >= 0


def test_batch_and_score_are_named():
    found = [made_up("teacher"), made_up("labels")]
    ax = Comparison(found, {}, latency_batch=10_000, score_name="roc_auc").plot()
    assert "10,000 rows at once" in ax.get_xlabel()
    assert ax.get_ylabel() == "roc_auc"


def test_pictures_are_drawn_where_they_are_told_to(comparison):
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(2)
    assert comparison.plot(axes[0]) is axes[0]
    assert comparison.plot_reliability(axes[1]) is axes[1]


def test_reliability_shows_the_teacher_and_one_student(comparison):
    ax = comparison.plot_reliability(student="other")
    assert texts(ax) == ["perfectly calibrated", "teacher (0.100)", "distilled cross-fit (0.100)"]


def test_reliability_of_several_classes_looks_where_the_curves_are():
    curve = Reliability(np.array([0.5, 0.9]), np.array([0.6, 0.8]), np.array([5, 5]))
    ax = draw_reliability({("teacher", "teacher"): curve}, n_classes=3)
    assert 0.4 < ax.get_xlim()[0] < 0.5
    assert "most probable class" in ax.get_xlabel()


def test_points_have_the_colour_of_the_key():
    found = [made_up("teacher"), made_up(0.3), made_up(0.3, student="other")]
    ax = Comparison(found, {}).plot()
    drawn = [container.lines[0].get_color() for container in ax.containers]
    keys = {h.get_label(): h.get_color() for h in ax.figure.legends[0].get_lines()}
    assert drawn[1:] == [keys["distilled, share 0.3"]] * 2


def test_png_is_a_picture(comparison):
    data = as_png(comparison.plot())
    assert data.startswith(b"\x89PNG")


NAMES = ["$x$", "$_{", "\\frac $\\frac{$", "cost in $", "\\$x$", "a\nb $\t$", "_hidden", "%#&~^"]


def drawn(text, **how):
    """Return the pixels of a text."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3, 1))
    canvas = matplotlib.backends.backend_agg.FigureCanvasAgg(figure)
    figure.text(0.1, 0.5, text, **how)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("parse_math", [True, False])
def test_name_is_drawn_as_it_is(name, parse_math):
    with matplotlib.rc_context({"text.parse_math": parse_math}):
        assert np.array_equal(drawn(as_label(name)), drawn(printable(name), parse_math=False))


def test_name_is_no_command_to_latex():
    with matplotlib.rc_context({"text.usetex": True}):
        assert as_label("\\_{$ 5%~") == r"\textbackslash{}\_\{\$ 5\%\textasciitilde{}"


@pytest.mark.parametrize("name", NAMES)
def test_every_name_in_a_picture_is_drawn(name):
    found = [made_up("teacher"), made_up("labels"), made_up("labels", student=name)]
    comparison = Comparison(found, {}, score_name=name)
    ax = comparison.plot()
    assert ax.get_ylabel() == as_label(name)
    assert as_label(name) in [text.strip() for text in texts(ax)]
    assert as_png(ax).startswith(b"\x89PNG")
    ax = draw_reliability({("labels", name): found[1].reliability})
    assert f"{as_label(name)} (0.100)" in [text.strip() for text in texts(ax)]
    assert as_png(ax).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("values", "scale"),
    [([1, 2, 3], "linear"), ([1, 10, 100], "log"), ([0, 1, 100], "symlog"), ([5], "linear")],
)
def test_numbers_have_the_scale_that_shows_them(values, scale):
    places, found, labels = parameter_axis(values)
    assert_allclose(places, values)
    assert found == scale
    assert labels is None


def test_values_that_are_no_numbers_have_names():
    places, _, labels = parameter_axis([None, True, "auto"])
    assert_allclose(places, [0, 1, 2])
    assert labels == ["None", "True", "auto"]


def test_error_is_that_of_a_mean_over_folds():
    scores = np.array([[1.0, 2.0, 3.0], [2.0, 2.0, 2.0]])
    mean, error = mean_and_error_of_folds(scores)
    assert_allclose(mean, [2, 2])
    assert_allclose(error, [1 / np.sqrt(3), 0])
    assert_allclose(mean_and_error_of_folds(scores[:, :1])[1], 0)
    # The folds are the last axis, however many come before it.
    several = np.stack([scores, scores + 1, scores, scores])
    assert_allclose(mean_and_error_of_folds(several)[1], np.tile(error, (4, 1)))


@pytest.mark.parametrize("draw", ["plot", "plot_reliability"])
def test_without_matplotlib_the_message_says_what_to_install(comparison, monkeypatch, draw):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="needs matplotlib: pip install matplotlib$"):
        getattr(comparison, draw)()
