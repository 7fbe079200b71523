"""Which regressors answer no mean, and which learn positive numbers alone."""

import numpy as np
import pytest
from lightgbm import LGBMRegressor
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    BaggingRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
    StackingRegressor,
    VotingRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import (
    GammaRegressor,
    HuberRegressor,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
    SGDRegressor,
    TweedieRegressor,
)
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeRegressor

from skdistill import CrossFitDistillerRegressor
from skdistill._utils.means import answers_no_mean, takes_only


class XGBRegressor(Ridge):
    """Says what it minimises as that of XGBoost does."""

    def __init__(self, objective="reg:squarederror"):
        self.objective = objective


class CatBoostRegressor(Ridge):
    """Says what it minimises as that of CatBoost does."""

    def __init__(self, loss_function="RMSE"):
        self.loss_function = loss_function


class RandomForestQuantileRegressor(Ridge):
    """Is named as that of the package quantile-forest."""


MEDIAN = HistGradientBoostingRegressor(loss="absolute_error")


@pytest.mark.parametrize(
    ("estimator", "found"),
    [
        (QuantileRegressor(), "QuantileRegressor"),
        (RandomForestQuantileRegressor(), "RandomForestQuantileRegressor"),
        (HuberRegressor(), "HuberRegressor"),
        (GradientBoostingRegressor(loss="quantile"), "(loss='quantile')"),
        (GradientBoostingRegressor(loss="absolute_error"), "(loss='absolute_error')"),
        (GradientBoostingRegressor(loss="huber"), "(loss='huber')"),
        (HistGradientBoostingRegressor(loss="quantile", quantile=0.9), "(loss='quantile')"),
        (RandomForestRegressor(criterion="absolute_error"), "(criterion='absolute_error')"),
        (SGDRegressor(loss="huber"), "(loss='huber')"),
        *[
            (LGBMRegressor(objective=name), f"(objective={name!r})")
            for name in ("quantile", "l1", "regression_l1", "mae", "huber", "mape", "fair")
        ],
        (LGBMRegressor(application="quantile"), "(application='quantile')"),
        (XGBRegressor("reg:quantileerror"), "(objective='reg:quantileerror')"),
        (XGBRegressor("reg:absoluteerror"), "(objective='reg:absoluteerror')"),
        (XGBRegressor("reg:pseudohubererror"), "(objective='reg:pseudohubererror')"),
        (CatBoostRegressor("MAE"), "(loss_function='MAE')"),
        (CatBoostRegressor("Quantile:alpha=0.9"), "(loss_function='Quantile:alpha=0.9')"),
        (make_pipeline(StandardScaler(), MEDIAN), "(loss='absolute_error')"),
        (GridSearchCV(MEDIAN, {"max_iter": [1]}), "(loss='absolute_error')"),
        (TransformedTargetRegressor(MEDIAN), "(loss='absolute_error')"),
        (FrozenEstimator(MEDIAN), "(loss='absolute_error')"),
        (BaggingRegressor(MEDIAN), "(loss='absolute_error')"),
        (VotingRegressor([("a", Ridge()), ("b", MEDIAN)]), "(loss='absolute_error')"),
        (StackingRegressor([("a", Ridge())], final_estimator=MEDIAN), "(loss='absolute_error')"),
        (CrossFitDistillerRegressor(MEDIAN, Ridge()), "(loss='absolute_error')"),
    ],
    ids=repr,
)
def test_answers_that_are_no_means(estimator, found):
    assert answers_no_mean(estimator).endswith(found)


@pytest.mark.parametrize(
    "estimator",
    [
        None,
        Ridge(),
        Ridge,
        SVR(),
        GradientBoostingRegressor(),
        HistGradientBoostingRegressor(loss="gamma"),
        RandomForestRegressor(),
        DecisionTreeRegressor(criterion="poisson"),
        LGBMRegressor(objective="tweedie"),
        LGBMRegressor(objective=lambda y, p: (p - y, np.ones_like(y))),
        XGBRegressor(),
        CatBoostRegressor(),
        CatBoostRegressor("Tweedie:variance_power=1.5"),
        TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1),
        StackingRegressor([("a", MEDIAN)]),
    ],
    ids=repr,
)
def test_means(estimator):
    assert answers_no_mean(estimator) is None


@pytest.mark.parametrize(
    ("student", "zero"),
    [
        (PoissonRegressor(), True),
        (GammaRegressor(), False),
        (TweedieRegressor(power=1.5), True),
        (TweedieRegressor(power=2), False),
        (HistGradientBoostingRegressor(loss="poisson"), True),
        (HistGradientBoostingRegressor(loss="gamma"), False),
        (make_pipeline(StandardScaler(), LGBMRegressor(objective="gamma")), False),
        (LGBMRegressor(objective="tweedie"), True),
        (XGBRegressor("count:poisson"), True),
        (CatBoostRegressor("Tweedie:variance_power=1.5"), True),
        (RandomForestRegressor(criterion="poisson"), True),
        (TweedieRegressor(), None),
        (Ridge(), None),
        (TransformedTargetRegressor(PoissonRegressor(), func=np.square), None),
    ],
    ids=repr,
)
def test_deviances_of_positive_numbers(student, zero):
    found = takes_only(student)
    assert found is None if zero is None else found[1] == zero
