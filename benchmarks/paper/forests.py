"""Forests whose answers are kept on disk, and the paper's search for c.

Sizes of student, and searches over the same targets, share most of their fits. Students are
seeded, so that a second fit would change nothing: what is shared here is computing, never a label.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import sklearn
from protocol import PROBA_FLOOR
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.ensemble import RandomForestRegressor
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, KFold

from skdistill import corrections


class KeptForest(RegressorMixin, BaseEstimator):
    """A random forest that grows when it is asked, and whose answers stay on disk.

    The first k trees of a seeded forest are the forest of k trees with that seed. So one fit
    answers for all `sizes` up to its own, and a run that was stopped goes on where it was.

    Parameters
    ----------
    n_estimators, max_leaf_nodes, min_samples_leaf, random_state
        Those of RandomForestRegressor; `random_state` is an int.
    sizes : tuple of int
        Numbers of trees that others will ask for.
    folder : str
        Where answers are kept.
    """

    def __init__(
        self,
        n_estimators=100,
        *,
        max_leaf_nodes=None,
        min_samples_leaf=1,
        random_state=0,
        sizes=(),
        folder=None,
    ):
        self.n_estimators = n_estimators
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.random_state = random_state
        self.sizes = sizes
        self.folder = folder

    def fit(self, X, y):
        """Remember rows and targets: whether a fit is needed shows when somebody asks."""
        self.X_, self.y_ = X, y
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X):
        """Return what the forest says, from the disk or from its trees."""
        kept = read_answers(self._path(X))
        if self.n_estimators not in kept:
            kept = self._grow().answers(X, self._wanted())
            write_answers(self._path(X), kept)
        return kept[self.n_estimators]

    def _wanted(self) -> list[int]:
        return sorted({s for s in self.sizes if s < self.n_estimators} | {self.n_estimators})

    def _path(self, X) -> Path:
        leaves = (self.max_leaf_nodes, self.min_samples_leaf, self.random_state)
        return place_of(self.folder, leaves, self.X_, self.y_, X)

    def _grow(self) -> Prefixes:
        forest = Prefixes(
            self.n_estimators,
            max_leaf_nodes=self.max_leaf_nodes,
            min_samples_leaf=self.min_samples_leaf,
            random_state=self.random_state,
        )
        return forest.fit(self.X_, self.y_)


class Prefixes(RandomForestRegressor):
    """A forest that also answers for its first trees alone."""

    def answers(self, X, sizes) -> dict[int, np.ndarray]:
        """Return what the forests of the first trees say, to the last bit."""
        total, found = np.zeros(len(X)), {}
        for k, tree in enumerate(self.estimators_, start=1):
            total += tree.predict(X)
            if k in sizes:
                found[k] = total / k
        return found


class KeptTeacher(ClassifierMixin, BaseEstimator):
    """A classifier that is fitted when it is asked, and whose answers stay on disk.

    So a run that was stopped amid ten folds goes on with the fold where it was.
    """

    def __init__(self, teacher, *, folder=None):
        self.teacher = teacher
        self.folder = folder

    def fit(self, X, y):
        """Remember rows and labels: whether a fit is needed shows when somebody asks."""
        self.X_, self.y_ = X, y
        self.classes_ = np.unique(y)
        self.n_features_in_ = X.shape[1]
        return self

    def predict_proba(self, X):
        """Return what the classifier says, from the disk or from a fit."""
        path = place_of(self.folder, self.teacher, self.X_, self.y_, X)
        size = self.teacher.n_estimators
        kept = read_answers(path)
        if size not in kept:
            kept = {size: clone(self.teacher).fit(self.X_, self.y_).predict_proba(X)}
            write_answers(path, kept)
        return kept[size]


def place_of(folder: str, params: Any, *arrays: np.ndarray) -> Path:
    """Return where answers are kept; it does not depend on how equal arrays lie in memory."""
    key = joblib.hash((sklearn.__version__, params, *map(np.ascontiguousarray, arrays)))
    return Path(folder) / key[:2] / f"{key}.npz"


def read_answers(path: Path) -> dict[int, np.ndarray]:
    """Return answers by number of trees; none where there is no file, or a damaged one."""
    try:
        with path.open("rb") as raw, np.load(raw) as file:
            return dict(zip(file["sizes"].tolist(), file["answers"], strict=True))
    except Exception:  # what a damaged file raises depends on where it is damaged
        return {}


def write_answers(path: Path, answers: dict[int, np.ndarray]) -> None:
    """Keep answers; a stopped run leaves all of the file or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}")
    with part.open("wb") as file:
        np.savez(file, sizes=[*answers], answers=np.array([*answers.values()]))
    part.replace(path)


# ---- the paper's corrections -----------------------------------------------------------------

# Rules as functions f(proba, y, *, c, link), with the constants that the paper's search tries.
RULES: dict[str, tuple[Callable[..., Any], list[float]]] = {
    "fast_realized": (partial(corrections.fast, variance="realized"), [*np.logspace(-5, 3, 9)]),
    "slow_realized": (partial(corrections.slow, variance="realized"), [*np.logspace(-5, 3, 9)]),
    "relative": (corrections.relative, [0.25, 0.5, 1.0, 2.0, 4.0, 8.0]),
}


def linked(proba: np.ndarray, link: str) -> np.ndarray:
    """Return what a student learns without a correction: p, or log p of the second class."""
    return proba if link == "identity" else np.log(np.maximum(proba, PROBA_FLOOR))


class Corrected(RegressorMixin, BaseEstimator):
    """A student of the paper's corrected targets; `y` holds probabilities and labels.

    So a search slices both alike, as the paper's does: the probabilities come from teachers that
    have seen the labels of its validation rows.
    """

    def __init__(self, student, *, rule="fast_realized", c=1.0, link="identity"):
        self.student = student
        self.rule = rule
        self.c = c
        self.link = link

    def fit(self, X, y):
        """Fit to φ(p̂) + γ (y − p̂)."""
        proba, labels = y.T
        if self.link == "log":
            proba = np.maximum(proba, PROBA_FLOOR)
        gamma = RULES[self.rule][0](proba, labels, c=self.c, link=self.link)
        self.student_ = clone(self.student).fit(
            X, linked(proba, self.link) + gamma * (labels - proba)
        )
        return self

    def predict(self, X):
        """Answer on the scale of the link."""
        return self.student_.predict(X)


def label_auc(model: Corrected, X: np.ndarray, y: np.ndarray) -> float:
    """Score a student by its AUC on the labels, as the paper's search does."""
    return roc_auc_score(y[:, 1], model.predict(X))


def search_c(student: Any, X, y, proba: np.ndarray, rule: str, link: str) -> float:
    """Choose the constant of a rule as the paper does: AUC, five folds, leaky probabilities."""
    search = GridSearchCV(
        Corrected(student, rule=rule, link=link),
        {"c": RULES[rule][1]},
        scoring=label_auc,
        cv=KFold(5),
        refit=False,
    )
    return float(search.fit(X, np.column_stack([proba, y])).best_params_["c"])
