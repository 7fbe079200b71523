import os
import re
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.datasets import load_digits, make_classification
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.model_selection import cross_val_predict, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils import resample

from skdistill._utils.numeric import as_numeric
from skdistill.outcomes import Classes
from skdistill.rows import Rows
from skdistill.sources import overfit
from skdistill.sources.overfit import (
    IN_SAMPLE_MESSAGE,
    InSampleEvidence,
    in_sample_evidence,
    looks_in_sample,
    overfit_share,
)

DATA = os.environ.get("SKDISTILL_DATA")
needs_data = pytest.mark.skipif(DATA is None, reason="SKDISTILL_DATA names no folder of tables")


def _table(name: str, n_rows: int | None = None) -> tuple[pd.DataFrame, np.ndarray]:
    table = pd.read_csv(Path(DATA or "") / f"{name}.csv.gz")
    y = np.unique(table.pop("target"), return_inverse=True)[1]
    if n_rows is not None:
        table, y = resample(table, y, replace=False, n_samples=n_rows, stratify=y, random_state=0)
    return table, y


def _forest(n_trees: int = 40, seed: int = 0) -> RandomForestClassifier:
    return RandomForestClassifier(n_trees, oob_score=True, random_state=seed)


def _lightgbm() -> lgb.LGBMClassifier:
    return lgb.LGBMClassifier(n_jobs=1, verbose=-1)


def _noisy(n_rows: int = 800) -> tuple[np.ndarray, np.ndarray]:
    return make_classification(n_rows, n_features=8, n_informative=4, flip_y=0.3, random_state=0)


# The overfit share


def test_share_of_an_unpruned_bootstrap_forest_is_one_minus_one_over_e():
    n_rows, n_trees = 1000, 100
    X, y = _noisy(n_rows)
    forest = _forest(n_trees).fit(X, y)
    proba_oob = np.array(forest.oob_decision_function_)[:, 1]
    share = overfit_share(y, forest.predict_proba(X)[:, 1], proba_oob)
    # A tree holds row i with probability q, and repeats its label then. So the share is the mean,
    # weighted by (y - p_oob)^2, of a row's fraction of trees, which has variance q(1 - q) / trees.
    q = 1 - (1 - 1 / n_rows) ** n_rows
    weight = (y - proba_oob) ** 2
    deviation = np.sqrt(q * (1 - q) / n_trees * np.sum(weight**2)) / np.sum(weight)
    assert share == pytest.approx(q, abs=5 * deviation)
    assert share == pytest.approx(1 - 1 / np.e, abs=5 * deviation + 1 / n_rows)


def test_share_is_zero_without_change_and_one_for_the_labels():
    rng = np.random.default_rng(0)
    y = np.eye(3)[rng.integers(3, size=50)]
    proba = rng.dirichlet(np.ones(3), size=50)
    assert overfit_share(y, proba, proba) == 0.0
    assert overfit_share(y, y, proba) == pytest.approx(1.0)
    assert overfit_share(y, 0.3 * y + 0.7 * proba, proba) == pytest.approx(0.3)


def test_share_is_the_same_from_one_column_as_from_two():
    rng = np.random.default_rng(0)
    y, p_in, p_out = rng.integers(2, size=50), rng.random(50), rng.random(50)
    two = [np.column_stack([1 - a, a]) for a in (y, p_in, p_out)]
    assert overfit_share(*two) == pytest.approx(overfit_share(y, p_in, p_out))


def test_share_weights_count_rows():
    rng = np.random.default_rng(0)
    y, p_in, p_out = rng.integers(2, size=30), rng.random(30), rng.random(30)
    weight = rng.integers(0, 4, size=30)
    repeated = [np.repeat(a, weight) for a in (y, p_in, p_out)]
    assert overfit_share(y, p_in, p_out, weight) == pytest.approx(overfit_share(*repeated))


def test_share_without_surprise_is_zero_and_ignores_nan():
    assert overfit_share([0, 1], [0.5, 0.5], [0.0, 1.0]) == 0.0
    with_nan = overfit_share([0, 1, 1], [0.1, 0.8, 0.9], [0.2, 0.6, np.nan])
    assert with_nan == pytest.approx(overfit_share([0, 1], [0.1, 0.8], [0.2, 0.6]))


def test_share_refuses_different_shapes():
    with pytest.raises(ValueError, match="must have one shape"):
        overfit_share([0, 1], [[0.1, 0.9], [0.2, 0.8]], [0.1, 0.2])


# The check: silent


@pytest.mark.parametrize("how", ["oob", "folds", "neighbours"])
def test_silent_for_honest_probabilities_on_digits(how):
    X, y = load_digits(return_X_y=True)
    if how == "oob":
        proba = _forest().fit(X, y).oob_decision_function_
    else:
        teacher = {
            "folds": _forest(20),
            "neighbours": KNeighborsClassifier(1),
        }[how]
        proba = cross_val_predict(teacher, X / 16, y, cv=5, method="predict_proba")
    rows = slice(None) if how == "oob" else slice(0, 900)
    assert not looks_in_sample(X[rows], y[rows], proba[rows])


@needs_data
@pytest.mark.parametrize("name", ["optdigits", "letter"])
@pytest.mark.parametrize("neighbours", [False, True])
def test_silent_for_honest_probabilities_of_many_classes(name, neighbours):
    # The teacher knows four times the reference's rows: a better teacher is not an in-sample one.
    X, y = _table(name, 3200)
    if neighbours:
        proba = cross_val_predict(KNeighborsClassifier(1), X, y, cv=5, method="predict_proba")
    else:
        proba = _forest(30).fit(X, y).oob_decision_function_
    _, rows = train_test_split(np.arange(len(y)), test_size=800, stratify=y, random_state=0)
    assert not looks_in_sample(X.iloc[rows], y[rows], proba[rows])


@needs_data
@pytest.mark.parametrize("name", ["adult", "magic", "phoneme"])
@pytest.mark.parametrize("how", ["oob", "folds"])
def test_silent_for_honest_probabilities_of_two_classes(name, how):
    X, y = _table(name, 2000)
    numeric = np.nan_to_num(as_numeric(X), nan=-1.0)
    if how == "oob":
        proba = _forest().fit(numeric, y).oob_decision_function_
    else:
        proba = cross_val_predict(_lightgbm(), numeric, y, cv=5, method="predict_proba")
    assert not looks_in_sample(X, y, proba)


def test_silent_for_a_perfect_teacher_of_noisy_labels():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1500, 4))
    p = np.where(np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] > 0, 0.85, 0.15)
    y = (rng.random(1500) < p).astype(int)
    assert not looks_in_sample(X, y, np.column_stack([1 - p, p]))


# The check: speaks


@needs_data
@pytest.mark.parametrize("name", ["adult", "magic", "phoneme"])
@pytest.mark.parametrize("teacher", [_forest(), _lightgbm()], ids=["forest", "lightgbm"])
def test_speaks_for_in_sample_probabilities(name, teacher):
    X, y = _table(name, 2000)
    numeric = np.nan_to_num(as_numeric(X), nan=-1.0)
    assert looks_in_sample(X, y, teacher.fit(numeric, y).predict_proba(numeric))


@needs_data
def test_speaks_for_lightgbm_on_all_of_adult():
    # The hardest cell: 3,000 leaves for 48,842 rows memorise less than a tenth.
    X, y = _table("adult")
    numeric = as_numeric(X)
    assert looks_in_sample(X, y, _lightgbm().fit(numeric, y).predict_proba(numeric))


@pytest.mark.parametrize("teacher", [KNeighborsClassifier(1), ExtraTreesClassifier(20)])
def test_speaks_for_teachers_that_repeat_the_labels(teacher):
    X, y = _noisy()
    assert looks_in_sample(X, y, teacher.fit(X, y).predict_proba(X))


# The check: what it measures


@pytest.mark.parametrize(("n_classes", "share"), [(2, 0.3), (2, 0.5), (4, 0.5)])
def test_a_share_that_is_planted_is_measured(n_classes, share):
    """With p = p0 + ω (y − p0), and p0 easy to learn: slope 1/ω, share ω, unexplained (1 − ω)²."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 2))
    # Each bit of the class code follows the sign of a column.
    first, second = np.where(X > 0, 0.8, 0.2).T
    p0 = np.column_stack([1 - first, first])
    if n_classes == 4:
        p0 = np.hstack([p0 * (1 - second)[:, None], p0 * second[:, None]])
    y = (p0.cumsum(axis=1) < rng.random((3000, 1))).sum(axis=1)
    evidence = in_sample_evidence(X, y, p0 + share * (np.eye(n_classes)[y] - p0))
    # The models of labels and probabilities are learned from 2,400 rows, and off by so much.
    assert evidence.slope == pytest.approx(1 / share, rel=0.1)
    assert evidence.share == pytest.approx(share, rel=0.1)
    assert evidence.unexplained == pytest.approx((1 - share) ** 2, rel=0.1)
    assert evidence.in_sample


def test_pooled_evidence_is_that_of_the_sums():
    # d = (1, 2), r = (3, 1) with weights 1; d = (2,), r = (1,) with weight 2, in two groupings.
    parts = np.array([[5.0, 5.0, 10.0, 8.0, 3.0, 4.0], [4.0, 8.0, 2.0, 1.0, 1.0, 6.0]])
    evidence = overfit._pool(parts)
    assert evidence.slope == pytest.approx(9 / 13)
    assert evidence.standard_error == pytest.approx(np.sqrt(2 * 9) / 13)
    assert evidence.share == pytest.approx(9 / 12)
    assert evidence.unexplained == pytest.approx(4 / 10)
    assert evidence.lower_slope == pytest.approx(9 / 13 - 2 * np.sqrt(18) / 13)


@pytest.mark.parametrize("empty", [1, 2, 5])
def test_nothing_is_told_where_nothing_differs(empty):
    parts = np.ones((2, 6))
    parts[:, empty] = 0
    assert overfit._pool(parts) is None


@pytest.mark.parametrize("message", [None, "Of these very rows."])
def test_probabilities_that_repeat_the_labels_are_warned_of_each_time(message):
    X, y = _noisy()
    rows = Rows(X, y, Classes(np.unique(y)), y)
    words = () if message is None else (message,)
    for _ in range(2):
        with pytest.warns(UserWarning, match=re.escape(message or IN_SAMPLE_MESSAGE)):
            overfit.warn_if_in_sample(rows, np.eye(2)[y], *words)


def test_honest_probabilities_are_not_warned_of():
    X, y = _noisy()
    forest = _forest().fit(X, y)
    overfit.warn_if_in_sample(Rows(X, y, Classes(np.unique(y)), y), forest.oob_decision_function_)


# The check: manners


def test_is_deterministic():
    X, y = _noisy()
    proba = _forest(20).fit(X, y).predict_proba(X)
    state = np.random.get_state()[1].copy()  # noqa: NPY002 (that nobody touched it is the point)
    assert in_sample_evidence(X, y, proba) == in_sample_evidence(X, y, proba)
    np.testing.assert_array_equal(state, np.random.get_state()[1])  # noqa: NPY002


def _containers(X: np.ndarray) -> dict:
    holes, words = X.copy(), np.digitize(X[:, 0], [-1, 0, 1])
    holes[::7, 1] = np.nan
    frame = pd.DataFrame(holes, columns=[f"x{j}" for j in range(X.shape[1])])
    frame["word"] = np.array(["low", "mid", "high", "top"])[words]
    typed = frame.assign(
        word=frame["word"].astype("category"),
        number=pd.array([None, *words[1:]], dtype="Int64"),
        flag=X[:, 1] > 0,
        time=pd.Timestamp("2020-01-01") + pd.to_timedelta(words, unit="D"),
    )
    return {
        "array": X,
        "nan": holes,
        "object": frame.to_numpy(dtype=object),
        "pandas": typed,
        "polars": pl.DataFrame({name: frame[name].to_list() for name in frame}),
        "csr": sparse.csr_matrix(X),
        "coo_array": sparse.coo_array(X),
    }


@pytest.mark.parametrize("kind", ["array", "nan", "object", "pandas", "polars", "csr", "coo_array"])
def test_takes_any_table_and_leaves_it_alone(kind):
    X, y = _noisy(300)
    forest = _forest(30).fit(X, y)
    table, untouched = _containers(X)[kind], _containers(X)[kind]
    assert looks_in_sample(table, y, forest.predict_proba(X))
    assert not looks_in_sample(table, y, forest.oob_decision_function_)
    if kind == "pandas":
        pd.testing.assert_frame_equal(table, untouched)
    elif kind == "polars":
        assert table.equals(untouched)
    elif sparse.issparse(table):
        np.testing.assert_array_equal(table.toarray(), untouched.toarray())
    else:
        np.testing.assert_array_equal(table.astype(str), untouched.astype(str))


@pytest.mark.parametrize(
    "X",
    [
        None,
        "word",
        np.zeros(300),
        np.zeros((300, 2, 2)),
        np.zeros((300, 0)),
        np.zeros((299, 2)),
        np.full((300, 2), np.nan),
        np.full((300, 2), np.inf),
        np.full((300, 1), object()),
        [[{}, []]] * 300,
        np.full((300, 1), 1j),
    ],
    ids=["none", "word", "1d", "3d", "empty", "short", "nan", "inf", "object", "dict", "complex"],
)
def test_never_raises_on_odd_tables(X):
    y = np.arange(300) % 2
    assert not looks_in_sample(X, y, np.full((300, 2), 0.5))


@pytest.mark.parametrize(
    ("y", "proba"),
    [
        (np.arange(100) % 2, np.eye(2)[np.arange(100) % 2]),
        (np.zeros(300, dtype=int), np.ones((300, 1))),
        (np.arange(300) % 2, np.full((300, 2), np.nan)),
        (np.arange(300) < 4, np.full((300, 2), 0.5)),
        (np.arange(300), np.full((300, 300), 1 / 300)),
        (["a", "b"] * 150, np.full((300, 2), 0.5)),
    ],
    ids=["few rows", "one class", "nan", "rare class", "many classes", "words"],
)
def test_is_silent_where_nothing_can_be_told(y, proba):
    X = np.random.default_rng(0).normal(size=(len(y), 3))
    assert not looks_in_sample(X, y, proba)


def test_measures_at_most_five_thousand_rows_of_every_class(monkeypatch):
    seen = []

    def measure(X, view, outcome, seed):
        seen.append((X.shape, view.y.sum()))
        return (1.0,) * 6

    monkeypatch.setattr("skdistill.sources.overfit._measure", measure)
    y = (np.arange(20_000) % 10 == 0).astype(int)
    in_sample_evidence(np.zeros((20_000, 3)), y, np.eye(2)[y])
    assert seen == [((5000, 3), 500)]


def test_wide_tables_are_narrowed(monkeypatch):
    seen = []
    monkeypatch.setattr(
        "skdistill.sources.overfit._measure", lambda X, *_: seen.append(X) or (1.0,) * 6
    )
    X = np.random.default_rng(0).normal(size=(300, 600)) * np.arange(600)
    for table in (X, sparse.csr_matrix(X)):
        in_sample_evidence(table, np.arange(300) % 2, np.full((300, 2), 0.5))
    np.testing.assert_array_equal(seen[0], seen[1].toarray())
    assert seen[0].shape == (300, 500)
    assert seen[0].std(axis=0).min() > 50


@pytest.mark.parametrize(
    ("slope", "share", "unexplained", "in_sample"),
    [
        (1.5, 0.3, 0.5, True),
        (1.5, 0.01, 0.5, False),
        (1.0, 0.3, 0.5, False),
        (1.0, 0.9, 0.0, True),
    ],
    ids=["memorises", "too little to matter", "honest", "repeats the labels"],
)
def test_verdict(slope, share, unexplained, in_sample):
    assert InSampleEvidence(slope, 0.05, share, unexplained).in_sample is in_sample


def test_message_says_what_to_do():
    for words in ("saw these very labels", "out-of-fold", "out-of-bag", "CrossFitDistiller"):
        assert words in IN_SAMPLE_MESSAGE


# The encoder


def test_verdict_is_found_once_for_the_same_rows(monkeypatch):
    X, y = _noisy()
    codes, proba = y.astype(np.intp), np.full((len(y), 2), 0.5)
    asked = []
    monkeypatch.setattr(overfit, "_VERDICTS", {})
    monkeypatch.setattr(overfit, "looks_in_sample", lambda *args: bool(asked.append(args)))
    for _ in range(3):
        overfit.warn_if_in_sample(Rows(X, y, Classes(np.unique(y)), codes), proba)
    assert len(asked) == 1
    for k in range(100):
        other = np.full((len(y), 2), k / 100)
        overfit.warn_if_in_sample(Rows(X, y, Classes(np.unique(y)), codes), other)
    assert len(overfit._VERDICTS) == 64
