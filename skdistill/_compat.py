"""Every private or version-dependent piece of scikit-learn that we use, in one place."""

from sklearn import get_config
from sklearn.utils import _safe_indexing as _sklearn_indexing
from sklearn.utils.validation import _check_method_params, _num_samples

__all__ = ["index_params", "index_rows", "n_rows", "routing_enabled"]

n_rows = _num_samples


def index_rows(X, rows):  # type: ignore[no-untyped-def]
    """Take rows of an array, a sparse matrix or a frame.

    polars 2 lost the interchange protocol by which scikit-learn 1.6 knows a frame, so its
    frames are indexed by their own method.
    """
    if type(X).__module__.partition(".")[0] == "polars":
        return X[rows]
    return _sklearn_indexing(X, rows)


def index_params(X, params, rows):  # type: ignore[no-untyped-def]
    """Take the rows of every fit parameter that has one entry per row of X."""
    return _check_method_params(X, params, indices=rows)


def routing_enabled() -> bool:
    """Whether the user switched metadata routing on."""
    return bool(get_config().get("enable_metadata_routing", False))
