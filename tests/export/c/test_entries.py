"""What is called from outside, and what is said of it."""

import numpy as np
import pytest

from skdistill.export.c.entries import about, functions, rules
from skdistill.export.kinds import OfClasses, OfNumbers
from skdistill.export.program import Column, Feature, Layer, Layers, Program

KINDS = {"classes": OfClasses(np.array(["*/", "b"])), "numbers": OfNumbers()}


def program(kind):
    linear = Layers([Layer(np.ones((1, kind.n_columns)), np.zeros(kind.n_columns))])
    return Program((Column("x"),), (Feature(0),), (linear,), (), kind)


@pytest.mark.parametrize(
    ("kind", "heads"),
    [
        (
            "classes",
            [
                "int m_predict_proba(const float *x, float *proba)",
                "int m_predict(const float *x)",
                "int m_predict_rows(const float *x, long n_rows, float *proba)",
            ],
        ),
        (
            "numbers",
            [
                "int m_predict(const float *x, float *prediction)",
                "int m_predict_rows(const float *x, long n_rows, float *prediction)",
            ],
        ),
    ],
)
def test_heads_of_functions(kind, heads):
    assert list(functions(program(KINDS[kind]), "m", "float")) == heads


def test_what_is_said_of_answers():
    assert list(about(KINDS["numbers"])) == ["It predicts a number."]
    assert list(about(KINDS["classes"]))[1:] == ["  0  * /", "  1  b"]
    of_classes, of_numbers = (" ".join(rules(KINDS[kind])) for kind in ("classes", "numbers"))
    assert "predict_proba and predict_rows return 0" in of_classes
    assert "position of a class" in of_classes
    assert "predict and predict_rows return 0" in of_numbers
    assert of_numbers.endswith("student refuses.")
