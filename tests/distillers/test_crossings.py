"""The street's crossings alone."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeRegressor

from skdistill import LossCorrectedDistiller, distillation_targets, teacher_probabilities
from skdistill._utils.rounding import on_grid
from skdistill.distillers import crossings
from skdistill.targets import residual

from ..conftest import noisy


class CountsFits(GaussianNB):
    """A teacher that counts the fits of all its clones."""

    fits = 0

    def fit(self, X, y, sample_weight=None):
        CountsFits.fits += 1
        return super().fit(X, y, sample_weight)


@pytest.mark.parametrize("function", [teacher_probabilities, distillation_targets])
def test_answers_are_kept_for_further_calls(function, tmp_path):
    X, y, _ = noisy(100, seed=0)
    CountsFits.fits = 0
    first, second = (
        function(CountsFits(), X, y, cv=3, random_state=0, memory=tmp_path, rehearse=False)
        for _ in range(2)
    )
    assert CountsFits.fits == 3
    assert_array_equal(first, second)


def test_no_fitted_teacher_is_held():
    X, y, _ = noisy(60, seed=0)
    rows = crossings.rows_.check(X, y)
    source = crossings._source(GaussianNB(), 3, rows, None, 0, None, None)
    assert not crossings._answers(source, GaussianNB(), rows, None, rehearse=False).teachers


def test_without_a_correction_it_is_what_the_teacher_says():
    X, y, _ = noisy(100, seed=0)
    how = {"cv": 3, "random_state": 0}
    proba = teacher_probabilities(GaussianNB(), X, y, **how)
    plain = distillation_targets(GaussianNB(), X, y, loss="squared_error", correction=None, **how)
    assert_array_equal(plain, proba[:, 1])
    # A share g moves it by g of the way to the label.
    share = distillation_targets(GaussianNB(), X, y, loss="squared_error", correction=0.25, **how)
    assert_allclose(share, 0.75 * proba[:, 1] + 0.25 * y)


def test_a_student_of_ones_own_learns_what_the_distillers_would_teach(three_classes, monkeypatch):
    # So many rows count as many: two models correct the teachers.
    monkeypatch.setattr(residual, "_MOST_ROWS", 60)
    monkeypatch.setattr(residual, "_MOST_ROWS_OF_MANY_CLASSES", 60)
    X, y = three_classes
    weight = np.random.default_rng(0).integers(1, 4, size=len(y))
    how = {"loss": "squared_error_logit", "correction": "residual", "random_state": 0}
    targets = distillation_targets(GaussianNB(), X, y, sample_weight=weight, **how)
    student = DecisionTreeRegressor(random_state=0)
    model = LossCorrectedDistiller(GaussianNB(), student, **how).fit(X, y, sample_weight=weight)
    own = clone(student).fit(X, on_grid(targets), sample_weight=weight)
    assert_array_equal(own.predict(X), model.student_.predict(X))


def test_no_teacher_is_needed_where_probabilities_are_given_and_only_there():
    X, y, p0 = noisy(100, seed=0)
    proba = np.column_stack([1 - p0, p0])
    found = distillation_targets(
        None, X, y, loss="squared_error", correction=None, teacher_proba=proba
    )
    assert_array_equal(found, p0)
    for function in (teacher_probabilities, distillation_targets):
        with pytest.raises(ValueError, match="teacher"):
            function(None, X, y)
        with pytest.raises(ValueError, match="DecisionTreeRegressor"):
            function(DecisionTreeRegressor(), X, y)


def test_groups_are_refused_where_no_rows_are_split():
    X, y, _ = noisy(100, seed=0)
    with pytest.raises(ValueError, match="groups was given, but no rows are split"):
        teacher_probabilities(GaussianNB(), X, y, cv="in_sample", groups=np.arange(100))
