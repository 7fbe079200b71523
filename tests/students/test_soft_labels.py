"""Any classifier that takes sample weights learns class probabilities."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from lightgbm import LGBMClassifier
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import DataConversionWarning
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, export_text
from sklearn.utils import get_tags

from skdistill import SoftLabelClassifier


@pytest.fixture
def soft():
    """Rows with soft labels of three classes, some of them zero."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    P = rng.dirichlet(np.ones(3), size=60)
    P[P < 0.1] = 0
    return X, P / P.sum(axis=1, keepdims=True)


def copies(X, P):
    rows, labels = np.nonzero(P)
    return X[rows], labels, P[rows, labels]


class Records(ClassifierMixin, BaseEstimator):
    """A classifier that keeps what it is given."""

    def fit(self, X, y, sample_weight=None, tag=None):
        self.X_, self.y_, self.weight_, self.tag_ = X, y, sample_weight, tag
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


class CountsRows(TransformerMixin, BaseEstimator):
    """A transformer that keeps how many rows each of its fits has seen, over all its clones."""

    def __init__(self, seen):
        self.seen = seen

    def __sklearn_clone__(self):
        return self

    def fit(self, X, y):
        self.seen.append(len(X))
        return self

    def transform(self, X):
        return X


CLASSIFIERS = [
    DecisionTreeClassifier(min_samples_leaf=4, random_state=0),
    RandomForestClassifier(5, random_state=0),
    LogisticRegression(C=0.1),
    GaussianNB(),
    LGBMClassifier(n_estimators=5, min_child_samples=3, n_jobs=1, random_state=0, verbose=-1),
]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=lambda c: type(c).__name__)
def test_same_model_as_from_copies_made_by_hand(soft, classifier, weighted):
    X, P = soft
    row_weight = np.random.default_rng(1).uniform(0.5, 2.0, size=len(X)) if weighted else None
    ours = SoftLabelClassifier(classifier).fit(X, P, sample_weight=row_weight)
    X_copies, y, weight = copies(X, P)
    if weighted:
        weight = weight * row_weight[np.nonzero(P)[0]]
    by_hand = clone(classifier).fit(X_copies, y, sample_weight=weight)
    assert_array_equal(ours.predict_proba(X), by_hand.predict_proba(X))


def test_same_tree_as_from_copies_made_by_hand(soft):
    X, P = soft
    ours = SoftLabelClassifier(CLASSIFIERS[0]).fit(X, P)
    X_copies, y, weight = copies(X, P)
    by_hand = clone(CLASSIFIERS[0]).fit(X_copies, y, sample_weight=weight)
    assert export_text(ours.estimator_, decimals=9) == export_text(by_hand, decimals=9)


@pytest.mark.parametrize("as_labels", [True, False])
def test_one_hot_rows_and_class_labels_are_shown_once(soft, as_labels):
    X, P = soft
    codes = P.argmax(axis=1)
    shown = SoftLabelClassifier(Records()).fit(X, codes if as_labels else np.eye(3)[codes])
    assert_array_equal(shown.estimator_.X_, X)
    assert_array_equal(shown.estimator_.y_, codes)
    assert_array_equal(shown.estimator_.weight_, np.ones(len(X)))


def test_only_copies_with_weight_are_shown(soft):
    X, P = soft
    weight = np.arange(len(X)) % 3
    shown = SoftLabelClassifier(Records()).fit(X, P, sample_weight=weight).estimator_
    expected = [
        (i, k, P[i, k] * weight[i]) for i in range(len(X)) for k in range(3) if P[i, k] * weight[i]
    ]
    rows, labels, weights = zip(*expected, strict=True)
    assert_array_equal(shown.X_, X[list(rows)])
    assert_array_equal(shown.y_, labels)
    assert_allclose(shown.weight_, weights, rtol=1e-15)


FORMATS = {
    "array": np.asarray,
    "list": np.ndarray.tolist,
    "csr": sparse.csr_array,
    "csc": sparse.csc_matrix,
    "coo": sparse.coo_array,
}


@pytest.mark.parametrize("as_format", FORMATS)
def test_rows_may_come_as_array_or_sparse(soft, as_format):
    X, P = soft
    ours = SoftLabelClassifier(LogisticRegression(tol=1e-8)).fit(FORMATS[as_format](X), P)
    X_copies, y, weight = copies(X, P)
    by_hand = LogisticRegression(tol=1e-8).fit(X_copies, y, sample_weight=weight)
    assert_allclose(ours.estimator_.coef_, by_hand.coef_, atol=1e-6)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_frame_reaches_the_classifier_as_a_frame(soft, frame):
    X, P = soft
    table = frame(dict(zip("abc", X.T, strict=True)))
    ours = SoftLabelClassifier(Records()).fit(table, P)
    assert type(ours.estimator_.X_) is frame
    assert_array_equal(ours.estimator_.X_.to_numpy(), copies(X, P)[0])
    assert_array_equal(ours.feature_names_in_, ["a", "b", "c"])


def test_columns_of_words_are_encoded_by_a_pipeline(soft):
    X, P = soft
    word = np.where(X[:, 0] > 0, "up", "down")
    table = pd.DataFrame({"word": word, "number": X[:, 1]})
    encode = make_column_transformer((OneHotEncoder(), ["word"]), remainder="passthrough")
    ours = SoftLabelClassifier(make_pipeline(encode, GaussianNB())).fit(table, P)
    numbers = np.column_stack([word == "down", word == "up", X[:, 1]]).astype(float)
    by_hand = SoftLabelClassifier(GaussianNB()).fit(numbers, P)
    assert_allclose(ours.predict_proba(table), by_hand.predict_proba(numbers))


def test_sample_weights_multiply_the_soft_labels(soft):
    X, P = soft
    weight = np.random.default_rng(1).integers(0, 3, size=len(X))
    repeated = np.repeat(np.arange(len(X)), weight)
    weighted = SoftLabelClassifier(GaussianNB()).fit(X, P, sample_weight=weight)
    again = SoftLabelClassifier(GaussianNB()).fit(X[repeated], P[repeated])
    assert_allclose(weighted.predict_proba(X), again.predict_proba(X))


def test_pipeline_prepares_the_rows_once_and_copies_for_the_last_step(soft):
    X, P = soft
    ours = SoftLabelClassifier(make_pipeline(StandardScaler(), GaussianNB())).fit(X, P)
    scaler, bayes = ours.estimator_.named_steps.values()
    assert scaler.n_samples_seen_ == len(X)
    assert_allclose(scaler.mean_, X.mean(axis=0))
    X_copies, y, weight = copies(scaler.transform(X), P)
    by_hand = GaussianNB().fit(X_copies, y, sample_weight=weight)
    assert_array_equal(bayes.theta_, by_hand.theta_)


def test_transformers_are_fitted_once_on_the_rows_and_the_last_step_on_copies(soft):
    X, P = soft
    seen = []
    pipeline = make_pipeline(CountsRows(seen), make_pipeline(CountsRows(seen), Records()))
    ours = SoftLabelClassifier(pipeline).fit(X, P)
    assert seen == [len(X), len(X)]
    assert len(ours.estimator_[-1][-1].X_) == np.count_nonzero(P) > len(X)


def test_pipeline_of_pipelines_and_a_cache(soft, tmp_path):
    X, P = soft
    inner = make_pipeline(StandardScaler(), GaussianNB())
    cached = make_pipeline(SelectKBest(k=2), StandardScaler(), inner, memory=str(tmp_path))
    plain = make_pipeline(SelectKBest(k=2), StandardScaler(), inner)
    assert_array_equal(
        SoftLabelClassifier(cached).fit(X, P).predict_proba(X),
        SoftLabelClassifier(plain).fit(X, P).predict_proba(X),
    )


def test_selector_in_a_pipeline_sees_the_most_probable_class(soft):
    X, P = soft
    ours = SoftLabelClassifier(make_pipeline(SelectKBest(k=1), GaussianNB())).fit(X, P)
    expected = SelectKBest(k=1).fit(X, P.argmax(axis=1))
    assert_array_equal(ours.estimator_[0].scores_, expected.scores_)


def test_hard_labels_train_the_classifier_itself(three_classes):
    X, y = three_classes
    ours = SoftLabelClassifier(DecisionTreeClassifier(random_state=0)).fit(X, y)
    assert_array_equal(ours.classes_, [3, 7, 20])
    assert_array_equal(ours.predict(X), y)


def test_signed_labels_are_clipped_at_zero(soft):
    X, P = soft
    signed = P - 0.05 * (P == 0)
    assert_array_equal(
        SoftLabelClassifier(GaussianNB()).fit(X, signed).predict_proba(X),
        SoftLabelClassifier(GaussianNB()).fit(X, P).predict_proba(X),
    )


def test_clipping_leaves_the_other_entries_as_they_are():
    signed = np.array([[1.25, -0.25], [0.0, 1.0], [-1.0, 2.0]])
    shown = SoftLabelClassifier(Records()).fit(np.eye(3), signed).estimator_
    assert_array_equal(shown.y_, [0, 1, 1])
    assert_array_equal(shown.weight_, [1.25, 1.0, 2.0])


def test_class_without_weight_has_probability_zero(soft):
    X, P = soft
    P = np.column_stack([P[:, 0], np.zeros(len(P)), P[:, 1] + P[:, 2]])
    proba = SoftLabelClassifier(GaussianNB()).fit(X, P).predict_proba(X)
    assert proba.shape == (len(X), 3)
    assert_array_equal(proba[:, 1], 0)


def test_given_arrays_stay_as_they_are(soft):
    X, P = soft
    X_before, P_before = X.copy(), P.copy()
    estimator = GaussianNB()
    SoftLabelClassifier(estimator).fit(X, P)
    assert_array_equal(X, X_before)
    assert_array_equal(P, P_before)
    assert not hasattr(estimator, "theta_")


def test_routed_parameters_are_repeated_with_the_rows(soft):
    X, P = soft
    weight = np.random.default_rng(1).random(len(X))
    with sklearn.config_context(enable_metadata_routing=True):
        steps = (
            StandardScaler().set_fit_request(sample_weight=True),
            GaussianNB().set_fit_request(sample_weight=True),
        )
        ours = SoftLabelClassifier(make_pipeline(*steps)).fit(X, P, sample_weight=weight)
    scaler = StandardScaler().fit(X, sample_weight=weight)
    X_copies, y, soft_weight = copies(scaler.transform(X), P)
    rows = np.nonzero(P)[0]
    by_hand = GaussianNB().fit(X_copies, y, sample_weight=soft_weight * weight[rows])
    assert_allclose(ours.estimator_[0].mean_, scaler.mean_)
    assert_allclose(ours.estimator_[1].theta_, by_hand.theta_)


def test_routed_parameters_of_other_names_are_repeated_too(soft):
    X, P = soft
    with sklearn.config_context(enable_metadata_routing=True):
        classifier = Records().set_fit_request(sample_weight=True, tag=True)
        ours = SoftLabelClassifier(classifier).fit(X, P, tag=np.arange(len(X)))
    assert_array_equal(ours.estimator_.tag_, np.nonzero(P)[0])


@pytest.mark.parametrize(
    ("P", "message"),
    [
        ([[0.5, np.nan], [1, 0]], "y contains NaN"),
        ([[0.0, 0.0], [1, 0]], "y must have a positive probability in every row"),
        ([[-1.0, 0.0], [1, 0]], "y must have a positive probability in every row"),
        ([[0.5, -0.5], [1, 0]], "y must have a positive probability in every row"),
        ([[0.5, np.inf], [1, 0]], "y contains infinity"),
        ([1, 1], "y must hold at least 2 classes"),
        ([0.2, 0.8], "one column per class"),
        ([[1, 0]], "inconsistent numbers of samples"),
        (np.zeros((2, 0)), "0 feature"),
        (np.ones((2, 2, 2)), "dim 3"),
    ],
)
def test_bad_labels_are_refused(P, message):
    with pytest.raises(ValueError, match=message):
        SoftLabelClassifier(GaussianNB()).fit(np.eye(2), np.array(P))


def test_a_single_column_is_a_column_of_labels():
    with pytest.warns(DataConversionWarning):
        fitted = SoftLabelClassifier(GaussianNB()).fit(np.eye(2), [[4], [9]])
    assert_array_equal(fitted.classes_, [4, 9])


def test_classifier_without_weights_is_refused():
    with pytest.raises(ValueError, match="KNeighborsClassifier.fit does not"):
        SoftLabelClassifier(KNeighborsClassifier()).fit(np.eye(2), np.eye(2))


@pytest.mark.parametrize("weight", [[0, 0], [-1, 1], [np.nan, 1], [1], [[1, 1]]])
def test_bad_weights_are_refused(weight):
    with pytest.raises(ValueError, match="weight"):
        SoftLabelClassifier(GaussianNB()).fit(np.eye(2), np.eye(2), sample_weight=weight)


def test_further_parameters_need_routing():
    with pytest.raises(ValueError, match="enable_metadata_routing"):
        SoftLabelClassifier(GaussianNB()).fit(np.eye(2), np.eye(2), colour=1)


class TwoClassesOnly(GaussianNB):
    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags


@pytest.mark.parametrize(("inner", "many"), [(GaussianNB(), True), (TwoClassesOnly(), False)])
def test_number_of_classes_is_what_the_classifier_can(inner, many):
    tags = get_tags(SoftLabelClassifier(inner)).classifier_tags
    assert tags.multi_class == many
    assert not tags.multi_label
