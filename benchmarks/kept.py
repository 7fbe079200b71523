"""Estimators whose answers are kept on disk: the one cache of what benchmarks fit themselves.

Sizes of student, and searches over the same targets, share most of their fits. Estimators are
seeded, so that a second fit would change nothing: what is shared here is computing, never a label.
"""

import os
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import sklearn
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import RandomForestRegressor
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if


def _predicts_proba(kept: Any) -> bool:
    return hasattr(kept.estimator, "predict_proba")


class Kept(BaseEstimator):
    """An estimator that is fitted when it is asked, and whose answers stay on disk.

    The first k trees of a seeded forest are the forest of k trees with that seed. So one fit of a
    RandomForestRegressor answers for all `sizes` up to its own. A run that was stopped, amid ten
    folds say, goes on where it was.
    """

    def __init__(self, estimator, *, sizes=(), folder=None):
        self.estimator = estimator
        self.sizes = sizes
        self.folder = folder

    def fit(self, X, y, sample_weight=None):
        """Remember rows and targets: whether a fit is needed shows when somebody asks."""
        self.y_, self.rows_ = y, (X, y) if sample_weight is None else (X, y, sample_weight)
        self.n_features_in_ = X.shape[1]
        if _predicts_proba(self):
            self.classes_ = np.unique(y) if np.ndim(y) == 1 else np.arange(y.shape[1])
        return self

    def predict(self, X):
        """Return what the estimator says, from the disk or from a fit."""
        return self._ask("predict", X)

    @available_if(_predicts_proba)
    def predict_proba(self, X):
        """Return class probabilities, from the disk or from a fit."""
        return self._ask("predict_proba", X)

    @property
    def accepts_soft_labels(self):
        """Whether the estimator learns probabilities as they are."""
        return getattr(self.estimator, "accepts_soft_labels", False)

    def __sklearn_tags__(self):
        return get_tags(self.estimator)

    def _ask(self, what: str, X) -> np.ndarray:
        forest = isinstance(self.estimator, RandomForestRegressor)
        size = self.estimator.n_estimators if forest else 0
        own = clone(self.estimator).set_params(n_estimators=1) if forest else self.estimator
        path = place_of(self.folder, (what, own), *self.rows_, X)
        kept = read_answers(path)
        if size not in kept:
            fitted = self._grow()
            wanted = {s for s in self.sizes if s < size} | {size}
            kept = prefixes(fitted, X, wanted) if forest else {0: getattr(fitted, what)(X)}
            write_answers(path, kept)
        return kept[size]

    def _grow(self) -> Any:
        X, y, *weights = self.rows_
        return clone(self.estimator).fit(X, y, **({"sample_weight": weights[0]} if weights else {}))


class KeptForest(RandomForestRegressor):
    """A forest whose trees stay on disk, and are those of the largest forest of its seed.

    Unlike `Kept` it is a forest to whoever looks, so that its nodes can be shrunk.
    """

    def __init__(self, n_estimators=10, *, largest=10, folder=None, random_state=None):
        super().__init__(n_estimators, random_state=random_state)
        self.largest = largest
        self.folder = folder

    def fit(self, X, y, sample_weight=None):
        """Take the first trees; remember what they were grown on."""
        grow = joblib.Memory(self.folder, verbose=0).cache(_grow_forest)
        grown = grow(max(self.largest, self.n_estimators), self.random_state, X, y, sample_weight)
        own = self.get_params()
        vars(self).update(vars(grown) | own, estimators_=grown.estimators_[: self.n_estimators])
        self.taught_ = X, y, sample_weight
        return self


def _grow_forest(n_trees: int, seed: int, X, y, sample_weight) -> RandomForestRegressor:
    return RandomForestRegressor(n_trees, random_state=seed).fit(X, y, sample_weight)


def prefixes(forest: RandomForestRegressor, X, sizes) -> dict[int, np.ndarray]:
    """Return what the forests of the first trees say, to the last bit."""
    total, found = 0.0, {}
    for k, tree in enumerate(forest.estimators_, start=1):
        total = total + tree.predict(X)
        if k in sizes:
            found[k] = total / k
    return found


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
