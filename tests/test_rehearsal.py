"""Members that cannot learn or answer are found on a few rows, before any teacher is fitted."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    OneHotEncoder,
    StandardScaler,
)
from sklearn.tree import DecisionTreeRegressor

from skdistill import (
    CrossFitDistiller,
    Distiller,
    LossCorrectedDistiller,
    LossCorrectedDistillerCV,
    compare_students,
    diagnose_teacher,
    distillation_curve,
    distillation_targets,
    teacher_probabilities,
)
from skdistill import rehearsal as rehearsal_
from skdistill._utils.memory import digest
from skdistill.rehearsal import rehearse
from skdistill.rows import check
from skdistill.sources import Teacher

from .conftest import noisy

X, Y, _ = noisy(1_500, 0)
TREE = DecisionTreeRegressor(max_leaf_nodes=8, random_state=0)


class Counted(GaussianNB):
    """A teacher that counts the rows of the fits of all its clones."""

    fits: list = []  # noqa: RUF012

    def fit(self, X, y, sample_weight=None):
        self.fits.append(len(y))
        return super().fit(X, y, sample_weight)


class FailsToAnswer(Counted):
    """A teacher that learns, and has no answer."""

    def predict_proba(self, X):
        return np.full((len(X), 2), np.nan)


def as_it_is(student):
    """A curve over a parameter that does not change."""
    name, value = next(iter(student.get_params().items()))
    return {"param_name": name, "param_range": [value]}


DOORS = {
    "plain": lambda teacher, student: Distiller(teacher, student).fit(X, Y),
    "cross-fitted": lambda teacher, student: CrossFitDistiller(teacher, student).fit(X, Y),
    "corrected": lambda teacher, student: LossCorrectedDistiller(teacher, student).fit(X, Y),
    "search": lambda teacher, student: LossCorrectedDistillerCV(teacher, student).fit(X, Y),
    "comparison": lambda teacher, student: compare_students(teacher, student, X, Y),
    "curve": lambda teacher, student: distillation_curve(
        teacher, student, X, Y, **as_it_is(student)
    ),
    "diagnosis": lambda teacher, student: diagnose_teacher(teacher, X, Y, student=student),
    "answers": lambda teacher, student: teacher_probabilities(teacher, X, Y),
    "targets": lambda teacher, student: distillation_targets(teacher, X, Y),
}


# ---- every door ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "student", [OneVsRestClassifier(LogisticRegression()), FixedThresholdClassifier(GaussianNB())]
)
@pytest.mark.parametrize("door", [door for door in DOORS if door not in ("answers", "targets")])
def test_student_that_cannot_learn_costs_no_teacher(door, student):
    Counted.fits.clear()
    with pytest.raises(ValueError, match=f"The student {type(student).__name__} cannot learn from"):
        DOORS[door](Counted(), student)
    assert Counted.fits == []


@pytest.mark.parametrize("door", DOORS)
def test_teacher_that_cannot_answer_is_fitted_for_nothing_but_that(door):
    Counted.fits.clear()
    with pytest.raises(ValueError, match=r"teacher FailsToAnswer cannot .* before any .* NaN"):
        DOORS[door](FailsToAnswer(), TREE)
    n_rows = 1_050 if door == "comparison" else 1_500
    small = [size for size in Counted.fits if size < n_rows]
    # Few rows, more, and all, by which who needs many rows is given a chance.
    assert max(small) <= 1_001
    assert Counted.fits == [*small, n_rows]
    assert len(small) <= 2


class Marks(TransformerMixin, BaseEstimator):
    """A step that writes into the rows, of whatever kind they are."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        if hasattr(X, "columns"):
            X.loc[X.index[0], X.columns[0]] = 99.0
        else:
            X[:1, :1] = 99.0
        return X


WRITERS = {
    "array": (np.asarray, StandardScaler(copy=False)),
    "frame": (lambda X: pd.DataFrame(X).add_prefix("c"), Marks()),
    "sparse": (sparse.csr_array, MaxAbsScaler(copy=False)),
}


@pytest.mark.parametrize("role", ["teacher", "student"])
@pytest.mark.parametrize("door", DOORS)
def test_member_that_writes_into_the_rows_is_refused(door, role):
    if role == "student" and door in ("answers", "targets"):
        return
    writes = StandardScaler(copy=False)
    members = {"teacher": GaussianNB(), "student": TREE}
    members[role] = make_pipeline(writes, members[role])
    with pytest.raises(ValueError, match=f"The {role} Pipeline writes into the rows"):
        DOORS[door](*members.values())


@pytest.mark.parametrize("kind", WRITERS)
def test_rows_of_all_kinds_are_watched(kind):
    make, step = WRITERS[kind]
    rows = make(X.copy())
    with pytest.raises(ValueError, match="writes into the rows"):
        Distiller(make_pipeline(step, LogisticRegression()), TREE).fit(rows, Y)
    unseen = make(X[:50].copy())
    with pytest.raises(ValueError, match="writes into the rows"):
        CrossFitDistiller(make_pipeline(step, LogisticRegression()), TREE).fit(
            rows, Y, X_transfer=unseen
        )
    assert digest(rows) == digest(make(X))
    assert digest(unseen) == digest(make(X[:50]))


def test_frozen_teacher_that_writes_into_the_rows_is_given_copies():
    frozen = make_pipeline(StandardScaler(copy=False), LogisticRegression()).fit(X.copy(), Y)
    rows, unseen = X.copy(), X[:50].copy()
    how = {"random_state": 0, "store_teacher_proba": True}
    model = Distiller(FrozenEstimator(frozen), TREE, **how).fit(rows, Y, X_transfer=unseen)
    assert_array_equal(rows, X)
    assert_array_equal(unseen, X[:50])
    assert_array_equal(model.teacher_proba_, frozen.predict_proba(X.copy()))


@pytest.mark.parametrize("door", ["plain", "cross-fitted", "corrected", "search"])
def test_nobody_rehearses_who_is_told_not_to(door):
    Counted.fits.clear()
    kind = type(DOORS[door](GaussianNB(), TREE))
    kind(Counted(), TREE, rehearse=False).fit(X, Y)
    assert min(Counted.fits) >= 900


def test_answers_are_those_without_a_rehearsal():
    for kind in (Distiller, CrossFitDistiller, LossCorrectedDistiller, LossCorrectedDistillerCV):
        params = {} if kind is Distiller else {"random_state": 0}
        forest = RandomForestClassifier(10, random_state=0)
        one, other = (kind(forest, TREE, rehearse=r, **params).fit(X, Y) for r in (True, False))
        assert_array_equal(one.predict_proba(X), other.predict_proba(X))


# ---- which rows, and how often -------------------------------------------------------------------


def test_who_needs_many_rows_gets_them():
    CrossFitDistiller(KNeighborsClassifier(200), TREE, cv=3).fit(X[:400], Y[:400])
    CrossFitDistiller(KNeighborsClassifier(1_100), TREE, cv=4).fit(X, Y)


def test_few_rounds_are_enough_for_a_rehearsal(monkeypatch):
    seen = []
    fit = RandomForestClassifier.fit
    monkeypatch.setattr(
        RandomForestClassifier, "fit", lambda self, *a, **p: seen.append(self) or fit(self, *a, **p)
    )
    forest = make_pipeline(RandomForestClassifier(50, random_state=0))
    Distiller(forest, TREE).fit(X, Y)
    assert [model.n_estimators for model in seen] == [5, 50]
    assert forest[-1].n_estimators == 50


def test_frozen_teachers_are_not_rehearsed():
    frozen = FrozenEstimator(Counted().fit(X, Y))
    Counted.fits.clear()
    rehearse(check(X, Y), Teacher(frozen))
    assert Counted.fits == []


def test_rows_of_a_rehearsal_hold_every_class_and_no_weight_of_zero():
    y = np.r_[np.zeros(990), np.ones(8), [2, 2]]
    weight = np.ones(1000)
    weight[:50] = 0
    rows = check(np.zeros((1000, 1)), y, weight)
    part = rehearsal_._some(rows, 100)
    assert_array_equal(np.unique(y[part]), [0, 1, 2])
    assert part.min() == 50
    assert len(part) == len(np.unique(part)) <= 110
    assert_array_equal(np.bincount(y[part].astype(int)), [99, 6, 2])


def _with(values):
    table = X.copy()
    for (row, column), value in values.items():
        table[row, column] = value
    return table


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (X, []),
        (_with({(700, 1): np.nan, (900, 1): np.nan, (800, 3): np.inf}), [700, 800]),
        (_with({(700, 1): 1e300}), [700]),
        (sparse.csr_array(_with({(700, 1): np.nan})), [700]),
        (sparse.csc_array(_with({(700, 1): -np.inf})), [700]),
        (pd.DataFrame(_with({(700, 1): np.nan, (710, 0): np.nan})), [700, 710]),
        (pd.DataFrame({"a": ["x"] * 600 + [None] * 900}), [600]),
        (pl.DataFrame({"a": ["x"] * 600 + [None] * 900}), [600]),
        (np.array(["text"] * 9, dtype=object), []),
    ],
)
def test_rows_on_which_members_may_choke_are_chosen(rows, expected):
    assert sorted(set(rehearsal_._awkward(rows).tolist())) == expected


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_value_far_down_the_table_is_found(value):
    with pytest.raises(ValueError, match="cannot learn from X and y"):
        CrossFitDistiller(LogisticRegression(), TREE).fit(_with({(1_400, 2): value}), Y)
    with pytest.raises(ValueError, match="cannot learn from X and y"):
        compare_students(
            GaussianNB(), LogisticRegression(), X, Y, X_test=_with({(9, 1): value}), y_test=Y
        )


def test_text_that_reaches_a_student_is_found():
    frame = pd.DataFrame({"town": ["Bonn", "Köln", "Trier"] * 500, "size": X[:, 0]})
    encode = make_column_transformer((OneHotEncoder(), ["town"]), remainder="passthrough")
    teacher = make_pipeline(encode, Counted())
    Counted.fits.clear()
    with pytest.raises(ValueError, match="student DecisionTreeRegressor cannot .* 'Bonn'"):
        CrossFitDistiller(teacher, TREE).fit(frame, Y)
    assert Counted.fits == []


def test_weights_are_rehearsed_with_the_rows():
    class DropsRows(ClassifierMixin, BaseEstimator):
        """A classifier that balances classes, and leaves the weights as they were."""

        def fit(self, X, y, sample_weight=None):
            least = np.bincount(y).min()
            kept = np.concatenate([np.flatnonzero(y == k)[:least] for k in (0, 1)])
            self.model_ = GaussianNB().fit(X[kept], y[kept], sample_weight)
            self.classes_ = self.model_.classes_
            return self

        def predict_proba(self, X):
            return self.model_.predict_proba(X)

    CrossFitDistiller(DropsRows(), TREE).fit(X, Y)
    with pytest.raises(ValueError, match="teacher DropsRows cannot learn .*sample_weight"):
        CrossFitDistiller(DropsRows(), TREE).fit(X, Y, sample_weight=np.ones(1_500))


# ---- members that answer in another shape --------------------------------------------------------


class Network(RegressorMixin, BaseEstimator):
    """A linear model that answers a column, as networks do: its loss compares all with all."""

    def fit(self, X, y):
        targets = np.asarray(y) if np.ndim(y) == 2 else np.full((len(X), 1), np.mean(y))
        self.coef_ = np.linalg.lstsq(X, targets, rcond=None)[0]
        return self

    def predict(self, X):
        return X @ self.coef_


def test_student_that_answers_a_column_learns_a_column():
    X, y, _ = noisy(600, 1)
    flat = Network().fit(X, y).predict(X).ravel()
    assert roc_auc_score(y, flat) < 0.7
    for kind in (CrossFitDistiller, LossCorrectedDistillerCV):
        proba = kind(GaussianNB(), Network(), random_state=0).fit(X, y).predict_proba(X)
        assert roc_auc_score(y, proba[:, 1]) > 0.7


def test_member_that_cannot_be_cloned_is_told_why():
    class KeepsACopy(GaussianNB):
        def __init__(self, columns=None):
            self.columns = None if columns is None else list(columns)

    for teacher, student, role in [
        (KeepsACopy([1]), TREE, "teacher"),
        (GaussianNB(), KeepsACopy([1]), "student"),
    ]:
        with pytest.raises(
            ValueError, match=rf"The {role} KeepsACopy cannot be cloned.*hand over a tuple.*columns"
        ):
            Distiller(teacher, student).fit(X, Y)


# ---- who prepares rows -----------------------------------------------------------------------

AS_IT_IS = "It gets X as it is, not what the teacher's Pipeline makes of it"
TEXT = pd.DataFrame({"a": ["u", "v", "w"] * 20, "b": range(60)})
OF_TEXT = np.arange(60) % 2
PREPARES = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression())


@pytest.mark.parametrize("rehearsed", [True, False])
@pytest.mark.parametrize(
    "call",
    [
        lambda **how: Distiller(PREPARES, TREE, **how).fit(TEXT, OF_TEXT),
        lambda **how: CrossFitDistiller(PREPARES, TREE, cv=2, **how).fit(TEXT, OF_TEXT),
        lambda **how: compare_students(PREPARES, TREE, TEXT, OF_TEXT, methods=["in_sample"], **how),
        lambda **how: distillation_curve(
            PREPARES, TREE, TEXT, OF_TEXT, param_name="max_depth", param_range=[1], cv=2, **how
        ),
        lambda **how: diagnose_teacher(PREPARES, TEXT, OF_TEXT, student=TREE, cv=2, **how),
    ],
)
def test_student_without_its_teachers_pipeline_is_told_so(call, rehearsed):
    with pytest.raises(ValueError, match=f"(?s)could not convert string to float.*{AS_IT_IS}"):
        call(rehearse=rehearsed)


@pytest.mark.parametrize(
    ("teacher", "student"),
    [
        (make_pipeline("passthrough", LogisticRegression()), TREE),
        (PREPARES, make_pipeline(FunctionTransformer(), TREE)),
    ],
)
@pytest.mark.parametrize("rehearsed", [True, False])
def test_other_failures_are_not_explained_so(teacher, student, rehearsed):
    with pytest.raises(ValueError, match="could not convert string to float") as failed:
        Distiller(teacher, student, rehearse=rehearsed).fit(TEXT, OF_TEXT)
    assert AS_IT_IS not in str(failed.value)
