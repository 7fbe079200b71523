"""Scores by hand, fits counted, tables and sentences of made-up measurements."""

import pickle
from typing import ClassVar

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import CrossFitDistiller, LossCorrectedDistiller
from skdistill.evaluation import (
    CORRECTED,
    CROSS_FIT,
    IN_SAMPLE,
    ON_LABELS,
    PROBA_FLOOR,
    TEACHER,
    TUNED_ON_LABELS,
    Measurement,
    bayes_log_loss,
    compare_methods,
    describe,
    excess_log_loss,
    fit_methods,
    format_size,
    format_table,
    log_losses,
    make_noisy_table,
    measure,
    pickled_size,
    prediction_time,
    search_grid,
    student_on_labels,
    tune_on_labels,
)


class CountingTeacher(RandomForestClassifier):
    """Notes the number of rows of each of its fits."""

    fits: ClassVar[list[int]] = []

    def fit(self, X, y, sample_weight=None):
        self.fits.append(len(y))
        return super().fit(X, y, sample_weight)


def tree(**params):
    return DecisionTreeRegressor(random_state=0, **params)


@pytest.fixture
def noisy():
    return make_noisy_table(300, random_state=0)


# ---- scores ----------------------------------------------------------------------------------


def test_log_loss_floors_probabilities_at_one_in_500():
    sure_and_wrong = log_losses([[1.0, 0.0]], [[0.0, 1.0]])
    assert PROBA_FLOOR == 1 / 500
    assert_allclose(sure_and_wrong, -np.log(PROBA_FLOOR / (1 + PROBA_FLOOR)))


def test_log_loss_against_bayes_probabilities_is_the_expected_log_loss():
    bayes, proba = np.array([[0.3, 0.7]]), np.array([[0.4, 0.6]])
    by_label = [log_losses([label], proba)[0] for label in np.eye(2)]
    assert_allclose(log_losses(bayes, proba), bayes[0] @ by_label)


def test_bayes_probabilities_have_no_excess_and_others_have(noisy):
    _, _, bayes = noisy
    floored_only = excess_log_loss(bayes, bayes)
    assert 0 <= floored_only < 1e-3
    assert excess_log_loss(bayes, np.full_like(bayes, 0.5)) > 0.1


def test_bayes_risk_of_certain_labels_is_zero():
    assert bayes_log_loss(np.eye(3)) == 0


def test_noisy_table_draws_labels_from_its_probabilities():
    X, y, bayes = make_noisy_table(20_000, random_state=0)
    assert X.shape == (20_000, 10)
    assert_allclose(bayes.sum(axis=1), 1)
    standard_error = np.sqrt((bayes[:, 0] * bayes[:, 1]).mean() / len(y))
    assert abs((y - bayes[:, 1]).mean()) < 4 * standard_error


def test_size_is_that_of_the_pickle():
    fitted = tree().fit([[0.0], [1.0]], [0, 1])
    assert pickled_size(fitted) == len(pickle.dumps(fitted))


class Watched:
    """Notes how many rows each prediction asked about."""

    def __init__(self):
        self.batches = []

    def predict_proba(self, X):
        self.batches.append(len(X))
        return np.full((len(X), 2), 0.5)


@pytest.mark.parametrize(("batch", "rows"), [(1, 1), (5, 5), (1000, 7)])
def test_prediction_time_asks_about_one_batch_and_warms_up(batch, rows):
    watched = Watched()
    assert prediction_time(watched, np.zeros((7, 1)), batch=batch, repeats=3) > 0
    assert watched.batches == [rows] * 4


def test_measured_scores_of_labels(noisy):
    X, y, _ = noisy
    labels = np.array(["no", "yes"])[y]
    classifier = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, labels)
    measured = measure("stump", classifier, X, labels)
    assert measured.accuracy == classifier.score(X, labels)
    assert_allclose(measured.log_loss, measured.losses.mean())
    assert measured.excess is None
    assert measured.size == pickled_size(classifier)


def test_measured_scores_under_known_probabilities_ignore_labels(noisy):
    X, y, bayes = noisy
    classifier = LogisticRegression().fit(X, y)
    measured = measure("line", classifier, X, y, bayes_proba=bayes)
    assert_allclose(measured.log_loss - measured.excess, bayes_log_loss(bayes))
    assert_allclose(measured.accuracy, bayes[np.arange(len(y)), classifier.predict(X)].mean())
    flipped = measure("line", classifier, X, 1 - y, bayes_proba=bayes)
    assert flipped.log_loss == measured.log_loss


# ---- students on labels ----------------------------------------------------------------------


def test_regressor_on_labels_learns_zeros_and_ones(noisy):
    X, y, _ = noisy
    model = student_on_labels(tree(max_depth=3)).fit(X, y)
    alone = tree(max_depth=3).fit(X, y.astype(float))
    assert_array_equal(model.predict_proba(X)[:, 1], alone.predict(X))


def test_regressor_on_labels_learns_onehot_for_several_classes():
    X = np.random.RandomState(0).standard_normal((60, 2))
    y = np.repeat(["a", "b", "c"], 20)
    model = student_on_labels(tree(max_depth=2)).fit(X, y)
    onehot = np.eye(3)[np.repeat([0, 1, 2], 20)]
    assert_allclose(model.predict_proba(X), tree(max_depth=2).fit(X, onehot).predict(X))


def test_classifier_on_labels_is_the_classifier_itself(noisy):
    X, y, _ = noisy
    model = student_on_labels(LogisticRegression()).fit(X, y)
    alone = LogisticRegression().fit(X, y)
    assert_allclose(model.predict_proba(X), alone.predict_proba(X), atol=1e-6)


def test_student_on_labels_takes_missing_values_that_it_meets_only_later(noisy):
    X, y, _ = noisy
    model = student_on_labels(tree(max_depth=2)).fit(X, y)
    assert np.isfinite(model.predict_proba(np.full((1, X.shape[1]), np.nan))).all()


@pytest.mark.parametrize(
    ("student", "largest"),
    [(tree(), None), (tree(max_leaf_nodes=100), 64), (tree(max_leaf_nodes=4), 4)],
)
def test_search_stays_within_the_students_own_size(student, largest):
    _, grid = search_grid(student)
    assert grid["max_leaf_nodes"][-1] == largest


def test_search_names_the_last_step_of_a_pipeline():
    student = make_pipeline(StandardScaler(), RandomForestRegressor(3))
    first, *others = ParameterGrid(search_grid(student))
    assert first == {}
    assert set(others[0]) == {
        "randomforestregressor__max_leaf_nodes",
        "randomforestregressor__min_samples_leaf",
    }


def test_tuning_beats_an_unpruned_tree_on_noisy_labels(noisy):
    X, y, _ = noisy
    X_test, _, bayes = make_noisy_table(1000, random_state=1)
    tuned = tune_on_labels(tree(), X, y, cv=3, random_state=0)
    plain = student_on_labels(tree()).fit(X, y)
    assert tuned.classifier_.student.get_n_leaves() < plain.classifier_.student.get_n_leaves()
    losses = [excess_log_loss(bayes, model.predict_proba(X_test)) for model in (tuned, plain)]
    assert losses[0] < losses[1]


# ---- all methods -----------------------------------------------------------------------------


def test_teacher_is_fitted_once_on_all_rows_and_once_in_each_fold(noisy):
    X, y, _ = noisy
    CountingTeacher.fits.clear()
    fit_methods(CountingTeacher(5, random_state=0), tree(max_depth=3), X, y, random_state=0)
    assert sorted(CountingTeacher.fits) == [240] * 5 + [300]


def test_methods_are_the_distillers_of_the_package(noisy):
    X, y, _ = noisy
    forest = RandomForestClassifier(10, random_state=0)
    fitted = fit_methods(forest, tree(), X, y, random_state=0)
    assert list(fitted) == [TEACHER, ON_LABELS, TUNED_ON_LABELS, IN_SAMPLE, CROSS_FIT, CORRECTED]
    assert_array_equal(fitted[TEACHER].predict_proba(X), forest.fit(X, y).predict_proba(X))
    for method, distiller in [(CROSS_FIT, CrossFitDistiller), (CORRECTED, LossCorrectedDistiller)]:
        expected = distiller(forest, tree(), random_state=0).fit(X, y).predict_proba(X)
        assert_array_equal(fitted[method].predict_proba(X), expected)


def test_student_without_a_known_search_is_not_tuned(noisy):
    X, y, _ = noisy
    fitted = fit_methods(DecisionTreeClassifier(random_state=0), LinearRegression(), X, y)
    assert TUNED_ON_LABELS not in fitted


def test_a_class_too_rare_for_the_folds_is_refused_before_any_teacher_is_fitted():
    X, y = np.zeros((10, 1)), [0] * 7 + [1] * 3
    CountingTeacher.fits.clear()
    with pytest.raises(ValueError, match="class 1 has 3"):
        fit_methods(CountingTeacher(5), tree(), X, y)
    assert CountingTeacher.fits == []


def test_comparison_of_several_classes_with_text_labels():
    rng = np.random.RandomState(0)
    X = rng.standard_normal((180, 3))
    y = np.array(["a", "b", "c"])[(X[:, 0] > 0).astype(int) + (X[:, 1] > 0)]
    measured = compare_methods(
        RandomForestClassifier(20, random_state=0),
        tree(),
        X[:120],
        y[:120],
        X[120:],
        y[120:],
        random_state=0,
    )
    assert all(m.accuracy > 0.6 for m in measured)
    assert all(m.excess is None for m in measured)


# ---- text ------------------------------------------------------------------------------------


def made_up(method, losses, *, size=1000, excess=None):
    losses = np.asarray(losses, dtype=float)
    return Measurement(method, 0.5, losses.mean(), excess, size, 1.0, 20.0, losses)


def test_table_is_aligned_and_has_the_excess_only_where_known():
    known = format_table([made_up("a", [1.0], excess=0.25), made_up("longer", [2.0], excess=0.5)])
    assert len({len(line) for line in known.splitlines()}) == 1
    assert "excess" in known
    assert "0.2500" in known
    assert "excess" not in format_table([made_up("a", [1.0])])


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (1000, "1.0 kB"), (12_345_678, "12.3 MB"), (3e13, "30000.0 GB")],
)
def test_size_is_readable(size, text):
    assert format_size(size) == text


def described(tuned, *, in_sample=3.0, cross_fit=2.0, corrected=2.5):
    """Describe measurements whose losses differ between rows by a little noise."""
    noise = np.linspace(-0.1, 0.1, 50)
    losses = {TUNED_ON_LABELS: tuned, IN_SAMPLE: in_sample, CROSS_FIT: cross_fit}
    others = [made_up(m, loss + noise[::-1]) for m, loss in losses.items() if loss is not None]
    teacher = made_up(TEACHER, 1.0 + noise, size=200_000)
    rest = [made_up(ON_LABELS, 4.0 + noise), made_up(CORRECTED, corrected + noise)]
    return describe([teacher, *rest, *others])


def test_sentence_states_a_gain_over_the_tuned_student():
    text = described(tuned=2.4)
    assert "'distilled cross-fit' has the lowest log loss, 2.000" in text
    assert "0.400 ± 0.000 below the student tuned on labels" in text
    assert "1.000 ± 0.017 above the teacher" in text
    assert "0.5 % of the teacher's size" in text
    assert "100 % of its time" in text


def test_sentence_states_a_loss():
    assert "0.500 ± 0.000 above the student tuned on labels" in described(tuned=1.5)


def test_sentence_claims_no_difference_within_the_noise():
    text = described(tuned=2.01, corrected=1.99)
    assert "no clear difference from the student tuned on labels (0.020 ± 0.017)" in text


def test_sentence_compares_with_plain_labels_where_nothing_was_tuned():
    assert "below the student on labels" in described(tuned=None)
