"""Fitted estimators as nodes of an ONNX graph, in float64 between the door and the answer.

Numbers become float64 as they come in, and each step does what scikit-learn does, in its order. So
a scaled value is rounded as there, to the last bit, and no row changes its side of a threshold.
What has no writer here is left to skl2onnx, and no tree may follow such a step.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto
from skl2onnx._supported_operators import sklearn_operator_name_map
from skl2onnx.common.data_types import (
    DoubleTensorType,
    FloatTensorType,
    Int64TensorType,
    StringTensorType,
)
from sklearn.base import is_classifier
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.feature_selection import SelectorMixin
from sklearn.impute import SimpleImputer
from sklearn.linear_model import (
    BayesianRidge,
    ElasticNet,
    ElasticNetCV,
    HuberRegressor,
    Lasso,
    LassoCV,
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    Ridge,
    RidgeCV,
)
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)
from sklearn.tree import (
    BaseDecisionTree,
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)

from .._utils.probabilities import floor_of
from .._utils.trees import FORESTS
from ..students import DistilledClassifier, LGBMSoftClassifier, SoftLabelClassifier
from ..students.softmax import SoftmaxRegression
from ..targets import LOSSES, Loss
from ..targets.losses import CrossEntropy, SquaredError, SquaredErrorLogit
from .onnx_trees import (
    CannotExportError,
    Ensemble,
    of_histograms,
    of_lightgbm,
    of_trees,
    tree_attributes,
)

_ML = "ai.onnx.ml"
# The version of its operators that knows trees in float64.
ML_VERSION = 3
#: What stands for missing text, as ONNX's text has no missing values.
MISSING_TEXT = ""


class Graph:
    """What nodes are written to while skl2onnx converts a model."""

    def __init__(self, scope: Any, container: Any) -> None:
        self.scope = scope
        self.container = container
        #: Whether anything was left to skl2onnx.
        self.delegated = False

    def node(self, kind: str, *inputs: str, out: str | None = None, **attributes: Any) -> str:
        """Add a node, and return the name of its output, which is new if none is given."""
        out = out or self.scope.get_unique_variable_name(kind.lower())
        is_ml = kind in ("LabelEncoder", "TreeEnsembleRegressor")
        self.container.add_node(
            kind,
            list(inputs),
            [out],
            name=self.scope.get_unique_operator_name(kind),
            op_domain="ai.onnx.ml" if is_ml else "",
            op_version=ML_VERSION if is_ml else self.container.target_opset,
            **attributes,
        )
        return out

    def constant(self, value: Any) -> str:
        """Add an array of float64, whole numbers or text, and return its name."""
        value = np.asarray(value)
        kind = {"f": TensorProto.DOUBLE, "i": TensorProto.INT64}.get(value.dtype.kind)
        content = value.ravel().tolist()
        if kind is None:
            kind, content = TensorProto.STRING, [str(text).encode() for text in content]
        name = self.scope.get_unique_variable_name("constant")
        self.container.add_initializer(name, kind, list(value.shape), content)
        return str(name)

    def cast(self, name: str, kind: int, out: str | None = None) -> str:
        """Add a cast."""
        return self.node("Cast", name, out=out, to=kind)

    def beside(self, names: Sequence[str]) -> str:
        """Put columns side by side."""
        return names[0] if len(names) == 1 else self.node("Concat", *names, axis=1)

    def take(self, name: str, places: Any) -> str:
        """Take columns by their places."""
        return self.node("Gather", name, self.constant(np.asarray(places, dtype=int)), axis=1)


# ---- rows on their way ---------------------------------------------------------------------------


class Part(NamedTuple):
    """Columns side by side: numbers in float64, or text."""

    name: str
    width: int
    is_text: bool = False
    column: str | None = None  # what a column of a frame is called
    made_by: str | None = None  # what may have rounded otherwise than scikit-learn does


Table = list[Part]


def read_inputs(graph: Graph, variables: Sequence[Any]) -> Table:
    """Return a model's inputs as a table, with float64 in the place of other numbers."""
    named = len(variables) > 1 or variables[0].type.shape[1] == 1
    table = []
    for variable in variables:
        is_text = isinstance(variable.type, StringTensorType)
        is_double = isinstance(variable.type, DoubleTensorType)
        name = variable.full_name
        if not is_text and not is_double:
            name = graph.cast(name, TensorProto.DOUBLE)
        column = variable.raw_name if named else None
        table.append(Part(name, variable.type.shape[1], is_text, column))
    return table


def numbers(graph: Graph, table: Table, reader: Any) -> str:
    """Return a table as one tensor of float64, which `reader` is about to read."""
    text = [part.column or "X" for part in table if part.is_text]
    if text:
        raise CannotExportError(
            f"{type(reader).__name__} would read text of the columns {text[:5]}, which cannot be "
            "exported: encode it in a Pipeline before."
        )
    return graph.beside([part.name for part in table])


def _single(graph: Graph, table: Table) -> Table:
    """Return a table of parts of one column each."""
    return [
        part if part.width == 1 else part._replace(name=graph.take(part.name, [j]), width=1)
        for part in table
        for j in range(part.width)
    ]


def _select(graph: Graph, table: Table, places: Sequence[int], names: Any) -> Table:
    """Take columns by their places in fit, or by their names where both sides have them."""
    if names is not None and all(part.column is not None for part in table):
        by_name = {part.column: part for part in table}
        return [by_name[names[place]] for place in places]
    if len(table) == 1:
        part = table[0]
        return [part._replace(name=graph.take(part.name, places), width=len(places))]
    single = _single(graph, table)
    return [single[place] for place in places]


def _made_by(table: Table) -> str | None:
    return next((part.made_by for part in table if part.made_by), None)


# ---- transformers --------------------------------------------------------------------------------


def transform(graph: Graph, step: Any, table: Table) -> Table:
    """Write what a fitted transformer makes of a table."""
    if step is None or step == "passthrough":
        return table
    if step == "drop" or not table:
        return []
    if isinstance(step, SelectorMixin):
        return _select(graph, table, step.get_support(indices=True).tolist(), None)
    writer = TRANSFORMERS.get(type(step))
    return _by_skl2onnx(graph, step, table) if writer is None else writer(graph, step, table)


def _steps(graph: Graph, pipeline: Pipeline, table: Table) -> Table:
    for _, step in pipeline.steps:
        table = transform(graph, step, table)
    return table


def _column_transformer(graph: Graph, step: ColumnTransformer, table: Table) -> Table:
    if step.transformer_weights:
        raise CannotExportError("ColumnTransformer with transformer_weights cannot be exported.")
    names = getattr(step, "feature_names_in_", None)
    made = []
    for _, transformer, columns in step.transformers_:
        if isinstance(transformer, str) and transformer == "drop":
            continue
        places = _places(columns, step.n_features_in_, names)
        made += transform(graph, transformer, _select(graph, table, places, names))
    return made


def _places(columns: Any, n_columns: int, names: Any) -> list[int]:
    """Return the places of what a ColumnTransformer selects."""
    if isinstance(columns, slice) and isinstance(columns.start or columns.stop, str):
        known = list(names)
        start = None if columns.start is None else known.index(columns.start)
        stop = None if columns.stop is None else known.index(columns.stop) + 1
        columns = slice(start, stop, columns.step)
    if isinstance(columns, slice):
        return list(range(n_columns)[columns])
    columns = np.atleast_1d(np.asarray(columns, dtype=None if len(np.atleast_1d(columns)) else int))
    if columns.dtype.kind in "OU":
        return [list(names).index(column) for column in columns]
    return [int(place) for place in np.arange(n_columns)[columns]]


def _numeric(
    graph: Graph, step: Any, table: Table, write: Callable[[str], str], width: int | None = None
) -> Table:
    """Return what a step on numbers makes of a table as one part."""
    name = write(numbers(graph, table, step))
    made = sum(part.width for part in table) if width is None else width
    return [Part(name, made, made_by=_made_by(table))]


def _scaler(graph: Graph, step: Any, table: Table) -> Table:
    """Write (x − centre) / scale."""
    centre = step.mean_ if isinstance(step, StandardScaler) else getattr(step, "center_", None)
    if not getattr(step, "with_mean", True):
        centre = None

    def write(x: str) -> str:
        if centre is not None:
            x = graph.node("Sub", x, graph.constant(centre))
        return x if step.scale_ is None else graph.node("Div", x, graph.constant(step.scale_))

    return _numeric(graph, step, table, write)


def _min_max_scaler(graph: Graph, step: MinMaxScaler, table: Table) -> Table:
    def write(x: str) -> str:
        x = graph.node("Mul", x, graph.constant(step.scale_))
        x = graph.node("Add", x, graph.constant(step.min_))
        if not step.clip:
            return x
        return graph.node("Clip", x, *(graph.constant(float(v)) for v in step.feature_range))

    return _numeric(graph, step, table, write)


def _function_transformer(graph: Graph, step: FunctionTransformer, table: Table) -> Table:
    if step.func is not None:
        return _by_skl2onnx(graph, step, table)
    return table


def _imputer(graph: Graph, step: SimpleImputer, table: Table) -> Table:
    """Write values in the place of missing ones; columns without any value in fit are left out."""
    if step.add_indicator and any(part.is_text for part in table):
        raise CannotExportError("SimpleImputer with add_indicator cannot be exported for text.")
    made = []
    for part, value in zip(_single(graph, table), step.statistics_, strict=True):
        if not part.is_text and value != value:
            continue
        missing = _is_missing(graph, part, step.missing_values)
        filled = str(value) if part.is_text else float(value)
        name = graph.node("Where", missing, graph.constant([filled]), part.name)
        made.append(part._replace(name=name))
    if step.add_indicator:
        single = _single(graph, table)
        for place in step.indicator_.features_:
            missing = _is_missing(graph, single[place], step.missing_values)
            made.append(Part(graph.cast(missing, TensorProto.DOUBLE), 1))
    return made


def _is_missing(graph: Graph, part: Part, value: Any) -> str:
    if not part.is_text:
        if value is None or value != value:
            return graph.node("IsNaN", part.name)
        return graph.node("Equal", part.name, graph.constant([float(value)]))
    key = value if isinstance(value, str) else MISSING_TEXT
    found = graph.node(
        "LabelEncoder", part.name, keys_strings=[key], values_int64s=[1], default_int64=0
    )
    return graph.cast(found, TensorProto.BOOL)


def _encoder(graph: Graph, step: Any, table: Table) -> Table:
    """Write an encoder as what it answers for each category, which it is asked."""
    made = []
    for j, part in enumerate(_single(graph, table)):
        codes = _codes(graph, part, step.categories_[j])
        answers = _answers(step, j)
        name = graph.node("Gather", graph.constant(answers), codes, axis=0)
        made.append(Part(name, answers.shape[1], column=None))
    return made


def _codes(graph: Graph, part: Part, categories: Any) -> str:
    """Return each value's place among the categories, after the last one for all others."""
    flat = graph.constant([-1])
    if part.is_text:
        keys = [v if isinstance(v, str) else MISSING_TEXT for v in categories]
        if len(set(keys)) < len(keys):
            raise CannotExportError(
                f"The column {part.column!r} holds missing and empty text, which ONNX cannot tell "
                "from each other: replace one of them."
            )
        found = graph.node(
            "LabelEncoder",
            part.name,
            keys_strings=keys,
            values_int64s=list(range(len(keys))),
            default_int64=len(keys),
        )
        return graph.node("Reshape", found, flat)
    known = np.asarray(categories, dtype=np.float64)
    rounded = known.astype(np.float32)
    if not np.array_equal(rounded, known, equal_nan=True):
        raise CannotExportError(
            f"The column {part.column!r} has categories that float32 rounds, such as "
            f"{known[rounded != known][0]}: make them whole numbers or text."
        )
    is_one = graph.node("Equal", part.name, graph.constant(known[None, :]))
    if np.isnan(known).any():
        at_nan = graph.node(
            "Mul",
            _as_int(graph, graph.node("IsNaN", part.name)),
            graph.constant(np.isnan(known)[None, :].astype(int)),
        )
        is_one = graph.node("Or", is_one, graph.cast(at_nan, TensorProto.BOOL))
    is_one = _as_int(graph, is_one)
    other = graph.node(
        "Add", graph.node("Mul", graph.take(is_one, [0]), graph.constant([0])), graph.constant([1])
    )
    # The first of the largest: what is none of them is the last.
    return graph.node("ArgMax", graph.beside([is_one, other]), axis=1, keepdims=0)


def _as_int(graph: Graph, name: str) -> str:
    return graph.cast(name, TensorProto.INT64)


def _answers(step: Any, j: int) -> NDArray[np.float64]:
    """Return the columns that an encoder makes of each category of its column j, and of others.

    NaN stands where it refuses others.
    """
    categories = step.categories_
    is_text = any(isinstance(value, str) for value in categories[j])
    stranger = "\0" if is_text else np.nanmax([0.0, *np.asarray(categories[j], dtype=float)]) + 1
    values = [*categories[j], *([] if step.handle_unknown == "error" else [stranger])]
    rows = np.empty((len(values), len(categories)), dtype=object)
    rows[:] = [known[0] for known in categories]
    rows[:, j] = values
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        made = step.transform(rows)
    made = np.asarray(made.toarray() if hasattr(made, "toarray") else made, dtype=np.float64)
    widths = _widths(step)
    answers = made[:, sum(widths[:j]) : sum(widths[: j + 1])]
    if step.handle_unknown == "error":
        answers = np.vstack([answers, np.full(answers.shape[1], np.nan)])
    return answers


def _widths(step: Any) -> list[int]:
    """Return how many columns an encoder makes of each."""
    if not isinstance(step, OneHotEncoder):
        return [1] * len(step.categories_)
    dropped = step.drop_idx_ if step.drop_idx_ is not None else [None] * len(step.categories_)
    rare = getattr(step, "infrequent_categories_", None) or [None] * len(step.categories_)
    return [
        len(known) - (gone is not None) - (0 if few is None else len(few) - 1)
        for known, gone, few in zip(step.categories_, dropped, rare, strict=True)
    ]


# ---- what skl2onnx writes ------------------------------------------------------------------------


def _by_skl2onnx(graph: Graph, step: Any, table: Table) -> Table:
    """Leave a transformer to skl2onnx."""
    width = len(step.get_feature_names_out())
    name = _delegate(graph, step, table)
    return [Part(name, width, made_by=type(step).__name__)]


def _delegate(graph: Graph, estimator: Any, table: Table) -> str:
    """Leave an estimator to skl2onnx, and return what it answers, in float64."""
    alias = sklearn_operator_name_map.get(type(estimator))
    if alias is None or _holds_trees(estimator):
        raise CannotExportError(
            f"{type(estimator).__name__} cannot be exported: students that can are "
            f"{', '.join(sorted(kind.__name__ for kind in LEARNERS))}, LGBMClassifier and "
            "LGBMRegressor, alone, in a search or at the end of a Pipeline, and what skl2onnx "
            "converts that holds no trees."
        )
    x = numbers(graph, table, estimator)
    width = sum(part.width for part in table)
    # In float32, as its converters are made for that, and some fail in float64.
    variable = graph.scope.declare_local_variable("rows", FloatTensorType([None, width]))
    graph.cast(x, TensorProto.FLOAT, variable.full_name)
    operator = graph.scope.declare_local_operator(alias, estimator)
    operator.inputs.append(variable)
    if is_classifier(estimator):
        operator.outputs.append(graph.scope.declare_local_variable("label", Int64TensorType()))
    answer = graph.scope.declare_local_variable("answer", FloatTensorType())
    operator.outputs.append(answer)
    graph.delegated = True
    return graph.cast(answer.full_name, TensorProto.DOUBLE)


def _holds_trees(estimator: Any) -> bool:
    """Whether there are trees inside, which skl2onnx writes otherwise than they answer."""
    members = [*estimator.get_params().values(), *np.ravel(getattr(estimator, "estimators_", []))]
    kinds = (BaseDecisionTree, *FORESTS, HistGradientBoostingClassifier)
    return any(
        isinstance(member, (*kinds, HistGradientBoostingRegressor))
        or type(member).__module__.partition(".")[0] == "lightgbm"
        for member in members
    )


# ---- learners ------------------------------------------------------------------------------------


def answer(graph: Graph, learner: Any, table: Table) -> str:
    """Write what a regressor predicts, or the probabilities of a classifier's own classes."""
    for name in ("best_estimator_",):
        if hasattr(learner, name):
            return answer(graph, getattr(learner, name), table)
    writer = LEARNERS.get(type(learner))
    if writer is None and type(learner).__module__ == "lightgbm.sklearn":
        writer = _lightgbm
    return _delegate(graph, learner, table) if writer is None else writer(graph, learner, table)


def _pipeline(graph: Graph, pipeline: Pipeline, table: Table) -> str:
    for _, step in pipeline.steps[:-1]:
        table = transform(graph, step, table)
    return answer(graph, pipeline.steps[-1][1], table)


def _several(graph: Graph, learner: MultiOutputRegressor, table: Table) -> str:
    return graph.beside([answer(graph, one, table) for one in learner.estimators_])


def _soft_labels(graph: Graph, learner: SoftLabelClassifier, table: Table) -> str:
    inner = learner.estimator_
    proba = answer(graph, inner, table)
    return _aligned(graph, proba, inner.classes_, learner.classes_)


def _aligned(graph: Graph, proba: str, known: Any, classes: Any) -> str:
    """Arrange probabilities in the columns of classes; one that is not known has none."""
    if np.array_equal(known, classes):
        return proba
    none = graph.node("Mul", graph.take(proba, [0]), graph.constant([0.0]))
    places = {label: k for k, label in enumerate(known.tolist())}
    return graph.take(
        graph.beside([proba, none]), [places.get(label, len(known)) for label in classes.tolist()]
    )


def _two_columns(graph: Graph, positive: str) -> str:
    return graph.beside([graph.node("Sub", graph.constant([1.0]), positive), positive])


def _trees(graph: Graph, learner: Any, table: Table) -> str:
    return _raw(graph, of_trees(learner), learner, table)


def _raw(graph: Graph, ensemble: Ensemble, learner: Any, table: Table) -> str:
    """Write what trees add up to."""
    rounder = _made_by(table)
    if rounder is not None:
        raise CannotExportError(
            f"{rounder} before {type(learner).__name__} cannot be exported: what it makes may be "
            "rounded otherwise, and a tree would send such rows to another leaf. Before trees "
            f"there may be {', '.join(sorted(kind.__name__ for kind in TRANSFORMERS))} and "
            "selectors of columns."
        )
    x = numbers(graph, table, learner)
    if ensemble.reads_float32:
        x = graph.cast(graph.cast(x, TensorProto.FLOAT), TensorProto.DOUBLE)
    total = graph.node("TreeEnsembleRegressor", x, **tree_attributes(ensemble))
    total = graph.cast(total, TensorProto.DOUBLE)
    if ensemble.divisor != 1:
        total = graph.node("Div", total, graph.constant([float(ensemble.divisor)]))
    return (
        graph.node("Add", total, graph.constant(ensemble.start)) if any(ensemble.start) else total
    )


def _histogram_regressor(graph: Graph, learner: Any, table: Table) -> str:
    raw = _raw(graph, of_histograms(learner), learner, table)
    return graph.node("Exp", raw) if learner.loss in ("poisson", "gamma") else raw


def _histogram_classifier(graph: Graph, learner: Any, table: Table) -> str:
    ensemble = of_histograms(learner)
    raw = _raw(graph, ensemble, learner, table)
    return _from_scores(graph, raw, len(ensemble.start))


def _from_scores(graph: Graph, scores: str, n_outputs: int) -> str:
    """Write probabilities of log-odds, or of logarithms up to a constant."""
    if n_outputs > 1:
        return graph.node("Softmax", scores, axis=1)
    return _two_columns(graph, graph.node("Sigmoid", scores))


def _soft_lightgbm(graph: Graph, learner: LGBMSoftClassifier, table: Table) -> str:
    ensemble, _ = of_lightgbm(learner.booster_)
    raw = _raw(graph, ensemble, learner, table)
    return _from_scores(graph, raw, len(ensemble.start))


# What LightGBM's objectives make of raw scores.
_PLAIN = ("regression", "regression_l1", "huber", "fair", "quantile", "mape")
_EXPONENTIAL = ("poisson", "gamma", "tweedie")


def _lightgbm(graph: Graph, learner: Any, table: Table) -> str:
    """Write LightGBM's own estimators."""
    ensemble, told = of_lightgbm(learner.booster_)
    objective, *details = told.split() or [""]
    raw = _raw(graph, ensemble, learner, table)
    scale = next((float(d[8:]) for d in details if d.startswith("sigmoid:")), 1.0)
    if scale != 1:
        raw = graph.node("Mul", raw, graph.constant([scale]))
    if is_classifier(learner):
        if objective in ("binary", "multiclass", "cross_entropy"):
            return _from_scores(graph, raw, len(ensemble.start))
        if objective == "multiclassova":
            return graph.node("Sigmoid", raw)
    elif objective in _PLAIN and "sqrt" not in details:
        return raw
    elif objective in _EXPONENTIAL:
        return graph.node("Exp", raw)
    elif objective == "cross_entropy":
        return graph.node("Sigmoid", raw)
    raise CannotExportError(
        f"{type(learner).__name__} with the objective {told!r} cannot be exported: use "
        "LGBMSoftClassifier, or a usual objective."
    )


def _linear(graph: Graph, learner: Any, table: Table) -> str:
    coef = np.atleast_2d(np.asarray(learner.coef_, dtype=np.float64))
    return _layer(graph, numbers(graph, table, learner), coef.T, learner.intercept_)


def _layer(graph: Graph, x: str, weights: Any, bias: Any) -> str:
    product = graph.node("MatMul", x, graph.constant(np.asarray(weights, dtype=np.float64)))
    bias = np.atleast_1d(np.asarray(bias, dtype=np.float64))
    return graph.node("Add", product, graph.constant(bias))


def _linear_classifier(graph: Graph, learner: Any, table: Table) -> str:
    n_outputs = len(learner.coef_)
    how = getattr(learner, "multi_class", None)
    against_the_rest = how == "ovr" or getattr(learner, "solver", None) == "liblinear"
    if (n_outputs > 1 and against_the_rest) or (n_outputs == 1 and how == "multinomial"):
        raise CannotExportError(
            f"{type(learner).__name__} with multi_class={how!r} and solver={learner.solver!r} "
            "cannot be exported: use another solver, and leave multi_class alone."
        )
    return _from_scores(graph, _linear(graph, learner, table), n_outputs)


_ACTIVATIONS = {"relu": "Relu", "tanh": "Tanh", "logistic": "Sigmoid"}


def _network(graph: Graph, learner: Any, table: Table) -> str:
    x = numbers(graph, table, learner)
    kinds = [learner.activation] * (len(learner.coefs_) - 1) + [learner.out_activation_]
    for weights, bias, kind in zip(learner.coefs_, learner.intercepts_, kinds, strict=True):
        x = _layer(graph, x, weights, bias)
        if kind == "softmax":
            x = graph.node("Softmax", x, axis=1)
        elif kind != "identity":
            x = graph.node(_ACTIVATIONS[kind], x)
    one_column = isinstance(learner, MLPClassifier) and learner.n_outputs_ == 1
    return _two_columns(graph, x) if one_column else x


# ---- the way back --------------------------------------------------------------------------------


class WayBack(NamedTuple):
    """How answers of a student become probabilities, in plain values."""

    loss: str
    temperature: float
    adapter: str
    calibration: dict[str, Any] | None


def way_back(classifier: DistilledClassifier) -> WayBack:
    """Return how a classifier's answers become probabilities."""
    loss, calibration = classifier.loss, classifier.calibration
    word = next(word for word, kind in LOSSES.items() if kind is type(loss))
    by = None
    if calibration is not None:
        by = {"slope": calibration.slope, "shift": list(calibration.shift)}
    return WayBack(word, loss.temperature, type(classifier.adapter).__name__, by)


def _distilled(graph: Graph, classifier: DistilledClassifier, table: Table) -> str:
    back, student, classes = way_back(classifier), classifier.student, classifier.classes_
    x = answer(graph, student, table)
    if back.adapter == "WeightedCopies":
        known = getattr(student, "classes_", classes)
        codes = np.arange(len(classes))
        are_codes = not np.array_equal(known, classes) and np.array_equal(known, codes)
        x = _aligned(graph, x, known, codes if are_codes else classes)
    proba = _WAYS_BACK[LOSSES[back.loss]](graph, x, len(classes), back.temperature)
    return _calibrated(graph, proba, len(classes), back.calibration)


def _squared_error(graph: Graph, x: str, n_classes: int, temperature: float) -> str:
    x = graph.node("Clip", x, graph.constant(0.0), graph.constant(1.0))
    if n_classes == 2:
        return _two_columns(graph, x)
    total = graph.node("ReduceSum", x, graph.constant([1]), keepdims=1)
    # A row without any mass is uniform.
    empty = graph.node("Not", graph.cast(total, TensorProto.BOOL))
    x = graph.node("Where", empty, graph.constant([1.0]), x)
    return graph.node("Div", x, graph.node("ReduceSum", x, graph.constant([1]), keepdims=1))


def _squared_error_logit(graph: Graph, x: str, n_classes: int, temperature: float) -> str:
    return _from_scores(graph, x, 1 if n_classes == 2 else n_classes)


def _cross_entropy(graph: Graph, x: str, n_classes: int, temperature: float) -> str:
    if temperature == 1:
        return x
    scores = graph.node("Mul", graph.node("Log", x), graph.constant([float(temperature)]))
    return graph.node("Softmax", scores, axis=1)


_WAYS_BACK: dict[type[Loss], Callable[[Graph, str, int, float], str]] = {
    SquaredError: _squared_error,
    SquaredErrorLogit: _squared_error_logit,
    CrossEntropy: _cross_entropy,
}


def _calibrated(graph: Graph, proba: str, n_classes: int, by: dict[str, Any] | None) -> str:
    if by is None:
        return proba
    floor = floor_of(n_classes)
    x = graph.node("Mul", proba, graph.constant([1 - n_classes * floor]))
    x = graph.node("Log", graph.node("Add", x, graph.constant([floor])))
    x = graph.node("Mul", x, graph.constant([float(by["slope"])]))
    x = graph.node("Add", x, graph.constant(np.array(by["shift"], dtype=np.float64)))
    return graph.node("Softmax", x, axis=1)


# ---- who writes what -----------------------------------------------------------------------------

TRANSFORMERS: dict[type, Callable[[Graph, Any, Table], Table]] = {
    Pipeline: _steps,
    ColumnTransformer: _column_transformer,
    StandardScaler: _scaler,
    RobustScaler: _scaler,
    MaxAbsScaler: _scaler,
    MinMaxScaler: _min_max_scaler,
    SimpleImputer: _imputer,
    OneHotEncoder: _encoder,
    OrdinalEncoder: _encoder,
    FunctionTransformer: _function_transformer,
}

LEARNERS: dict[type, Callable[[Graph, Any, Table], str]] = {
    Pipeline: _pipeline,
    MultiOutputRegressor: _several,
    SoftLabelClassifier: _soft_labels,
    DistilledClassifier: _distilled,
    **dict.fromkeys(
        (
            DecisionTreeClassifier,
            DecisionTreeRegressor,
            ExtraTreeClassifier,
            ExtraTreeRegressor,
            *FORESTS,
        ),
        _trees,
    ),
    HistGradientBoostingRegressor: _histogram_regressor,
    HistGradientBoostingClassifier: _histogram_classifier,
    LGBMSoftClassifier: _soft_lightgbm,
    **dict.fromkeys(
        (
            LinearRegression,
            Ridge,
            RidgeCV,
            Lasso,
            LassoCV,
            ElasticNet,
            ElasticNetCV,
            BayesianRidge,
            HuberRegressor,
        ),
        _linear,
    ),
    **dict.fromkeys(
        (SoftmaxRegression, LogisticRegression, LogisticRegressionCV), _linear_classifier
    ),
    MLPRegressor: _network,
    MLPClassifier: _network,
}
