"""Names of columns."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def column_names(X: Any) -> NDArray[Any] | None:
    """Return the column names of a frame if all are strings, else None."""
    columns = getattr(X, "columns", None)
    if columns is None:
        return None
    names = np.asarray(columns, dtype=object)
    return names if len(names) and all(isinstance(name, str) for name in names) else None


def compare_names(
    fitted: NDArray[Any], names: NDArray[Any], *, all_needed: bool, others_welcome: bool
) -> None:
    """Refuse a frame with columns in another order, or with other columns.

    `all_needed` is False for a student that may select columns and miss those it wants itself,
    `others_welcome` True for one that selects them by name. Otherwise an unseen column beside a
    missing one would be taken for it.
    """
    unseen = [name for name in names if name not in set(fitted)]
    missing = [name for name in fitted if name not in set(names)]
    refused = (unseen or missing) if all_needed else (unseen and missing and not others_welcome)
    message = "The feature names should match those that were passed during fit.\n"
    if refused and unseen:
        message += "Feature names unseen at fit time:\n" + _bullets(unseen)
    if refused and missing:
        message += "Feature names seen at fit time, yet now missing:\n" + _bullets(missing)
    in_order = [n for n in names if n not in unseen] == [n for n in fitted if n not in missing]
    if not in_order:
        message += "Feature names must be in the same order as they were in fit.\n"
    if refused or not in_order:
        raise ValueError(message)


def _bullets(names: list[str]) -> str:
    shown = [f"- {name}\n" for name in sorted(names)[:5]]
    return "".join(shown) + ("- ...\n" if len(names) > 5 else "")
