"""The budget, tables and names of made-up measurements, and the best of them."""

import pickle
import re
import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skdistill.evaluation.measure.measurement import Measurement
from skdistill.evaluation.measure.scores import Reliability
from skdistill.evaluation.measure.times import Timing
from skdistill.evaluation.show.results import Comparison

CURVE = Reliability(np.array([0.5]), np.array([0.6]), np.array([10]))


def made_up(
    method,
    losses=(1.0, 1.2),
    *,
    student="s",
    score=0.5,
    size=1000,
    row_time=20.0,
    excess=None,
    note="",
    error=0.0,
    waiting=1.0,
    preparing=0.0,
):
    losses = np.asarray(losses, dtype=float)
    return Measurement(
        None if method == "teacher" else student,
        method,
        score,
        0.01,
        losses.mean(),
        0.02,
        excess,
        0.2,
        0.1,
        0.9,
        0.8,
        0.05,
        1.5,
        size,
        losses,
        CURVE,
        note,
        row=Timing(row_time, error, row_time * waiting, preparing),
        batch=Timing(row_time / 100, error / 100, row_time / 100, preparing / 100),
    )


# ---- the comparison --------------------------------------------------------------------------


@pytest.fixture
def measurements():
    return [
        made_up("teacher", score=0.9, size=1e6, row_time=1000.0),
        made_up("labels", score=0.7, size=5000),
        made_up("cross_fit", score=0.8, size=20_000),
    ]


def test_budget_marks_what_fits(measurements):
    assert Comparison(measurements, {}).fits_budget.all()
    by_time = Comparison(measurements, {}, max_latency=20)
    assert_array_equal(by_time.fits_budget, [False, True, True])
    by_size = Comparison(measurements, {}, max_latency=20, max_size=5000)
    assert_array_equal(by_size.fits_budget, [False, True, False])


def test_latency_is_that_of_the_chosen_batch(measurements):
    large = Comparison(measurements, {}, max_latency=5, latency_batch=10_000)
    assert_array_equal(large.latencies, [10, 0.2, 0.2])
    assert_array_equal(large.fits_budget, [False, True, True])


def test_table_holds_all_numbers(measurements):
    table = Comparison(measurements, {}, max_size=5000).table
    assert list(table["method"]) == ["teacher", "labels", "cross_fit"]
    assert list(table["pickled_bytes"]) == [1e6, 5000, 20_000]
    assert list(table["us_per_row_batch_1"]) == [1000, 20, 20]
    assert list(table["us_per_row_batch_10000"]) == [10, 0.2, 0.2]
    assert list(table["on_front"]) == [True, False, True]
    assert list(table["fits_budget"]) == [False, True, False]
    assert "excess_log_loss" not in table.columns


def test_table_without_pandas_holds_the_same(measurements, monkeypatch):
    with_pandas = Comparison(measurements, {}).table
    monkeypatch.setitem(sys.modules, "pandas", None)
    plain = Comparison(measurements, {}).table
    assert list(plain.columns) == list(with_pandas.columns)
    assert plain["score"] == list(with_pandas["score"])


def test_excess_is_shown_where_it_is_known():
    known = Comparison([made_up("teacher", excess=0.25), made_up("labels", excess=0.5)], {})
    assert "excess" in str(known)
    assert "0.250" in str(known)
    assert list(known.table["excess_log_loss"]) == [0.25, 0.5]


def test_text_names_students_only_where_there_are_several(measurements):
    assert "student  " not in str(Comparison(measurements, {})).splitlines()[0]
    two = Comparison([*measurements, made_up("labels", student="other")], {})
    assert str(two).startswith("student")
    assert "other" in str(two)


def test_text_marks_front_and_budget(measurements):
    text = str(Comparison(measurements, {}, max_size=5000))
    lines = [line for line in text.splitlines() if "MB" in line or "kB" in line]
    assert lines[0].endswith("front over budget")
    assert lines[1].rstrip().endswith("5.0 kB")
    assert repr(Comparison(measurements, {})) == str(Comparison(measurements, {}))


def test_html_escapes_names_and_marks_front_and_budget(measurements):
    spiteful = made_up("labels", student="<i>")
    page = Comparison([*measurements, spiteful], {}, max_size=5000, score_name="a<b")._repr_html_()
    assert "<i>" not in page
    assert "&lt;i&gt;" in page
    assert "a&lt;b" in page
    assert page.count("font-weight:bold") == 4  # two members of the front in two tables
    assert page.count("opacity") == 4


def test_html_aligns_names_left_and_numbers_right(measurements):
    several = [*measurements, made_up("labels", student="other")]
    for members, n_names in ((measurements, 1), (several, 2)):
        heads = re.findall("<tr.*?</tr>", Comparison(members, {}).to_html())[0]
        sides = re.findall("text-align:(left|right)", heads)
        assert sides == ["left"] * n_names + ["right"] * (len(sides) - n_names)


def test_names_reach_terminals_and_pages_printable(measurements):
    spiteful = made_up("cross_fit", (0.1, 0.1), student="\x1b[31mred\n")
    comparison = Comparison([*measurements, spiteful], {}, score_name="\u202escore")
    for shown in (str(comparison), comparison.describe(), comparison.to_html()):
        assert "\\x1b[31mred\\n" in shown
        assert "\x1b" not in shown
        assert "\u202e" not in shown


def test_reliability_of_an_unknown_student_is_refused(measurements):
    with pytest.raises(ValueError, match=r"must be one of \['s'\], found 'x'"):
        Comparison(measurements, {}).plot_reliability(student="x")


def test_text_and_table_tell_what_goes_before_the_model(measurements):
    assert "before the model" not in str(Comparison(measurements, {}))
    prepared = made_up("corrected", row_time=4700.0, preparing=4200.0, error=12.0)
    comparison = Comparison([*measurements, prepared], {})
    assert "µs, one row (before the model)" in str(comparison)
    assert "4,700 (4,200)" in str(comparison)
    table = comparison.table
    assert list(table["us_before_model_batch_1"]) == [0, 0, 0, 4200]
    assert list(table["us_per_row_batch_1_se"]) == [0, 0, 0, 12]


def test_front_takes_the_measured_noise_of_times_into_account(measurements):
    clear = [*measurements, made_up("corrected", score=0.8, row_time=30.0)]
    noisy = [*measurements, made_up("corrected", score=0.8, row_time=30.0, error=10.0)]
    assert_array_equal(Comparison(clear, {}).on_front, [True, False, True, False])
    assert_array_equal(Comparison(noisy, {}).on_front, [True, False, True, True])


# ---- what to ship ----------------------------------------------------------------------------


def of(measurements, **params):
    """Return a comparison whose classifiers are words."""
    named = {(m.student, m.method): f"{m.student}'s {m.method}" for m in measurements}
    return Comparison(measurements, named, **params)


def test_best_is_the_distilled_student_of_lowest_log_loss(measurements):
    better = made_up("corrected", (0.9, 1.0), size=50_000)
    comparison = of([*measurements, made_up("tuned_labels", (0.1, 0.1)), better])
    assert comparison.best_key == ("s", "corrected")
    assert comparison.best == "s's corrected"


def test_best_keeps_to_the_budget(measurements):
    better = made_up("corrected", (0.9, 1.0), size=50_000, row_time=30)
    comparison = of([*measurements, better], max_size=20_000)
    assert comparison.best_key == ("s", "cross_fit")
    assert comparison.under().best_key == ("s", "corrected")
    assert comparison.under(max_latency=25).best_key == ("s", "cross_fit")
    assert "distilled cross-fit" in comparison.under(max_latency=25).describe()
    assert comparison.max_size == 20_000
    message = "budget of max_latency=1 µs per row: the quickest student takes 20 µs"
    with pytest.raises(ValueError, match=message):
        _ = comparison.under(max_latency=1).best
    with pytest.raises(
        ValueError, match="max_latency=1 µs per row and max_size=1 bytes: the quick"
    ):
        _ = comparison.under(max_latency=1, max_size=1).best
    with pytest.raises(ValueError, match="'max_size' parameter of under must be"):
        comparison.under(max_size="5 kB")


def test_best_without_distillation_is_on_labels(measurements):
    assert of(measurements[:2]).best_key == ("s", "labels")


def test_classifiers_are_found_by_their_printed_names(measurements):
    one = of([*measurements, made_up("tuned", note="transfer")]).classifiers
    assert one["distilled cross-fit"] == one["s", "cross_fit"] == one["s", "distilled cross-fit"]
    assert one["teacher"] == one[None, "teacher"]
    assert one["distilled, tuned (transfer)"] == one["s", "tuned"]
    several = of([*measurements, made_up("cross_fit", student="t")]).classifiers
    assert several["t: distilled cross-fit"] == several["t", "cross_fit"]
    for name in ("distilled cross-fit", "cross_fit", ("t", "labels")):
        with pytest.raises(KeyError, match=r"There is no classifier .*\('s', 'labels'\)"):
            several[name]


def test_comparison_survives_pickling(measurements):
    again = pickle.loads(pickle.dumps(of(measurements)))
    assert again.best == again.classifiers["distilled cross-fit"]
