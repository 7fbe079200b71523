"""Advice follows the rules that the documentation states."""

import re

import numpy as np
import pytest

from skdistill.evaluation.advice import Difference, advise, leads


def case(expected, phrase, **changes):
    facts = {
        "overfit_share": 0.02,
        "correction_gain": Difference(0.0, 0.001),
        "correction_columns": {},
    }
    return pytest.param(facts | changes, expected, phrase, id=phrase)


LEADS, TRAILS, TIES = Difference(0.1, 0.01), Difference(-0.1, 0.01), Difference(0.01, 0.01)


@pytest.mark.parametrize(
    ("facts", "expected", "phrase"),
    [
        case("Distiller", "remembers 2 %"),
        case("CrossFitDistiller", "remembers 63 %", overfit_share=0.63),
        case(
            "LossCorrectedDistiller",
            "mostly by age and size,",
            correction_gain=Difference(0.05, 0.01),
            correction_columns={"age": 0.5, "size": 0.4, "colour": 0.1},
        ),
        case(
            "LossCorrectedDistiller",
            "cross-fits as well, for the teacher remembers 63 %",
            correction_gain=Difference(0.05, 0.01),
            overfit_share=0.63,
        ),
        case("Distiller", "no bias that is worth", correction_gain=Difference(0.05, 0.03)),
        case("Distiller", "hardly do better", correction_gain=Difference(-0.01, 0.001)),
        case("Distiller", "which fits the teacher once", lead=LEADS, corrected_lead=LEADS),
        case(
            "LossCorrectedDistillerCV",
            "Train the student on labels",
            lead=TRAILS,
            corrected_lead=TRAILS,
            correction_gain=Difference(0.05, 0.01),
        ),
        case("LossCorrectedDistillerCV", "neither", lead=TRAILS, corrected_lead=TIES),
        case(
            "LossCorrectedDistiller",
            "putting that right",
            lead=TRAILS,
            corrected_lead=LEADS,
            correction_gain=Difference(0.2, 0.01),
        ),
    ],
)
def test_advice_follows_the_rules(facts, expected, phrase):
    recommendation, advice = advise(**facts)
    assert recommendation == expected
    assert phrase in advice
    assert expected in advice
    assert re.findall(r"[.](?!\d)", advice) == ["."]


def test_differences_are_means_over_rows_and_the_students_are_known_if_it_was_asked():
    losses = {
        "inside": np.array([0.0, 0.0, 0.0]),
        "outside": np.array([1.0, 2.0, 3.0]),
        "corrected": np.array([0.5, 1.5, 1.0]),
    }
    found = leads(losses, None)
    assert found["correction_gain"].mean == 1.0
    assert found.keys() == {"correction_gain"}
    found = leads(losses | {"student": np.array([4.0, 4.0, 4.0])}, None)
    assert (found["lead"].mean, found["corrected_lead"].mean) == (2.0, 3.0)
