"""Parameters of LightGBM: which are taken under which names, and what is said of others."""

import inspect
import re

import lightgbm as lgb
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

from skdistill import LGBMSoftClassifier
from skdistill.students.lgbm_parameters import n_threads

from .test_lgbm import SMALL, soft


@pytest.mark.parametrize(
    ("further", "named"),
    [
        ({"feature_fraction": 0.5}, {"colsample_bytree": 0.5}),
        ({"sub_feature": 0.5}, {"colsample_bytree": 0.5}),
        ({"lambda_l2": 9.0}, {"reg_lambda": 9.0}),
        ({"num_iterations": 4}, {"n_estimators": 4}),
        ({"seed": 5, "bagging_fraction": 0.5, "bagging_freq": 1},
         {"random_state": 5, "subsample": 0.5, "subsample_freq": 1}),
        ({"verbosity": -1, "n_iter_no_change": 2}, {"early_stopping_rounds": 2}),
    ],
)  # fmt: skip
def test_further_parameters_win_under_any_name(further, named):
    X, P = soft(3)
    by_alias = LGBMSoftClassifier(**SMALL, **further).fit(X, P)
    by_name = LGBMSoftClassifier(**SMALL | named).fit(X, P)
    assert_array_equal(by_alias.predict_proba(X), by_name.predict_proba(X))
    default = LGBMSoftClassifier(**SMALL).fit(X, P)
    assert (by_name.predict_proba(X) != default.predict_proba(X)).any()


def test_further_parameters_are_parameters():
    model = LGBMSoftClassifier(num_leaves=7, max_bin=15)
    assert model.get_params()["max_bin"] == 15
    assert clone(model).get_params() == model.get_params()
    changed = clone(model).set_params(max_bin=31, num_leaves=3, path_smooth=1.0)
    assert changed.get_params() == model.get_params() | {
        "max_bin": 31,
        "num_leaves": 3,
        "path_smooth": 1.0,
    }
    assert "max_bin=15" in repr(model)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"num_leafs": 5}, "know no parameter 'num_leafs'; did you mean 'num_leaf'"),
        ({"nonsense_at_all": 5}, "know no parameter 'nonsense_at_all'."),
        ({"objective": "binary"}, "takes no 'objective': the labels decide it"),
        ({"num_classes": 3}, "takes no 'num_classes'"),
        ({"metrics": "auc"}, "takes no 'metrics'"),
        ({"scale_pos_weight": 3}, "pass sample_weight to fit"),
        ({"boost_from_average": False}, "starts from the mean"),
        ({"boosting_type": "rf"}, "boosting_type must be 'gbdt' or 'dart', found 'rf'"),
        ({"boosting": "random_forest"}, "found 'random_forest'"),
        ({"early_stopping_rounds": 1, "validation_fraction": 0.999}, "none of 600 rows to learn"),
        ({"categorical_feature": ["z"]}, "columns that X does not have: 'z'. X has no names"),
        ({"categorical_feature": [8]}, r"position 8, but X has 8 columns.* 0 to 7"),
        ({"categorical_feature": [-1]}, "categorical_feature holds the position -1"),
        ({"categorical_feature": [True]}, "categorical_feature names columns"),
        ({"categorical_feature": [1.0]}, "categorical_feature names columns"),
        ({"categorical_column": [9]}, "categorical_feature holds the position 9"),
        ({"categorical_feature": 3}, "categorical_feature must be 'auto' or a list, found 3"),
    ],
)
def test_bad_parameters_are_refused(params, message):
    X, P = soft(2)
    with pytest.raises(ValueError, match=message):
        LGBMSoftClassifier(**params).fit(X, P)


BAD = {
    "boosting_type": ["forest", None, 1],
    "num_leaves": [1, 0, -3, 131073, 2.5, 31.0, "31", None, True],
    "max_depth": ["deep", 2.5, None, 2**33],
    "learning_rate": [0, -1, np.nan, np.inf, "fast", None, True],
    "n_estimators": [0, -1, 2.5, "many", None, True, np.nan],
    "subsample_for_bin": [0, -1, 1e5, "all"],
    "min_split_gain": [-0.1, np.nan, "no"],
    "min_child_weight": [-1, np.nan, np.inf, "light"],
    "min_child_samples": [-1, 1.5, "few", None],
    "subsample": [0, -0.5, 2, 1.01, np.nan, "half", True],
    "subsample_freq": [-1, 0.5, "often"],
    "colsample_bytree": [0, -0.5, 2, np.nan, None],
    "reg_alpha": [-1, np.nan, np.inf, "strong"],
    "reg_lambda": [-1e-9, np.nan, None],
    "early_stopping_rounds": [0, -1, 1.5, "soon", True],
    "validation_fraction": [0, 0.0, 1, 1.0, -0.1, np.nan, "0.1", None],
    "importance_type": ["weight", None, 3],
    "random_state": [-1, 1.5, "seed", np.random.default_rng(0)],
    "n_jobs": [1.5, "all", True],
    "verbose": ["loud", 0.5, True, None],
    # Under another of their names, too.
    "feature_fraction": [2.0, -1],
    "num_leaf": [1],
    "eta": [-0.1],
    "n_iter": [0],
    "n_iter_no_change": [0],
    "num_threads": [1.5],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD.items() for value in values]
)
def test_bad_values_are_refused_before_lightgbm_is_called(name, value, monkeypatch):
    monkeypatch.setattr("skdistill.students.lgbm.boost", None)
    X, P = soft(2)
    message = (
        rf"The '{name}' parameter of LGBMSoftClassifier must be .*Got {re.escape(repr(value))}"
    )
    with pytest.raises(ValueError, match=message):
        LGBMSoftClassifier(**{name: value}).fit(X, P)


def test_table_of_constraints_is_about_all_parameters():
    own = set(inspect.signature(LGBMSoftClassifier).parameters) - {"kwargs"}
    assert set(LGBMSoftClassifier._parameter_constraints) == own
    assert own - set(BAD) == {"categorical_feature"}


@pytest.mark.parametrize(
    "params",
    [
        {"num_leaves": np.int64(4), "learning_rate": np.float32(0.2), "n_estimators": np.int32(3)},
        {"learning_rate": 1, "subsample": 1, "reg_lambda": 0, "min_child_samples": 0},
        {"max_depth": -1, "n_jobs": -1, "early_stopping_rounds": None, "random_state": None},
        {"boosting_type": "goss"},
    ],
)
def test_good_values_are_not_refused(params):
    X, P = soft(2, n_samples=100)
    assert LGBMSoftClassifier(**{"n_estimators": 2} | params).fit(X, P).best_iteration_ > 0


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"max_bin": 1}, r"^max_bin must be > 1, found 1\.$"),
        ({"max_bins": 0}, r"^max_bins must be > 1, found 0\.$"),
        ({"path_smooth": np.nan}, r"^path_smooth must be >= 0.0, found nan\.$"),
        ({"feature_fraction_bynode": 2}, r"^feature_fraction_bynode must be <= 1.0, found 2\.$"),
        ({"max_bin": 2.5}, "take max_bin=2.5: Parameter max_bin should be of type int"),
        ({"max_bin": {}}, "take max_bin={}: Unknown type of parameter"),
        ({"extra_trees": "maybe"}, "take extra_trees='maybe': .* \"true\""),
        ({"tree_learner": "nope"}, "take tree_learner='nope': Unknown tree learner"),
        ({"cat_smooth": "a"}, "take cat_smooth='a': Unknown token a"),
        ({"monotone_constraints": [1]}, "monotone_constraints must have one entry for each column"),
        (
            {"data_sample_strategy": "goss", "top_rate": 0.9, "other_rate": 0.9},
            r"take top_rate=0.9, other_rate=0.9: Check failed: .* <= \(1.0f\)$",
        ),
    ],
)
def test_further_parameters_that_lightgbm_refuses_are_named(params, message):
    X, P = soft(2)
    with pytest.raises(ValueError, match=message):
        LGBMSoftClassifier(**SMALL, **params).fit(X, P)


def test_errors_that_are_about_no_parameter_stay_lightgbms(monkeypatch):
    def fail(*args):
        raise lgb.basic.LightGBMError("No OpenCL device found")

    monkeypatch.setattr("skdistill.students.lgbm.boost", fail)
    X, P = soft(2)
    with pytest.raises(lgb.basic.LightGBMError, match="OpenCL"):
        LGBMSoftClassifier(**SMALL, device_type="gpu").fit(X, P)


def test_number_of_threads(monkeypatch):
    monkeypatch.setattr("joblib.cpu_count", lambda: 8)
    given = (None, 0, 1, 3, -1, -2, -100)
    assert [n_threads(n_jobs) for n_jobs in given] == [0, 0, 1, 3, 8, 7, 1]
