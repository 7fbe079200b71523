"""The best mixture: weights on the simplex, by SLSQP."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Array = NDArray[np.float64]


def least_log_loss(label_proba: Array, sample_weight: Array | None = None) -> Array:
    """Return the weights on the simplex whose mixture has the least log loss.

    A super learner of the candidates' students: the weights minimise the mean of
    −log Σ_c w_c f_c, by SLSQP. `label_proba` is what each member's out-of-fold student gives for
    each row's label, floored, shape (n_samples, n_members). Weights are rounded to
    thousandths: what the solver's last steps change would move targets, and a weight that only they
    keep from 0 would cost a member's targets.

    >>> import numpy as np
    >>> least_log_loss(np.array([[0.9, 0.1], [0.1, 0.9]])).round(2)
    array([0.5, 0.5])
    """
    row_weight = _shares(sample_weight, len(label_proba))

    def risk(w: Array) -> tuple[float, Array]:
        # Not by @, whose sums depend on the number of threads.
        mixed = np.einsum("ij,j->i", label_proba, w)
        slope = np.einsum("i,ij->j", row_weight / mixed, label_proba)
        return -float((row_weight * np.log(mixed)).sum()), -slope

    return _on_simplex(risk, label_proba.shape[1])


def least_squares(members: Array, y: Array, sample_weight: Array | None = None) -> Array:
    """Return the weights on the simplex whose mean of the members has the least squared error.

    `members` are out-of-fold predictions, shape (n_samples, n_members). Weights are rounded to
    thousandths.

    >>> import numpy as np
    >>> least_squares(np.array([[0.0, 4.0], [1.0, 5.0]]), np.array([1.0, 2.0])).round(2)
    array([0.75, 0.25])
    """
    row_weight = _shares(sample_weight, len(y))
    # In units of the best single member's error, which the solver's tolerance is made for.
    errors = members - y[:, None]
    unit = np.einsum("i,ij->j", row_weight, errors**2).min()
    # Σ w = 1, so that the mixture's error is the mixture of errors.
    products = np.einsum("i,ij,ik->jk", row_weight / (unit if unit > 0 else 1.0), errors, errors)

    def risk(w: Array) -> tuple[float, Array]:
        slope = np.einsum("jk,k->j", products, w)
        return float(np.einsum("j,j->", slope, w)), 2 * slope

    return _on_simplex(risk, members.shape[1])


def _shares(sample_weight: Array | None, n_samples: int) -> Array:
    row_weight = np.ones(n_samples) if sample_weight is None else sample_weight
    return np.asarray(row_weight / row_weight.sum())


def _on_simplex(risk: Callable[[Array], tuple[float, Array]], n_members: int) -> Array:
    found = minimize(
        risk,
        np.full(n_members, 1 / n_members),
        jac=True,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * n_members,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": np.ones_like},
        # Members are often alike: by default a gain below 1e-6 ends the search where it starts.
        options={"ftol": 1e-10},
    )
    weights = np.rint(1000 * np.clip(found.x, 0.0, 1.0))
    return np.asarray(weights / weights.sum())
