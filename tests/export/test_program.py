"""Steps and ends are equal where they do the same."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.preprocessing import OrdinalEncoder

from skdistill import Distiller
from skdistill.export.columns import read_transformer
from skdistill.export.program import Bin, Clip, Exp, Feature, Fill, Logistic, Lookup, Minus, Over
from skdistill.export.reading import read_program

from .models import frame, of_kinds


def test_parts_are_equal_by_kind_and_by_what_they_hold():
    assert Minus(2.0) == Minus(2.0) != Over(2.0)
    assert Exp() == Exp() != Logistic()
    assert Fill(1.0) == Fill(1.0, np.nan) != Fill(1.0, 0.0)
    assert Minus(2.0) != (2.0,)
    assert len({Clip(0.0, 1.0), Clip(0.0, 1.0), Bin((0.0, 1.0)), Fill(0.0, 1.0)}) == 3
    assert Feature(0, (Fill(1.0),)) == Feature(0, (Fill(1.0),)) != Feature(0, (Minus(1.0),))
    with pytest.raises(AttributeError):
        Minus(2.0).value = 3.0


def test_features_of_students_side_by_side_are_the_same_with_missing_values_in_them():
    rows, y, proba = frame()
    student = HistGradientBoostingRegressor(max_iter=2, categorical_features="from_dtype")
    model = Distiller(None, student).fit(rows.drop(columns="town"), y, teacher_proba=proba)
    program = read_program(model)
    assert len(program.learners) == 3
    looked_up = [s for f in program.features for s in f.steps if isinstance(s, Lookup)]
    assert any(value is np.nan for step in looked_up for value in (step.missing, step.otherwise))


def test_what_an_encoder_answers_is_equal_when_it_is_asked_again():
    encoder = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan
    )
    rows = frame()[0][["town"]]
    fitted = make_column_transformer((encoder, ["town"])).fit(rows)
    once, again = (read_transformer(fitted, [Feature(0)]) for _ in range(2))
    assert once == again
    assert once[0].way == again[0].way


@pytest.mark.parametrize("name", ["LightGBM", "histogram"])
def test_numbers_between_categories_go_where_the_student_sends_them(name):
    classifier, rows = of_kinds(name)
    expected = classifier.predict_proba(rows)
    assert_allclose(read_program(classifier)(rows), expected, rtol=0, atol=1e-15)
    of = dict(zip(rows[:, 0].tolist(), expected[:, 1].tolist(), strict=True))
    # LightGBM cuts them to whole numbers, towards zero; to scikit-learn they are unknown.
    assert (of[-0.25] == of[0] and of[3.5] == of[3] != of[1]) == (name == "LightGBM")
