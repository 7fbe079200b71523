"""A file answers as the student does: beside every threshold, with gaps and text."""

import subprocess
import sys
from copy import copy

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_array_equal
from sklearn.base import clone
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
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.validation import has_fit_parameter

from skdistill import Distiller, LGBMSoftClassifier, SoftLabelClassifier, SoftmaxRegression
from skdistill.export import onnx as export
from skdistill.export.onnx import as_file_reads, register_converters, run_onnx, to_onnx

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
    other.calibration = {"slope": 1.3, "shift": list(shift)}
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
    "histograms": HistGradientBoostingRegressor(max_iter=5, max_leaf_nodes=8),
    "histogram classifier": HistGradientBoostingClassifier(max_iter=3, max_leaf_nodes=8),
}
OTHERS = {
    "softmax": SoftmaxRegression(),
    "logistic": LogisticRegression(max_iter=1000),
    "ridge": Ridge(),
    "linear": LinearRegression(),
    "network": MLPRegressor(hidden_layer_sizes=(8,), max_iter=20, random_state=0),
    "network classifier": MLPClassifier(hidden_layer_sizes=(8,), max_iter=5, random_state=0),
    "by skl2onnx": GaussianNB(),
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
    if not has_fit_parameter(OTHERS[name], "sample_weight") and name == "network classifier":
        pytest.skip("scikit-learn's networks take weights since 1.7")
    for params in ways(OTHERS[name], n_classes):
        classifier, X = taught(OTHERS[name], n_classes, **params)
        for one in (classifier, calibrated(classifier)):
            check_same(one, to_onnx(one, X), X, atol=1e-5)


def test_shrunken_nodes_answer_as_they_are():
    for kind in (RandomForestClassifier, DecisionTreeClassifier, RandomForestRegressor):
        student = kind(max_leaf_nodes=30, random_state=0)
        if hasattr(student, "n_estimators"):
            student.set_params(n_estimators=5)
        classifier, X = taught(student, 3, shrinkage=10.0)
        exported = to_onnx(classifier, X)
        assert check_same(classifier, exported, beside(X, exported)) < 1e-7


@pytest.mark.parametrize("adapted", [RandomForestClassifier(5, max_depth=4), LogisticRegression()])
def test_an_adapted_classifier_answers_the_same(adapted):
    classifier, X = taught(SoftLabelClassifier(adapted), 3)
    check_same(classifier, to_onnx(classifier, X), X)


def test_a_class_that_the_student_was_never_shown_has_probability_0():
    X, y = table(3)
    shown = y < 2
    student = DecisionTreeClassifier(max_depth=3).fit(X[shown], y[shown])
    model, _ = taught(clone(student), 3)
    model.student = student
    check_same(model, to_onnx(model, X), X)
    soft = np.eye(3)[y] * [1.0, 1.0, 0.0] + [1e-3, 1e-3, 0.0]
    model, _ = taught(SoftLabelClassifier(clone(student)), 3)
    model.student.fit(X, soft)
    exported = to_onnx(model, X)
    check_same(model, exported, X)
    assert not run_onnx(exported, X)[1][:, 2].any()


def test_a_student_that_was_shown_numbers_of_classes_answers_for_their_labels():
    X, y = table(3)
    student = DecisionTreeClassifier(max_depth=4)
    proba = GaussianNB().fit(X, y).predict_proba(X)
    names = np.array(["a", "b", "c"])[y]
    model = Distiller(None, clone(student)).fit(X, names, teacher_proba=proba).classifier_
    # As one is that takes no text for labels.
    model.student = student.fit(X, y)
    check_same(model, to_onnx(model, X), X)


def test_a_tree_of_one_leaf_is_a_constant():
    classifier, X = taught(DecisionTreeRegressor(max_depth=1, min_samples_leaf=200), 2)
    assert classifier.student.tree_.node_count == 1
    check_same(classifier, to_onnx(classifier, X), X)


def test_a_row_that_every_class_refuses_is_uniform():
    classifier, X = taught(Ridge(), 3)
    far = as_file_reads(X * np.geomspace(1, 1e6, len(X))[:, None])
    classifier.student.intercept_ = classifier.student.intercept_ - 10
    assert_array_equal(classifier.predict_proba(X), np.full((len(X), 3), 1 / 3))
    check_same(classifier, to_onnx(classifier, X), far)


@pytest.mark.parametrize("opset", range(15, skl2onnx.__max_supported_opset__ + 1))
def test_every_opset_answers_the_same(opset):
    for student in (tree(), make_pipeline(StandardScaler(), SoftmaxRegression())):
        model, X = taught(student, 3)
        changed = calibrated(model)
        exported = to_onnx(changed, X, target_opset=opset)
        assert {d.domain: d.version for d in exported.opset_import}[""] == opset
        check_same(changed, exported, X)


@pytest.mark.parametrize(
    "labels", [["no", "yes", "perhaps"], [3, 7, 20], [0.0, 1.0, 5.0], np.array([1, 2, 9], "uint8")]
)
def test_labels_come_back(labels):
    X, y = table(3)
    model = Distiller(GaussianNB(), tree()).fit(X, np.asarray(labels)[y])
    found, _ = run_onnx(to_onnx(model, X), X)
    assert_array_equal(found, model.predict(as_file_reads(X)))


# ---- missing values ------------------------------------------------------------------------------


@pytest.mark.parametrize("gaps_in_fit", [True, False])
@pytest.mark.parametrize(
    "name", ["tree", "forest", "lightgbm", "lightgbm classifier", "soft lightgbm", "histograms"]
)
def test_missing_values_go_the_way_of_the_student(name, gaps_in_fit):
    X, y = table(2)
    proba = GaussianNB().fit(X, y).predict_proba(X)
    rows = with_gaps(X) if gaps_in_fit else X
    model = Distiller(None, TREES[name]).fit(rows, y, teacher_proba=proba).classifier_
    holes = with_gaps(X, seed=1)
    check_same(model, to_onnx(model, holes), holes)


def test_what_lightgbm_takes_for_0_goes_the_way_of_0():
    X, y = table(2)
    X = np.where(np.abs(X) < 0.7, 0.0, X)
    proba = GaussianNB().fit(X, y).predict_proba(X)
    model = Distiller(None, TREES["lightgbm"]).fit(X, y, teacher_proba=proba).classifier_
    exported = to_onnx(model, X)
    assert any(0 < abs(value) < 1e-30 for _, value in thresholds(exported))
    check_same(model, exported, beside(X, exported, reach=2))


# ---- steps before a student ----------------------------------------------------------------------

SCALERS = [StandardScaler(), MinMaxScaler(clip=True), MaxAbsScaler(), RobustScaler()]


def taught_scaled(student, scaler):
    """Let a scaled student learn columns far from 0, of which scaling leaves few digits."""
    X, y = table(2)
    X = as_file_reads(3 * X + 1000)
    proba = GaussianNB().fit(X, y).predict_proba(X)
    model = Distiller(None, make_pipeline(scaler, student)).fit(X, y, teacher_proba=proba)
    exported = to_onnx(model, X)

    def unscale(column, value):
        return model.student_[0].inverse_transform(np.full((1, X.shape[1]), value))[0, column]

    return model, exported, beside(X, exported, unscale, reach=2, most=300)


@pytest.mark.parametrize("name", ["tree", "forest classifier", "soft lightgbm", "histograms"])
@pytest.mark.parametrize("scaler", SCALERS, ids=lambda scaler: type(scaler).__name__)
def test_no_scaler_moves_a_row_over_a_threshold(name, scaler):
    model, exported, rows = taught_scaled(TREES[name], scaler)
    check_same(model.classifier_, exported, rows)


def test_the_float32_of_skl2onnx_would_move_rows():
    """Show that the rows of the test above tell roundings apart."""
    model, _, rows = taught_scaled(tree(), StandardScaler())
    plain = skl2onnx.to_onnx(model.student_, rows[:1].astype(np.float32))
    found = export_session(plain).run(None, {"X": rows.astype(np.float32)})[0][:, 0]
    assert np.abs(found - model.student_.predict(rows)).max() > 0.1


def export_session(model):
    import onnxruntime

    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )


def test_a_step_that_may_round_otherwise_is_refused_before_a_tree():
    X, y = table(2)
    model = Distiller(GaussianNB(), make_pipeline(PolynomialFeatures(2), tree())).fit(X, y)
    with pytest.raises(ValueError, match=r"PolynomialFeatures before DecisionTreeRegressor cannot"):
        to_onnx(model, X)


def frame(n_samples=200, seed=0):
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "age": rng.integers(18, 90, n_samples).astype(float),
            "capital-gain ($)": rng.normal(size=n_samples) * 1e4,
            "town": rng.choice(["Graz", "Linz", "Wien", "Bad Ischl"], n_samples),
            "colour": rng.choice(["red", "green", ""], n_samples),
            "floor": rng.integers(0, 4, n_samples).astype(float),
        }
    )
    y = np.where(rows["age"] + 10 * (rows["town"] == "Wien") > 55, "old", "young")
    rows.loc[::7, "age"] = np.nan
    return rows, y


def unknown(rows):
    """Return rows with values that were not there in fit."""
    rows = rows.copy()
    rows.loc[::3, "town"] = "Innsbruck"
    rows.loc[::5, "floor"] = 99.0
    return rows


ONE_HOT = [
    {"handle_unknown": "ignore"},
    {"handle_unknown": "ignore", "drop": "first"},
    {"handle_unknown": "infrequent_if_exist", "min_frequency": 45},
    {"handle_unknown": "ignore", "sparse_output": False, "drop": "if_binary"},
]


@pytest.mark.parametrize("options", ONE_HOT)
@pytest.mark.parametrize("student", [tree(), SoftmaxRegression()], ids=["tree", "softmax"])
@pytest.mark.filterwarnings("ignore:Found unknown categories")
def test_a_frame_with_text_and_gaps_one_hot(student, options):
    X, y = frame()
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), ["age"]),
        (SimpleImputer(add_indicator=True), ["age"]),
        (OneHotEncoder(**options), ["town", "floor"]),
        ("passthrough", [1]),
        ("drop", ["colour"]),
    )
    check_frame(make_pipeline(columns, student), X, y)


@pytest.mark.parametrize(
    "student", [tree(), LGBMSoftClassifier(n_estimators=5), Ridge()], ids=["tree", "lgbm", "ridge"]
)
def test_a_frame_with_text_and_gaps_ordinal(student):
    X, y = frame()
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    only_age = [True, False, False, False, False]
    columns = ColumnTransformer(
        [("codes", encoder, slice("town", "floor")), ("age", SimpleImputer(), only_age)],
        remainder=RobustScaler(),
    )
    check_frame(make_pipeline(columns, student), X, y)


def check_frame(student, X, y):
    proba = np.random.default_rng(0).dirichlet([1.0, 1.0], len(y))
    model = Distiller(None, student).fit(X, y, teacher_proba=proba)
    exported = to_onnx(model, X)
    check_same(model.classifier_, exported, unknown(X))
    # One row, which has a column of its own for each name.
    check_same(model.classifier_, exported, X[:1])


def test_missing_text_is_told_from_other_text():
    X, y = frame()
    X["town"] = X["town"].astype(object)
    X.loc[::4, "town"] = np.nan
    for imputer in ([], [SimpleImputer(strategy="constant", fill_value="nowhere")]):
        steps = make_pipeline(*imputer, OneHotEncoder(handle_unknown="ignore"))
        columns = make_column_transformer((steps, ["town"]), ("passthrough", ["floor"]))
        model = Distiller(GaussianNB(), make_pipeline(columns, tree()))
        proba = np.random.default_rng(0).dirichlet([1.0, 1.0], len(y))
        model = Distiller(None, model.student).fit(X, y, teacher_proba=proba)
        _, found = run_onnx(to_onnx(model, X), X)
        assert np.abs(found - model.predict_proba(X)).max() < 1e-6


@pytest.mark.parametrize("kind", ["category", object])
def test_text_of_any_type_is_read(kind):
    X, y = frame()
    X["town"] = X["town"].astype(kind)
    X["age"] = X["age"].astype("Int64")
    X["floor"] = X["floor"] > 1
    X.loc[::4, "town"] = None
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    columns = make_column_transformer(
        (encoder, ["town"]), (OneHotEncoder(), ["floor"]), (SimpleImputer(), ["age"])
    )
    proba = np.random.default_rng(0).dirichlet([1.0, 1.0], len(y))
    model = Distiller(None, make_pipeline(columns, tree())).fit(X, y, teacher_proba=proba)
    exported = to_onnx(model, X)
    # A row whose text is missing says of itself not that it is text.
    for rows in (X, X[:1]):
        assert np.abs(run_onnx(exported, rows)[1] - model.predict_proba(rows)).max() < 1e-6


def test_polars_frames_are_read():
    polars = pytest.importorskip("polars")
    X, y = table(2)
    X = polars.DataFrame(X, schema=[f"x{j}" for j in range(X.shape[1])])
    model = Distiller(GaussianNB(), tree()).fit(X, y)
    check_same(model.classifier_, to_onnx(model, X), X)


def test_steps_within_steps_select_by_their_own_columns():
    X, y = frame()
    first = make_column_transformer(
        (SimpleImputer(), ["age"]), ("passthrough", ["floor", "capital-gain ($)"])
    )
    second = ColumnTransformer([("scaled", StandardScaler(), [2]), ("gone", "drop", [1])])
    union = FeatureUnion([("two", second), ("all", MinMaxScaler()), ("none", "drop")])
    check_frame(make_pipeline(first, union, tree()), X, y)


def test_a_frame_of_numbers_needs_no_column_transformer():
    X, y = table(2)
    X = pd.DataFrame(X, columns=[f"x {j}" for j in range(X.shape[1])])
    model = Distiller(GaussianNB(), tree()).fit(X, y)
    exported = to_onnx(model, X)
    assert [one.name for one in exported.graph.input] == list(X.columns)
    check_same(model.classifier_, exported, X)
    with pytest.raises(ValueError, match="X must have the column 'x 3'"):
        run_onnx(exported, X.drop(columns="x 3"))
    with pytest.raises(ValueError, match="X must hold numbers in the column 'x 3'"):
        run_onnx(exported, X.assign(**{"x 3": "text"}))


def test_columns_may_be_called_as_anything_inside():
    X, y = table(2)
    X = pd.DataFrame(X[:, :4], columns=["rows", "cast", "constant", "X"])
    model = Distiller(GaussianNB(), tree()).fit(X, y)
    check_same(model.classifier_, to_onnx(model, X), X)
    X.columns = ["label", "a", "b", "c"]
    model = Distiller(GaussianNB(), tree()).fit(X, y)
    with pytest.raises(ValueError, match=r"X must not have columns called \['label'\]"):
        to_onnx(model, X)


# ---- converters of skl2onnx ----------------------------------------------------------------------


def test_nothing_is_registered_before_it_is_asked_for():
    code = """
import sys
import skdistill
from skdistill.export.onnx import register_converters
assert "skl2onnx" not in sys.modules
from skl2onnx._supported_operators import sklearn_operator_name_map as known
assert not any(kind.__module__.startswith("skdistill") for kind in known)
register_converters()
first = dict(known)
assert skdistill.Distiller in first
register_converters()
assert known == first
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda model: make_pipeline(StandardScaler(), model),
        lambda model: GridSearchCV(model, {"student__max_leaf_nodes": [4, 8]}, cv=2),
        lambda model: VotingClassifier(
            [("one", model), ("two", GaussianNB())], voting="soft", flatten_transform=False
        ),
    ],
    ids=["pipeline", "search", "vote"],
)
def test_what_holds_a_distiller_is_converted(wrap):
    register_converters()
    X, y = table(3)
    X = as_file_reads(X)
    model = wrap(Distiller(GaussianNB(), tree())).fit(X, y)
    # In float64, as the scaler of the Pipeline is skl2onnx's.
    exported = skl2onnx.to_onnx(model, X[:1], options={"zipmap": False})
    labels, proba = export_session(exported).run(None, {"X": X})
    assert np.abs(proba - model.predict_proba(X)).max() < 1e-6
    assert_array_equal(labels, model.predict(X))


@pytest.mark.parametrize(
    "student",
    [
        LGBMSoftClassifier(n_estimators=3),
        SoftmaxRegression(),
        SoftLabelClassifier(LogisticRegression()),
        LGBMClassifier(n_estimators=3, verbose=-1),
    ],
    ids=lambda student: type(student).__name__,
)
def test_students_are_converted_on_their_own(student):
    register_converters()
    X, y = table(3)
    names = np.array(["a", "b", "c"])
    student = clone(student).fit(X, names[y])
    exported = skl2onnx.to_onnx(student, X[:1].astype(np.float32), options={"zipmap": False})
    labels, proba = export_session(exported).run(None, {"X": X.astype(np.float32)})
    expected = student.predict_proba(as_file_reads(X))
    assert np.abs(proba - expected).max() < 1e-6
    assert_array_equal(labels, names[expected.argmax(axis=1)])


def test_regressors_of_lightgbm_are_converted_on_their_own():
    register_converters()
    X, y = table(2)
    model = LGBMRegressor(n_estimators=3, verbose=-1, objective="poisson").fit(X, y)
    exported = skl2onnx.to_onnx(model, X[:1].astype(np.float32))
    found = export_session(exported).run(None, {"X": X.astype(np.float32)})[0][:, 0]
    assert np.abs(found - model.predict(as_file_reads(X))).max() < 1e-6


# ---- files and bad input -------------------------------------------------------------------------


def test_a_file_is_written_once(tmp_path):
    model, X = taught(tree(), 2)
    path = tmp_path / "model.onnx"
    exported = to_onnx(model, X, path=path)
    assert path.read_bytes() == exported.SerializeToString()
    assert_array_equal(run_onnx(path, X)[1], run_onnx(exported, X)[1])
    with pytest.raises(FileExistsError, match="already: choose another path, or set overwrite"):
        # Before any work: that there is no model has not been seen.
        to_onnx(None, None, path=str(path))
    other, _ = taught(Ridge(), 2)
    to_onnx(other, X, path=path, overwrite=True)
    check_same(other, path, X)


def test_a_file_that_differs_is_not_handed_over(monkeypatch, tmp_path):
    model, X = taught(tree(), 3)
    path = tmp_path / "model.onnx"

    def other(exported, rows):
        labels, proba = run_onnx(exported, rows)
        return labels, proba[:, ::-1]

    monkeypatch.setattr(export, "run_onnx", other)
    with pytest.raises(ValueError, match=r"300 rows the largest difference of a probability is"):
        to_onnx(model, X, path=path)
    assert not path.exists()

    def one_label(exported, rows):
        labels, proba = run_onnx(exported, rows)
        labels[3] = (labels[3] + 1) % 3
        return labels, proba

    monkeypatch.setattr(export, "run_onnx", one_label)
    with pytest.raises(ValueError, match="1 labels differ"):
        to_onnx(model, X)


def test_bad_calls():
    X, y = table(2)
    model = Distiller(GaussianNB(), tree()).fit(X, y)
    with pytest.raises(NotFittedError):
        to_onnx(Distiller(GaussianNB(), tree()), X)
    with pytest.raises(ValueError, match=r"model must be a fitted distiller .* found GaussianNB"):
        to_onnx(GaussianNB().fit(X, y), X)
    with pytest.raises(ValueError, match="X has 7 features"):
        to_onnx(model, X[:, 1:])
    with pytest.raises(ValueError, match=r"target_opset must be .* from 15 to \d+.*, found 14"):
        to_onnx(model, X, target_opset=14)
    with pytest.raises(ValueError, match="X must be a frame where it holds text"):
        to_onnx(model, np.array([["a"] * 8]))
    with pytest.raises(ValueError, match="X must hold rows of columns"):
        to_onnx(model, X[0])
    with pytest.raises(ValueError, match=r"X must have columns whose names are text, found \[0, 1"):
        to_onnx(model, pd.DataFrame(X))
    dates = pd.DataFrame({"day": pd.to_datetime(["2020-01-01"])})
    with pytest.raises(ValueError, match="X must hold numbers and text, found Timestamp"):
        to_onnx(model, dates)


@pytest.mark.parametrize(
    ("student", "message"),
    [
        (BaggingRegressor(tree(), 2), "BaggingRegressor cannot be exported: students that can are"),
        (make_pipeline(KBinsDiscretizer(3), Ridge()), "skl2onnx does not convert .* Pipeline"),
        (make_pipeline(SplineTransformer(), Ridge()), "SplineTransformer cannot .* there may be"),
        (LGBMRegressor(objective="regression", reg_sqrt=True, **BOOSTED), "'regression sqrt'"),
        (LGBMRegressor(linear_tree=True, **BOOSTED), "linear_tree cannot"),
        (LGBMRegressor(zero_as_missing=True, **BOOSTED), "zero_as_missing cannot"),
        (HistGradientBoostingRegressor(categorical_features=[7], max_iter=5), "categorical"),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.filterwarnings("ignore:.*quantile_method", "ignore:Bins whose width")
def test_what_cannot_be_exact_is_refused(student, message):
    X, y = table(2)
    X[:, 7] = np.random.default_rng(0).integers(0, 5, len(X))
    # Also what a column of categories tells is learned.
    positive = np.clip(0.8 * y + 0.1 * (X[:, 7] % 2), 0.01, 0.99)
    proba = np.column_stack([1 - positive, positive])
    model = Distiller(None, student).fit(X, y, teacher_proba=proba)
    with pytest.raises(ValueError, match=message):
        to_onnx(model, X)


def test_one_logistic_model_against_the_rest_is_refused():
    model, X = taught(LogisticRegression(), 3)
    # What scikit-learn before 1.8 fits.
    model.student.solver = "liblinear"
    with pytest.raises(ValueError, match="use another solver"):
        to_onnx(model, X)


def test_labels_that_onnx_does_not_know_are_refused():
    model, X = taught(tree(), 2)
    model.classes = np.array([0.5, 1.5])
    with pytest.raises(ValueError, match=r"whole numbers or text, found \[0.5, 1.5\]"):
        to_onnx(model, X)


def test_categories_that_float32_rounds_are_refused():
    X, y = frame()
    X["floor"] /= 10
    columns = make_column_transformer((OneHotEncoder(), ["floor"]), ("passthrough", ["age"]))
    proba = np.random.default_rng(0).dirichlet([1.0, 1.0], len(y))
    model = Distiller(None, make_pipeline(columns, tree())).fit(X, y, teacher_proba=proba)
    with pytest.raises(ValueError, match="'floor' has categories that float32 rounds|unknown cat"):
        to_onnx(model, X)


@pytest.mark.parametrize("package", ["skl2onnx", "onnxruntime"])
def test_a_missing_package_is_named(monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    model, X = taught(tree(), 2)
    for call in (lambda: to_onnx(model, X), lambda: run_onnx(b"", X), register_converters):
        with pytest.raises(ImportError, match=r'pip install "skdistill\[onnx\]"'):
            call()
