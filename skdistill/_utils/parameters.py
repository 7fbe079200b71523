"""What parameters may be, declared once for every class and function that takes them.

What depends on rows, on a member or on another parameter is checked where that is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np

from .compat import HasMethods, Interval, Options, StrOptions, check_parameters

#: Number of rows predicted at once where the time of many rows is measured.
LARGE_BATCH = 10_000

_FLAG = ["boolean"]
_BUDGET = [Interval(Real, 0, None, closed="neither"), None]
_KEYWORDS = [dict, None]
PARAMETERS: dict[str, list[Any]] = {
    "ax": [HasMethods(["plot", "set_xlabel"]), None],
    "calibrate": ["boolean", StrOptions({"auto"})],
    "errorbar_kw": _KEYWORDS,
    "fill_between_kw": _KEYWORDS,
    "latency_batch": [Options(Integral, {1, LARGE_BATCH})],
    "line_kw": _KEYWORDS,
    "max_latency": _BUDGET,
    "max_size": _BUDGET,
    "min_gain_se": [Interval(Real, 0, np.inf, closed="left")],
    "min_rows": [Interval(Integral, 1, None, closed="left")],
    "n_features": [Interval(Integral, 3, None, closed="left")],
    "n_jobs": [
        Interval(Integral, None, -1, closed="right"),
        Interval(Integral, 1, None, closed="left"),
        None,
    ],
    "n_samples": [Interval(Integral, 1, None, closed="left")],
    "negate_score": _FLAG,
    "param_name": [str, None],
    "random_state": ["random_state"],
    "rehearse": _FLAG,
    "score_name": [str, None],
    "se_display_style": [StrOptions({"fill_between", "errorbar"}), None],
    "share": [Interval(Real, 0, 1, closed="both")],
    "shrinkage": [Interval(Real, 0, np.inf, closed="left"), None],
    "spread": [Interval(Real, 0, np.inf, closed="left")],
    "store_teacher_prediction": _FLAG,
    "store_teacher_proba": _FLAG,
    "store_teachers": _FLAG,
    # Beyond these every answer becomes a label, or nothing.
    "temperature": [Interval(Real, 1e-4, 1e4, closed="both")],
    "test_size": [
        Interval(Real, 0, 1, closed="neither"),
        Interval(Integral, 1, None, closed="left"),
    ],
    "transfer_weight": [Interval(Real, 0, np.inf, closed="neither")],
    "verbose": ["verbose"],
}


def check(owner: str, values: Mapping[str, Any]) -> None:
    """Refuse values that no parameter of that name may have; other names are not looked at.

    `owner` is the class or function that the message names.
    """
    check_parameters(PARAMETERS, values, owner)
