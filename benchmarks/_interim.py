"""Stands in for `skdistill.teacher_probabilities` until that is merged."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.tree import DecisionTreeRegressor

from skdistill import CrossFitDistiller, Distiller


def teacher_probabilities(
    teacher: Any, X: Any, y: Any, *, cv: Any = 5, random_state: Any = None, memory: Any = None
) -> np.ndarray:
    """Return what teachers say about rows they learn from: by folds, out-of-bag or in-sample."""
    how = {"memory": memory, "store_teacher_proba": True}
    if isinstance(cv, str) and cv == "in_sample":
        distiller = Distiller(teacher, DecisionTreeRegressor(max_depth=1), **how)
    else:
        how |= {"cv": cv, "random_state": random_state}
        distiller = CrossFitDistiller(teacher, DecisionTreeRegressor(max_depth=1), **how)
    return distiller.fit(X, y).teacher_proba_
