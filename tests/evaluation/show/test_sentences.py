"""Sentences about made-up measurements."""

import numpy as np

from skdistill.evaluation.show.sentences import describe

from .test_results import made_up


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


def test_sentence_claims_no_difference_that_is_shown_as_zero():
    text = described(tuned=2.0004)
    assert "no clear difference from the student tuned on labels (0.000 ± 0.000)" in text
    assert "0.001 ± 0.000 below the student tuned on labels" in described(tuned=2.0006)


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


def test_sentence_compares_with_the_better_of_both_students_on_labels():
    found = [
        made_up("teacher", [1.0, 1.1]),
        made_up("labels", [2.0, 2.1]),
        made_up("tuned_labels", [2.5, 2.6]),
        made_up("cross_fit", [1.8, 1.9]),
    ]
    assert "0.200 ± 0.000 below the student on labels" in describe(found)
    assert "tuned" not in describe(found)
