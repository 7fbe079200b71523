"""What numbers are, and what they are not."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import DataConversionWarning
from sklearn.tree import DecisionTreeRegressor

from skdistill.outcomes import Numbers
from skdistill.rows import Rows
from skdistill.sources import Answers
from skdistill.targets import ErrorOfNumbers, Lesson, corrected_by


@pytest.mark.parametrize(
    "y",
    [
        [1, 2.5, 3],
        np.array([1, 2.5, 3], dtype=np.float32),
        np.array([1, 2.5, 3], dtype=object),
        pd.Series([1, 2.5, 3], dtype="Float64"),
    ],
)
def test_numbers_of_any_type(y):
    found, outcome, codes = Numbers().read(y)
    assert found.dtype == np.float64
    assert_array_equal(found, [1, 2.5, 3])
    assert (outcome.n_columns, len(outcome.classes), codes.tolist()) == (1, 0, [0, 0, 0])


def test_a_column_is_told():
    with pytest.warns(DataConversionWarning, match="flat numbers"):
        assert_array_equal(Numbers().read(np.array([[1.0], [2.0]]))[0], [1, 2])


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([1, np.nan, 2], "y must hold finite numbers.*X_transfer.*contains NaN"),
        ([1, None, 2], "none missing"),
        (pd.Series([1, None, 2], dtype="Int64"), "none missing"),
        ([1, np.inf, 2], "contains infinity"),
        (["1.5", "2"], "y must hold numbers, found text.*Classes are for Other"),
        (np.array([1, "b"], dtype=object), "found text"),
        (np.array([1j, 2]), "Complex data not supported"),
        (np.array(["2020-01-01", "2020-01-02"], dtype="M8[D]"), "found datetime64"),
        ([[1.0, 2.0], [3.0, 4.0]], r"one number a row, found shape \(2, 2\).*MultiOutputRegressor"),
        ([2.0, 2.0], "different numbers to learn from, found one alone: 2"),
        ([2.0], "found 1 sample"),
        ([1.0, -1e200], "numbers up to 1e.100.*found -1e.200: divide them by a unit"),
    ],
)
def test_what_are_no_numbers(y, message):
    with pytest.raises(ValueError, match=message):
        Numbers("Other").read(y)


@pytest.mark.parametrize("scale", [{"unit": 1e-9}, {"mean": 1e9}])
def test_a_spread_that_trees_do_not_see_is_told(scale):
    y = np.random.default_rng(0).normal(size=300)
    y = scale.get("unit", 1.0) * y + scale.get("mean", 0.0)
    assert DecisionTreeRegressor().fit(y[:, None], y).score(y[:, None], y) < 0.9
    with pytest.warns(UserWarning, match=r"y varies by .*take that for nothing"):
        Numbers().read(y)


def test_a_spread_that_trees_see_is_not_told():
    y = np.random.default_rng(0).normal(size=300)
    for fine in (1e-5 * y, y + 1e5):
        assert DecisionTreeRegressor().fit(y[:, None], fine).score(y[:, None], fine) > 0.999
        Numbers().read(fine)


def test_classes_are_suspected():
    classes = np.arange(60) % 3
    with pytest.warns(UserWarning, match="y holds 3 different numbers only.*classes, use Other"):
        Numbers("Other").read(classes)
    for counts in (np.arange(60) % 4, np.arange(20) % 3, np.arange(60) / 7):
        Numbers().read(counts)


def test_a_few_rows_hold_small_and_large_numbers():
    y = np.arange(1000.0)
    first = Numbers().spread(y, np.zeros(1000, dtype=int), np.arange(1000))[:20]
    assert np.diff(np.sort(y[first])).max() < 100
    assert (y[first].min(), y[first].max()) < (50, 950) < (1000, 1000)
    assert y[first].max() > 900


# ---- rules -----------------------------------------------------------------------------------


def corrected(correction, c, prediction, y, weight=None):
    """Return the target of answers, and the mean squared residual."""
    rows = Rows(np.zeros((len(y), 1)), y, Numbers(), np.zeros(len(y), dtype=int), weight)
    lesson = Lesson(rows, Answers(prediction[:, None]))
    strategy = corrected_by(correction, c, resolve=rows.outcome.rule)
    noise = np.average((y - prediction) ** 2, weights=weight)
    return strategy.target(lesson, ErrorOfNumbers(1)), noise


@pytest.mark.parametrize("rule", ["fast", "absolute", "relative"])
@pytest.mark.parametrize("weighted", [False, True])
def test_every_gamma_is_the_best_of_its_objective(rule, weighted):
    """By brute force: the least over γ of the worst squared bias plus the noise let in."""
    rng = np.random.default_rng(0)
    prediction = rng.normal(2, 1, 6)
    y, c = prediction + rng.normal(size=6), 0.7
    weight = np.arange(1.0, 7) if weighted else None
    target, v = corrected(rule, c, prediction, y, weight)
    gamma = (target - prediction) / (y - prediction)
    grid = np.linspace(0, 1, 100_001)
    for m, g in zip(prediction, gamma, strict=True):
        truths = {
            "fast": m + np.sqrt(c * v),
            "absolute": m + np.linspace(-c, c, 101) * np.sqrt(v),
            "relative": np.linspace(m / (1 + c), m * (1 + c), 101),
        }[rule]
        feared = np.max((truths - m) ** 2)
        best = grid[np.argmin((1 - grid) ** 2 * feared + grid**2 * v)]
        assert g == pytest.approx(best, abs=1e-5)


def test_a_teacher_without_error_needs_no_noise():
    prediction = np.array([0.0, 1.0])
    assert_array_equal(corrected("relative", None, prediction, prediction)[0], prediction)


@pytest.mark.parametrize("correction", ["fast", "absolute", "relative", 0.3, "orthogonal"])
def test_a_perfect_teacher_stays_perfect(correction):
    """E[t | x] = m0 for every rule; four standard errors of the mean of 20,000 rows."""
    rng = np.random.default_rng(0)
    mean = np.tile([1.0, 3.0], 10_000)
    target, _ = corrected(correction, None, mean, mean + rng.normal(size=20_000))
    for value in (1.0, 3.0):
        off = target[mean == value] - value
        assert abs(off.mean()) <= 4 * off.std() / 100 + 1e-12


def test_the_error_of_a_teacher_is_taken_out_by_the_share():
    rng = np.random.default_rng(0)
    y = rng.normal(size=40_000)
    target, _ = corrected(0.3, None, np.full(40_000, 1.0), y)
    assert target.mean() == pytest.approx(0.7, abs=4 * 0.3 / 200)


# ---- answers ---------------------------------------------------------------------------------


def test_folds_are_shuffled_and_keep_groups():
    numbers, groups = Numbers(), np.arange(30) // 3
    found = list(numbers.splitter(3, 0, grouped=True).split(groups, groups, groups))
    for train, test in found:
        assert not set(groups[train]) & set(groups[test])
    again = list(numbers.splitter(3, 0).split(groups))
    assert_array_equal(again[0][1], next(numbers.splitter(3, 0).split(groups))[1])


def test_answers_are_put_on_the_scale_of_numbers():
    rng = np.random.default_rng(0)
    y = rng.normal(size=50)
    assert_allclose(Numbers().fit_scale((y - 3) / 2, y)((y - 3) / 2), y)
    # What runs against the numbers says nothing about them.
    assert_allclose(Numbers().fit_scale(-y, y)(-y), y.mean())
