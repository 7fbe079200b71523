"""Students of the sizes that all peers are given."""

from __future__ import annotations

from typing import Any

from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

LEAVES = {"tree16": 16, "tree64": 64, "tree256": 256, "unpruned": None}
BOOSTING = {"n_estimators": 100, "num_leaves": 31, "learning_rate": 0.1, "n_jobs": 1}


def regressor(student: str, seed: int) -> Any:
    """Return a student that learns numbers."""
    if student in LEAVES:
        return DecisionTreeRegressor(max_leaf_nodes=LEAVES[student], random_state=seed)
    if student == "forest10":
        return RandomForestRegressor(10, random_state=seed)
    return LGBMRegressor(**BOOSTING, random_state=seed, verbose=-1)


def classifier(student: str, seed: int) -> Any:
    """Return a student that learns labels."""
    if student in LEAVES:
        return DecisionTreeClassifier(max_leaf_nodes=LEAVES[student], random_state=seed)
    if student == "forest10":
        return RandomForestClassifier(10, random_state=seed)
    return LGBMClassifier(**BOOSTING, random_state=seed, verbose=-1)
