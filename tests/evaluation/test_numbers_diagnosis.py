"""What is said of teachers of numbers, where the truth is known."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.ensemble import RandomForestRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold
from sklearn.tree import DecisionTreeRegressor

from skdistill import diagnose_teacher
from skdistill.evaluation import NumbersDiagnosis, make_noisy_numbers


def tree():
    return DecisionTreeRegressor(max_leaf_nodes=16, random_state=0)


@pytest.fixture(scope="module")
def numbers():
    return make_noisy_numbers(1000, n_features=4, random_state=0)


@pytest.fixture(scope="module")
def of_forest(numbers):
    X, y, _ = numbers
    forest = RandomForestRegressor(100, random_state=0)
    return diagnose_teacher(forest, X, y, student=tree(), cv="oob", random_state=0)


@pytest.fixture(scope="module")
def of_line(numbers):
    X, y, _ = numbers
    return diagnose_teacher(LinearRegression(), X, y, random_state=0)


def test_a_forest_remembers_what_its_bags_hold(of_forest):
    assert isinstance(of_forest, NumbersDiagnosis)
    # A bag holds a row with probability 1 − 1/e, and single leaves repeat it.
    assert_allclose(of_forest.overfit_share, 1 - 1 / np.e, atol=0.05)
    assert of_forest.in_sample_r2 > of_forest.out_of_fold_r2 + 0.3
    assert of_forest.lead.is_clear
    assert not of_forest.correction_gain.is_clear
    assert of_forest.recommendation == "LossCorrectedDistillerRegressor"
    assert "remembers 6" in of_forest.advice
    assert "show no clear bias" in of_forest.advice
    assert "LossCorrectedDistillerRegressorCV finds out" in of_forest.advice


def test_a_line_misses_the_product_of_two_columns(of_line, numbers):
    X, y, mean = numbers
    assert of_line.recommendation == "LossCorrectedDistillerRegressor"
    assert "raises its R² for rows that it has not seen by 0." in of_line.advice
    noise = of_line.correction_columns["column 3"]
    assert all(of_line.correction_columns[f"column {j}"] > 3 * noise for j in (0, 1))
    bias = np.mean((mean - LinearRegression().fit(X, y).predict(X)) ** 2)
    # It is the square of a correlation that is found: not more than the bias but for the error.
    assert 0.3 * bias < of_line.squared_bias < bias + 3 * of_line.squared_bias_se


def test_facts_are_what_they_are_called(of_line, numbers):
    X, y, _ = numbers
    line, out = LinearRegression(), np.empty(len(y))
    for train, test in KFold(5, shuffle=True, random_state=0).split(X):
        out[test] = line.fit(X[train], y[train]).predict(X[test])
    assert_allclose(of_line.out_of_fold_r2, r2_score(y, out))
    assert_allclose(of_line.in_sample_r2, line.fit(X, y).score(X, y))
    gain = of_line.corrected_r2 - of_line.out_of_fold_r2
    assert_allclose(of_line.correction_gain.mean, gain)
    assert_allclose(of_line.calibration.observed @ of_line.calibration.n_rows, y.sum())
    assert of_line.student_r2 is None


def test_a_teacher_that_does_not_lead_is_not_to_be_taken(numbers):
    X = numbers[0][:300]
    stump = DecisionTreeRegressor(max_depth=1, random_state=0)
    found = diagnose_teacher(stump, X, X.sum(axis=1), student=LinearRegression(), cv=3)
    assert found.recommendation == "LossCorrectedDistillerRegressorCV"
    assert "its R² when trained on labels lies" in found.advice
    assert "above the teacher's" in found.advice
    assert_allclose(found.lead.mean, found.out_of_fold_r2 - found.student_r2)


def test_it_prints_and_draws_numbers(of_forest):
    plt = pytest.importorskip("matplotlib.pyplot")
    text = str(of_forest)
    for line in ("overfit share", "R², rows it has not seen", "R² of the student on labels"):
        assert line in text
    assert "log loss" not in text
    assert "<b>Use LossCorrectedDistillerRegressor" in of_forest._repr_html_()
    assert of_forest.plot().get_ylabel() == "mean number"
    plt.close("all")


def test_who_cannot_be_diagnosed_is_refused(numbers):
    X, y, _ = numbers
    frozen = FrozenEstimator(LinearRegression().fit(X, y))
    with pytest.raises(ValueError, match="frozen teacher cannot be diagnosed"):
        diagnose_teacher(frozen, X, y)
    absolute = RandomForestRegressor(criterion="absolute_error")
    with pytest.raises(ValueError, match="diagnose_teacher judges by the squared error"):
        diagnose_teacher(absolute, X, y)
