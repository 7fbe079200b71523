"""The display of distillation curves behaves as scikit-learn's displays do."""

import sys

import matplotlib
import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import skdistill.evaluation.show.displays as module
from skdistill import DistillationCurveDisplay, distillation_curve
from skdistill.evaluation import make_noisy_numbers, make_noisy_table, neg_log_loss_floored
from skdistill.evaluation.show.displays import name_of_score

matplotlib.use("Agg")

TEACHER = np.array([0.8, 0.9, 0.85])
STUDENT = np.array([[0.5, 0.6, 0.7], [0.7, 0.7, 0.7]])


@pytest.fixture(autouse=True)
def closed():
    """Leave no figure open."""
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


def display(param_range=(4, 16), student_scores=None, score_name=None):
    return DistillationCurveDisplay(
        param_name="max_leaf_nodes",
        param_range=param_range,
        teacher_scores=TEACHER,
        student_scores={"cross_fit": STUDENT} if student_scores is None else student_scores,
        score_name=score_name,
    )


def test_lines_are_means_and_bands_standard_errors():
    shown = display().plot()
    assert_allclose(shown.lines_["cross_fit"].get_ydata(), [0.6, 0.7])
    assert_allclose(shown.lines_["teacher"].get_ydata(), [0.85, 0.85])
    band = shown.fill_between_["cross_fit"].get_paths()[0].vertices
    error = 0.1 / np.sqrt(3)
    assert_allclose([band[:, 1].min(), band[:, 1].max()], [0.6 - error, 0.7])
    assert shown.errorbar_ is None


def test_error_bars_take_the_place_of_bands():
    shown = display().plot(se_display_style="errorbar", errorbar_kw={"capsize": 7})
    assert set(shown.errorbar_) == {"teacher", "cross_fit"}
    assert shown.lines_ is None
    assert shown.fill_between_ is None


def test_no_errors_where_none_are_wanted():
    shown = display().plot(se_display_style=None)
    assert shown.fill_between_ is None
    assert shown.errorbar_ is None


def test_unknown_style_is_refused():
    with pytest.raises(ValueError, match="'se_display_style' parameter of plot must be a str"):
        display().plot(se_display_style="band")


def test_axes_are_named():
    shown = display().plot()
    assert shown.ax_.get_xlabel() == "max_leaf_nodes"
    assert shown.ax_.get_ylabel() == "Score"
    assert display(score_name="Accuracy").plot().ax_.get_ylabel() == "Accuracy"
    assert display(score_name="Accuracy").plot(score_name="x").ax_.get_ylabel() == "x"
    labels = [text.get_text() for text in shown.figure_.legends[0].get_texts()]
    assert labels == ["teacher", "distilled cross-fit"]


def test_scores_may_be_negated():
    shown = display().plot(negate_score=True)
    assert_allclose(shown.lines_["teacher"].get_ydata(), -0.85)
    assert_allclose(shown.lines_["cross_fit"].get_ydata(), [-0.6, -0.7])


def test_many_values_on_a_logarithmic_axis_are_written_out():
    values = np.geomspace(100, 6000, 20)
    shown = display(values, {"cross_fit": np.tile(STUDENT[:1], (20, 1))}).plot()
    shown.figure_.canvas.draw()
    assert shown.ax_.get_xscale() == "log"
    assert "2,000" in [tick.get_text() for tick in shown.ax_.get_xticklabels(which="both")]


def test_values_are_drawn_in_their_order():
    shown = display(param_range=[16, 4]).plot()
    assert_allclose(shown.lines_["cross_fit"].get_xdata(), [4, 16])
    assert_allclose(shown.lines_["cross_fit"].get_ydata(), [0.7, 0.6])


def test_values_that_are_no_numbers_are_named_at_the_axis():
    shown = display(param_range=[4, None]).plot()
    assert [tick.get_text() for tick in shown.ax_.get_xticklabels()] == ["4", "None"]


def test_a_few_numbers_are_written_at_the_axis_and_many_are_not():
    scores = {"cross_fit": np.tile(STUDENT[:1], (3, 1))}
    shown = display([1, 10, 100], scores).plot()
    assert shown.ax_.get_xscale() == "log"
    assert [tick.get_text() for tick in shown.ax_.get_xticklabels()] == ["1", "10", "100"]
    many = display(list(range(20)), {"cross_fit": np.tile(STUDENT[:1], (20, 1))}).plot()
    assert len(many.ax_.get_xticks()) < 20


def test_names_are_drawn_as_they_are_and_never_as_mathematics():
    def rule(proba, y, *, link): ...

    rule.__name__ = "$x_{"
    shown = display(param_range=["$\\frac$", "a\nb"], student_scores={rule: STUDENT})
    shown.param_name = "$step__$"
    shown.plot(score_name="score, $_{")
    shown.figure_.canvas.draw()
    ticks = [tick.get_text() for tick in shown.ax_.get_xticklabels()]
    labels = [text.get_text() for text in shown.figure_.legends[0].get_texts()]
    assert ticks == [r"\$\frac\$", r"a\nb"]
    assert labels == ["teacher", r"distilled, \$x_{"]
    assert shown.ax_.get_xlabel() == r"\$step__\$"
    assert shown.ax_.get_ylabel() == r"score, \$_{"


def test_looks_are_handed_on():
    shown = display().plot(line_kw={"linewidth": 7}, fill_between_kw={"alpha": 0.9})
    assert shown.lines_["teacher"].get_linewidth() == 7
    assert shown.fill_between_["teacher"].get_alpha() == 0.9


@pytest.mark.parametrize("name", ["line_kw", "fill_between_kw", "errorbar_kw"])
@pytest.mark.parametrize("wrong", [{"nope": 1}, {"color": "nope"}])
def test_looks_that_matplotlib_does_not_take_are_refused_before_any_fit(monkeypatch, name, wrong):
    monkeypatch.setattr(module, "distillation_curve", lambda *_, **__: pytest.fail("computed"))
    student, how = DecisionTreeRegressor(), {"param_name": "max_depth", "param_range": [1, 2]}
    with pytest.raises(ValueError, match=f"^{name} must hold keywords of .*nope"):
        DistillationCurveDisplay.from_estimator(None, student, [], [], **how, **{name: wrong})


def test_axes_may_be_given():
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots()
    shown = display().plot(ax)
    assert shown.ax_ is ax
    assert shown.figure_ is figure


def test_from_estimator_shows_the_curve():
    X, y, _ = make_noisy_table(200, random_state=0)
    given = (
        DecisionTreeClassifier(max_depth=2, random_state=0),
        DecisionTreeRegressor(random_state=0),
        X,
        y,
    )
    how = {
        "param_name": "max_depth",
        "param_range": [1, 2],
        "methods": ["labels", "cross_fit"],
        "scoring": neg_log_loss_floored,
        "cv": 2,
        "random_state": 0,
    }
    once = how | {"param_range": iter([1, 2])}
    shown = DistillationCurveDisplay.from_estimator(*given, **once, negate_score=True)
    teacher_scores, student_scores = distillation_curve(*given, **how)
    assert_allclose(shown.lines_["teacher"].get_ydata(), -teacher_scores.mean())
    assert_allclose(shown.lines_["labels"].get_ydata(), -student_scores["labels"].mean(axis=1))
    assert shown.ax_.get_ylabel() == "Log loss floored"


def test_curve_of_numbers_is_named_after_its_score():
    X, y, _ = make_noisy_numbers(100, random_state=0)
    tree = DecisionTreeRegressor(max_depth=2, random_state=0)
    how = {"param_name": "max_depth", "param_range": [1], "methods": ["in_sample"], "cv": 2}
    shown = DistillationCurveDisplay.from_estimator(tree, tree, X, y, **how)
    assert shown.ax_.get_ylabel() == "R²"


@pytest.mark.parametrize(
    ("scoring", "negate", "name"),
    [
        (None, False, "Accuracy"),
        ("neg_log_loss", False, "Negative log loss"),
        ("neg_log_loss", True, "Log loss"),
        ("roc_auc", True, "Negative roc auc"),
        (neg_log_loss_floored, True, "Log loss floored"),
    ],
)
def test_scores_are_named_as_in_scikit_learn(scoring, negate, name):
    assert name_of_score(scoring, negate=negate) == name


def test_without_matplotlib_nothing_is_fitted_and_the_message_says_what_to_install(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr(module, "distillation_curve", lambda *_, **__: pytest.fail("computed"))
    with pytest.raises(ImportError, match="needs matplotlib: pip install matplotlib$"):
        DistillationCurveDisplay.from_estimator(
            None, None, None, None, param_name="", param_range=[]
        )
    with pytest.raises(ImportError, match="needs matplotlib: pip install matplotlib$"):
        display().plot()
