"""The street's crossings alone."""

import pytest
from numpy.testing import assert_array_equal
from sklearn.naive_bayes import GaussianNB

from skdistill import distillation_targets, teacher_probabilities
from skdistill.distillers import crossings

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
