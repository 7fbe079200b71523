"""Whatever predicts uses one core while it is timed, and is afterwards as it was."""

import copy
import sys
from pathlib import Path

import numpy as np
import pytest
from catboost import CatBoostClassifier
from lightgbm import LGBMClassifier
from numpy.testing import assert_array_equal
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_info, threadpool_limits
from xgboost import XGBClassifier, XGBRegressor

from skdistill import Distiller, LGBMSoftClassifier
from skdistill.evaluation.measure.one_core import on_one_core

X, Y = make_classification(300, 20, n_informative=10, random_state=0)

LIGHT = LGBMClassifier(n_estimators=5, verbose=-1, n_jobs=2)
EXTREME = XGBClassifier(n_estimators=5, n_jobs=2)
CAT = CatBoostClassifier(iterations=5, verbose=0, thread_count=2, allow_writing_files=False)
SOFT = LGBMSoftClassifier(n_estimators=5, n_jobs=2)
ANY = {
    "forest": RandomForestClassifier(30, n_jobs=2),
    "neighbours": KNeighborsClassifier(n_jobs=2),
    "histogram": HistGradientBoostingClassifier(max_iter=5),
    "lightgbm": LIGHT,
    "lightgbm-all": LGBMClassifier(n_estimators=5, verbose=-1),
    "lightgbm-alias": LGBMClassifier(n_estimators=5, verbose=-1, num_threads=2),
    "soft": SOFT,
    "soft-alias": LGBMSoftClassifier(n_estimators=5, nthread=2),
    "xgboost": EXTREME,
    "xgboost-all": XGBClassifier(n_estimators=5),
    "catboost": CAT,
    "pipeline": make_pipeline(StandardScaler(), LIGHT),
    "voting": VotingClassifier([("a", LIGHT), ("b", EXTREME), ("c", CAT)], voting="soft"),
    "stacking": StackingClassifier([("a", GaussianNB()), ("b", CAT)], cv=2),
    "calibrated": CalibratedClassifierCV(CAT, cv=2),
    "search": GridSearchCV(EXTREME, {"max_depth": [2]}, cv=2),
    "frozen": FrozenEstimator(LIGHT.fit(X, Y)),
    "distiller": Distiller(GaussianNB(), XGBRegressor(n_estimators=5, n_jobs=2)),
}


def cpu_of_threads():
    """Ticks of every thread of this process."""
    found = {}
    for stat in Path("/proc/self/task").glob("*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):  # it has just ended
            continue
        found[stat.parent.name] = int(fields[11]) + int(fields[12])
    return found


def cores_used(classifier, rows, ticks=20):
    """CPU time of all threads, in units of that of the busiest; a busy machine slows them alike."""
    classifier.predict_proba(rows)
    before, used = cpu_of_threads(), [0]
    while max(used) < ticks:
        classifier.predict_proba(rows)
        used = [now - before.get(thread, 0) for thread, now in cpu_of_threads().items()]
    return sum(used) / max(used)


@pytest.fixture(scope="module", params=ANY)
def fitted(request):
    return copy.deepcopy(ANY[request.param]).fit(X, Y)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_one_thread_works(fitted):
    # Whatever OMP_NUM_THREADS says.
    with threadpool_limits(2), on_one_core(fitted) as alone:
        rows = np.tile(X, (30, 1))
        # Threads of the fit, or of the test before, go on for a while: look up to five times.
        assert any(cores_used(alone, rows) <= 1.2 for _ in range(5))


def test_answers_are_the_same_and_nothing_is_modified(fitted):
    expected, params, before = fitted.predict_proba(X), repr(fitted.get_params()), _states(fitted)
    with on_one_core(fitted) as alone:
        assert_array_equal(alone.predict_proba(X), expected)
        assert_array_equal(alone.predict(X), fitted.predict(X))
    del alone
    assert repr(fitted.get_params()) == params
    assert _states(fitted) == before
    assert_array_equal(fitted.predict_proba(X), expected)


def _states(value, seen=None):
    """Identities of all attributes, however deep, and how XGBoost's boosters are set."""
    seen = {} if seen is None else seen
    if isinstance(value, list | tuple):
        return [_states(part, seen) for part in value]
    if isinstance(value, dict):
        return {name: _states(part, seen) for name, part in value.items()}
    if hasattr(value, "save_config"):
        return value.save_config()
    is_estimator = hasattr(value, "fit") and not isinstance(value, type)
    if not is_estimator or id(value) in seen:
        return id(value) if value is None or hasattr(value, "shape") else repr(value)
    seen[id(value)] = value
    return _states(vars(value), seen)


def test_limits_end_with_the_context_also_after_an_error():
    model = XGBClassifier(n_estimators=2, n_jobs=2).fit(X, Y)
    config, pools = model.get_booster().save_config(), threadpool_info()

    def fail():
        with on_one_core(model):
            assert model.get_booster().save_config() != config
            raise RuntimeError("in between")

    with pytest.raises(RuntimeError, match="in between"):
        fail()
    assert model.get_booster().save_config() == config
    assert threadpool_info() == pools


def test_what_has_no_threads_is_timed_itself():
    class Own:
        def __init__(self):
            self.me, self.parts = self, [1, (2, {"a": 3})]

        def predict_proba(self, X):
            return np.full((len(X), 2), 0.5)

    for classifier in (Own(), LogisticRegression().fit(X, Y), GaussianNB().fit(X, Y)):
        with on_one_core(classifier) as alone:
            assert alone is classifier or alone.n_jobs == 1


def test_copy_shares_what_was_fitted():
    forest = RandomForestClassifier(5, n_jobs=2).fit(X, Y)
    with on_one_core(make_pipeline(StandardScaler().fit(X), forest)) as alone:
        assert alone[-1] is not forest
        assert alone[-1].estimators_ is forest.estimators_
