"""A file answers as the student does: beside every threshold, with gaps and text."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.ensemble import (
    BaggingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
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

from skdistill import (
    CrossFitDistillerRegressor,
    Distiller,
    LGBMSoftClassifier,
    SoftLabelClassifier,
    SoftmaxRegression,
)
from skdistill.export import register_converters, to_onnx, verify
from skdistill.export.kinds import OfClasses, OfNumbers
from skdistill.export.neighbours import rows_beside
from skdistill.export.program import (
    Bin,
    Clip,
    Column,
    Feature,
    Fill,
    Layer,
    Layers,
    Lookup,
    Minus,
    Over,
    Plus,
    Program,
    Times,
    Trees,
    tree_of,
)
from skdistill.export.reading import read_program

from .models import (
    OF_NUMBERS,
    STUDENTS,
    amounts,
    classifiers,
    of_frame,
    of_kinds,
    regressor,
    regressor_of_frame,
    table,
)

skl2onnx = pytest.importorskip("skl2onnx")
onnx = pytest.importorskip("onnx")

from skdistill.export.onnx import run_onnx  # noqa: E402
from skdistill.export.onnx.inputs import inputs_of  # noqa: E402
from skdistill.export.onnx.model import _model  # noqa: E402

WITH_MANY_CLASSES = ["tree", "forest", "our booster", "LightGBM of shares", "softmax", "network"]


def taught(student, n_classes=2, **params):
    """Return what learned from a teacher, and its rows, of numbers that float32 has."""
    X, y, proba = table(n_classes)
    X = X.astype(np.float32).astype(float)
    model = Distiller(None, student, **params).fit(X, y, teacher_proba=proba)
    return model.classifier_, X


def taught_frame(student, X, y):
    """Return what learned made-up probabilities of a frame."""
    proba = np.random.default_rng(0).dirichlet([1.0, 1.0], len(y))
    return Distiller(None, student).fit(X, y, teacher_proba=proba).classifier_


def check_same(model, exported, X, atol=1e-6):
    labels, proba = run_onnx(exported, X)
    expected = model.predict_proba(X)
    assert np.abs(proba - expected).max() <= atol
    assert_array_equal(labels, model.classes_[proba.argmax(axis=1)])


def tree(**params):
    return DecisionTreeRegressor(max_leaf_nodes=20, random_state=0, **params)


# ---- the same answers ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "n_classes"),
    [(name, n) for name in STUDENTS for n in (2, 3)] + [(name, 10) for name in WITH_MANY_CLASSES],
)
def test_files_answer_as_the_classifier(name, n_classes):
    X = table(n_classes)[0].astype(np.float32)
    of_all = classifiers(name, n_classes)
    # Plain after the first loss, calibrated after the last.
    for classifier in (of_all[0], of_all[-1]):
        check_same(classifier, to_onnx(classifier, X), X.astype(float))


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_files_answer_as_the_regressor(name):
    X = amounts()[0].astype(np.float32).astype(float)
    exported = to_onnx(regressor(name), X)
    assert [(one.name, shape_of(one)) for one in exported.graph.output] == [("prediction", [0, 1])]
    labels, found = run_onnx(exported, X)
    assert labels is None
    assert_allclose(found[:, 0], regressor(name).predict(X), rtol=1e-6)


def shape_of(output):
    return [one.dim_value for one in output.type.tensor_type.shape.dim]


@pytest.mark.parametrize("unit", [1e-12, 1e12])
def test_numbers_of_any_size(unit):
    X = amounts()[0]
    for name in ("tree", "ridge", "histogram of amounts"):
        assert to_onnx(regressor(name, unit), X)


@pytest.mark.parametrize("name", ["tree", "ridge", "booster", "histogram"])
@pytest.mark.filterwarnings("ignore:Found unknown categories")
def test_text_gaps_and_categories_of_a_regressor(name):
    shipped, rows = regressor_of_frame(name)
    assert verify(shipped, to_onnx(shipped, rows), rows).n_rows > len(rows)
    # What a classifier's outputs are called is free here.
    other = rows.rename(columns={"size": "prediction"})
    with pytest.raises(ValueError, match=r"X must not have columns called \['prediction'\]"):
        to_onnx(shipped, other)


@pytest.mark.parametrize("name", ["tree", "ridge", "rare", "dropped", "booster", "histogram"])
@pytest.mark.filterwarnings("ignore:Found unknown categories")
def test_text_gaps_and_categories(name):
    classifier, rows = of_frame(name)
    found = verify(classifier, to_onnx(classifier, rows), rows)
    assert found.agrees
    assert found.n_rows > len(rows)


def check_program(program, X):
    """Compare a file of a program with the program itself."""
    X = np.asarray(X, dtype=np.float32)
    exported = _model(program, inputs_of(program, X), 15)
    expected = program(X.astype(float)).astype(np.float32)
    assert_array_equal(run_onnx(exported, X)[1], expected)
    return exported


def test_every_step_is_what_it_is():
    """And steps with the same numbers are not one."""
    numbers = (Minus(2.0), Over(2.0), Times(2.0), Plus(2.0))
    codes = ((0.0, 1.0, 3.0), (5.0, 0.25, 7.0))
    chains = [
        (),
        *((step,) for step in numbers),
        *((step, Clip(-1.0, 1.0)) for step in numbers),
        (Clip(0.0, 2.0),),
        (Fill(7.0),),
        (Fill(7.0, 3.0), Minus(2.0)),
        (Fill(np.nan, 3.0),),
        (Bin((0.0, 1.5)),),
        (Bin(()),),
        (Bin((-1.0, 0.0, 1.0, 2.5)), Lookup((2.0,), (1.0,), 0.0, 4.0)),
        (Lookup(*codes, -1.0, 8.0),),
        (Lookup(*codes, np.nan, np.nan),),
        (Lookup((1.0,), (1.0,), 0.0, 0.0),),
        (Lookup((3.0, 0.0), (0.0, 1.0), 0.0, np.nan),),
        (Lookup((), (), 0.0, 1.0),),
        (Lookup((0.0, 0.5), (1.0, np.nan), 3.0, np.nan),),
    ]
    features = tuple(Feature(j, chain) for j in (1, 0) for chain in chains)
    rng = np.random.default_rng(0)
    X = rng.integers(-2, 6, (200, 2)) / rng.choice([1.0, 2.0], (200, 2))
    X[rng.random(X.shape) < 0.1] = np.nan
    # One by one first, as NaN does not stay at its own feature in a layer.
    for feature in features:
        passes_on = tree_of([0, 0, 0], 0.5, [1, -1, -1], [2, -1, -1], np.array([0.0, 1.0, 2.0]))
        alone = Layers([Layer(np.ones((1, 1)), np.zeros(1))])
        for learner in (alone, Trees([passes_on], np.zeros(1), reads_float32=False)):
            columns = (Column("a"), Column("b"))
            check_program(Program(columns, (feature,), (learner,), (), OfNumbers()), X)
    together = Layers([Layer(np.eye(len(features)), np.zeros(len(features)))])
    whole = Program((Column("a"), Column("b")), features, (together,), (), OfClasses(np.arange(40)))
    finite = X[~np.isnan(whole.compute_features(X)).any(axis=1)]
    assert len(finite) > 5
    check_program(whole, finite)


@pytest.mark.parametrize("missing_left", [True, False])
def test_groups_of_categories(missing_left):
    """Also of more categories than there are bits in a word, and of none."""
    groups = [(0, 3, 64, 70, 200), (1,), tuple(range(33)), (5, 6), ()]
    split = list(range(5))
    splits = tree_of(
        [0, 0, 1, 1, 0, *[0] * 6],
        0.0,
        [1, 5, 7, 8, 9, *[-1] * 6],
        [2, 6, 3, 4, 10, *[-1] * 6],
        np.arange(11.0),
        missing_left=missing_left,
        group=[*split, *[-1] * 6],
        groups=groups,
    )
    learner = Trees([splits, splits], np.array([3.0]), 2.0, reads_float32=False)
    features = (Feature(0), Feature(1))
    program = Program((Column("a"), Column("b")), features, (learner,), (), OfNumbers())
    between = [-1.5, -0.5, 0.5, 2.5, 32.5, 64.5, 200.5]
    values = np.array([np.nan, -1, *between, *range(80), 199, 200, 201, 1e6])
    rng = np.random.default_rng(0)
    exported = check_program(program, rng.choice(values, (2000, 2)))
    # Some versions of ONNX Runtime are wrong where all splits ask for equality.
    assert {b"BRANCH_EQ", b"BRANCH_LEQ"} <= modes(exported)


def modes(exported):
    trees = [node for node in exported.graph.node if node.op_type == "TreeEnsembleRegressor"]
    told = [one for node in trees for one in node.attribute if one.name == "nodes_modes"]
    return {mode for one in told for mode in one.strings}


@pytest.mark.parametrize("name", ["LightGBM", "histogram"])
def test_numbers_between_categories(name):
    classifier, rows = of_kinds(name)
    check_same(classifier, to_onnx(classifier, rows), rows)


@pytest.mark.parametrize("name", ["booster", "histogram"])
def test_many_categories_of_their_own(name):
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 90, 600)
    effect = rng.random(90)
    X = pd.DataFrame({"kind": pd.Categorical(kind.astype(str)), "x": rng.normal(size=600)})
    positive = 0.8 * effect[kind] + 0.1 * (X["x"] > 0)
    proba = np.column_stack([1 - positive, positive])
    student = {
        "booster": LGBMSoftClassifier(n_estimators=5, n_jobs=1, min_child_samples=2, cat_smooth=1),
        "histogram": HistGradientBoostingClassifier(
            max_iter=5, categorical_features="from_dtype", min_samples_leaf=2
        ),
    }[name]
    classifier = Distiller(None, student).fit(X, positive > 0.5, teacher_proba=proba).classifier_
    trees = read_program(classifier).learners[0].trees
    assert max(len(group) for one in trees for group in one.groups) > 10
    exported = to_onnx(classifier, X)
    assert verify(classifier, exported, X).n_rows >= len(X) + 90
    assert [node.op_type for node in exported.graph.node].count("TreeEnsembleRegressor") <= 2


def test_shrunken_nodes_answer_as_they_are():
    classifier, X = taught(RandomForestClassifier(5, max_leaf_nodes=30, random_state=0), 3)
    shrunken, _ = taught(clone(classifier.student), 3, shrinkage=10.0)
    assert not np.allclose(shrunken.predict_proba(X), classifier.predict_proba(X))
    check_same(shrunken, to_onnx(shrunken, X), X)


def test_a_class_that_the_student_was_never_shown_has_probability_0():
    model, X = taught(SoftLabelClassifier(DecisionTreeClassifier(max_depth=3)), 3)
    codes = np.searchsorted(model.classes_, table(3)[1])
    model.student.fit(X, np.eye(3)[codes] * [1.0, 1.0, 0.0] + [1e-3, 1e-3, 0.0])
    exported = to_onnx(model, X)
    check_same(model, exported, X)
    assert not run_onnx(exported, X)[1][:, 2].any()


def test_a_student_that_was_shown_numbers_of_classes_answers_for_their_labels():
    model, X = taught(DecisionTreeClassifier(max_depth=4), 3)
    # As one is that takes no text for labels.
    codes = np.searchsorted(model.classes_, table(3)[1])
    model.student = DecisionTreeClassifier(max_depth=4).fit(X, codes)
    check_same(model, to_onnx(model, X), X)


def test_networks_that_classify():
    X, y, proba = table(2)
    student = MLPClassifier((5,), tol=1.0, random_state=0)
    try:
        model = Distiller(None, student).fit(X, y, teacher_proba=proba)
    except ValueError:
        pytest.skip("scikit-learn's networks take weights since 1.7")
    assert to_onnx(model, X)


def test_a_tree_of_one_leaf_is_a_constant():
    classifier, X = taught(DecisionTreeRegressor(max_depth=1, min_samples_leaf=200))
    assert classifier.student.tree_.node_count == 1
    check_same(classifier, to_onnx(classifier, X), X)


def test_a_row_that_every_class_refuses_is_uniform():
    classifier, X = taught(Ridge(), 3)
    classifier.student.intercept_ = classifier.student.intercept_ - 10
    assert_array_equal(classifier.predict_proba(X), np.full((len(X), 3), 1 / 3))
    check_same(classifier, to_onnx(classifier, X), X)


@pytest.mark.parametrize("opset", range(15, skl2onnx.__max_supported_opset__ + 1))
def test_every_opset_answers_the_same(opset):
    classifier, rows = of_frame("tree")
    exported = to_onnx(classifier, rows, target_opset=opset)
    assert {d.domain: d.version for d in exported.opset_import}[""] == opset
    model = classifiers("softmax", 3)[-1]
    assert to_onnx(model, table(3)[0], target_opset=opset)


@pytest.mark.parametrize(
    "labels", [["no", "yes", "perhaps"], [3, 7, 20], [0.0, 1.0, 5.0], np.array([1, 2, 9], "uint8")]
)
def test_labels_come_back(labels):
    X, y, _ = table(3)
    y = np.asarray(labels)[np.unique(y, return_inverse=True)[1]]
    model = Distiller(GaussianNB(), tree()).fit(X, y)
    found, _ = run_onnx(to_onnx(model, X), X)
    assert_array_equal(found, model.predict(X.astype(np.float32).astype(float)))


# ---- missing values ------------------------------------------------------------------------------


@pytest.mark.parametrize("gaps_in_fit", [True, False])
@pytest.mark.parametrize("name", ["tree", "forest", "LightGBM", "our booster", "histogram"])
def test_missing_values_go_the_way_of_the_student(name, gaps_in_fit):
    X, y, proba = table(2)
    gap = np.random.default_rng(0).random((2, *X.shape)) < 0.15
    rows = np.where(gap[0], np.nan, X) if gaps_in_fit else X
    model = Distiller(None, STUDENTS[name]).fit(rows, y, teacher_proba=proba)
    holes = np.where(gap[1], np.nan, X).astype(np.float32).astype(float)
    check_same(model.classifier_, to_onnx(model, holes), holes)


# ---- steps before a student ----------------------------------------------------------------------

SCALERS = [StandardScaler(), MinMaxScaler(clip=True), MaxAbsScaler(), RobustScaler()]


@pytest.mark.parametrize("scaler", SCALERS, ids=lambda scaler: type(scaler).__name__)
def test_no_scaler_moves_a_row_over_a_threshold(scaler):
    """Not where columns are far from 0, so that scaling leaves few digits."""
    X, y, proba = table(2)
    X = (3 * X + 1000).astype(np.float32).astype(float)
    model = Distiller(None, make_pipeline(scaler, tree())).fit(X, y, teacher_proba=proba)
    assert verify(model, to_onnx(model, X), X).n_rows > 300
    if isinstance(scaler, StandardScaler):
        # That these rows tell roundings apart is seen by what skl2onnx makes of the student.
        rows = np.concatenate([*rows_beside(read_program(model), X, np.float32)])
        plain = skl2onnx.to_onnx(model.student_, X[:1].astype(np.float32))
        found = answers(plain, rows.astype(np.float32))[0][:, 0]
        assert np.abs(found - model.student_.predict(rows)).max() > 0.1


def frame(n_samples=200, seed=0):
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "age": rng.integers(18, 90, n_samples).astype(float),
            "capital-gain ($)": (rng.normal(size=n_samples) * 1e4).astype(np.float32).astype(float),
            "town": rng.choice(["Graz", "Linz", "Wien", "Bad Ischl"], n_samples),
            "colour": rng.choice(["red", "green", ""], n_samples),
            "floor": rng.integers(0, 4, n_samples).astype(float),
        }
    )
    y = np.where(rows["age"] + 10 * (rows["town"] == "Wien") > 55, "old", "young")
    rows.loc[::7, "age"] = np.nan
    return rows, y


def check_frame(student, X, y):
    model = taught_frame(student, X, y)
    exported = to_onnx(model, X)
    other = X.copy()
    other.loc[::3, "town"] = "Innsbruck"
    other.loc[::5, "floor"] = 99.0
    check_same(model, exported, other)
    # One row, which has a column of its own for each name.
    check_same(model, exported, X[:1])


ONE_HOT = [
    {"handle_unknown": "ignore"},
    {"handle_unknown": "ignore", "drop": "first"},
    {"handle_unknown": "infrequent_if_exist", "min_frequency": 45},
    {"handle_unknown": "ignore", "sparse_output": False, "drop": "if_binary"},
]


@pytest.mark.parametrize("options", ONE_HOT)
@pytest.mark.filterwarnings("ignore:Found unknown categories")
def test_a_frame_with_text_and_gaps_one_hot(options):
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), ["age"]),
        (SimpleImputer(add_indicator=True), ["age"]),
        (OneHotEncoder(**options), ["town", "floor"]),
        ("passthrough", [1]),
        ("drop", ["colour"]),
    )
    check_frame(make_pipeline(columns, SoftmaxRegression()), *frame())


@pytest.mark.parametrize(
    "student", [tree(), LGBMSoftClassifier(n_estimators=5), Ridge()], ids=["tree", "lgbm", "ridge"]
)
def test_a_frame_with_text_and_gaps_ordinal(student):
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    only_age = [True, False, False, False, False]
    columns = ColumnTransformer(
        [("codes", encoder, ["town", "colour", "floor"]), ("age", SimpleImputer(), only_age)],
        remainder=RobustScaler(),
    )
    X, y = frame()
    X["colour"] = X["colour"].replace("", "no")
    check_frame(make_pipeline(columns, student), X, y)


def test_a_category_that_was_not_there_is_answered_where_the_student_refuses_it():
    X, y = frame()
    codes = make_column_transformer((OneHotEncoder(), ["town"]), (OrdinalEncoder(), ["floor"]))
    model = taught_frame(make_pipeline(codes, Ridge()), X, y)
    exported = to_onnx(model, X)
    other = X.assign(town="Innsbruck", floor=99.0)
    with pytest.raises(ValueError, match="Found unknown categories"):
        model.predict_proba(other)
    assert_array_equal(run_onnx(exported, other)[1].sum(axis=1).round(6), 1.0)


def test_missing_text_is_told_from_other_text():
    X, y = frame()
    X["town"] = X["town"].astype(object)
    X.loc[::4, "town"] = np.nan
    for imputer in ([], [SimpleImputer(strategy="constant", fill_value="nowhere")]):
        steps = make_pipeline(*imputer, OneHotEncoder(handle_unknown="ignore"))
        columns = make_column_transformer((steps, ["town"]), ("passthrough", ["floor"]))
        model = taught_frame(make_pipeline(columns, tree()), X, y)
        check_same(model, to_onnx(model, X), X)
    X["town"] = X["town"].replace("Graz", "")
    model = taught_frame(make_pipeline(columns, tree()), X, y)
    with pytest.raises(ValueError, match="'town' holds text that ONNX cannot tell apart, such as"):
        to_onnx(model, X)


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
    model = taught_frame(make_pipeline(columns, tree()), X, y)
    exported = to_onnx(model, X)
    # A row whose text is missing says of itself not that it is text.
    for rows in (X, X[:1]):
        check_same(model, exported, rows)


def test_polars_frames_are_read():
    polars = pytest.importorskip("polars")
    X, y, _ = table(2)
    X = polars.DataFrame(X.astype(np.float32).astype(float), schema=list("abcdef"))
    model = Distiller(GaussianNB(), tree()).fit(X, y)
    check_same(model.classifier_, to_onnx(model, X), X)


def test_steps_within_steps_select_by_their_own_columns():
    first = make_column_transformer(
        (SimpleImputer(), ["age"]), ("passthrough", ["floor", "capital-gain ($)"])
    )
    second = ColumnTransformer([("scaled", StandardScaler(), [2]), ("gone", "drop", [1])])
    union = FeatureUnion([("two", second), ("all", MinMaxScaler()), ("none", "drop")])
    check_frame(make_pipeline(first, union, tree()), *frame())


def test_a_frame_needs_the_columns_alone_that_are_read():
    X, y = frame()
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["town"]), ("passthrough", ["floor"])
    )
    model = taught_frame(make_pipeline(columns, tree()), X, y)
    rows = X[["town", "colour", "floor"]].assign(other="text")
    exported = to_onnx(model, rows)
    assert [one.name for one in exported.graph.input] == ["town", "floor"]
    check_same(model, exported, X)
    with pytest.raises(ValueError, match=r"X must have the columns \['town', 'floor'\]"):
        to_onnx(model, X[["age", "town"]])


def test_a_frame_of_numbers_needs_no_column_transformer():
    X, y, _ = table(2)
    X = pd.DataFrame(X.astype(np.float32).astype(float), columns=[f"x {j}" for j in range(6)])
    student = make_pipeline(SelectKBest(f_regression, k=4), tree())
    model = Distiller(GaussianNB(), student).fit(X, y)
    exported = to_onnx(model, X)
    read = X.columns[model.student_[0].get_support()]
    assert [one.name for one in exported.graph.input] == list(read)
    check_same(model.classifier_, exported, X)
    with pytest.raises(ValueError, match=f"X must have the column '{read[1]}'"):
        run_onnx(exported, X.drop(columns=read[1]))
    with pytest.raises(ValueError, match=f"X must be of numbers in the column '{read[1]}'"):
        run_onnx(exported, X.assign(**{read[1]: "text"}))


def test_columns_may_be_called_as_anything_inside():
    X, y, _ = table(2)
    X = pd.DataFrame(X[:, :4], columns=["cast_0", "concat_1", "constant_2", "X"])
    model = Distiller(GaussianNB(), tree()).fit(X, y)
    assert to_onnx(model, X)
    X.columns = ["label", "a", "b", "c"]
    model = Distiller(GaussianNB(), tree()).fit(X, y)
    with pytest.raises(ValueError, match=r"X must not have columns called \['label'\]"):
        to_onnx(model, X)


def test_numbers_beyond_float32_are_compared_as_the_file_gets_them():
    X = pd.DataFrame({"n": np.arange(2**24, 2**24 + 40)})
    y = (np.arange(40) % 2).astype(bool)
    proba = np.column_stack([~y, y]).astype(float)
    model = Distiller(None, make_pipeline(StandardScaler(), DecisionTreeRegressor()))
    model.fit(X, y, teacher_proba=proba)
    # Of each pair of neighbours float32 knows one.
    assert to_onnx(model, X)


# ---- converters of skl2onnx ----------------------------------------------------------------------


def answers(model, X):
    import onnxruntime

    content = model.SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: X} if hasattr(X, "shape") else X)


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
    X, y, _ = table(3)
    model = wrap(Distiller(GaussianNB(), tree())).fit(X, y)
    # In float64, as the scaler of the Pipeline is skl2onnx's.
    exported = skl2onnx.to_onnx(model, X[:1], options={"zipmap": False})
    labels, proba = answers(exported, X)
    assert np.abs(proba - model.predict_proba(X)).max() < 1e-6
    assert_array_equal(labels, model.predict(X))


@pytest.mark.parametrize(
    "student",
    [
        LGBMSoftClassifier(n_estimators=3),
        SoftmaxRegression(),
        SoftLabelClassifier(LogisticRegression()),
        LGBMClassifier(n_estimators=3, verbose=-1),
        Distiller(GaussianNB(), tree()),
    ],
    ids=lambda student: type(student).__name__,
)
def test_classifiers_are_converted_on_their_own(student):
    register_converters()
    X, y, _ = table(3)
    model = clone(student).fit(X, y)
    model = getattr(model, "classifier_", model)
    X = X.astype(np.float32)
    exported = skl2onnx.to_onnx(model, X[:1], options={"zipmap": False})
    labels, proba = answers(exported, X)
    expected = model.predict_proba(X.astype(float))
    assert np.abs(proba - expected).max() < 1e-6
    assert_array_equal(labels, model.classes_[expected.argmax(axis=1)])


def test_regressors_of_lightgbm_are_converted_on_their_own():
    register_converters()
    X, _, proba = table(2)
    for objective in ("poisson", "cross_entropy"):
        model = LGBMRegressor(n_estimators=3, verbose=-1, objective=objective).fit(X, proba[:, 1])
        found = answers(skl2onnx.to_onnx(model, X[:1].astype(np.float32)), X.astype(np.float32))[0]
        expected = model.predict(X.astype(np.float32).astype(float))
        assert np.abs(found[:, 0] - expected).max() < 1e-6


def test_distillers_of_numbers_are_converted_alone_and_in_a_pipeline():
    register_converters()
    X, y = amounts()
    distiller = CrossFitDistillerRegressor(Ridge(), tree(), cv=2, random_state=0)
    for model in (regressor("tree"), make_pipeline(StandardScaler(), distiller).fit(X, y)):
        # In float64, as the scaler of the Pipeline is skl2onnx's.
        found = answers(skl2onnx.to_onnx(model, X[:1]), X)[0]
        assert_allclose(found[:, 0], model.predict(X), rtol=1e-6)


def test_inputs_of_any_width_are_read_in_order():
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    register_converters()
    X, y = frame()
    X = X[["floor", "capital-gain ($)", "town", "colour"]]
    encoder = OneHotEncoder(handle_unknown="ignore")
    columns = make_column_transformer((encoder, ["town"]), ("passthrough", [0, 1]))
    model = taught_frame(make_pipeline(columns, tree()), X, y)
    types = [("numbers", FloatTensorType([None, 2])), ("text", StringTensorType([None, 2]))]
    options = {"zipmap": False}
    exported = skl2onnx.convert_sklearn(model, initial_types=types, options=options)
    fed = {
        "numbers": X.iloc[:, :2].to_numpy(dtype=np.float32),
        "text": X.iloc[:, 2:].to_numpy(dtype=object),
    }
    assert np.abs(answers(exported, fed)[1] - model.predict_proba(X)).max() < 1e-6
    with pytest.raises(ValueError, match="X must hold text in the column 'town'"):
        skl2onnx.convert_sklearn(model, initial_types=[("X", FloatTensorType([None, 4]))])


# ---- files and bad input -------------------------------------------------------------------------


def test_a_file_is_written_once(tmp_path):
    model, X = taught(tree())
    path = tmp_path / "model.onnx"
    exported = to_onnx(model, X, path=path)
    assert path.read_bytes() == exported.SerializeToString()
    assert_array_equal(run_onnx(path, X)[1], run_onnx(exported, X)[1])
    with pytest.raises(FileExistsError, match="choose another path, or overwrite=True"):
        # Before any work: that there is no model has not been seen.
        to_onnx(None, None, path=str(path))
    other, _ = taught(Ridge())
    to_onnx(other, X, path=path, overwrite=True)
    check_same(other, path, X)


def test_a_file_that_differs_is_not_handed_over(monkeypatch, tmp_path):
    model, X = taught(tree(), 3)
    path = tmp_path / "model.onnx"

    def moved(threshold):
        return np.asarray(threshold) + 1e-6

    monkeypatch.setattr("skdistill.export.onnx.trees.exact_threshold", moved)
    with pytest.raises(ValueError, match="does not answer as the model does"):
        to_onnx(model, X, path=path)
    assert not path.exists()


def test_bad_calls():
    model, X = taught(tree())
    with pytest.raises(NotFittedError):
        to_onnx(Distiller(GaussianNB(), tree()), X)
    with pytest.raises(ValueError, match=r"model must be a fitted distiller, .* found GaussianNB"):
        to_onnx(GaussianNB().fit(X, X[:, 0] > 0), X)
    with pytest.raises(ValueError, match="X has 5 features"):
        to_onnx(model, X[:, 1:])
    with pytest.raises(ValueError, match=r"target_opset must be .* from 15 to \d+.*, found 14"):
        to_onnx(model, X, target_opset=14)
    with pytest.raises(ValueError, match=r"X must have columns whose names are text, found \[0, 1"):
        to_onnx(model, pd.DataFrame(X))
    with pytest.raises(ValueError, match="X must be a frame where it holds text"):
        run_onnx(to_onnx(model, X), np.array([["a"] * 6]))
    classifier, rows = of_frame("tree")
    with pytest.raises(ValueError, match=r"X must hold text in the column 'town', .* a frame"):
        to_onnx(classifier, rows.to_numpy(dtype=object))
    with pytest.raises(ValueError, match="X must be of text in the column 'town', as in fit"):
        run_onnx(to_onnx(classifier, rows), rows.assign(town=1.0))


@pytest.mark.parametrize(
    ("student", "message"),
    [
        (BaggingRegressor(tree(), 2), "BaggingRegressor cannot be exported: students that can are"),
        (make_pipeline(PolynomialFeatures(), Ridge()), "PolynomialFeatures cannot be exported"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_nobody_can_write_is_refused(student, message):
    model, X = taught(student)
    with pytest.raises(ValueError, match=message):
        to_onnx(model, X)


def test_labels_that_onnx_does_not_know_are_refused():
    model, X = taught(tree())
    model.classes = np.array([0.5, 1.5])
    with pytest.raises(ValueError, match=r"whole numbers or text, found \[0.5, 1.5\]"):
        to_onnx(model, X)


def test_categories_that_float32_rounds_are_refused():
    X, y = frame()
    X["floor"] /= 10
    columns = make_column_transformer((OneHotEncoder(), ["floor"]), ("passthrough", ["age"]))
    model = taught_frame(make_pipeline(columns, tree()), X, y)
    with pytest.raises(ValueError, match=r"has categories that float32 rounds, such as 0\.1"):
        to_onnx(model, X)


@pytest.mark.parametrize("package", ["onnx", "onnxruntime", "skl2onnx"])
def test_a_missing_package_is_named(monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    model, X = taught(tree())
    calls = [register_converters]
    calls += [lambda: to_onnx(model, X), lambda: run_onnx(b"", X)] * (package != "skl2onnx")
    for call in calls:
        message = f"An ONNX file needs .*{package}.*: pip install onnx onnxruntime"
        with pytest.raises(ImportError, match=message):
            call()
