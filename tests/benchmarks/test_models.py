"""What several benchmarks build."""

from sklearn.naive_bayes import GaussianNB

from benchmarks.models import tree, without_calibration
from skdistill import LossCorrectedDistillerCV

from ..conftest import noisy


def test_a_search_is_shown_without_its_sigmoid_and_keeps_it():
    X, y, _ = noisy(200, seed=0)
    search = LossCorrectedDistillerCV(
        GaussianNB(), tree(8), candidates=["labels"], cv=3, calibrate=True, random_state=0
    ).fit(X, y)
    plain = without_calibration(search)
    assert (plain.predict_proba(X) != search.predict_proba(X)).any()
    assert plain.calibration is None
    assert search.classifier_.calibration == search.calibration_.as_dict()
