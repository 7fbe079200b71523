"""On which columns a correction depends."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .._utils.boosting import REPEATABLE
from .._utils.numeric import as_numeric
from .._utils.rounding import on_grid, to_digits
from ..rows import column_names
from .measure.scores import floored

Array = NDArray[np.float64]

# What says where the correction acts: a small model of it, fitted to explain and not to predict.
_EXPLAINER = {
    **REPEATABLE,
    "objective": "regression",
    "num_leaves": 15,
    "min_data_in_leaf": 20,
    "learning_rate": 0.2,
}
_EXPLAINER_ROUNDS = 40
_EXPLAINED_CLASSES = 5
OWN_ANSWER = "the teacher's own answer"


def explain_shift(X: Any, proba: Array, corrected: Array) -> dict[str, float]:
    """Return on which columns the correction depends, by the gains of a small model of it."""
    logs = np.log(floored(proba))
    shift = np.log(corrected) - logs
    shift = shift[:, 1:] - shift[:, :1] if shift.shape[1] == 2 else shift - shift.mean(1)[:, None]
    own = on_grid(logs[:, 1:] - logs[:, :1] if logs.shape[1] == 2 else logs)
    return _explain(X, shift, own)


def explain_shift_of_numbers(
    X: Any, answers: Array, corrected: Array, unit: float
) -> dict[str, float]:
    """Return the same of numbers, whose shifts count in `unit`."""
    return _explain(X, (corrected - answers) / unit, to_digits(answers))


def _explain(X: Any, shift: Array, own: Array) -> dict[str, float]:
    """Return on which columns shifts depend, the teacher's own answers among them."""
    import lightgbm as lgb

    spread = shift.std(axis=0)
    if spread.max() < 1e-6:
        return {}
    numbers = as_numeric(X)
    names = column_names(X)
    if names is None:
        names = np.array([f"column {j}" for j in range(numbers.shape[1])], dtype=object)
    sparse_rows = sparse.issparse(numbers)
    table = (
        sparse.hstack([numbers, own], format="csr") if sparse_rows else np.hstack([numbers, own])
    )
    gains = np.zeros(table.shape[1])
    for k in np.argsort(-on_grid(spread), kind="stable")[:_EXPLAINED_CLASSES]:
        model = lgb.train(_EXPLAINER, lgb.Dataset(table, shift[:, k]), _EXPLAINER_ROUNDS)
        gains += model.feature_importance("gain")
    shares = gains / max(gains.sum(), 1e-300)
    n_columns = numbers.shape[1]
    found = {OWN_ANSWER: float(shares[n_columns:].sum())}
    for name, share in zip(names, shares[:n_columns], strict=True):
        found[str(name)] = found.get(str(name), 0.0) + float(share)
    ordered = sorted(found.items(), key=lambda item: -item[1])
    return {name: share for name, share in ordered if share > 0}
