"""Kept answers are those of a forest that was fitted anew, and the search is the paper's."""

from typing import ClassVar

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold

from benchmarks.kept import Kept
from benchmarks.paper import lessons
from benchmarks.paper.lessons import Corrected, search_c

from ..conftest import noisy

SIZES = (1, 3, 7)


@pytest.fixture
def rows():
    X, y, _ = noisy(300, seed=0)
    return X[:200], y[:200].astype(float), X[200:]


@pytest.fixture
def count_fits(monkeypatch):
    """Count the forests that are really grown."""
    fits = []
    grow = Kept._grow
    monkeypatch.setattr(Kept, "_grow", lambda self: fits.append(self) or grow(self))
    return fits


def kept_forest(size, *, sizes=(), folder, random_state=0, **params):
    forest = RandomForestRegressor(size, random_state=random_state, **params)
    return Kept(forest, sizes=sizes, folder=str(folder))


@pytest.mark.parametrize("params", [{}, {"max_leaf_nodes": 8}, {"min_samples_leaf": 20}])
def test_first_trees_answer_as_a_small_forest_of_that_seed(rows, tmp_path, params, count_fits):
    X, y, X_test = rows
    for size in reversed(SIZES):
        kept = kept_forest(size, random_state=3, sizes=SIZES, folder=tmp_path, **params)
        fresh = RandomForestRegressor(size, random_state=3, **params)
        assert_array_equal(kept.fit(X, y).predict(X_test), fresh.fit(X, y).predict(X_test))
    assert len(count_fits) == 1


def test_another_target_leaf_or_seed_is_another_forest(rows, tmp_path, count_fits):
    X, y, X_test = rows
    answers = [
        kept_forest(3, folder=tmp_path, **params).fit(X, target).predict(X_test)
        for params, target in [
            ({}, y),
            ({}, 1 - y),
            ({"random_state": 1}, y),
            ({"min_samples_leaf": 20}, y),
            ({"max_leaf_nodes": 4}, y),
        ]
    ]
    assert len(count_fits) == len(answers)
    assert len({answer.tobytes() for answer in answers}) == len(answers)


def test_damaged_answers_are_computed_anew(rows, tmp_path, count_fits):
    X, y, X_test = rows
    forest = kept_forest(2, folder=tmp_path).fit(X, y)
    first = forest.predict(X_test)
    (path,) = tmp_path.rglob("*.npz")
    path.write_bytes(path.read_bytes()[:100])
    assert_array_equal(forest.predict(X_test), first)
    assert len(count_fits) == 2


class CountingForest(RandomForestClassifier):
    """Writes down the seeds of its fits."""

    fits: ClassVar[list[int]] = []

    def fit(self, X, y):
        self.fits.append(self.random_state)
        return super().fit(X, y)


def test_kept_teacher_answers_as_the_forest_and_is_fitted_once_for_a_question(tmp_path):
    X, y, _ = noisy(300, seed=0)
    CountingForest.fits.clear()
    for seed in (0, 0, 1):
        kept = Kept(CountingForest(5, random_state=seed), folder=str(tmp_path))
        fresh = RandomForestClassifier(5, random_state=seed).fit(X[:200], y[:200])
        answers = kept.fit(X[:200], y[:200]).predict_proba(X[200:])
        assert_array_equal(answers, fresh.predict_proba(X[200:]))
    assert CountingForest.fits == [0, 1]


@pytest.mark.parametrize("link", ["identity", "log"])
def test_fast_realized_makes_the_target_of_the_reference_program(link):
    """γ = φ' c / (c + (y − p̂)²), t = φ(p̂) + γ (y − p̂), with p̂ floored before a logarithm."""
    proba, y = np.array([0.001, 0.3, 0.9, 0.6]), np.array([0.0, 1.0, 0.0, 1.0])
    learned = []

    class Spy(RandomForestRegressor):
        def fit(self, X, y):
            learned.append(y)
            return super().fit(X, y)

    Corrected(Spy(1), rule="fast_realized", c=0.01, link=link).fit(
        np.zeros((4, 1)), np.column_stack([proba, y])
    )
    p = np.maximum(proba, 1 / 500) if link == "log" else proba
    slope, level = (1 / p, np.log(p)) if link == "log" else (1.0, p)
    gamma = slope * 0.01 / (0.01 + (y - p) ** 2)
    np.testing.assert_allclose(learned[0], level + gamma * (y - p), rtol=1e-12)


def test_search_takes_the_c_with_the_best_auc_on_labels(tmp_path, monkeypatch):
    X, y, p0 = noisy(240, seed=1)
    proba = 0.5 + 0.2 * (p0 - 0.5)
    constants = [1e-5, 1e-1, 1e3]
    rule = lessons.RULES["fast_realized"][0]
    monkeypatch.setitem(lessons.RULES, "fast_realized", (rule, constants))

    def auc(c):
        gamma = c / (c + (y - proba) ** 2)
        target = proba + gamma * (y - proba)
        scores = []
        for train, test in KFold(5).split(X):
            forest = RandomForestRegressor(3, random_state=0).fit(X[train], target[train])
            scores.append(roc_auc_score(y[test], forest.predict(X[test])))
        return np.mean(scores)

    by_hand = [auc(c) for c in constants]
    assert len(set(by_hand)) == 3
    student = kept_forest(3, folder=tmp_path)
    found = search_c(student, X, y, proba, "fast_realized", "identity")
    assert found == constants[int(np.argmax(by_hand))]
