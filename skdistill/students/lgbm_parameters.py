"""Parameters of LightGBM under any of their names: which it takes, and what it says of others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral
from typing import Any

import joblib
import numpy as np
from sklearn.utils import check_random_state

from .._utils import compat
from .._utils.compat import lightgbm_names
from .._utils.names import did_you_mean

# LightGBM's parameters that are not the user's to set here, by their main names.
_REFUSED = {
    **dict.fromkeys(("objective", "num_class", "metric"), "the labels decide it"),
    "boost_from_average": "boosting always starts from the mean target",
    "is_unbalance": "soft labels have no rare class; pass sample_weight to fit",
    "scale_pos_weight": "soft labels have no rare class; pass sample_weight to fit",
}
# What it adds "at /path/to/config_auto.cpp, line 12 ." to.
_ITS_SOURCE = re.compile(r"\s+at \S+, line \d+ \.\s*$")


def check_parameters(
    table: dict[str, Any], params: dict[str, Any], further: dict[str, Any], owner: str
) -> None:
    """Refuse what LightGBM would ignore, or refuse itself by a line of its source.

    `table` constrains those parameters that have a name of their own; `further` are the others.
    """
    main = lightgbm_names()
    for name in further:
        _check_name(name)
    for name, value in params.items():
        if main.get(name) == "boosting" and value in ("rf", "random_forest"):
            raise ValueError(
                f"{name} must be 'gbdt' or 'dart', found {value!r}: a forest of LightGBM "
                "knows no objective for soft labels of several classes. "
                "SoftLabelClassifier(RandomForestClassifier()) learns them."
            )
    own = {name: value for name, value in params.items() if name in table}
    compat.check_parameters(table, own, owner)
    ours = {main[name]: name for name in table if name in main}
    given = {name: value for name, value in further.items() if value is not None}
    again = {name: table[ours[main[name]]] for name in given if main[name] in ours}
    compat.check_parameters(again, given, owner)


def _check_name(name: str) -> None:
    """Refuse a further parameter that LightGBM would ignore, or that the labels decide."""
    names = lightgbm_names()
    if name not in names:
        hint = did_you_mean(name, names) or "."
        raise ValueError(f"LGBMSoftClassifier, and LightGBM, know no parameter {name!r}{hint}")
    if names[name] in _REFUSED:
        raise ValueError(f"LGBMSoftClassifier takes no {name!r}: {_REFUSED[names[name]]}.")


def by_main_name(params: dict[str, Any]) -> dict[str, Any]:
    """Return those that LightGBM knows by their main names; the last of one name wins."""
    main = lightgbm_names()
    known = {main[k]: v for k, v in params.items() if k in main and v is not None}
    return {"deterministic": True, **known}


def as_lightgbm_wants(params: dict[str, Any]) -> dict[str, Any]:
    """Return what LightGBM is to get."""
    params = by_main_name(params)
    if not isinstance(params.get("seed", 0), Integral):
        # LightGBM wants a number.
        params["seed"] = check_random_state(params["seed"]).randint(np.iinfo(np.int32).max)
    params["num_threads"] = n_threads(params.get("num_threads"))
    return params


def n_threads(n_jobs: int | None) -> int:
    """Return LightGBM's number of threads, where 0 is OpenMP's default."""
    if n_jobs is None:
        return 0
    return n_jobs if n_jobs >= 0 else max(joblib.cpu_count() + 1 + n_jobs, 1)


@contextmanager
def named_errors(further: dict[str, Any]) -> Iterator[None]:
    """Say which further parameter LightGBM refuses, where its message tells."""
    from lightgbm.basic import LightGBMError

    try:
        yield
    except (LightGBMError, TypeError) as error:
        message = _explain(str(error), further)
        if message is None:
            raise
        raise ValueError(message) from error


def _explain(message: str, further: dict[str, Any]) -> str | None:
    """Return LightGBM's message with the further parameters that it is about, None for none.

    It names parameters by their main names, or tells only the word that it does not know.
    """
    words, main = set(re.findall(r"\w+", message)), lightgbm_names()
    about = [name for name in further if {name, main[name]} & words]
    if not about and message.startswith("Unknown"):
        about = [n for n, value in further.items() if isinstance(value, str) and value in words]
    if not about:
        return None
    given = ", ".join(f"{name}={further[name]!r}" for name in about)
    bound = re.match(r"Check failed: \((\w+)\) (>|>=|<|<=) \(([-.\w]+)\) at", message)
    if bound:
        return f"{about[0]} must be {bound[2]} {bound[3]}, found {further[about[0]]!r}."
    if "num_total_features" in message or "num_col" in message:
        return f"{about[0]} must have one entry for each column of X, found {further[about[0]]!r}."
    return f"LightGBM does not take {given}: {_ITS_SOURCE.sub('', message)}"
