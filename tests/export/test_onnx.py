"""A file answers as the student does: beside every threshold, with gaps and text, for all losses."""

import builtins
import warnings
from copy import copy

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_array_equal
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingClassifier,
)
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import Distiller, LGBMSoftClassifier, SoftLabelClassifier, SoftmaxRegression
from skdistill.export import onnx as export
from skdistill.export.onnx import as_file_reads, register_converters, run_onnx, to_onnx
from skdistill.students.calibration import Calibration

skl2onnx = pytest.importorskip("skl2onnx")
onnx = pytest.importorskip("onnx")


# ---- models and rows -----------------------------------------------------------------------------


def table(n_classes, n_samples=300):
    return make_classification(
        n_samples,
        n_features=8,
        n_informative=6,
        n_classes=n_classes,
        n_clusters_per_class=1,
        random_state=0,
    )


def taught(student, n_classes, **params):
    """Let a student learn soft labels of a few hundred rows, and return it with its rows."""
    X, y = table(n_classes)
    proba = GaussianNB().fit(X, y).predict_proba(X)
    model = Distiller(None, student, **params).fit(X, y, teacher_proba=proba)
    return model.classifier_, X


def calibrated(classifier):
    """Return a copy that calibrates."""
    shift = np.linspace(0, 0.5, len(classifier.classes_)).tolist()
    other = copy(classifier)
    other.calibration = Calibration(1.3, tuple(shift))
    return other


def thresholds(exported):
    """Yield the column and threshold of every split of a file."""
    for node in exported.graph.node:
        if node.op_type == "TreeEnsembleRegressor":
            found = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            values = onnx.numpy_helper.to_array(found["nodes_values_as_tensor"])
            modes, columns = found["nodes_modes"], found["nodes_featureids"]
            yield from (
                (j, v) for j, v, m in zip(columns, values, modes, strict=True) if m != b"LEAF"
            )


def beside(X, exported, unscale=lambda column, value: value, reach=1, most=3000):
    """Return rows that lie, in one column each, within some float32 steps of each threshold."""
    splits = list(thresholds(exported))[:most]
    assert splits
    rows = []
    for number, (column, value) in enumerate(splits):
        base = X[number % len(X)]
        x = np.float32(unscale(column, value))
        steps = x.view(np.int32) + np.arange(-reach, reach + 1, dtype=np.int32)
        for neighbour in steps.view(np.float32):
            row = base.copy()
            row[column] = neighbour
            rows.append(row)
    return as_file_reads(np.array(rows))


def with_gaps(X, seed=0):
    gap = np.random.default_rng(seed).random(X.shape) < 0.15
    return np.where(gap, np.nan, X)


def check_same(classifier, exported, X, atol=1e-6):
    """Compare a file with its student, and return the largest difference of a probability."""
    X = as_file_reads(X)
    labels, proba = run_onnx(exported, X)
    expected = classifier.predict_proba(X)
    difference = np.abs(proba - expected).max()
    assert difference <= atol
    top = np.sort(expected, axis=1)
    clear = top[:, -1] - top[:, -2] > atol
    assert_array_equal(labels[clear], classifier.predict(X)[clear])
    return difference


def tree(**params):
    return DecisionTreeRegressor(max_leaf_nodes=40, random_state=0, **params)


BOOSTED = {"n_estimators": 12, "num_leaves": 15, "verbose": -1, "n_jobs": 1}
TREES = {
    "tree": tree(),
    "tree classifier": DecisionTreeClassifier(max_leaf_nodes=40, random_state=0),
    "forest": RandomForestRegressor(10, max_leaf_nodes=40, random_state=0),
    "forest classifier": RandomForestClassifier(10, max_leaf_nodes=40, random_state=0),
    "extra trees": ExtraTreesRegressor(10, max_leaf_nodes=40, random_state=0),
    "extra trees classifier": ExtraTreesClassifier(10, max_leaf_nodes=40, random_state=0),
    "lightgbm": LGBMRegressor(**BOOSTED),
    "lightgbm classifier": LGBMClassifier(**BOOSTED),
    "lightgbm on shares": LGBMRegressor(objective="cross_entropy", **BOOSTED),
    "lightgbm forest": LGBMRegressor(
        boosting_type="rf", subsample=0.6, subsample_freq=1, **BOOSTED
    ),
    "soft lightgbm": LGBMSoftClassifier(n_estimators=12, num_leaves=15, n_jobs=1),
    "histograms": HistGradientBoostingRegressor(max_iter=8),
    "histogram classifier": HistGradientBoostingClassifier(max_iter=8),
}
OTHERS = {
    "softmax": SoftmaxRegression(),
    "logistic": LogisticRegression(max_iter=1000),
    "ridge": Ridge(),
    "linear": LinearRegression(),
    "network": MLPRegressor((8,), max_iter=20, random_state=0),
    "network classifier": SoftmaxRegression(),
    "scaled ridge": make_pipeline(StandardScaler(), PolynomialFeatures(2), Ridge()),
}


def ways(student, n_classes):
    """Return the parameters of the distillers that are tried for a student."""
    if hasattr(student, "predict_proba"):
        return [{}, {"temperature": 2.0}]
    if getattr(student, "objective", None) == "cross_entropy":
        return [{}]
    return [{}, {"loss": "squared_error_logit"}]


# ---- the same answers ----------------------------------------------------------------------------


@pytest.mark.parametrize("n_classes", [2, 3, 10])
@pytest.mark.parametrize("name", TREES)
@pytest.mark.filterwarnings("ignore:.*did not converge")
def test_trees_answer_the_same_beside_every_threshold(name, n_classes):
    for params in ways(TREES[name], n_classes):
        classifier, X = taught(TREES[name], n_classes, **params)
        exported = to_onnx(classifier, X)
        check_same(classifier, exported, beside(X, exported))
        changed = calibrated(classifier)
        check_same(changed, to_onnx(changed, X), X)


@pytest.mark.parametrize("n_classes", [2, 3, 10])
@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_linear_models_and_networks_answer_the_same(name, n_classes):
    for params in ways(OTHERS[name], n_classes):
        classifier, X = taught(OTHERS[name], n_classes, **params)
        for one in (classifier, calibrated(classifier)):
            check_same(one, to_onnx(one, X), X)
