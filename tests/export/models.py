"""Small distilled students of all kinds, for tests of what is written of them."""

from copy import copy
from functools import cache

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge, TweedieRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import (
    Distiller,
    DistillerRegressor,
    LGBMSoftClassifier,
    SoftLabelClassifier,
    SoftmaxRegression,
)
from skdistill._utils.estimators import is_classifier

LOSSES = {"squared_error": 1.0, "squared_error_logit": 1.0, "cross_entropy": 2.0}


@cache
def table(n_classes):
    """Numbers, text labels, and a teacher's probabilities, which some classes lack in places."""
    X, y = make_classification(
        300, 6, n_informative=5, n_redundant=0, n_classes=n_classes, n_clusters_per_class=1,
        random_state=0,
    )  # fmt: skip
    proba = RandomForestClassifier(5, max_depth=5, random_state=0).fit(X, y).predict_proba(X)
    return X, np.array(list("abcdefghijk"))[y], proba


@cache
def of_kinds(name):
    """A student whose column of numbers is of categories, and rows of all and of other numbers."""
    kind = np.tile(np.arange(5.0), 60)[:, np.newaxis]
    is_one = np.isin(kind, [0, 3])
    student = {
        "LightGBM": LGBMSoftClassifier(
            n_estimators=5, n_jobs=1, categorical_feature=[0], min_data_per_group=5, cat_smooth=1
        ),
        "histogram": HistGradientBoostingRegressor(max_iter=5, categorical_features=[0]),
    }[name]
    proba = np.where(is_one, [0.2, 0.8], [0.9, 0.1])
    model = Distiller(None, student).fit(kind, is_one[:, 0], teacher_proba=proba)
    others = [np.nan, -3, -1, -0.75, -0.25, 0.5, 2.75, 3.5, 4.25, 5, 35.5, 1e6]
    return model.classifier_, np.array([*range(5), *others])[:, np.newaxis]


def frame():
    """A table with text, gaps, whole numbers, booleans and categories."""
    X, y, proba = table(3)
    town = np.array(["Rome", "Oslo", "Bern"])[(X[:, 1] > 0) * 1 + (X[:, 2] > 0)]
    rows = pd.DataFrame(
        {
            "size": X[:, 0],
            "town": town.astype(object),
            "gaps": np.where(X[:, 3] > 1, np.nan, X[:, 3]),
            "kind": (X[:, 4] > 0) * 2 + 1,
            "flag": X[:, 5] > 0,
            "category": pd.Categorical(town[::-1]),
        }
    )
    rows.loc[3, "town"] = np.nan
    return rows, y, proba


def encoder(**how):
    """What makes numbers of the frame."""
    text = make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore", **how)
    )
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return make_column_transformer(
        (text, ["town", "category"]),
        (numbers, ["gaps", "size"]),
        (ordinal, ["kind"]),
        ("passthrough", ["flag"]),
    )


TREE = DecisionTreeRegressor(max_leaf_nodes=20, random_state=0)
SMALL = {"n_estimators": 5, "num_leaves": 6, "n_jobs": 1, "verbose": -1}
STUDENTS = {
    "tree": TREE,
    "tree of labels": DecisionTreeClassifier(max_leaf_nodes=20, random_state=0),
    "forest": RandomForestRegressor(4, random_state=0),
    "extra trees": ExtraTreesClassifier(4, max_depth=5, random_state=0),
    "our booster": LGBMSoftClassifier(**SMALL),
    "LightGBM": LGBMClassifier(**SMALL),
    "LightGBM of numbers": LGBMRegressor(**SMALL),
    "LightGBM of shares": LGBMRegressor(objective="cross_entropy", **SMALL),
    "histogram": HistGradientBoostingRegressor(max_iter=4),
    "histogram of labels": HistGradientBoostingClassifier(max_iter=4),
    "softmax": SoftmaxRegression(),
    "logistic": LogisticRegression(),
    "ridge": Ridge(),
    "Poisson": PoissonRegressor(),
    "network": MLPRegressor(hidden_layer_sizes=(5, 4), activation="tanh", tol=1.0, random_state=0),
    "copies": SoftLabelClassifier(RandomForestClassifier(3, max_depth=4, random_state=0)),
    "scaled tree": make_pipeline(StandardScaler(), TREE),
    "scaled forest": make_pipeline(
        RobustScaler(), MinMaxScaler(clip=True), RandomForestRegressor(3, random_state=0)
    ),
    "scaled ridge": make_pipeline(MaxAbsScaler(), StandardScaler(), Ridge()),
    "scorecard": make_pipeline(KBinsDiscretizer(4, encode="onehot-dense"), SoftmaxRegression()),
}


@cache
def classifiers(name, n_classes):
    """Return what students ship after each loss that they can learn by, calibrated and not."""
    X, y, proba = table(n_classes)
    found = []
    for loss, temperature in LOSSES.items():
        model = Distiller(None, STUDENTS[name], loss=loss, temperature=temperature)
        learns_labels = is_classifier(STUDENTS[name])
        if learns_labels != (loss == "cross_entropy"):
            continue
        # These learn nothing below 0.
        if name in ("Poisson", "LightGBM of shares") and loss != "squared_error":
            continue
        plain = model.fit(X, y, teacher_proba=proba).classifier_
        found += [plain, calibrated(plain)]
    return found


def calibrated(classifier):
    """Return a copy with a sigmoid."""
    copied = copy(classifier)
    shift = [0.0, 0.3, *np.linspace(-0.2, 0.1, len(classifier.classes_) - 2)]
    copied.calibration = {"slope": 0.8, "shift": shift}
    return copied


@cache
def of_frame(name):
    """Return what a student ships that learned from the frame."""
    rows, y, proba = frame()
    students = {
        "tree": make_pipeline(encoder(), TREE),
        "ridge": make_pipeline(encoder(), Ridge()),
        "rare": make_pipeline(encoder(min_frequency=0.4), Ridge()),
        "dropped": make_pipeline(encoder(drop="first"), TREE),
        "booster": LGBMSoftClassifier(n_estimators=4, n_jobs=1, min_child_samples=5, num_leaves=6),
        "LightGBM of shares": LGBMRegressor(objective="cross_entropy", **SMALL),
        "histogram": HistGradientBoostingClassifier(max_iter=3, categorical_features="from_dtype"),
    }
    own = rows.drop(columns="town") if name in ("booster", "histogram") else rows
    return Distiller(None, students[name]).fit(own, y, teacher_proba=proba).classifier_, own


# ---- numbers ---------------------------------------------------------------------------------

OF_NUMBERS = {
    **{name: STUDENTS[name] for name in ("tree", "forest", "ridge", "scaled tree")},
    "extra trees": ExtraTreesRegressor(4, max_depth=5, random_state=0),
    "histogram": STUDENTS["histogram"],
    "histogram of amounts": HistGradientBoostingRegressor(loss="gamma", max_iter=4),
    "LightGBM": LGBMRegressor(**SMALL),
    "LightGBM of amounts": LGBMRegressor(objective="tweedie", **SMALL),
    "LightGBM of medians": LGBMRegressor(objective="quantile", alpha=0.5, **SMALL),
    "Poisson": PoissonRegressor(),
    "Tweedie": TweedieRegressor(power=1.5),
    "network": MLPRegressor(hidden_layer_sizes=(5, 4), tol=1e9, random_state=0),
    "scorecard": make_pipeline(KBinsDiscretizer(4, encode="onehot-dense"), Ridge()),
}
#: What these compute is the same to the last bit.
OF_TREES = {"tree", "forest", "extra trees", "histogram", "LightGBM", "scaled tree"}


@cache
def amounts():
    """Numbers, and the amounts that a teacher expects of them."""
    X = table(2)[0]
    return X, 20.0 + np.exp(4 + 0.5 * X[:, 0] + (X[:, 1] > 0))


@cache
def regressor(name, unit=1.0):
    """Return what a student of amounts ships."""
    X, y = amounts()
    model = DistillerRegressor(None, OF_NUMBERS[name])
    return model.fit(X, teacher_prediction=unit * y).regressor_


@cache
def regressor_of_frame(name):
    """Return what a student of amounts ships that learned from the frame."""
    rows, y = frame()[0], amounts()[1]
    students = {
        "tree": make_pipeline(encoder(), TREE),
        "ridge": make_pipeline(encoder(), Ridge()),
        "booster": LGBMRegressor(min_child_samples=5, **SMALL),
        "histogram": HistGradientBoostingRegressor(max_iter=3, categorical_features="from_dtype"),
    }
    own = rows.drop(columns="town") if name in ("booster", "histogram") else rows
    return DistillerRegressor(None, students[name]).fit(own, teacher_prediction=y).regressor_, own
