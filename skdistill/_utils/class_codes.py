"""Labels 0 … K − 1 in the place of the user's, for estimators that want these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.generic]

# Parameters that may hold a dict of labels: those of estimators, and those of searches over them.
_BY_LABEL = ("class_weight", "class_weights", "sampling_strategy")
_GRIDS = ("param_grid", "param_distributions", "search_spaces")


def class_weights_by_code(estimator: Any, known: Labels, classes: Labels) -> dict[str, Any] | None:
    """Return the parameters that name labels, naming codes in `classes` instead.

    A label that is `known`, and not among `classes`, is left out. None if a label is not known, or
    a search tries several such parameters: their labels must not be taken for codes.

    >>> from sklearn.linear_model import LogisticRegression
    >>> model = LogisticRegression(class_weight={"b": 3.0, "c": 2.0})
    >>> class_weights_by_code(model, np.array(["a", "b", "c"]), np.array(["a", "b"]))
    {'class_weight': {1: 3.0}}
    """
    codes = {label: code for code, label in enumerate(classes.tolist())}
    by_code: dict[str, Any] = {}
    for name, value in estimator.get_params(deep=True).items():
        last = name.rpartition("__")[2]
        if last in _GRIDS and any(word in repr(value) for word in _BY_LABEL):
            return None
        if last in _BY_LABEL and isinstance(value, Mapping):
            if not set(value) <= set(known.tolist()):
                return None
            by_code[name] = {codes[label]: w for label, w in value.items() if label in codes}
    return by_code


def labels_learned(fitted: Any, classes: Labels) -> Labels:
    """Return `classes` as a fitted classifier calls them: by code, if it was fitted to codes."""
    known, codes = getattr(fitted, "classes_", classes), np.arange(len(classes))
    return codes if np.array_equal(known, codes) else classes
