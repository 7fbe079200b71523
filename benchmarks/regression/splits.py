"""Training and test rows of a table or a world, with a target of mean 0 and deviation 1."""

from typing import NamedTuple

import numpy as np
from sklearn.model_selection import train_test_split

from .tables import SOURCES, load
from .worlds import WORLDS, draw

TABLES = (*SOURCES, *WORLDS)


class Split(NamedTuple):
    """Rows, and of a world the truth of the test rows."""

    X: np.ndarray
    X_test: np.ndarray
    y: np.ndarray
    y_test: np.ndarray
    words: tuple[int, ...] = ()
    truth: np.ndarray | None = None


def split(name: str, seed: int, rows: int, test_rows: int, train_share: float) -> Split:
    """Draw rows; the target is scaled by its mean and deviation on training rows."""
    if name in WORLDS:
        X, y, truth = draw(name, rows + test_rows, seed)
        return scaled(Split(X[:rows], X[rows:], y[:rows], y[rows:], (), truth[rows:]))
    X, y, words = load(name)
    n_train = min(rows, int(train_share * len(y)))
    n_test = min(test_rows, len(y) - n_train)
    sizes = {"train_size": n_train, "test_size": n_test, "random_state": seed}
    return scaled(Split(*train_test_split(X, y, **sizes), words))


def scaled(found: Split) -> Split:
    """Let networks and penalties know one scale; R² is the same on any."""
    mean, deviation = found.y.mean(), found.y.std()
    fields = {name: getattr(found, name) for name in ("y", "y_test", "truth")}
    moved = {n: (y - mean) / deviation for n, y in fields.items() if y is not None}
    return found._replace(**moved)
