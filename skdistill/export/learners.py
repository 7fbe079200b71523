"""Reads what learns: fitted estimators become trees or layers, and what follows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import (
    ARDRegression,
    BayesianRidge,
    ElasticNet,
    ElasticNetCV,
    GammaRegressor,
    HuberRegressor,
    Lars,
    Lasso,
    LassoCV,
    LassoLars,
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    PoissonRegressor,
    Ridge,
    RidgeCV,
    SGDRegressor,
    TweedieRegressor,
)
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.svm import LinearSVR
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)

from .._utils.compat import baseline_of, predictors_of
from ..students.lgbm import LGBMSoftClassifier
from ..students.softmax import SoftmaxRegression
from .columns import UnknownPartError
from .program import (
    End,
    Exp,
    Layer,
    Layers,
    Logistic,
    Sigmoid,
    Softmax,
    Tree,
    Trees,
    TwoColumns,
    tree_of,
)

Ends = tuple[End, ...]
Read = tuple[Trees | Layers, Ends]


def read_learner(learner: Any) -> Read:
    """Return what a fitted estimator computes, and how that becomes what it answers.

    A classifier answers the probabilities of its own classes.
    """
    kind = type(learner)
    reader = READERS.get(kind) or _lightgbm_reader(kind)
    if reader is None:
        raise UnknownPartError(f"{kind.__name__} cannot be exported: {known_students()}")
    return reader(learner)


def known_students() -> str:
    """Say which students can be exported."""
    names = sorted({kind.__name__ for kind in READERS} | {"LGBMClassifier", "LGBMRegressor"})
    return (
        f"students that can are {', '.join(names)}, alone, in SoftLabelClassifier, "
        "MultiOutputRegressor or GridSearchCV, or at the end of a Pipeline."
    )


# ---- trees of scikit-learn -------------------------------------------------------------------


def _tree(learner: Any) -> Read:
    value = _node_values(learner)
    return Trees([_nodes(learner)], np.zeros(value.shape[1])), ()


def _forest(learner: Any) -> Read:
    trees = [_nodes(tree) for tree in learner.estimators_]
    start = np.zeros(trees[0].value.shape[1])
    return Trees(trees, start, divisor=float(len(trees))), ()


def _node_values(learner: Any) -> NDArray[np.float64]:
    value = learner.tree_.value
    if value.shape[1] > 1 and value.shape[2] > 1:
        raise UnknownPartError("A classification tree of several outputs cannot be exported.")
    return value.reshape(len(value), -1)


def _nodes(learner: Any) -> Tree:
    tree = learner.tree_
    return tree_of(
        tree.feature,
        tree.threshold,
        tree.children_left,
        tree.children_right,
        _node_values(learner),
        missing_left=tree.missing_go_to_left.astype(bool),
        weight=tree.weighted_n_node_samples,
    )


# ---- histogram gradient boosting -------------------------------------------------------------


def _hist_gradient_boosting(learner: Any) -> Read:
    rounds = predictors_of(learner)
    trees = [
        _hist_tree(predictor, output) for one in rounds for output, predictor in enumerate(one)
    ]
    boosted = Trees(
        trees,
        np.ravel(baseline_of(learner)).astype(np.float64),
        1.0,
        reads_float32=False,
        takes_infinity=True,
    )
    if isinstance(learner, HistGradientBoostingClassifier):
        return boosted, (Sigmoid() if boosted.n_outputs == 1 else Softmax(),)
    return boosted, (Exp(),) if learner.loss in ("poisson", "gamma") else ()


def _hist_tree(predictor: Any, output: int) -> Tree:
    nodes = predictor.nodes
    is_leaf, is_group = nodes["is_leaf"].astype(bool), nodes["is_categorical"].astype(bool)
    sets = [_members(bits) for bits in predictor.raw_left_cat_bitsets]
    return tree_of(
        np.where(is_leaf, 0, nodes["feature_idx"]),
        nodes["num_threshold"],
        np.where(is_leaf, -1, nodes["left"].astype(np.int64)),
        np.where(is_leaf, -1, nodes["right"].astype(np.int64)),
        nodes["value"],
        missing_left=nodes["missing_go_to_left"].astype(bool),
        group=np.where(is_group & ~is_leaf, nodes["bitset_idx"].astype(np.int64), -1),
        groups=sets,
        output=output,
        weight=nodes["count"].astype(np.float64),
    )


def _members(bits: Any) -> tuple[int, ...]:
    """Return the numbers of the bits that are set, of words of 32."""
    return tuple(32 * w + b for w, word in enumerate(bits) for b in range(32) if int(word) >> b & 1)


# ---- LightGBM --------------------------------------------------------------------------------

# The largest number that it reads as 0.
_READ_AS_ZERO = float(np.float32(1e-35))
# What follows from the scores of an objective.
_CLASSIFICATION: dict[str, Ends] = {
    "binary": (Sigmoid(),),
    "cross_entropy": (Sigmoid(),),
    "multiclass": (Softmax(),),
}
_REGRESSION: dict[str, Ends] = {
    **dict.fromkeys(("regression", "regression_l1", "huber", "fair", "quantile", "mape"), ()),
    **dict.fromkeys(("poisson", "gamma", "tweedie"), (Exp(),)),
    **dict.fromkeys(("binary", "cross_entropy"), (Logistic(),)),
}


def _lightgbm_reader(kind: type) -> Callable[[Any], Read] | None:
    """Return the reader of LightGBM's own estimators, which need not be installed."""
    ours = kind.__module__ == "lightgbm.sklearn" and kind.__name__ in (
        "LGBMClassifier",
        "LGBMRegressor",
    )
    return _lightgbm if ours else None


def _lightgbm(learner: Any) -> Read:
    """Read the model that LightGBM itself tells as JSON."""
    told = learner.booster_.dump_model()
    n_outputs = told["num_tree_per_iteration"]
    trees = [_lightgbm_tree(t, k % n_outputs) for k, t in enumerate(told["tree_info"])]
    divisor = len(trees) / n_outputs if told.get("average_output") else 1.0
    boosted = Trees(trees, np.zeros(n_outputs), divisor, reads_float32=False, takes_infinity=True)
    return boosted, _lightgbm_ends(learner, told.get("objective", ""), n_outputs)


def _lightgbm_ends(learner: Any, objective: str, n_outputs: int) -> Ends:
    if isinstance(learner, LGBMSoftClassifier):
        return (Sigmoid() if n_outputs == 1 else Softmax(),)
    word, _, how = objective.partition(" ")
    plain = _CLASSIFICATION if hasattr(learner, "classes_") else _REGRESSION
    if word not in plain or "sqrt" in how or ("sigmoid:" in how and how != "sigmoid:1"):
        raise UnknownPartError(
            f"LightGBM with the objective {objective!r} cannot be exported: those that can are "
            f"{', '.join(plain)}, with their usual scale."
        )
    return plain[word]


def _lightgbm_tree(told: dict[str, Any], output: int) -> Tree:
    """Return LightGBM's nested nodes as arrays, each node before those below it."""
    rows: list[list[Any]] = []
    groups: list[tuple[int, ...]] = []

    def add(node: dict[str, Any]) -> int:
        place = len(rows)
        if "leaf_coeff" in node:
            raise UnknownPartError("LightGBM's linear_tree cannot be exported.")
        if "split_feature" not in node:
            # A tree of one leaf does not say how many rows that has.
            count = node.get("leaf_count", 1)
            rows.append([0, 0.0, -1, -1, float(node["leaf_value"]), False, -1, count])
            return place
        rows.append([])
        row = [node["split_feature"], *_lightgbm_split(node, groups)]
        left, right = add(node["left_child"]), add(node["right_child"])
        rows[place] = [*row[:2], left, right, 0.0, *row[2:], node["internal_count"]]
        return place

    add(told["tree_structure"])
    columns = map(list, zip(*rows, strict=True))
    feature, threshold, left, right, value, missing_left, group, count = columns
    return tree_of(
        feature,
        threshold,
        left,
        right,
        np.array(value),
        missing_left=missing_left,
        group=group,
        groups=groups,
        output=output,
        weight=np.array(count, dtype=np.float64),
    )


def _lightgbm_split(node: dict[str, Any], groups: list[tuple[int, ...]]) -> tuple[float, bool, int]:
    """Return a split's threshold, whether a missing value goes left, and its group or -1."""
    if node["decision_type"] == "==":
        groups.append(tuple(map(int, str(node["threshold"]).split("||"))))
        return 0.0, False, len(groups) - 1
    threshold = float(node["threshold"])
    if node["missing_type"] == "Zero":
        raise UnknownPartError("LightGBM's zero_as_missing cannot be exported.")
    # Where training knew nothing missing, it is read as 0.
    missing_left = node["default_left"] if node["missing_type"] == "NaN" else threshold >= 0.0
    if abs(threshold) <= _READ_AS_ZERO:
        threshold = _READ_AS_ZERO if threshold >= 0 else np.nextafter(-_READ_AS_ZERO, -np.inf)
    return float(threshold), bool(missing_left), -1


# ---- linear models and networks --------------------------------------------------------------


def _coefficients(learner: Any) -> Layer:
    weights = np.atleast_2d(learner.coef_).T.astype(np.float64)
    bias = np.zeros(weights.shape[1])
    bias[:] = np.ravel(learner.intercept_)
    return Layer(weights, bias)


def _linear(learner: Any) -> Read:
    return Layers([_coefficients(learner)]), ()


def _log_linear(learner: Any) -> Read:
    return Layers([_coefficients(learner)]), (Exp(),)


def _tweedie(learner: Any) -> Read:
    is_linear = learner.link == "identity" or (learner.link == "auto" and learner.power <= 0)
    return _linear(learner) if is_linear else _log_linear(learner)


def _linear_classifier(learner: Any) -> Read:
    layers = Layers([_coefficients(learner)])
    if layers.n_outputs == 1:
        if getattr(learner, "multi_class", None) == "multinomial":
            raise UnknownPartError("A multinomial model of two classes cannot be exported.")
        return layers, (Sigmoid(),)
    one_by_one = getattr(learner, "multi_class", None) == "ovr"
    if one_by_one or getattr(learner, "solver", None) == "liblinear":
        raise UnknownPartError(
            "One model against the rest for each class cannot be exported: use another solver."
        )
    return layers, (Softmax(),)


def _network(learner: Any) -> Read:
    kinds = [learner.activation] * (len(learner.coefs_) - 1) + [learner.out_activation_]
    parts = zip(learner.coefs_, learner.intercepts_, kinds, strict=True)
    network = Layers([Layer(w.astype(float), b.astype(float), kind) for w, b, kind in parts])
    is_binary = isinstance(learner, MLPClassifier) and network.n_outputs == 1
    return network, (TwoColumns(),) if is_binary else ()


_TREES = (DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor)
_FORESTS = (
    RandomForestClassifier,
    RandomForestRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
)
_LINEAR = (
    LinearRegression,
    Ridge,
    RidgeCV,
    Lasso,
    LassoCV,
    ElasticNet,
    ElasticNetCV,
    Lars,
    LassoLars,
    HuberRegressor,
    BayesianRidge,
    ARDRegression,
    SGDRegressor,
    LinearSVR,
)
_LINEAR_CLASSIFIERS = (
    SoftmaxRegression,
    LogisticRegression,
    LogisticRegressionCV,
    LinearDiscriminantAnalysis,
)

READERS: dict[type, Callable[[Any], Read]] = {
    **dict.fromkeys(_TREES, _tree),
    **dict.fromkeys(_FORESTS, _forest),
    HistGradientBoostingClassifier: _hist_gradient_boosting,
    HistGradientBoostingRegressor: _hist_gradient_boosting,
    LGBMSoftClassifier: _lightgbm,
    **dict.fromkeys(_LINEAR, _linear),
    PoissonRegressor: _log_linear,
    GammaRegressor: _log_linear,
    TweedieRegressor: _tweedie,
    **dict.fromkeys(_LINEAR_CLASSIFIERS, _linear_classifier),
    MLPRegressor: _network,
    MLPClassifier: _network,
}
