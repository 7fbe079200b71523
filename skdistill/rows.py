"""What travels down the street: validated rows, their labels, weights and groups."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import indexable, validate_data

from ._utils.compat import index_rows, n_rows

if TYPE_CHECKING:
    from .outcomes import Outcome

Array = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Rows:
    """Rows as the user handed them over, and what is known of each.

    `X` stays a frame, array or sparse matrix; `y` are labels, `outcome` says what they are, and
    `codes` are the places of their classes, zeros of numbers. Without labels `y` is empty, and no
    code counts. Weights and groups may be None, and so may what is known of the columns: their
    number, their names, and the types of a frame with categories.
    """

    X: Any
    y: NDArray[Any]
    outcome: Outcome
    codes: Indices
    sample_weight: Array | None = None
    groups: Any = None
    n_features: int | None = None
    feature_names: NDArray[Any] | None = None
    dtypes: dict[str, Any] | None = None

    def take(self, part: Indices) -> Rows:
        """Return some of the rows, by their numbers; the outcome stays what it is."""
        weight, groups = self.sample_weight, self.groups
        return replace(
            self,
            X=index_rows(self.X, part),
            y=self.y[part] if self.has_labels else self.y,
            codes=self.codes[part],
            sample_weight=None if weight is None else weight[part],
            groups=None if groups is None else np.asarray(groups)[part],
        )

    def without_labels(self, X: Any) -> Rows:
        """Return other rows, of which nothing but the columns is known."""
        codes = np.zeros(n_rows(X), dtype=np.intp)
        return replace(self, X=X, y=self.y[:0], codes=codes, sample_weight=None, groups=None)

    @property
    def has_labels(self) -> bool:
        """Whether anything is known of the labels."""
        return len(self.y) > 0

    def pretend_labels(self) -> Rows:
        """Return the same rows with labels of all kinds, for a rehearsal."""
        y, codes = self.outcome.pretend(self.n_samples)
        return replace(self, y=y, codes=codes)

    @property
    def truth(self) -> Array:
        """Labels as columns, shape (n_samples, n_columns): rows of zeros and a one, or numbers."""
        if not self.has_labels:
            raise AssertionError("a strategy did not say that it needs labels")
        return self.outcome.columns(self.y, self.codes)

    @property
    def target(self) -> NDArray[Any]:
        """What a model of the labels learns: codes of classes, or numbers."""
        return self.outcome.target(self.y, self.codes)

    @property
    def weights(self) -> Array:
        """Weights of the rows, ones if there are none."""
        return np.ones(self.n_samples) if self.sample_weight is None else self.sample_weight

    @property
    def n_samples(self) -> int:
        """Number of rows."""
        return len(self.codes)

    @property
    def classes(self) -> NDArray[Any]:
        """All labels there are, sorted; none where these are numbers."""
        return self.outcome.classes

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.classes)

    @property
    def n_columns(self) -> int:
        """Number of columns of labels and answers."""
        return self.outcome.n_columns

    def __sizeof__(self) -> int:
        # dask asks before it shares an argument among its workers instead of sending it again.
        parts = (self.X, self.y, self.codes, self.sample_weight, self.groups)
        return sum(getattr(part, "nbytes", None) or sys.getsizeof(part) for part in parts)


def check(
    X: Any,
    y: Any,
    sample_weight: ArrayLike | None = None,
    groups: Any = None,
    *,
    estimator: Any = None,
    known: Outcome | None = None,
    read: Callable[[Any], tuple[NDArray[Any], Outcome, Indices]] | None = None,
) -> Rows:
    """Return what `fit` was given as rows, or say what is wrong with it.

    `read` reads labels, by default classes; `y` may be None where it is `known` what they would
    be. Sets `n_features_in_` and `feature_names_in_` of `estimator`, where one is given.
    """
    from .outcomes import read_classes  # what ships reads rows, and no labels

    table = _Table() if estimator is None else estimator
    if y is None and known is not None:
        n = n_rows(as_rows(X))
        X = check_table(table, X, np.zeros(n))
        labels, outcome, codes = known.classes[:0], known, np.zeros(n, dtype=np.intp)
    else:
        X = check_table(table, X, y)
        labels, outcome, codes = (read or read_classes)(y)
    weights = check_weights(sample_weight, n_rows(X))
    check_groups(groups, n_rows(X))
    n_features = getattr(table, "n_features_in_", None)
    names = getattr(table, "feature_names_in_", None)
    return Rows(X, labels, outcome, codes, weights, groups, n_features, names, category_dtypes(X))


class _Table(ClassifierMixin, BaseEstimator):
    """Stands in where no estimator wants to know the columns."""


def check_table(estimator: Any, X: Any, y: Any, names: tuple[str, str] = ("X", "y")) -> Any:
    """Make X indexable, leave frames, arrays and sparse matrices otherwise alone.

    Sets `n_features_in_` and `feature_names_in_` of `estimator`, where one is given. `names` are
    what the user calls the two.
    """
    X = as_rows(X, names[0])
    _check_shape(X, names[0])
    if n_rows(X) != (n_labels := _count(y, names[1])):
        raise ValueError(
            f"{names[0]} and {names[1]} have inconsistent numbers of samples: {n_rows(X)} rows and "
            f"{n_labels} labels."
        )
    estimator = _Table() if estimator is None else estimator
    validate_data(estimator, X, y, skip_check_array=True)
    columns = column_names(X)
    if columns is not None:
        # scikit-learn 1.6 does not see the names of polars 2.
        estimator.feature_names_in_ = columns
    X, _ = indexable(X, y)
    return X


def _count(y: Any, name: str) -> int:
    """Return how many labels there are; what is no list of labels is refused."""
    if y is None:
        raise ValueError(
            f"This requires y to be passed, but the target {name} is None: only what learns from a "
            "frozen teacher alone, or from given answers (teacher_proba, teacher_prediction), "
            "needs no labels."
        )
    if not hasattr(y, "shape"):
        y = np.asarray(y, dtype=object)
    if not len(y.shape):
        raise ValueError(f"{name} must hold a label for each row, found {_shown(y)}.")
    return int(y.shape[0])


def _check_shape(X: Any, name: str) -> None:
    """Refuse what is no table, of rows as they are indexed."""
    shape, kind = X.shape, getattr(getattr(X, "dtype", None), "kind", "O")
    if not shape:
        raise ValueError(
            f"{name} must be a table, found {_shown(X)}. Expected 2D array, got scalar array "
            "instead. Reshape your data."
        )
    if kind in "cV":
        raise ValueError(
            f"{name} must hold numbers or text, found {X.dtype}. Complex data not supported, and "
            "structured arrays neither: hand over a frame, or an array of real numbers."
        )
    if len(shape) == 1 and kind not in "OUST":
        raise ValueError(
            f"{name} must be a table of shape (n_samples, n_features), found shape {shape}. "
            "Expected 2D array, got 1D array instead. Reshape your data: "
            f"{name}.reshape(-1, 1) for one column."
        )
    if 0 in shape:
        raise ValueError(
            f"{name} must hold rows and columns: found array with {shape[0]} sample(s) and "
            f"{shape[-1]} feature(s) (shape={shape}) while a minimum of 1 is required."
        )
    names = list(getattr(X, "columns", ()))
    if len({*map(str, names)}) < len(names):
        twice = next(column for column in names if [*map(str, names)].count(str(column)) > 1)
        raise ValueError(f"{name} must have columns of different names, found {twice!r} twice.")


def _shown(value: Any) -> str:
    return repr(value.item() if isinstance(value, np.ndarray) and not value.ndim else value)[:100]


def check_weights(sample_weight: ArrayLike | None, n_samples: int) -> Array | None:
    """Return usable sample weights, or None."""
    if sample_weight is None:
        return None
    try:
        weights = np.asarray(sample_weight, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"sample_weight must hold numbers: {error}") from error
    if weights.shape != (n_samples,):
        raise ValueError(
            f"sample_weight must have one weight per row, shape ({n_samples},), found shape "
            f"{weights.shape}."
        )
    assert_all_finite(weights, input_name="sample_weight")
    if (weights < 0).any():
        raise ValueError("Negative values in data passed to sample_weight: weights must be >= 0.")
    if not weights.any():
        raise ValueError(
            "Sample weights must contain at least one non-zero number: sample_weight is all zero."
        )
    return np.asarray(weights)


def check_groups(groups: Any, n_samples: int, name: str = "groups") -> None:
    """Refuse groups that are not one for each row."""
    shape = (n_samples,) if groups is None else np.shape(groups)
    if shape not in ((n_samples,), (n_samples, 1)):
        raise ValueError(
            f"{name} must have one entry per row, shape ({n_samples},), found shape {shape}."
        )


# ---- conversion, the same in fit and predict ---------------------------------------------------


def as_rows(X: Any, name: str = "X") -> Any:
    """Return rows that can be indexed: frames, arrays and sparse matrices as they are.

    Lists become arrays, mixed ones and text of type object: NumPy would make text of the numbers
    beside text.
    """
    if isinstance(X, np.ndarray):
        return np.asarray(X) if isinstance(X, np.matrix) else X
    if sparse.issparse(X):
        return X if X.format in ("csr", "csc") else X.tocsr()
    package = type(X).__module__.partition(".")[0]
    if package == "pyarrow":
        return X.to_pandas()
    if package == "polars" and not hasattr(X, "row"):
        raise ValueError(f"{name} must hold rows, found a polars LazyFrame: call its collect().")
    if hasattr(X, "columns"):
        return X
    return _as_array(X, name)


def _as_array(X: Any, name: str) -> NDArray[Any]:
    try:
        array = np.asarray(X)
        is_text = array.dtype.kind in "US" and not hasattr(X, "__array__")
        return np.array(X, dtype=object) if is_text else array
    except ValueError as error:
        raise ValueError(
            f"{name} must be a table, whose rows are of one length: {error}"
        ) from error


def check_alike(X: Any, like: Any, name: str) -> Any:
    """Return rows that can stand below others, or say how they differ from X."""
    X = as_rows(X, name)
    _check_shape(X, name)
    if _kind_of_table(X) != _kind_of_table(like):
        raise ValueError(
            f"{name} must be of the kind of X, {_kind_of_table(like)}, found {_kind_of_table(X)}."
        )
    if X.shape[1:] != like.shape[1:]:
        raise ValueError(
            f"{name} must have {like.shape[1:]} columns, as X has, found {X.shape[1:]}."
        )
    if not hasattr(X, "columns"):
        kinds = [_kind_of_values(table.dtype) for table in (X, like)]
        if kinds[0] != kinds[1]:
            raise ValueError(f"{name} must hold {kinds[1]}, as X does, found {kinds[0]}.")
        return X
    if list(X.columns) != list(like.columns):
        raise ValueError(
            f"{name} must have the columns of X, in their order: {list(like.columns)}, found "
            f"{list(X.columns)}."
        )
    for column, own, known in zip(X.columns, X.dtypes, like.dtypes, strict=True):
        if _kind_of_values(own) != _kind_of_values(known):
            raise ValueError(
                f"{name} must have columns of the types of X, but {column!r} is {own} and not "
                f"{known}."
            )
    return X


def _kind_of_table(X: Any) -> str:
    if sparse.issparse(X):
        return "a sparse matrix"
    return (
        f"a {type(X).__module__.partition('.')[0]} frame" if hasattr(X, "columns") else "an array"
    )


def _kind_of_values(dtype: Any) -> Any:
    """Return what tells types that can stand below each other from others."""
    kind = getattr(dtype, "kind", None)
    # Categories must be the same, and so must time zones; polars is strict.
    if _is_category(dtype) or kind is None or getattr(dtype, "tz", None) is not None:
        return dtype
    kinds = {"numbers": "iuf", "truth values": "b", "text": "OUST", "times": "mM"}
    return next((word for word, letters in kinds.items() if kind in letters), kind)


def stack(tables: Sequence[Any]) -> Any:
    """Put tables of one kind below each other."""
    first = tables[0]
    if len(tables) == 1:
        return first
    if sparse.issparse(first):
        # SciPy before 1.12 makes matrices of arrays.
        return type(first)(sparse.vstack(tables, format=first.format))
    package = type(first).__module__.partition(".")[0]
    if package == "pandas":
        import pandas as pd  # the rows are its frames

        return pd.concat(tables, ignore_index=True)
    if package == "polars":
        for table in tables[1:]:
            first = first.vstack(table)
        return first
    return np.concatenate(tables)


def pick_by_column(X: Any, picks: Iterable[Indices]) -> Any:
    """Return a table of the kind of X whose columns take their values from rows of their own.

    `picks` are for each column the numbers of the rows.
    """
    if sparse.issparse(X):
        columns = sparse.csc_matrix(X)
        made = [columns[:, [j]][pick] for j, pick in enumerate(picks)]
        return type(X)(sparse.hstack(made, format=X.format))
    if type(X).__module__.partition(".")[0] == "polars":
        return type(X)({name: X[name][pick] for name, pick in zip(X.columns, picks, strict=True)})
    if hasattr(X, "iloc"):
        picked = {j: X.iloc[:, j].array.take(pick) for j, pick in enumerate(picks)}
        return type(X)(picked).set_axis(X.columns, axis=1)
    return np.column_stack([X[pick, j] for j, pick in enumerate(picks)]).astype(X.dtype, copy=False)


def category_dtypes(X: Any) -> dict[str, Any] | None:
    """Return the types of the columns of a pandas frame with categories, None of other rows."""
    if type(X).__module__.partition(".")[0] != "pandas" or not hasattr(X, "dtypes"):
        return None
    dtypes = dict(zip(X.columns, X.dtypes, strict=True))
    return dtypes if any(_is_category(dtype) for dtype in dtypes.values()) else None


def _is_category(dtype: Any) -> bool:
    return hasattr(dtype, "categories")


def plain_dtypes(dtypes: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return types of columns as words and lists, which any format of files can hold.

    One that would not come back the same, such as of categories that are intervals, stays.
    """
    if dtypes is None:
        return None
    plain = {name: _as_plain(dtype) for name, dtype in dtypes.items()}
    again = dtypes_of(plain) or {}
    return {name: plain[name] if again[name] == dtypes[name] else dtypes[name] for name in dtypes}


def _as_plain(dtype: Any) -> Any:
    if not _is_category(dtype):
        return str(dtype)
    categories = dtype.categories
    return {
        "categories": categories.tolist(),
        "dtype": str(categories.dtype),
        "ordered": bool(dtype.ordered),
    }


def dtypes_of(plain: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the types that :func:`plain_dtypes` has put in words."""
    if plain is None:
        return None
    import pandas as pd  # the rows of fit were its frame

    def read(value: Any) -> Any:
        if isinstance(value, dict):
            categories = pd.Index(value["categories"], dtype=value["dtype"])
            return pd.CategoricalDtype(categories, value["ordered"])
        return pd.api.types.pandas_dtype(value)

    return {name: read(value) for name, value in plain.items()}


def restore_categories(X: Any, dtypes: dict[str, Any] | None) -> Any:
    """Give rows the categories that columns had in fit, by their values.

    Members that read categories read codes, and an array, or a frame that knows the values as
    numbers or text, has none: its values would be taken for codes.
    """
    if dtypes is None:
        return X
    if type(X).__module__.partition(".")[0] == "polars":
        X = X.to_pandas()
    if not hasattr(X, "columns"):
        X = _as_frame(X, dtypes)
    wrong = {
        name: dtype
        for name, dtype in dtypes.items()
        if _is_category(dtype) and name in X.columns and X[name].dtype != dtype
    }
    return X.assign(**{name: _as_category(X[name], dtype) for name, dtype in wrong.items()})


def _as_category(column: Any, dtype: Any) -> Any:
    """Return a column with the categories of fit; values that were not among them are missing."""
    values = column.astype(object)
    known = values.isin(list(dtype.categories))
    present = values[column.notna()]
    if not known.any() and len(present) and _is_text(present) != _is_text(dtype.categories):
        raise ValueError(
            f"X holds no known category in column {column.name!r}: it had "
            f"{dtype.categories.tolist()[:5]} in fit, found {present.iloc[0]!r}."
        )
    return values.where(known, None).astype(dtype)


def _is_text(values: Any) -> bool:
    return all(isinstance(value, str) for value in values)


def _as_frame(X: Any, dtypes: dict[str, Any]) -> Any:
    import pandas as pd  # the rows of fit were its frame

    array = X.toarray() if sparse.issparse(X) else np.asarray(X)
    if array.ndim != 2 or array.shape[1] != len(dtypes):
        raise ValueError(f"X must have {len(dtypes)} columns, as in fit, found {array.shape}.")
    frame = pd.DataFrame(array, columns=list(dtypes))
    return frame.astype({name: d for name, d in dtypes.items() if not _is_category(d)})


# ---- names of columns ------------------------------------------------------------------------


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
