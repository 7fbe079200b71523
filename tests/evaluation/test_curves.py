"""Curves agree with hand-made cross-validation, and ask each teacher once."""

from typing import ClassVar

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.ensemble import (
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer, mean_pinball_loss
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    ShuffleSplit,
    StratifiedKFold,
    validation_curve,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import (
    CrossFitDistiller,
    CrossFitDistillerRegressor,
    Distiller,
    DistillerRegressor,
    LossCorrectedDistiller,
    LossCorrectedDistillerRegressor,
    distillation_curve,
)
from skdistill._utils import progress
from skdistill.evaluation import make_noisy_numbers, make_noisy_table, neg_log_loss_floored
from skdistill.evaluation.kinds import FOR_NUMBERS


class CountingTeacher(RandomForestClassifier):
    """Notes the number of rows of each of its fits."""

    fits: ClassVar[list[int]] = []

    def fit(self, X, y, sample_weight=None):
        self.fits.append(len(y))
        return super().fit(X, y, sample_weight)


def tree(**params):
    return DecisionTreeRegressor(random_state=0, **params)


DEPTHS = {"param_name": "max_depth", "param_range": [1, 3]}
STUMP = DecisionTreeClassifier(max_depth=2, random_state=0)


@pytest.fixture(scope="module")
def noisy():
    X, y, _ = make_noisy_table(240, random_state=0)
    return X, np.array(["no", "yes"])[y]


# ---- numbers ---------------------------------------------------------------------------------


def test_scores_are_those_of_the_distillers_in_each_fold(noisy):
    X, y = noisy
    teacher = RandomForestClassifier(15, random_state=0)
    teacher_scores, student_scores = distillation_curve(
        teacher, tree(), X, y, **DEPTHS, cv=3, random_state=0, scoring="roc_auc"
    )
    distillers = {
        "in_sample": Distiller(teacher, tree()),
        "cross_fit": CrossFitDistiller(teacher, tree(), random_state=0),
        "corrected": LossCorrectedDistiller(teacher, tree(), random_state=0),
    }
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    for method, distiller in distillers.items():
        _, expected = validation_curve(
            distiller,
            X,
            y,
            param_name="student__max_depth",
            param_range=[1, 3],
            cv=folds,
            scoring="roc_auc",
        )
        assert_allclose(student_scores[method], expected)
    _, expected = validation_curve(
        teacher, X, y, param_name="n_jobs", param_range=[1], cv=folds, scoring="roc_auc"
    )
    assert_allclose(teacher_scores, expected[0])


def test_student_on_labels_has_the_validation_curve_of_scikit_learn(noisy):
    X, y = noisy
    student = DecisionTreeClassifier(random_state=0)
    _, scores = distillation_curve(
        STUMP, student, X, y, **DEPTHS, methods=["labels"], cv=4, random_state=0
    )
    folds = StratifiedKFold(4, shuffle=True, random_state=0)
    _, expected = validation_curve(student, X, y, **DEPTHS, cv=folds)
    assert_allclose(scores["labels"], expected)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_results_do_not_depend_on_the_number_of_jobs(noisy, n_jobs):
    X, y = noisy
    curves = [
        distillation_curve(STUMP, tree(), X, y, **DEPTHS, cv=2, n_jobs=jobs, random_state=0)
        for jobs in (1, n_jobs)
    ]
    assert_array_equal(curves[0][0], curves[1][0])
    for method in curves[0][1]:
        assert_array_equal(curves[0][1][method], curves[1][1][method])


def test_seed_draws_the_folds_of_the_correction_where_a_bag_has_none(noisy):
    stumps = RandomForestClassifier(60, max_depth=1, random_state=0)
    given = {"methods": ["corrected"], "cv": 2, "teacher_cv": "oob", "random_state": 0}
    given["scoring"] = neg_log_loss_floored
    one, other = (distillation_curve(stumps, tree(), *noisy, **DEPTHS, **given) for _ in range(2))
    assert_array_equal(one[1]["corrected"], other[1]["corrected"])


def test_shares_and_rules_are_methods(noisy):
    X, y = noisy
    methods = ["cross_fit", 0.0, ("fast", 0.1)]
    _, scores = distillation_curve(
        STUMP, tree(), X, y, **DEPTHS, methods=methods, cv=2, random_state=0
    )
    assert list(scores) == methods
    assert_array_equal(scores[0.0], scores["cross_fit"])
    assert not np.array_equal(scores["fast", 0.1], scores["cross_fit"])


# ---- fits ------------------------------------------------------------------------------------


def test_teacher_is_asked_once_in_each_outer_fold_for_all_values_and_methods(noisy):
    X, y = noisy
    CountingTeacher.fits.clear()
    distillation_curve(
        CountingTeacher(3, random_state=0),
        tree(),
        X,
        y,
        param_name="max_leaf_nodes",
        param_range=[2, 4, 8, 16],
        methods=["labels", "in_sample", "cross_fit", "corrected", 0.3],
        cv=3,
        teacher_cv=4,
        random_state=0,
        rehearse=False,
    )
    # Three outer folds of 160 training rows, four inner folds that train on 120 of these.
    assert sorted(CountingTeacher.fits) == [120] * 12 + [160] * 3


def test_bag_is_fitted_once_in_each_outer_fold(noisy):
    X, y = noisy
    CountingTeacher.fits.clear()
    teacher = CountingTeacher(60, random_state=0)
    how = {"cv": 3, "teacher_cv": "oob", "random_state": 0, "rehearse": False}
    distillation_curve(teacher, tree(), X, y, **DEPTHS, **how)
    assert CountingTeacher.fits == [160] * 3


def test_teacher_is_not_asked_about_unseen_rows_where_no_method_wants_it(noisy):
    X, y = noisy
    CountingTeacher.fits.clear()
    how = {"methods": ["labels", "in_sample"], "cv": 3, "rehearse": False}
    distillation_curve(CountingTeacher(3), tree(), X, y, **DEPTHS, **how)
    assert CountingTeacher.fits == [160] * 3


def test_nothing_handed_over_is_modified(noisy):
    X, y = noisy
    teacher, student = RandomForestClassifier(3, random_state=0), tree()
    before = (repr(clone(teacher)), repr(clone(student)), X.copy(), y.copy())
    distillation_curve(teacher, student, X, y, **DEPTHS, cv=2, random_state=0)
    assert (repr(teacher), repr(student)) == before[:2]
    assert not hasattr(teacher, "estimators_")
    assert_array_equal(X, before[2])
    assert_array_equal(y, before[3])


# ---- what is taken ---------------------------------------------------------------------------


@pytest.mark.parametrize("as_table", [pd.DataFrame, np.ndarray.tolist])
def test_tables_of_all_kinds_give_the_same_curve(noisy, as_table):
    X, y = noisy
    expected = distillation_curve(STUMP, tree(), X, y, **DEPTHS, cv=2, random_state=0)
    found = distillation_curve(STUMP, tree(), as_table(X), y, **DEPTHS, cv=2, random_state=0)
    assert_allclose(found[0], expected[0])
    assert_allclose(found[1]["cross_fit"], expected[1]["cross_fit"])


def test_sparse_rows_are_taken(noisy):
    X, y = noisy
    expected, _ = distillation_curve(STUMP, tree(), X, y, **DEPTHS, cv=2, random_state=0)
    found, scores = distillation_curve(
        STUMP, tree(), sparse.csr_matrix(X), y, **DEPTHS, cv=2, random_state=0
    )
    # Trees break ties between splits of sparse columns in another way.
    assert_allclose(found, expected, atol=0.05)
    assert np.isfinite(scores["corrected"]).all()


def test_polars_frames_are_taken(noisy):
    X, y = noisy
    frame = pl.DataFrame(X, schema=[f"x{j}" for j in range(X.shape[1])])
    teacher_scores, _ = distillation_curve(
        STUMP, tree(), frame, y, **DEPTHS, methods=["cross_fit"], cv=2, random_state=0
    )
    assert np.isfinite(teacher_scores).all()


def test_pipelines_and_their_parameters_are_taken(noisy):
    X, y = noisy
    student = make_pipeline(StandardScaler(), LogisticRegression())
    _, scores = distillation_curve(
        STUMP,
        student,
        X,
        y,
        param_name="logisticregression__C",
        param_range=np.logspace(-4, 0, 2),
        cv=2,
    )
    assert scores["corrected"].shape == (2, 2)


def test_estimators_and_none_are_values(noisy):
    X, y = noisy
    student = make_pipeline(StandardScaler(), tree(max_depth=2))
    values = [StandardScaler(), "passthrough"]
    _, scores = distillation_curve(
        STUMP,
        student,
        X,
        y,
        param_name="standardscaler",
        param_range=values,
        methods=["cross_fit"],
        cv=2,
        random_state=0,
    )
    assert_allclose(scores["cross_fit"][0], scores["cross_fit"][1])
    assert not hasattr(values[0], "mean_")


def test_outer_folds_may_leave_rows_out(noisy):
    X, y = noisy
    folds = ShuffleSplit(4, test_size=0.2, random_state=0)
    teacher_scores, scores = distillation_curve(STUMP, tree(), X, y, **DEPTHS, cv=folds)
    assert teacher_scores.shape == (4,)
    assert scores["labels"].shape == (2, 4)


def test_groups_reach_both_splitters(noisy):
    X, y = noisy
    groups = np.arange(len(y)) // 10
    seen = []

    class Watching(GroupKFold):
        def split(self, X, y=None, groups=None):
            seen.append(len(np.unique(groups)))
            return super().split(X, y, groups)

    distillation_curve(
        STUMP, tree(), X, y, **DEPTHS, groups=groups, cv=Watching(3), teacher_cv=Watching(2)
    )
    assert seen == [24, 16, 16, 16]


def test_scorers_may_be_functions(noisy):
    X, y = noisy
    teacher_scores, _ = distillation_curve(
        STUMP, tree(), X, y, **DEPTHS, cv=2, scoring=neg_log_loss_floored
    )
    assert (teacher_scores < 0).all()


def test_parameter_may_be_called_as_in_a_search_over_a_distiller(noisy):
    X, y = noisy
    known = {"param_range": [1, 2], "cv": 2, "methods": ["labels"], "random_state": 0}
    short, long = (
        distillation_curve(STUMP, tree(), X, y, param_name=name, **known)[1]["labels"]
        for name in ("max_depth", "student__max_depth")
    )
    assert_array_equal(short, long)


def test_verbose_tells_teachers_of_each_fold_and_students(noisy, capsys, monkeypatch):
    for limit in ("SECONDS_BETWEEN_LINES", "SECONDS_OF_SILENCE"):
        monkeypatch.setattr(progress, limit, 600)  # whatever else the machine does
    X, y = noisy
    distillation_curve(STUMP, tree(), X, y, **DEPTHS, cv=2, teacher_cv=3, verbose=1)
    shown = capsys.readouterr()
    assert shown.out == ""
    told = [line.rpartition(": ")[0] for line in shown.err.splitlines()]
    own = [f"fold {k} of 2: {step}" for k in (1, 2) for step in ("teachers (3 fits)", "teacher")]
    n_students = 2 * 4 * len(DEPTHS["param_range"])
    expected = ["rehearsal", *own, "teachers (2 fits)", f"students ({n_students} fits)"]
    assert told == [f"[distillation_curve] {step}" for step in expected]


# ---- what cannot be used ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"param_name": "max_leafs"}, "parameter of the student DecisionTreeRegressor.*max_depth"),
        ({"param_range": []}, "at least one value of 'max_depth'"),
        ({"param_range": [1, -3]}, "rows, before any teacher was fitted.*'max_depth'.* Got -3"),
        ({"param_range": 3}, "must be a list of values, found 3"),
        ({"param_range": "abc"}, "must be a list of values, found 'abc'"),
        ({"methods": ["tuned"]}, "methods must hold names of"),
        ({"scoring": "nonsense"}, "cannot judge a classifier"),
        (
            {"scoring": make_scorer(lambda y, d: 0.0, response_method="decision_function")},
            "cannot judge a classifier by its predict or predict_proba",
        ),
        ({"cv": 1}, "at least 2 folds"),
        ({"cv": "oob"}, "out-of-bag answers with teacher_cv='oob'"),
        ({"cv": []}, "cv must give folds"),
        ({"n_jobs": 0}, "'n_jobs' parameter of distillation_curve"),
        ({"teacher_cv": "oob"}, "DecisionTreeClassifier does not bag"),
        ({"teacher_cv": 200}, "cv=200 folds need at least 200 rows"),
        ({"loss": "cross_entropy"}, "needs a classifier as student"),
        ({"groups": [1, 2]}, "groups must have one entry per row"),
        (
            {"groups": [1, 2], "cv": [([0, 1, 2, 3], [4, 5]), ([4, 5], [0, 1])]},
            "groups must have one entry per row",
        ),
    ],
)
def test_bad_input_is_told_so_before_any_fit(noisy, changes, message):
    X, y = noisy
    CountingTeacher.fits.clear()
    teacher = STUMP if "teacher_cv" in changes else CountingTeacher(3)
    with pytest.raises(ValueError, match=message):
        distillation_curve(teacher, tree(), X, y, **{**DEPTHS, "cv": 2, **changes})
    assert CountingTeacher.fits == []


def test_failing_student_names_its_method_and_parameter(noisy):
    X, y = noisy
    message = "student failed for 'labels' with max_depth=-1 in fold 1 of 5: .*max_depth"
    with pytest.raises(ValueError, match=message):
        distillation_curve(
            STUMP,
            tree(),
            X,
            y,
            param_name="max_depth",
            param_range=[-1],
            methods=["labels"],
            rehearse=False,
        )


# ---- numbers ---------------------------------------------------------------------------------


def test_curve_of_numbers_is_r2_of_what_distillers_teach():
    X, y, _ = make_noisy_numbers(400, n_features=4, random_state=0)
    teacher, student = RandomForestRegressor(60, random_state=0), tree(max_leaf_nodes=64)
    how = {"param_name": "max_leaf_nodes", "param_range": [8, 64], "cv": 2, "random_state": 0}
    teacher_scores, student_scores = distillation_curve(
        teacher, tree(), X, y, teacher_cv="oob", **how
    )
    train, test = next(KFold(2, shuffle=True, random_state=0).split(X))
    ways = {
        # It rounds numbers as targets are, by which ties of splits may go another way.
        "labels": FOR_NUMBERS.on_labels(student),
        "in_sample": DistillerRegressor(teacher, student),
        "cross_fit": CrossFitDistillerRegressor(teacher, student, cv="oob"),
        "corrected": LossCorrectedDistillerRegressor(teacher, student, cv="oob", random_state=0),
    }
    assert_allclose(teacher_scores[0], teacher.fit(X[train], y[train]).score(X[test], y[test]))
    assert list(student_scores) == list(ways)
    for method, model in ways.items():
        score = model.fit(X[train], y[train]).score(X[test], y[test])
        assert_allclose(student_scores[method][1, 0], score, err_msg=method)


def test_a_quantile_needs_the_loss_that_is_meant():
    X, y, _ = make_noisy_numbers(200, n_features=4, random_state=0)
    teacher = HistGradientBoostingRegressor(loss="quantile", quantile=0.9, max_iter=10)
    scorer = make_scorer(mean_pinball_loss, alpha=0.9, greater_is_better=False)

    def curve(**params):
        how = {"param_name": "max_depth", "param_range": [3], "cv": 2, "teacher_cv": 2}
        return distillation_curve(teacher, tree(), X, y, random_state=0, **how, **params)

    with pytest.raises(ValueError, match="answers no mean, and scoring=None judges"):
        curve(methods=["labels", "cross_fit"])
    with pytest.raises(ValueError, match="answers no mean, and the candidate 'residual' moves"):
        curve(scoring=scorer)
    of_teacher, of_students = curve(methods=["labels", "cross_fit"], scoring=scorer)
    assert of_students["cross_fit"].mean() > of_students["labels"].mean()
    assert of_teacher.max() < 0
