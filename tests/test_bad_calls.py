"""Bad calls of every public callable: a clear error at once, no teacher fitted, nothing modified.

A bad value stands once in a table, and is tried at every door that takes its parameter.
"""

import inspect
import re
from itertools import product

import joblib
import matplotlib as mpl
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import make_scorer, mean_squared_error
from sklearn.model_selection import KFold, ShuffleSplit
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeRegressor

from skdistill import (
    CrossFitDistiller,
    DistillationCurveDisplay,
    Distiller,
    LGBMSoftClassifier,
    LossCorrectedDistiller,
    LossCorrectedDistillerCV,
    MungeSampler,
    NodeSampler,
    SoftLabelClassifier,
    SoftmaxRegression,
    compare_students,
    diagnose_teacher,
    distillation_curve,
    distillation_targets,
    teacher_probabilities,
)

mpl.use("Agg")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 3))
Y = np.array([0, 1, 1, 0, 1] * 30)
FIT_PARAMS = ("sample_weight", "groups", "teacher_proba", "X_transfer")


class Spy(ClassifierMixin, BaseEstimator):
    """A logistic regression that counts its fits."""

    fits: list = []  # noqa: RUF012

    def fit(self, X, y, sample_weight=None):
        self.model_ = LogisticRegression().fit(X, y, sample_weight)
        self.classes_ = self.model_.classes_
        self.fits.append(len(y))
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba(X)

    def predict(self, X):
        return self.model_.predict(X)


# ---- doors ---------------------------------------------------------------------------------------


def distiller(kind):
    def call(X=X, y=Y, teacher=None, student=None, **params):
        how = {name: params.pop(name) for name in FIT_PARAMS if name in params}
        members = (Spy() if teacher is None else teacher, TREE if student is None else student)
        return kind(*members, **params).fit(X, y, **how)

    call.takes = {*inspect.signature(kind).parameters, *FIT_PARAMS, "X", "y"}
    return call


def function(function, **needed):
    def call(**params):
        return function(**({"teacher": Spy(), "X": X, "y": Y} | needed | params))

    call.takes = {*inspect.signature(function).parameters}
    return call


def soft_student(make):
    def call(X=X, y=Y, sample_weight=None, **params):
        return make(**params).fit(X, y, sample_weight=sample_weight)

    call.takes = {"X", "y", "sample_weight"}
    return call


def sampler(kind):
    def call(X=X, y=Y, n_samples=5, **params):
        return kind(**params).fit(X, y).sample(n_samples)

    call.takes = {*inspect.signature(kind).parameters, "X", "n_samples"}
    return call


TREE = DecisionTreeRegressor(max_leaf_nodes=4, random_state=0)
LEAVES = {"param_name": "max_leaf_nodes", "param_range": [2, 4]}
DOORS = {
    "Distiller": distiller(Distiller),
    "CrossFitDistiller": distiller(CrossFitDistiller),
    "LossCorrectedDistiller": distiller(LossCorrectedDistiller),
    "LossCorrectedDistillerCV": distiller(LossCorrectedDistillerCV),
    "compare_students": function(compare_students, students=TREE),
    "distillation_curve": function(distillation_curve, student=TREE, **LEAVES),
    "from_estimator": function(DistillationCurveDisplay.from_estimator, student=TREE, **LEAVES),
    "diagnose_teacher": function(diagnose_teacher),
    "teacher_probabilities": function(teacher_probabilities),
    "distillation_targets": function(distillation_targets),
}
DOORS["from_estimator"].takes |= DOORS["distillation_curve"].takes
STUDENTS = {
    "LGBMSoftClassifier": soft_student(lambda **p: LGBMSoftClassifier(n_jobs=1, verbose=-1, **p)),
    "SoftmaxRegression": soft_student(SoftmaxRegression),
    "SoftLabelClassifier": soft_student(lambda: SoftLabelClassifier(LogisticRegression())),
}
SAMPLERS = {"NodeSampler": sampler(NodeSampler), "MungeSampler": sampler(MungeSampler)}


# ---- the table -----------------------------------------------------------------------------------

# What a parameter may not be; the words that its message must hold, the name at least.
PARAMETERS = {
    "n_jobs": [1.5, "two", 0, True, [1]],
    "random_state": ["zero", -1, 1.5, True],
    "verbose": ["loud", -1, 1.5, None],
    "rehearse": ["yes", None, 2],
    "store_teachers": ["no", 1.5, None],
    "store_teacher_proba": ["no", 3],
    "memory": [5, ["here"]],
    "loss": ["hinge", None, 3],
    "temperature": [1e-300, 0, -1, np.inf, np.nan, "hot", None, 1e9, True],
    "proba_floor": [0.9, 0.5, 0, -1, np.nan, "low", None, True],
    "cv": [1, 0, -3, 2.5, "folds", [], {}, KFold, True, [(0, 1, 2)], ShuffleSplit(2)],
    "teacher_cv": [1, 2.5, "folds", KFold],
    "min_gain_se": [np.inf, -0.1, None, "half", np.nan, True],
    "calibrate": ["always", None, 2],
    "shrinkage": ["auto", -1, np.nan, np.inf, "strongly", True, [1, 10]],
    "scoring": ["r2", "neg_mean_squared_error", "nonsense", 3, make_scorer(mean_squared_error)],
    "candidates": [[], "best", [1.5], ["labels", "labels"], None, 3],
    "correction": ["quick", 1.5, -0.1, True, 3j],
    "c": [1.5, "small", np.nan, True],
    "methods": [[], "labels", ["magic"], ["labels", "labels"], [1.5], 3],
    "param_name": ["depth", None, 3],
    "param_range": [[], 5, "abc", None],
    "test_size": [0, 1.0, -0.5, "half", 1000],
    "true_mean": [np.zeros(3), np.zeros(150), "known"],
    "bayes_proba": [np.ones((45, 2))],
    "max_latency": [0, -1, "fast", True],
    "max_size": [0, -1, "small"],
    "latency_batch": [7, "one", None],
    "se_display_style": ["bars", 3],
    "negate_score": ["yes", None],
    "score_name": [3],
    "line_kw": ["thick", 3],
    "fill_between_kw": ["thick"],
    "errorbar_kw": [3],
    "ax": [3, "axes"],
    "teacher": ["forest", Spy, LinearSVC(), Ridge(), 3],
    "student": ["tree", DecisionTreeRegressor, 3, LinearSVC()],
    "students": [[], "tree", {}, 3, [DecisionTreeRegressor]],
    "teacher_proba": [
        np.ones((150, 2)),
        np.full((150, 3), 1 / 3),
        np.full((3, 2), 0.5),
        np.full((150, 2), np.nan),
        np.full((150, 2), 0.5) * [[-1, 3]],
        "sure",
        5,
    ],
    "sample_weight": [
        {"a": 1},
        -np.ones(150),
        np.zeros(150),
        np.full(150, np.nan),
        np.full(150, np.inf),
        np.ones(3),
        np.ones((150, 2)),
        ["heavy"] * 150,
        "balanced",
        5,
    ],
    "transfer": ["leaves", 3, True, NodeSampler, ["nodes"], Spy()],
    "transfer_weight": [0, -1, np.inf, np.nan, None, "half", True],
    "share": [1.5, -0.1, np.nan, None, "half", True],
    "spread": [-0.1, np.inf, np.nan, None, "wide", True],
    "min_rows": [0, -1, 2.5, None, "few", True],
    "forest": ["random", 3, LogisticRegression(), DecisionTreeRegressor],
    "n_samples": [0, -1, 1.5, None, "ten", True],
    "X_transfer": [
        X[:, :2],
        X[:0],
        X[:, 0],
        X.astype(str),
        pd.DataFrame(X),
        pl.DataFrame(X),
        sparse.csr_matrix(X),
        [[1.0], [1.0, 2.0]],
        "table.csv",
        5,
    ],
    "groups": [np.zeros(3), 5, {"a": 1}, np.zeros((150, 2))],
}
FINE = {
    # A regressor teaches numbers there.
    *(
        (door, "teacher", 3)
        for door in ("compare_students", "distillation_curve", "from_estimator", "diagnose_teacher")
    ),
    # The parameter of a grid is optional there, a search shrinks as it finds best, outer folds may
    # leave rows out, and LightGBM reads what is missing.
    *(("compare_students", name, 1) for name in ("param_name",)),
    ("compare_students", "param_range", 3),
    ("LossCorrectedDistillerCV", "shrinkage", 0),
    ("distillation_curve", "cv", 10),
    ("from_estimator", "cv", 10),
    *(("LGBMSoftClassifier", "X", what) for what in ("missing", "infinite", "missing in a frame")),
    ("LGBMSoftClassifier", "X", "sparse and missing"),
    # Samplers take whatever is a table, and one of them needs no labels.
    *(
        (name, "X", what)
        for name in ("NodeSampler", "MungeSampler")
        for what in (
            *("missing", "infinite", "missing in a frame", "sparse and missing", "words"),
            "words in a frame",
        )
    ),
    ("MungeSampler", "X", "other length"),
}

with_nan, with_infinity = X.copy(), X.copy()
with_nan[140, 1], with_infinity[140, 2] = np.nan, np.inf
ROWS = {
    "flat": X[:, 0],
    "three axes": X[:, :, None],
    "a number": 5,
    "none": None,
    "text": "table.csv",
    "complex": X + 1j,
    "structured": np.zeros(150, dtype=[("a", float), ("b", float)]),
    "no columns": X[:, :0],
    "no rows": X[:0],
    "ragged": [[1.0], [1.0, 2.0]] * 75,
    "same names": pd.DataFrame(X, columns=["a", "b", "a"]),
    "lazy": pl.LazyFrame({"a": X[:, 0]}),
    "missing": with_nan,
    "infinite": with_infinity,
    "missing in a frame": pd.DataFrame(with_nan),
    "sparse and missing": sparse.csr_matrix(with_nan),
    "other length": X[:100],
    "a dict": {"a": X[:, 0]},
    "a set": {1.0, 2.0},
    "a generator": (row for row in X),
    "words": np.full((150, 3), "word", dtype=object),
    "words in a frame": pd.DataFrame({"a": ["word"] * 150, "b": X[:, 0]}),
}
LABELS = {
    "a set": set(range(150)),
    "none": None,
    "a number": 1,
    "a word": "spam",
    "one class": np.zeros(150),
    "numbers": X[:, 0],
    "missing": np.where(np.arange(150) % 2, 1.0, np.nan),
    "none inside": [None, "a", "b"] * 50,
    "NA inside": pd.Series(["a", pd.NA, "b"] * 50, dtype="string"),
    "NA among objects": np.array(["a", pd.NA, "b"] * 50, dtype=object),
    "mixed": np.array([1, "a", 2.5] * 50, dtype=object),
    "one-hot": np.eye(2, dtype=int)[Y],
    "other length": Y[:100],
    "a dict": {"a": 1},
    "no rows": [],
    "a generator": (label for label in Y),
}


def bad_calls():
    tables = [
        (DOORS, {name: dict(enumerate(values)) for name, values in PARAMETERS.items()}),
        (DOORS, {"X": ROWS, "y": LABELS}),
        (SAMPLERS, {name: dict(enumerate(values)) for name, values in PARAMETERS.items()}),
        (SAMPLERS, {"X": ROWS}),
        (STUDENTS, {"X": ROWS, "sample_weight": dict(enumerate(PARAMETERS["sample_weight"]))}),
    ]
    for doors, table in tables:
        for (door, call), (name, values) in product(doors.items(), table.items()):
            for what, value in values.items():
                if name in call.takes and (door, name, what) not in FINE:
                    yield pytest.param(call, name, value, id=f"{door}-{name}-{what}")


def fingerprint(value):
    if inspect.isgenerator(value) or isinstance(value, pl.LazyFrame):
        return None
    return joblib.hash(value.toarray() if sparse.issparse(value) else value)


@pytest.mark.parametrize(("call", "name", "value"), bad_calls())
@pytest.mark.filterwarnings("ignore")
def test_bad_call_is_refused_by_name_before_any_teacher_is_fitted(call, name, value):
    Spy.fits.clear()
    before = fingerprint(value)
    with pytest.raises((ValueError, TypeError)) as caught:
        call(**{name: value})
    told = str(caught.value)
    # Rows that a student alone cannot read are told in scikit-learn's own words.
    assert re.search(rf"\b{name}\b", told) or (call in STUDENTS.values() and name == "X")
    assert not Spy.fits or "before any teacher was fitted" in told
    assert fingerprint(value) == before
