"""The front, the budget, tables and sentences of made-up measurements."""

import re
import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skdistill.evaluation.measure.measurement import Measurement
from skdistill.evaluation.measure.scores import Reliability
from skdistill.evaluation.show.results import Comparison, describe, pareto_front

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
        row_time,
        row_time / 100,
        size,
        losses,
        CURVE,
        note,
    )


# ---- the front -------------------------------------------------------------------------------


def by_brute_force(scores, times):
    return [
        not any(
            (s >= score and t * 1.1 < time) or (s > score and t <= time * 1.1)
            for s, t in zip(scores, times, strict=True)
        )
        for score, time in zip(scores, times, strict=True)
    ]


@pytest.mark.parametrize("seed", range(5))
def test_front_is_what_no_other_beats(seed):
    rng = np.random.default_rng(seed)
    scores, times = rng.integers(0, 6, 30) / 6, 10 ** rng.normal(size=30)
    front = pareto_front(scores, times)
    assert_array_equal(front, by_brute_force(scores, times))
    assert front[scores == scores.max()].any()


def test_times_that_hardly_differ_are_one():
    assert_array_equal(pareto_front([0.9, 0.8], [1.05, 1.0]), [True, False])
    assert_array_equal(pareto_front([0.9, 0.8], [1.2, 1.0]), [True, True])


def test_equal_members_are_all_on_the_front():
    assert_array_equal(pareto_front([0.9, 0.9], [1.0, 1.0]), [True, True])


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


# ---- sentences -------------------------------------------------------------------------------


def described(tuned, *, in_sample=3.0, cross_fit=2.0, corrected=2.5, fits=None):
    """Describe measurements whose losses differ between rows by a little noise."""
    noise = np.linspace(-0.1, 0.1, 50)
    losses = {"tuned_labels": tuned, "in_sample": in_sample, "cross_fit": cross_fit}
    others = [made_up(m, loss + noise[::-1]) for m, loss in losses.items() if loss is not None]
    teacher = made_up("teacher", 1.0 + noise, size=200_000)
    rest = [made_up("labels", 4.0 + noise), made_up("corrected", corrected + noise)]
    found = [teacher, *rest, *others]
    return describe(found, fits and [m.method in fits for m in found])


def test_sentence_states_a_gain_over_the_tuned_student():
    text = described(tuned=2.4)
    assert "'distilled cross-fit' has the lowest log loss, 2.000" in text
    assert "0.400 ± 0.000 below the student tuned on labels" in text
    assert "the student on labels" not in text
    assert "1.000 ± 0.017 above the teacher" in text
    assert "0.5 % of the teacher's size" in text
    assert "100 % of its time" in text


def test_sentence_states_a_loss():
    assert "0.500 ± 0.000 above the student tuned on labels" in described(tuned=1.5)


def test_sentence_claims_no_difference_within_the_noise():
    text = described(tuned=2.01, corrected=1.99)
    assert "no clear difference from the student tuned on labels (0.020 ± 0.017)" in text


def test_sentence_compares_with_plain_labels_where_nothing_was_tuned():
    assert "below the student on labels" in described(tuned=None)


def test_sentence_keeps_to_the_budget():
    text = described(tuned=2.4, fits=["in_sample"])
    assert "that fit the budget, 'distilled in-sample' has the lowest log loss, 3.000" in text
    assert (
        described(tuned=2.4, fits=["labels"]) == "None of the distilled students fits the budget."
    )


def test_sentence_compares_a_student_with_itself_on_labels():
    found = [
        made_up("teacher", [1.0, 1.1]),
        made_up("labels", [2.0, 2.1], student="good"),
        made_up("cross_fit", [1.8, 1.9], student="good"),
        made_up("labels", [5.0, 5.1], student="bad"),
        made_up("cross_fit", [3.0, 3.1], student="bad"),
    ]
    text = describe(found)
    assert "'good: distilled cross-fit'" in text
    assert "0.200 ± 0.000 below the student on labels" in text


def test_sentence_without_distilled_students_is_about_labels():
    text = describe([made_up("teacher", [1.0, 1.1]), made_up("labels", [2.0, 2.1])])
    assert text.startswith(
        "Of the students, 'student on labels' has the lowest log loss, 2.050: 1.000"
    )
