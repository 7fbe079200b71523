"""What a student ends in."""

import pytest
from lightgbm import LGBMRegressor
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingRegressor, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor, ExtraTreeClassifier

from skdistill import LGBMSoftClassifier, SoftLabelClassifier
from skdistill.students.kinds import gains_from_made_rows, is_one_tree, learner_of


def test_a_learner_is_found_below_pipelines_and_wrappers():
    network = MLPClassifier()
    inner = SoftLabelClassifier(make_pipeline(StandardScaler(), network))
    assert learner_of(make_pipeline(StandardScaler(), inner)) is network


@pytest.mark.parametrize(
    "student",
    [
        DecisionTreeRegressor(),
        RandomForestRegressor(),
        make_pipeline(StandardScaler(), MLPRegressor()),
        TransformedTargetRegressor(make_pipeline(StandardScaler(), MLPRegressor())),
        SoftLabelClassifier(make_pipeline(StandardScaler(), MLPClassifier())),
    ],
)
def test_trees_forests_and_networks_gain_from_made_rows(student):
    assert gains_from_made_rows(student)


@pytest.mark.parametrize(
    "student",
    [
        LogisticRegression(),
        LGBMRegressor(),
        LGBMSoftClassifier(),
        BaggingRegressor(MLPRegressor()),
        TransformedTargetRegressor(DecisionTreeRegressor()),  # its nodes are on another scale
        TransformedTargetRegressor(),
    ],
)
def test_others_do_not(student):
    assert not gains_from_made_rows(student)


def test_a_forest_is_not_one_tree():
    assert is_one_tree(make_pipeline(StandardScaler(), ExtraTreeClassifier()))
    assert not is_one_tree(RandomForestRegressor(1))
