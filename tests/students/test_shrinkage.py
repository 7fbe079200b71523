"""Shrunken trees: the formula, for every tree that may learn, and what is left as it was."""

import pickle

import numpy as np
import pytest
import sklearn
from lightgbm import LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression
from sklearn.multioutput import MultiOutputRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeRegressor,
    export_text,
)

from skdistill import (
    CrossFitDistiller,
    Distiller,
    LossCorrectedDistiller,
    LossCorrectedDistillerCV,
    SoftLabelClassifier,
)
from skdistill.students.adapters import WeightedCopies
from skdistill.students.copies import fit_soft_labels
from skdistill.students.kinds import can_shrink
from skdistill.students.shrinkage import grown_trees

N = 120
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 3)).round(2)
LABELS = {2: np.arange(N) % 2, 3: np.array(["a", "b", "c"])[np.arange(N) % 3]}
PROBA = {k: RNG.dirichlet(np.ones(k), N).clip(0.01) for k in (2, 3)}
PROBA = {k: proba / proba.sum(axis=1, keepdims=True) for k, proba in PROBA.items()}
WEIGHT = RNG.uniform(0.2, 3, N)


def tree(**params):
    return DecisionTreeRegressor(random_state=0, **params)


def classifier(**params):
    return DecisionTreeClassifier(random_state=0, **params)


def taught(student, shrinkage, n_classes=2, rows=X, loss="auto", **how):
    """A student of given probabilities, which are its targets but for the loss."""
    model = Distiller(None, student, loss=loss, shrinkage=shrinkage)
    return model.fit(rows, LABELS[n_classes], teacher_proba=PROBA[n_classes], **how)


def by_hand(tree, rows, target, weight, strength):
    """What a tree answers about the rows that it is told of: the formula, by recursion."""
    # NumPy 1 would round a threshold to compare it with float32.
    rows, answer = rows.astype(np.float32).astype(np.float64), np.empty_like(target)

    def descend(node, here, mean_above, value_above):
        n, mean = weight[here].sum(), np.average(target[here], axis=0, weights=weight[here])
        value = mean
        if mean_above is not None:
            value = value_above + n / (n + strength) * (mean - mean_above)
        answer[here] = value
        if tree.children_left[node] >= 0:
            left = rows[here, tree.feature[node]] <= tree.threshold[node]
            descend(tree.children_left[node], here[left], mean, value)
            descend(tree.children_right[node], here[~left], mean, value)

    descend(0, np.arange(len(rows)), None, None)
    return answer


def by_hand_from_copies(tree, rows, mass, strength):
    """The same for a classifier: each row is there once for each class, weighted by its mass."""
    n_classes = mass.shape[1]
    one_hot = np.tile(np.eye(n_classes), (len(rows), 1))
    repeated = np.repeat(rows, n_classes, axis=0)
    return by_hand(tree, repeated, one_hot, mass.ravel(), strength)[::n_classes]


# ---- the formula -----------------------------------------------------------------------------


@pytest.mark.parametrize("strength", [0.5, 10])
def test_formula_along_the_path_of_a_row(strength):
    student = taught(tree(max_leaf_nodes=12), strength).student_
    reached = student.decision_path(X).toarray()
    n, target = reached.sum(axis=0), PROBA[2][:, 1]
    mean = reached.T @ target / n
    root, *path = np.flatnonzero(reached[7])
    expected, above = mean[root], root
    for node in path:
        expected += n[node] / (n[node] + strength) * (mean[node] - mean[above])
        above = node
    assert len(path) > 1
    assert student.predict(X[7:8]) == pytest.approx(expected)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_every_row_gets_what_the_formula_says(n_classes, weight):
    student = taught(tree(), 4.0, n_classes, sample_weight=weight).student_
    target = PROBA[2][:, 1] if n_classes == 2 else PROBA[3]
    expected = by_hand(student.tree_, X, target, np.ones(N) if weight is None else weight, 4.0)
    assert_allclose(student.predict(X), expected, rtol=1e-9)


def test_nodes_answer_mean_logits_where_a_student_learns_logits():
    student = taught(tree(), 4.0, loss="squared_error_logit").student_
    target = np.log(PROBA[2][:, 1] / PROBA[2][:, 0])
    expected = by_hand(student.tree_, X, target, np.ones(N), 4.0)
    assert_allclose(student.predict(X), expected, rtol=1e-9)


def test_nodes_answer_means_whatever_the_criterion():
    """A tree of absolute errors has medians in its leaves, until it is shrunk."""
    student = taught(tree(criterion="absolute_error", max_leaf_nodes=4), 1e-9).student_
    expected = by_hand(student.tree_, X, PROBA[2][:, 1], np.ones(N), 0)
    assert_allclose(student.predict(X), expected, rtol=1e-6)


@pytest.mark.parametrize("student", [tree(), classifier(), RandomForestRegressor(3)])
def test_no_shrinkage_changes_no_bit(student):
    student.set_params(random_state=0)
    plain = Distiller(None, student).fit(X, LABELS[3], teacher_proba=PROBA[3])
    asked = taught(student, 0, 3)
    assert_array_equal(asked.predict_proba(X), plain.predict_proba(X))
    for one, other in zip(
        *(getattr(m.student_, "estimators_", [m.student_]) for m in (asked, plain)), strict=True
    ):
        assert_array_equal(one.tree_.value, other.tree_.value)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("student", [tree(), classifier(), ExtraTreesRegressor(3, random_state=0)])
def test_a_huge_number_gives_the_mean_of_all_rows_everywhere(student, n_classes):
    found = taught(student, 1e300, n_classes, sample_weight=WEIGHT).predict_proba(X)
    mean = np.average(PROBA[n_classes], axis=0, weights=WEIGHT)
    assert_allclose(found, np.tile(mean, (N, 1)), rtol=1e-9)


@pytest.mark.parametrize("strength", [0.1, 3, 100])
def test_several_outputs_stay_on_the_simplex(strength):
    answers = taught(tree(), strength, 3).student_.predict(X)
    assert_allclose(answers.sum(axis=1), 1)
    assert answers.min() >= 0


def test_a_tree_without_a_split_stays_as_it_is():
    student = taught(tree(min_samples_leaf=N), 5.0).student_
    assert_allclose(student.predict(X), PROBA[2][:, 1].mean())


# ---- forests and classifiers -----------------------------------------------------------------


@pytest.mark.parametrize("kind", [RandomForestRegressor, ExtraTreesRegressor])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_each_tree_of_a_forest_is_told_of_all_rows(kind, n_classes):
    forest = kind(4, bootstrap=True, random_state=0)
    student = taught(forest, 2.0, n_classes, sample_weight=WEIGHT).student_
    target = PROBA[2][:, 1] if n_classes == 2 else PROBA[3]
    expected = [by_hand(t.tree_, X, target, WEIGHT, 2.0) for t in student.estimators_]
    for found, answer in zip(student.estimators_, expected, strict=True):
        assert_allclose(found.predict(X), answer, rtol=1e-9)
    assert_allclose(student.predict(X), np.mean(expected, axis=0))


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize(
    "student",
    [classifier(), classifier(criterion="entropy"), SoftLabelClassifier(classifier())],
)
def test_a_classifier_is_told_of_weighted_copies(student, n_classes):
    model = taught(student, 3.0, n_classes, sample_weight=WEIGHT)
    fitted = getattr(model.student_, "estimator_", model.student_)
    mass = PROBA[n_classes] * WEIGHT[:, None]
    expected = by_hand_from_copies(fitted.tree_, X, mass, 3.0)
    assert_allclose(model.predict_proba(X), expected, rtol=1e-9)


@pytest.mark.parametrize("kind", [RandomForestClassifier, ExtraTreesClassifier])
def test_each_tree_of_a_forest_of_classifiers_is_told_of_all_copies(kind):
    model = taught(kind(4, bootstrap=True, random_state=0), 3.0, 3)
    trees = [t.tree_ for t in model.student_.estimators_]
    expected = np.mean([by_hand_from_copies(t, X, PROBA[3], 3.0) for t in trees], axis=0)
    assert_allclose(model.predict_proba(X), expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("make", "class_weight"),
    [
        (classifier, {"a": 5.0, "c": 0.5}),
        (classifier, "balanced"),
        (lambda **p: RandomForestClassifier(1, bootstrap=False, random_state=0, **p), "balanced"),
        (
            lambda **p: RandomForestClassifier(1, bootstrap=False, random_state=0, **p),
            "balanced_subsample",
        ),
    ],
)
def test_weights_of_classes_count_in_the_nodes_too(make, class_weight):
    model = taught(make(class_weight=class_weight), 3.0, 3, sample_weight=WEIGHT)
    mass = PROBA[3] * WEIGHT[:, None]
    if isinstance(class_weight, str):
        mass *= mass.sum() / (3 * mass.sum(axis=0))
    else:
        mass *= [5.0, 1.0, 0.5]
    [fitted] = getattr(model.student_, "estimators_", [model.student_])
    expected = by_hand_from_copies(fitted.tree_, X, mass, 3.0)
    assert_allclose(model.predict_proba(X), expected, rtol=1e-9)


def test_a_class_that_a_classifier_was_never_shown():
    labels = PROBA[3] * [1, 0, 1]
    fitted = fit_soft_labels(classifier(), X, labels, np.array(["a", "b", "c"]), {})
    [grown] = grown_trees(fitted, X, labels, np.array(["a", "b", "c"]), np.ones(N))
    grown.shrink(3.0)
    assert list(fitted.classes_) == ["a", "c"]
    expected = by_hand_from_copies(fitted.tree_, X, labels[:, [0, 2]], 3.0)
    assert_allclose(fitted.predict_proba(X), expected, rtol=1e-9)


def test_a_classifier_that_was_fitted_to_codes():
    """A weight of a class that no row shows is refused: so the class is shown, by its code."""
    labels, names = PROBA[3] * [1, 0, 1], np.array(["a", "b", "c"])
    student = classifier(class_weight={"b": 2.0, "c": 0.5})
    fitted = WeightedCopies().fit(student, X, labels, names, {})
    assert list(fitted.classes_) == [0, 1, 2]
    [grown] = grown_trees(fitted, X, labels, names, np.ones(N))
    grown.shrink(3.0)
    expected = by_hand_from_copies(fitted.tree_, X, labels * [1.0, 2.0, 0.5], 3.0)
    assert_allclose(fitted.predict_proba(X), expected, rtol=1e-9)


def test_signed_labels_are_clipped_as_for_the_fit():
    labels = np.column_stack([1.5 * PROBA[2][:, 0] - 0.25, 1.5 * PROBA[2][:, 1] - 0.25])
    assert (labels < 0).any()
    fitted = fit_soft_labels(classifier(), X, labels, np.arange(2), {})
    [grown] = grown_trees(fitted, X, labels, np.arange(2), np.ones(N))
    grown.shrink(3.0)
    expected = by_hand_from_copies(fitted.tree_, X, labels.clip(0), 3.0)
    assert_allclose(fitted.predict_proba(X), expected, rtol=1e-9)


# ---- weights and rows ------------------------------------------------------------------------


# Not unpruned: in nodes of a few rows all columns split equally well, up to rounding.
@pytest.mark.parametrize("student", [tree(max_depth=4), classifier(max_depth=4)])
def test_weight_two_is_repetition_and_weight_zero_absence(student):
    times = np.random.default_rng(1).integers(0, 3, N)
    weighed = taught(student, 3.0, 3, sample_weight=times.astype(float))
    again = np.repeat(np.arange(N), times)
    repeated = Distiller(None, student, shrinkage=3.0)
    repeated.fit(X[again], LABELS[3][again], teacher_proba=PROBA[3][again])
    assert_array_equal(weighed.predict_proba(X), repeated.predict_proba(X))


def test_a_node_that_no_weight_reaches_answers_as_its_parent():
    target, weight = np.array([[0.0], [1.0], [0.5]]), np.array([1.0, 0.0, 1.0])
    rows = np.array([[0.0], [1.0], [2.0]])
    fitted = tree().fit(rows, target.ravel())
    [grown] = grown_trees(fitted, rows, target, np.arange(2), weight)
    grown.shrink(1.0)
    root = 0.25
    left, right = fitted.tree_.children_left[0], fitted.tree_.children_right[0]
    # Either 0 | 1, 2 or 0, 1 | 2: the second row falls back to what it was split from.
    split = left if fitted.tree_.children_left[left] >= 0 else right
    assert fitted.predict(rows[1:2]) == fitted.tree_.value[split].item()
    assert fitted.tree_.value[0].item() == root


@pytest.mark.parametrize("student", [tree(), classifier(), SoftLabelClassifier(classifier())])
def test_at_the_end_of_a_pipeline_a_tree_sees_what_its_steps_make(student):
    model = taught(make_pipeline(StandardScaler(), student), 3.0, 3, sample_weight=WEIGHT)
    alone = taught(student, 3.0, 3, StandardScaler().fit_transform(X), sample_weight=WEIGHT)
    scaled = model.student_[:-1].transform(X)
    assert_array_equal(model.predict_proba(X), alone.predict_proba(scaled))


class Doubled(TransformerMixin, BaseEstimator):
    """Learns nothing, and has nothing to show for it."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return 2 * X


@pytest.mark.parametrize("steps", [(Doubled(),), (Doubled(), "passthrough"), ("passthrough",), ()])
def test_steps_that_learn_nothing_may_come_before_a_tree(steps):
    model = taught(make_pipeline(*steps, tree()), 3.0)
    assert_allclose(model.predict_proba(X), taught(tree(), 3.0).predict_proba(X))


def test_a_pipeline_in_an_adapter():
    student = SoftLabelClassifier(make_pipeline(StandardScaler(), classifier()))
    model = taught(student, 3.0, 3)
    expected = taught(make_pipeline(StandardScaler(), classifier()), 3.0, 3)
    assert_array_equal(model.predict_proba(X), expected.predict_proba(X))


@pytest.mark.parametrize("name", ["sample_weight", "importance"])
def test_weights_reach_a_pipelines_tree_by_the_name_that_it_asks_for(name):
    expected = taught(make_pipeline(StandardScaler(), tree()), 3.0, sample_weight=WEIGHT)
    with sklearn.config_context(enable_metadata_routing=True):
        asks = tree().set_fit_request(sample_weight=True if name == "sample_weight" else name)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        model = Distiller(None, make_pipeline(scaler, asks), shrinkage=3.0)
        model.set_fit_request(teacher_proba=True)
        model.fit(X, LABELS[2], teacher_proba=PROBA[2], **{name: WEIGHT})
    assert_array_equal(model.predict_proba(X), expected.predict_proba(X))


@pytest.mark.parametrize(
    "make",
    [
        lambda asks: SoftLabelClassifier(asks),
        lambda asks: make_pipeline("passthrough", asks),
        lambda asks: make_pipeline("passthrough", SoftLabelClassifier(asks)),
    ],
)
def test_weights_reach_a_classifier_by_the_name_that_it_asks_for(make):
    expected = taught(make(classifier()), 3.0, sample_weight=WEIGHT)
    with sklearn.config_context(enable_metadata_routing=True):
        asks = classifier().set_fit_request(sample_weight="importance")
        model = Distiller(None, make(asks), shrinkage=3.0).set_fit_request(teacher_proba=True)
        model.fit(X, LABELS[2], teacher_proba=PROBA[2], importance=WEIGHT)
    assert_array_equal(model.predict_proba(X), expected.predict_proba(X))


def test_weights_that_a_tree_does_not_ask_for_do_not_count():
    expected = taught(tree(), 3.0)
    with sklearn.config_context(enable_metadata_routing=True):
        teacher = GaussianNB().set_fit_request(sample_weight=True)
        model = Distiller(teacher, tree().set_fit_request(sample_weight=False), shrinkage=1e300)
        model.fit(X, LABELS[2], sample_weight=WEIGHT)
    asked = GaussianNB().fit(X, LABELS[2], WEIGHT).predict_proba(X)
    assert_allclose(model.predict_proba(X[:1]), [asked.mean(axis=0)])
    assert expected.predict_proba(X).shape == (N, 2)


@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_array])
@pytest.mark.parametrize("student", [tree(), RandomForestClassifier(3, random_state=0)])
def test_sparse_rows(kind, student):
    rows = np.where(np.abs(X) > 0.7, X, 0)
    model = taught(student, 3.0, 3, kind(rows))
    assert_allclose(model.predict_proba(rows), taught(student, 3.0, 3, rows).predict_proba(rows))


def test_missing_values_go_where_the_tree_sends_them():
    rows = np.where(np.random.default_rng(2).random(X.shape) < 0.2, np.nan, X)
    student = taught(tree(max_depth=1), 5.0, rows=rows).student_
    target, left = PROBA[2][:, 1], student.apply(rows) == 1
    for side in (left, ~left):
        n, mean = side.sum(), target.mean()
        expected = mean + n / (n + 5) * (target[side].mean() - mean)
        assert_allclose(student.predict(rows[side]), expected)


# ---- what stays as it was --------------------------------------------------------------------


def test_a_shrunken_student_is_a_plain_tree():
    student, plain = (taught(tree(max_leaf_nodes=4), s).student_ for s in (30.0, 0.0))
    assert type(student) is DecisionTreeRegressor
    assert clone(student).get_params() == plain.get_params()
    assert student.get_n_leaves() == 4
    assert f"{student.predict(X[:1])[0]:.2f}" in export_text(student)
    assert export_text(student) != export_text(plain)
    assert_array_equal(pickle.loads(pickle.dumps(student)).predict(X), student.predict(X))


@pytest.mark.parametrize("student", [tree(), classifier(), RandomForestClassifier(3)])
def test_the_student_alone_answers_as_its_classifier(student):
    model = taught(student, 3.0)
    alone = model.student_
    proba = alone.predict_proba(X)[:, 1] if hasattr(alone, "predict_proba") else alone.predict(X)
    assert_array_equal(model.classifier_.predict_proba(X)[:, 1], proba)
    shipped = pickle.loads(pickle.dumps(model.classifier_))
    assert_array_equal(shipped.predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize("kind", [Distiller, CrossFitDistiller, LossCorrectedDistiller])
def test_every_distiller_shrinks_its_student(kind):
    model = kind(GaussianNB(), tree())
    if kind is not Distiller:
        model.set_params(random_state=0)
    plain, shrunk = (model.set_params(shrinkage=s).fit(X, LABELS[3]).student_ for s in (0, 10))
    assert_array_equal(plain.tree_.feature, shrunk.tree_.feature)
    assert np.ptp(shrunk.predict(X), axis=0).max() < np.ptp(plain.predict(X), axis=0).min()


def test_the_estimator_that_was_handed_over_is_not_touched():
    fitted = tree().fit(X, PROBA[2][:, 1])
    before = fitted.tree_.value.copy()
    taught(fitted, 100.0)
    assert_array_equal(fitted.tree_.value, before)


# ---- who can be shrunk -----------------------------------------------------------------------

OTHERS = [
    (LinearRegression(), "LinearRegression is none"),
    (LGBMRegressor(verbose=-1), "LGBMRegressor is none"),
    (MultiOutputRegressor(tree()), "MultiOutputRegressor is none"),
    (HistGradientBoostingRegressor(), "HistGradientBoostingRegressor is none"),
    (tree(monotonic_cst=[1, 0, 0]), "DecisionTreeRegressor with monotonic_cst is none"),
    (
        make_pipeline(StandardScaler(), RandomForestClassifier(monotonic_cst=[0, 0, 1])),
        "RandomForestClassifier with monotonic_cst is none",
    ),
    (SoftLabelClassifier(GaussianNB()), "GaussianNB is none"),
]


@pytest.mark.parametrize("student", [student for student, _ in OTHERS])
def test_who_cannot_be_shrunk(student):
    assert not can_shrink(student)


@pytest.mark.parametrize(
    "student",
    [
        tree(),
        classifier(),
        ExtraTreeRegressor(),
        ExtraTreesClassifier(),
        make_pipeline(StandardScaler(), make_pipeline(RandomForestRegressor())),
        make_pipeline(StandardScaler(), SoftLabelClassifier(classifier())),
        SoftLabelClassifier(make_pipeline(StandardScaler(), classifier())),
    ],
)
def test_who_can_be_shrunk(student):
    assert can_shrink(student)


class Untouched(GaussianNB):
    """A teacher that must not be fitted."""

    def fit(self, X, y, sample_weight=None):
        raise AssertionError("it must not be fitted")


@pytest.mark.parametrize(("student", "message"), OTHERS)
@pytest.mark.parametrize("kind", [Distiller, LossCorrectedDistillerCV])
def test_a_number_is_refused_for_a_student_that_cannot_be_shrunk(kind, student, message):
    with pytest.raises(ValueError, match=f"shrinkage needs a tree .*{message}: use shrinkage=0"):
        kind(Untouched(), student, shrinkage=1).fit(X, LABELS[2])


@pytest.mark.parametrize("student", [LinearRegression(), tree(monotonic_cst=[1, 0, 0])])
def test_zero_is_for_everyone(student):
    assert Distiller(GaussianNB(), student, shrinkage=0).fit(X, LABELS[2]).score(X, LABELS[2]) > 0


@pytest.mark.parametrize("kind", [Distiller, CrossFitDistiller, LossCorrectedDistiller])
def test_only_the_search_finds_the_strength(kind):
    with pytest.raises(ValueError, match=r"'shrinkage' .* must be a float .* Got 'auto'"):
        kind(Untouched(), tree(), shrinkage="auto").fit(X, LABELS[2])


@pytest.mark.parametrize("value", [-0.5, np.nan, np.inf, "much", True])
@pytest.mark.parametrize("kind", [Distiller, LossCorrectedDistillerCV])
def test_a_strength_that_is_none_is_refused_by_name(kind, value):
    with pytest.raises(ValueError, match=r"'shrinkage' parameter of .* must be .*a float"):
        kind(Untouched(), tree(), shrinkage=value).fit(X, LABELS[2])
