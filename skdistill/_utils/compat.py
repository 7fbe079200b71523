"""Every private or version-dependent piece of what we depend on, in one place."""

from functools import cache

import numpy as np
from joblib.externals.loky.backend.reduction import dumps
from sklearn import get_config
from sklearn.tree._tree import Tree
from sklearn.utils import _safe_indexing as _sklearn_indexing
from sklearn.utils._param_validation import (
    HasMethods,
    Hidden,
    Interval,
    Options,
    StrOptions,
    validate_parameter_constraints,
)
from sklearn.utils.validation import _check_method_params, _num_samples

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn before 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """No callbacks yet."""

    def with_callbacks(method):  # type: ignore[no-untyped-def]
        """Leave a method as it is."""
        return method


__all__ = [
    "CallbackSupportMixin",
    "HasMethods",
    "Hidden",
    "Interval",
    "Options",
    "StrOptions",
    "Tree",
    "baseline_of",
    "callback_context",
    "check_parameters",
    "dumps",
    "index_params",
    "index_rows",
    "is_made_scorer",
    "lightgbm_names",
    "n_rows",
    "own_preprocessor_of",
    "package_of",
    "predictors_of",
    "routing_enabled",
    "with_callbacks",
]

n_rows = _num_samples


def package_of(table):  # type: ignore[no-untyped-def]
    """Return the name of the package that a table is of, such as "pandas"."""
    return type(table).__module__.partition(".")[0]


def index_rows(X, rows):  # type: ignore[no-untyped-def]
    """Take rows of an array, a sparse matrix or a frame.

    polars 2 lost the interchange protocol by which scikit-learn 1.6 knows a frame, so its
    frames are indexed by their own method.
    """
    if package_of(X) == "polars":
        return X[rows]
    return _sklearn_indexing(X, rows)


def index_params(X, params, rows):  # type: ignore[no-untyped-def]
    """Take the rows of every fit parameter that has one entry per row of X."""
    return _check_method_params(X, params, indices=rows)


def routing_enabled() -> bool:
    """Whether the user switched metadata routing on."""
    return bool(get_config().get("enable_metadata_routing", False))


def is_made_scorer(scoring) -> bool:  # type: ignore[no-untyped-def]
    """Whether something is a scorer of `make_scorer`, and no function of the user's."""
    return hasattr(scoring, "_score_func")


def callback_context(estimator, n_parts):  # type: ignore[no-untyped-def]
    """Begin the tree of tasks of a fit that callbacks listen to; None where none does."""
    if not getattr(estimator, "_skl_callbacks", None):
        return None
    return estimator._init_callback_context(max_subtasks=n_parts)


class _Boolean:
    """Stands for a boolean where numbers are wanted, as Python takes True for 1."""

    def __init__(self, value) -> None:  # type: ignore[no-untyped-def]
        self.value = value

    def __repr__(self) -> str:
        return repr(self.value)


def _takes_booleans(constraints):  # type: ignore[no-untyped-def]
    return "boolean" in constraints or "verbose" in constraints


def check_parameters(constraints, params, owner):  # type: ignore[no-untyped-def]
    """Refuse parameters that break their constraints; those without any are not looked at.

    Constraints are scikit-learn's, such as `Interval`, but a boolean is no number here. `owner` is
    what the message names.
    """
    given = {
        name: _Boolean(value)
        if isinstance(value, bool | np.bool_) and not _takes_booleans(constraints.get(name, ()))
        else value
        for name, value in params.items()
    }
    validate_parameter_constraints(constraints, given, caller_name=owner)


@cache
def lightgbm_names() -> dict[str, str]:
    """Return every name that LightGBM knows for a parameter, with the parameter's main name."""
    from lightgbm.basic import _ConfigAliases  # heavy, and only boosted students need it

    aliases = _ConfigAliases._get_all_param_aliases()
    return {name: main for main, names in aliases.items() for name in names}


# ---- what histogram gradient boosting has learned --------------------------------------------


def predictors_of(model):  # type: ignore[no-untyped-def]
    """Return its trees: a list of rounds, each with one tree for every output."""
    return model._predictors


def baseline_of(model):  # type: ignore[no-untyped-def]
    """Return the scores from which it boosts, one for every output."""
    return model._baseline_prediction


def own_preprocessor_of(model):  # type: ignore[no-untyped-def]
    """Return what encodes its categories, None where it has none."""
    return getattr(model, "_preprocessor", None)
