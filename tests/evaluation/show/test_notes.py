"""Notes on times, of made-up measurements and of students that were fitted."""

import numpy as np
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder
from sklearn.tree import DecisionTreeRegressor

from skdistill import Distiller
from skdistill.evaluation.show.notes import faster_ways, say_if_disturbed, say_what_prepares
from skdistill.evaluation.show.results import Comparison

from .test_results import made_up

X, Y = np.array([[0.0], [1.0], [2.0], [3.0]] * 5), np.array([0, 1, 1, 0] * 5)
COMPILED = "its compiled()"
ORDINAL = "an OrdinalEncoder in place of the OneHotEncoder, which no tree needs"


def shipped(*steps):
    return Distiller(GaussianNB(), make_pipeline(*steps)).fit(X, Y).classifier_


def columns(encoder):
    return make_column_transformer((encoder, [0]))


def anything(X):
    return X


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([columns(OneHotEncoder()), DecisionTreeRegressor()], [COMPILED, ORDINAL]),
        ([columns(OneHotEncoder()), LinearRegression()], [COMPILED]),
        ([columns(OrdinalEncoder()), DecisionTreeRegressor()], [COMPILED]),
        (
            [FunctionTransformer(anything), OneHotEncoder(), DecisionTreeRegressor()],
            [ORDINAL],
        ),
        ([FunctionTransformer(anything), DecisionTreeRegressor()], []),
    ],
)
def test_what_would_be_faster(steps, expected):
    assert faster_ways(shipped(*steps)) == expected


def test_share_of_the_steps_before_the_model_is_told_where_it_is_large():
    student = shipped(columns(OneHotEncoder()), DecisionTreeRegressor())
    mostly = made_up("cross_fit", row_time=4700.0, preparing=4200.0)
    text = say_what_prepares(mostly, student)
    assert text == (
        "Of that time 89 % goes to the steps of its Pipeline before the model: faster would be "
        f"{COMPILED} and {ORDINAL}."
    )
    assert say_what_prepares(made_up("cross_fit", row_time=4700.0, preparing=100.0), student) == ""
    comparison = Comparison([made_up("teacher"), mostly], {("s", "cross_fit"): student})
    assert comparison.describe().endswith(text)


def test_disagreement_of_the_clocks_is_told():
    calm = [made_up("teacher"), made_up("cross_fit", waiting=1.4)]
    assert say_if_disturbed(calm) == ""
    busy = say_if_disturbed([*calm, made_up("corrected", waiting=2.94)])
    assert "up to 2.9 times as long, those of 'distilled, corrected', as other work" in busy
    several = say_if_disturbed([*calm, made_up("corrected", waiting=0.5)])
    assert "'distilled, corrected' works on several" in several
    assert Comparison([*calm, made_up("corrected", waiting=2.94)], {}).describe().endswith(busy)


def test_times_that_nobody_took_are_no_disagreement():
    assert say_if_disturbed([made_up("teacher", row_time=float("nan"))]) == ""
