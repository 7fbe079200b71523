"""Any classifier that takes sample weights learns class probabilities."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.exceptions import DataConversionWarning
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, export_text

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


def test_same_tree_as_from_copies_made_by_hand(soft):
    X, P = soft
    ours = SoftLabelClassifier(DecisionTreeClassifier(min_samples_leaf=4, random_state=0))
    ours.fit(X, P)
    X_copies, y, weight = copies(X, P)
    by_hand = DecisionTreeClassifier(min_samples_leaf=4, random_state=0)
    by_hand.fit(X_copies, y, sample_weight=weight)
    assert export_text(ours.estimator_, decimals=9) == export_text(by_hand, decimals=9)
    assert_array_equal(ours.predict_proba(X), by_hand.predict_proba(X))


@pytest.mark.parametrize("as_type", [np.asarray, pd.DataFrame, sparse.csr_array])
def test_rows_may_come_as_array_frame_or_sparse(soft, as_type):
    X, P = soft
    X_given = as_type(X) if as_type is not pd.DataFrame else pd.DataFrame(X, columns=list("abc"))
    ours = SoftLabelClassifier(LogisticRegression()).fit(X_given, P)
    X_copies, y, weight = copies(X, P)
    by_hand = LogisticRegression().fit(X_copies, y, sample_weight=weight)
    assert_allclose(ours.estimator_.coef_, by_hand.coef_, atol=1e-4)


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


@pytest.mark.parametrize(
    ("P", "message"),
    [
        ([[0.5, np.nan], [1, 0]], "y contains NaN"),
        ([[0.0, 0.0], [1, 0]], "y must have a positive probability in every row"),
        ([[-1.0, 0.0], [1, 0]], "y must have a positive probability in every row"),
        ([1, 1], "y must hold at least 2 classes"),
        ([[1, 0]], "inconsistent numbers of samples"),
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
