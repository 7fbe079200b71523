"""Scores on test rows, and means with their errors."""

from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from .ours import log_losses, onehot

PROBA_FLOOR = 1 / 500  # of all log losses; the smallest share of votes but 0 in a forest of 500


def auc(y: np.ndarray, proba: np.ndarray) -> float:
    """Return the AUC, of several classes the mean over classes, each against the rest."""
    two = proba.shape[1] == 2
    return float(roc_auc_score(y, proba[:, 1] if two else proba, multi_class="ovr"))


def row_losses(y: np.ndarray, proba: np.ndarray) -> np.ndarray:
    """Return the log loss of each row, by labels that are codes."""
    return log_losses(onehot(y, np.arange(proba.shape[1])), proba)


def scores(model: Any, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Return test log loss and AUC."""
    proba = model.predict_proba(X)
    return {"log_loss": float(row_losses(y, proba).mean()), "auc": auc(y, proba)}


def standard_error(numbers: np.ndarray) -> float:
    """Return the standard error of a mean, NaN for a single number."""
    return float(np.std(numbers, ddof=1) / np.sqrt(len(numbers))) if len(numbers) > 1 else np.nan


def mean_and_error(numbers: Any, spec: str = ".4f") -> str:
    """Write mean ± standard error; nothing of no numbers, and no error of one."""
    if not len(numbers):
        return ""
    error = f" ± {standard_error(numbers):{spec.lstrip('+')}}" if len(numbers) > 1 else ""
    return f"{np.mean(numbers):{spec}}{error}"
