"""A comparison is made of the package's distillers, and asks the teacher as rarely as it can."""

import re
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import (
    CrossFitDistiller,
    Distiller,
    LossCorrectedDistiller,
    LossCorrectedDistillerCV,
    compare_students,
)
from skdistill._utils import progress
from skdistill.evaluation import make_noisy_table, student_on_labels
from skdistill.evaluation import plan as module
from skdistill.evaluation.measure import times
from skdistill.evaluation.measure.scores import log_losses
from skdistill.evaluation.measure.times import Timing
from skdistill.evaluation.methods import METHODS

TEST = {"X_test": None, "y_test": None}


class CountingTeacher(RandomForestClassifier):
    """Notes the number of rows of each of its fits."""

    fits: ClassVar[list[int]] = []

    def fit(self, X, y, sample_weight=None):
        self.fits.append(len(y))
        return super().fit(X, y, sample_weight)


def tree(**params):
    return DecisionTreeRegressor(random_state=0, **params)


STUMP = DecisionTreeClassifier(max_depth=2, random_state=0)


@pytest.fixture(scope="module")
def noisy():
    return make_noisy_table(300, random_state=0)


@pytest.fixture(scope="module")
def test_rows():
    return make_noisy_table(200, random_state=1)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Time each prediction a few times only."""
    monkeypatch.setattr(times, "SECONDS", 0.0)


# ---- what is compared ------------------------------------------------------------------------


def test_methods_are_the_distillers_of_the_package(noisy, test_rows):
    X, y, _ = noisy
    X_test, y_test, _ = test_rows
    forest = RandomForestClassifier(10, random_state=0)
    comparison = compare_students(
        forest, {"tree": tree()}, X, y, X_test=X_test, y_test=y_test, cv=3, random_state=0
    )
    assert [m.method for m in comparison.measurements] == ["teacher", *METHODS]
    expected = {
        "labels": student_on_labels(tree()),
        "in_sample": Distiller(forest, tree()),
        "cross_fit": CrossFitDistiller(forest, tree(), cv=3, random_state=0),
        "corrected": LossCorrectedDistiller(forest, tree(), cv=3, random_state=0),
        "tuned": LossCorrectedDistillerCV(forest, tree(), cv=3, random_state=0),
    }
    for method, distiller in expected.items():
        found = comparison.classifiers["tree", method].predict_proba(X_test)
        assert_array_equal(found, distiller.fit(X, y).predict_proba(X_test))
    by_method = {m.method: m for m in comparison.measurements}
    assert by_method["tuned"].note == expected["tuned"].best_candidate_
    proba = forest.fit(X, y).predict_proba(X_test)
    assert_array_equal(comparison.classifiers[None, "teacher"].predict_proba(X_test), proba)
    assert_allclose(by_method["teacher"].losses, log_losses(np.eye(2)[y_test], proba))


def test_bag_answers_as_the_distillers_ask_it(noisy):
    X, y, _ = noisy
    forest = RandomForestClassifier(60, random_state=0)
    comparison = compare_students(
        forest,
        tree(),
        X,
        y,
        X_test=X,
        y_test=y,
        methods=["in_sample", "cross_fit"],
        teacher_cv="oob",
        random_state=0,
    )
    for method, distiller in [
        ("in_sample", Distiller(forest, tree())),
        ("cross_fit", CrossFitDistiller(forest, tree(), cv="oob")),
    ]:
        found = comparison.classifiers["DecisionTreeRegressor", method].predict_proba(X)
        assert_array_equal(found, distiller.fit(X, y).predict_proba(X))


def test_loss_is_that_of_distilled_students_only(noisy):
    X, y, _ = noisy
    found = compare_students(
        STUMP,
        tree(max_depth=4),
        X,
        y,
        X_test=X,
        y_test=y,
        methods=["labels", "cross_fit"],
        loss="squared_error_logit",
        random_state=0,
    ).classifiers
    expected = CrossFitDistiller(
        STUMP, tree(max_depth=4), loss="squared_error_logit", random_state=0
    )
    name = "DecisionTreeRegressor"
    assert_array_equal(
        found[name, "cross_fit"].predict_proba(X), expected.fit(X, y).predict_proba(X)
    )
    on_labels = tree(max_depth=4).fit(X, y.astype(float)).predict(X)
    assert_array_equal(found[name, "labels"].predict_proba(X)[:, 1], on_labels)


def test_several_classes_with_text_labels_in_a_frame():
    rng = np.random.RandomState(0)
    X = pd.DataFrame(rng.standard_normal((180, 3)), columns=["a", "b", "c"])
    y = np.array(["a", "b", "c"])[(X["a"] > 0).astype(int) + (X["b"] > 0)]
    comparison = compare_students(
        RandomForestClassifier(20, random_state=0), tree(), X, y, cv=3, random_state=0
    )
    assert comparison.n_classes == 3
    assert comparison.n_test == 54
    assert all(m.score > 0.6 for m in comparison.measurements)
    assert all(0 <= m.calibration_error < 0.5 for m in comparison.measurements)


def test_scores_of_simulated_rows_are_those_expected_over_labels(noisy, test_rows):
    X, y, _ = noisy
    X_test, y_test, bayes = test_rows
    comparison = compare_students(
        STUMP, tree(), X, y, X_test=X_test, y_test=y_test, bayes_proba=bayes, methods=["labels"]
    )
    assert all(m.excess > 0 for m in comparison.measurements)


def test_each_value_of_a_parameter_is_a_student(noisy):
    X, y, _ = noisy
    comparison = compare_students(
        STUMP, tree(), X, y, param_name="max_depth", param_range=[1, 3], methods=["labels", 0.5]
    )
    assert [(m.student, m.method) for m in comparison.measurements] == [
        (None, "teacher"),
        ("max_depth=1", "labels"),
        ("max_depth=1", 0.5),
        ("max_depth=3", "labels"),
        ("max_depth=3", 0.5),
    ]
    assert comparison.classifiers["max_depth=3", 0.5].student.get_depth() == 3


def test_student_without_a_known_search_is_not_tuned_on_labels(noisy):
    X, y, _ = noisy
    comparison = compare_students(STUMP, LinearRegression(), X, y, cv=3)
    methods = [m.method for m in comparison.measurements]
    assert methods == ["teacher", *(m for m in METHODS if m != "tuned_labels")]


def test_frozen_teacher_is_compared_as_far_as_it_goes(noisy):
    X, y, _ = noisy
    frozen = FrozenEstimator(STUMP.fit(X[:100], y[:100]))
    comparison = compare_students(frozen, tree(max_depth=3), X[100:], y[100:])
    assert [m.method for m in comparison.measurements] == [
        "teacher",
        "labels",
        "tuned_labels",
        "in_sample",
    ]


def test_budget_and_score_reach_the_result(noisy):
    X, y, _ = noisy
    comparison = compare_students(
        STUMP, tree(), X, y, methods=["labels"], scoring="roc_auc", max_size=1, random_state=0
    )
    assert not comparison.fits_budget.any()
    assert "roc_auc" in str(comparison)


def test_teacher_that_cannot_be_pickled_has_no_size_and_can_teach(noisy):
    X, y, _ = noisy
    teacher = make_pipeline(FunctionTransformer(lambda X: X), STUMP)
    students = {"a": tree(max_depth=1), "b": tree(max_depth=2)}
    comparison = compare_students(teacher, students, X, y, methods=["cross_fit", "tuned"], cv=3)
    assert np.isnan(comparison.measurements[0].size)
    assert "–" in str(comparison)


def test_reported_errors_are_the_spread_over_draws_of_groups(monkeypatch):
    """18 groups of 20 all but equal rows are tested, each with a label that nothing predicts."""
    place = "skdistill.evaluation.measure.measurement.time_predictions"
    monkeypatch.setattr(place, lambda found, X, batch=1, method="": [Timing(1.0)] * len(found))
    n_draws, found = 60, []
    for seed in range(n_draws):
        rng = np.random.RandomState(seed)
        groups = np.repeat(np.arange(60), 20)
        X = rng.standard_normal((60, 3))[groups] + 0.01 * rng.standard_normal((1200, 3))
        y = rng.randint(0, 2, 60)[groups]
        comparison = compare_students(
            GaussianNB(),
            tree(max_leaf_nodes=8),
            X,
            y,
            groups=groups,
            cv=GroupKFold(3),
            methods=["labels"],
            random_state=seed,
        )
        found.append([(m.score, m.score_se) for m in comparison.measurements])
    scores, errors = np.moveaxis(found, -1, 0)
    # A standard deviation of n numbers is off by 1 / sqrt(2 n); three times that.
    tolerance = 3 / np.sqrt(2 * n_draws)
    assert_allclose(errors.mean(axis=0), scores.std(axis=0, ddof=1), rtol=tolerance)


def test_differences_in_the_sentence_count_groups(noisy):
    X, y, _ = noisy
    rows = np.repeat(np.arange(300), 4)
    given = {"X_test": X[rows[:400]], "y_test": y[rows[:400]], "methods": ["labels"]}
    alone = given | {"X_test": X[:100], "y_test": y[:100]}
    by_group = compare_students(STUMP, tree(), X, y, **given, groups_test=rows[:400])
    assert (
        by_group.describe().split(", at ")[0]
        == (compare_students(STUMP, tree(), X, y, **alone).describe().split(", at ")[0])
    )


def test_groups_are_kept_together_in_test_rows_and_folds(noisy):
    X, y, _ = noisy
    groups = np.arange(len(y)) // 10
    seen = []

    class Watching(GroupKFold):
        def split(self, X, y=None, groups=None):
            seen.append(len(np.unique(groups)))
            return super().split(X, y, groups)

    comparison = compare_students(
        STUMP, tree(), X, y, groups=groups, cv=Watching(3), random_state=0
    )
    assert seen == [21]
    assert comparison.n_test == 90


# ---- fits and seconds ------------------------------------------------------------------------


def test_teacher_is_asked_once_for_all_students(noisy):
    X, y, _ = noisy
    students = {f"depth {depth}": tree(max_depth=depth) for depth in (1, 3, 5)}
    CountingTeacher.fits.clear()
    compare_students(
        CountingTeacher(3, random_state=0),
        students,
        X,
        y,
        X_test=X,
        y_test=y,
        methods=["in_sample", "cross_fit", "corrected"],
        random_state=0,
        rehearse=False,
    )
    assert sorted(CountingTeacher.fits) == [240] * 5 + [300]


def test_tuned_students_share_the_teachers_of_pairs_of_folds(noisy):
    X, y, _ = noisy
    students = {f"depth {depth}": tree(max_depth=depth) for depth in (1, 3, 5)}
    CountingTeacher.fits.clear()
    comparison = compare_students(
        CountingTeacher(3, random_state=0),
        students,
        X,
        y,
        X_test=X,
        y_test=y,
        methods=["tuned"],
        cv=3,
        random_state=0,
        rehearse=False,
    )
    chosen = [m.note for m in comparison.measurements if m.method == "tuned"]
    # Of three folds of 100 each pair and each single one, once; the teacher itself on all rows; and
    # one more for a student whose targets are in-sample in the end.
    in_sample = sum(note in ("in_sample", "blend") for note in chosen)
    assert sorted(CountingTeacher.fits)[:7] == [100] * 3 + [200] * 3 + [300]
    assert CountingTeacher.fits.count(300) <= 1 + in_sample


def test_methods_without_folds_take_classes_of_any_size():
    X, y = np.arange(40.0)[:, None], np.repeat([0, 1], [36, 4])
    methods = ["labels", "in_sample"]
    comparison = compare_students(STUMP, tree(), X, y, methods=methods, random_state=0)
    assert len(comparison.measurements) == 3
    with pytest.raises(ValueError, match="cv=5 folds need at least 5 rows of each class"):
        compare_students(STUMP, tree(), X, y, methods=["tuned_labels"], random_state=0)


def test_seconds_are_those_of_a_fit_on_its_own(noisy, monkeypatch):
    X, y, _ = noisy
    clock = iter(range(7, 10**6))
    monkeypatch.setattr(module, "perf_counter", lambda: float(next(clock)))
    comparison = compare_students(STUMP, tree(), X, y, methods=["labels", "cross_fit"])
    seconds = {m.method: m.fit_seconds for m in comparison.measurements}
    # Each pair of looks at the clock is a second apart: one for the folds, one for a student.
    assert seconds["labels"] == 1
    assert seconds["cross_fit"] == 2
    _, tuned = compare_students(STUMP, tree(), X, y, methods=["tuned"], cv=3).measurements
    assert tuned.fit_seconds == 1


def test_seconds_of_tuning_hold_the_answers_that_others_paid_for(noisy):
    X, y, _ = noisy
    slow = RandomForestClassifier(60, random_state=0)
    students = {"first": tree(max_depth=2), "second": tree(max_depth=2)}
    comparison = compare_students(slow, students, X, y, methods=["tuned"], cv=3, random_state=0)
    teacher, first, second = (m.fit_seconds for m in comparison.measurements)
    # Six fits on a third or two of the rows; the second student found them ready.
    assert min(first, second) > 2 * teacher


def test_search_on_labels_fits_as_many_students_at_a_time_as_it_is_told(noisy, monkeypatch):
    X, y, _ = noisy
    told = []

    def tune(*args, n_jobs, **params):
        told.append(n_jobs)
        return student_on_labels(tree(max_depth=1)).fit(X, y)

    monkeypatch.setattr(module, "tune_on_labels", tune)
    compare_students(STUMP, tree(), X, y, methods=["tuned_labels"], n_jobs=2)
    assert told == [2]


# ---- what is said meanwhile ------------------------------------------------------------------


def test_each_stage_and_each_row_of_the_table_is_told(noisy, capsys, monkeypatch):
    for limit in ("SECONDS_BETWEEN_LINES", "SECONDS_OF_SILENCE"):
        monkeypatch.setattr(progress, limit, 600)  # whatever else the machine does
    X, y, _ = noisy
    students = {"a": tree(max_leaf_nodes=4), "b": tree(max_leaf_nodes=8)}
    methods = ["labels", "tuned_labels", "cross_fit", "tuned"]
    compare_students(STUMP, students, X, y, methods=methods, cv=3, random_state=0, verbose=1)
    shown = capsys.readouterr()
    assert shown.out == ""
    told = [re.sub(r"[\d.]+ (s|kB)\b", r"# \1", line) for line in shown.err.splitlines()]
    assert all(line.startswith("[compare_students] ") for line in told)
    told = [line.removeprefix("[compare_students] ") for line in told]
    row = r"accuracy \d\.\d{3}, log loss \d\.\d{3}, # kB, fitted in # s"
    of_student = [
        rf"student on labels: {row}",
        r"student tuned on labels: students \(\d+ fits\): # s",
        rf"student tuned on labels: {row}",
        rf"distilled cross-fit: {row}",
        r"distilled, tuned: teachers \(6 fits\): # s",
        r"distilled, tuned: targets: # s",
        r"distilled, tuned: candidates \(15 fits\): # s",
        r"distilled, tuned: student: # s",
        rf"distilled, tuned \(\w+\): {row}",
    ]
    expected = [
        r"rehearsal: # s",
        r"teachers \(3 fits\): # s",
        r"teacher: # s",
        rf"teacher: {row}",
        *(f"a: {line}" for line in of_student),
        r"1 of 2 students left: about # s",
        # The second student finds the teachers' answers ready.
        *(f"b: {line}" for line in of_student if "teachers" not in line),
        r"times of predictions: # s",
    ]
    # Where a teacher of all rows is fitted in the end, for in-sample targets.
    told = [line for line in told if not line.endswith("tuned: teacher: # s")]
    assert len(told) == len(expected)
    for line, pattern in zip(told, expected, strict=True):
        assert re.fullmatch(pattern, line), line


# ---- what stays, and what cannot be used -----------------------------------------------------


def test_nothing_handed_over_is_modified(noisy):
    X, y, _ = noisy
    teacher, student = RandomForestClassifier(3, random_state=0), tree()
    before = (repr(clone(teacher)), repr(clone(student)), X.copy(), y.copy())
    compare_students(teacher, student, X, y, methods=["in_sample", "cross_fit"])
    assert (repr(teacher), repr(student)) == before[:2]
    assert not hasattr(teacher, "estimators_")
    assert_array_equal(X, before[2])
    assert_array_equal(y, before[3])


class WantsCodes(GaussianNB):
    """Takes no labels but 0 … K − 1, as XGBoost does."""

    def fit(self, X, y, sample_weight=None):
        if list(np.unique(y)) != list(range(len(np.unique(y)))):
            raise ValueError("labels must be 0 to K - 1")
        return super().fit(X, y, sample_weight)


@pytest.mark.parametrize("scoring", ["roc_auc", "balanced_accuracy", "neg_log_loss", "f1_macro"])
def test_teacher_that_wants_codes_is_judged_by_every_score(noisy, scoring):
    X, y = noisy[0], np.array(["no", "yes"])[noisy[1]]
    how = {"scoring": scoring, "methods": ["cross_fit"], "teacher_cv": 3, "random_state": 0}
    wanting, other = (
        compare_students(teacher, tree(max_depth=2), X, y, **how).measurements[0]
        for teacher in (WantsCodes(), GaussianNB())
    )
    assert wanting.score == other.score


def test_score_that_looks_for_a_class_1_says_what_to_use(noisy):
    X, y = noisy[0], np.array(["no", "yes"])[noisy[1]]
    with pytest.raises(ValueError, match=r"pos_label=1.* Use 'f1_macro', or labels 0 and 1\.$"):
        compare_students(STUMP, tree(), X, y, scoring="f1")
    with pytest.raises(ValueError, match=r"pos_label=1.* Use labels 0 and 1\.$"):
        compare_students(STUMP, tree(), X, y, scoring="average_precision")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"students": []}, "at least one student"),
        ({"students": "tree"}, "must be an estimator instance, found 'tree'"),
        ({"methods": ["best"]}, "methods must hold names"),
        (
            {"students": LinearRegression(), "methods": ["tuned_labels"]},
            "there is no search for the student LinearRegression",
        ),
        ({"scoring": "nonsense"}, "cannot judge a classifier"),
        ({"max_latency": -1}, "'max_latency' parameter of compare_students must be a float"),
        (
            {"latency_batch": 7},
            "'latency_batch' parameter .* must be a int among",
        ),
        ({"cv": 1}, "at least 2 folds"),
        ({"cv": "oob"}, "out-of-bag answers with teacher_cv='oob'"),
        ({"cv": "oob", "methods": ["cross_fit"]}, "out-of-bag answers with teacher_cv='oob'"),
        ({"teacher_cv": "best"}, "teacher_cv must be None, 'oob', a number of folds, a splitter"),
        ({"cv": 2}, "at least 3 folds for the method 'tuned'"),
        ({"loss": "cross_entropy"}, "needs a classifier as student"),
        ({"students": LogisticRegression(), "loss": "squared_error"}, "needs a regressor"),
        ({"param_name": "max_depth"}, "go together"),
        (
            {
                "teacher": CountingTeacher(60),
                "groups": np.arange(300) // 3,
                "teacher_cv": "oob",
                "cv": GroupKFold(3),
            },
            "bags ignore groups",
        ),
        ({"teacher_cv": "oob", "teacher": STUMP}, "does not bag"),
        ({"teacher": None}, "teacher is None"),
        ({"y": np.zeros(300)}, "at least 2 classes"),
    ],
)
def test_bad_input_is_told_so_before_any_fit(noisy, changes, message):
    X, y, _ = noisy
    CountingTeacher.fits.clear()
    given = {"teacher": CountingTeacher(3), "students": tree(), "X": X, "y": y, **changes}
    with pytest.raises(ValueError, match=message):
        compare_students(**given)
    assert CountingTeacher.fits == []


def test_frozen_teacher_cannot_be_cross_fitted(noisy):
    X, y, _ = noisy
    with pytest.raises(ValueError, match="frozen teacher cannot be cross-fitted"):
        compare_students(FrozenEstimator(STUMP.fit(X, y)), tree(), X, y, methods=["cross_fit"])
