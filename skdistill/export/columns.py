"""Reads what stands before a learner: fitted transformers become features of columns."""

from __future__ import annotations

import warnings
from collections import UserList
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)
from sklearn.utils import check_array, get_tags

from .program import Bin, Clip, Feature, Fill, Lookup, Minus, Over, Plus, Times

Features = list[Feature]


class UnknownPartError(ValueError):
    """Something that no writer of code knows."""


class UnknownCategoryError(UnknownPartError):
    """Categories that no writer of code knows; it says what the column of a number has."""

    def __init__(self, column: int, found: str) -> None:
        super().__init__(found)
        self.column = column


def read_transformer(transformer: Any, features: Features) -> Features:
    """Return the features that a fitted transformer makes of features."""
    if transformer is None or (isinstance(transformer, str) and transformer == "passthrough"):
        return features
    reader = READERS.get(type(transformer))
    if reader is not None:
        return reader(transformer, features)
    if hasattr(transformer, "get_support"):
        if not get_tags(transformer).input_tags.allow_nan:
            features = never_missing(features)
        return [features[j] for j in transformer.get_support(indices=True)]
    known = ", ".join(kind.__name__ for kind in READERS)
    raise UnknownPartError(
        f"{type(transformer).__name__} cannot be exported: of what stands before a student, "
        f"selections of columns and these can: {known}."
    )


def never_missing(features: Features) -> Features:
    """Return the features of a transformer that refuses missing values."""
    return [replace(f, refuses_missing=f.refuses_missing or _stays_missing(f)) for f in features]


def answers_sparse(transformer: Any, given: bool) -> bool:
    """Whether a fitted transformer answers a sparse matrix about rows that are one, or are none."""
    if isinstance(transformer, Pipeline):
        for _, step in transformer.steps:
            given = answers_sparse(step, given)
        return given
    if isinstance(transformer, FeatureUnion):
        return any(answers_sparse(part, given) for _, part in transformer.transformer_list)
    if isinstance(transformer, ColumnTransformer):
        return bool(transformer.sparse_output_)
    if isinstance(transformer, OneHotEncoder):
        return bool(transformer.sparse_output)
    if isinstance(transformer, KBinsDiscretizer):
        return bool(transformer.encode == "onehot")
    return given and not isinstance(transformer, OrdinalEncoder)


def _stays_missing(feature: Feature) -> bool:
    """Whether a missing value of its column is one of the feature."""
    value: Any = np.nan
    for step in feature.steps:
        if isinstance(step, Fill) and is_missing(step.place) and is_missing(value):
            value = step.value
        elif isinstance(step, Lookup) and is_missing(value):
            value = step.missing
    return is_missing(value)


# ---- what holds transformers -----------------------------------------------------------------


def _pipeline(pipeline: Pipeline, features: Features) -> Features:
    for _, step in pipeline.steps:
        features = read_transformer(step, features)
    return features


def _union(union: FeatureUnion, features: Features) -> Features:
    if union.transformer_weights:
        raise UnknownPartError("A FeatureUnion with transformer_weights cannot be exported.")
    parts = [t for _, t in union.transformer_list if not (isinstance(t, str) and t == "drop")]
    return [made for part in parts for made in read_transformer(part, features)]


def _by_columns(transformer: ColumnTransformer, features: Features) -> Features:
    if transformer.transformer_weights:
        raise UnknownPartError("A ColumnTransformer with transformer_weights cannot be exported.")
    places = transformer.output_indices_
    made: dict[int, Feature] = {}
    for name, part, columns in transformer.transformers_:
        if isinstance(part, str) and part == "drop":
            continue
        chosen = [features[j] for j in _positions(columns, transformer)]
        found = read_transformer(part, chosen) if chosen else []
        made |= dict(zip(range(*places[name].indices(10**9)), found, strict=True))
    return [made[place] for place in sorted(made)]


def _positions(columns: Any, transformer: ColumnTransformer) -> list[int]:
    """Return the positions of what a ColumnTransformer selects."""
    every = np.arange(transformer.n_features_in_)
    if isinstance(columns, str | int | np.integer):
        columns = [columns]
    if isinstance(columns, slice):
        if isinstance(columns.start, str) or isinstance(columns.stop, str):
            raise UnknownPartError("Slices of column names cannot be exported: list the names.")
        return every[columns].tolist()
    if isinstance(columns, UserList):  # the remainder's in scikit-learn 1.6, which warns of itself
        columns = columns.data
    columns = list(columns)
    if columns and isinstance(columns[0], str):
        names = transformer.feature_names_in_.tolist()
        return [names.index(name) for name in columns]
    return every[np.array(columns, dtype=None if columns else int)].tolist()


def _as_it_is(transformer: FunctionTransformer, features: Features) -> Features:
    # Histogram gradient boosting checks its numbers so.
    checks = getattr(transformer.func, "func", None) is check_array
    if transformer.func is not None and not checks:
        raise UnknownPartError(
            f"A FunctionTransformer cannot be exported: its function {transformer.func!r} is "
            "Python. Do what it does before the Pipeline."
        )
    return features


# ---- numbers ---------------------------------------------------------------------------------


def _imputer(imputer: SimpleImputer, features: Features) -> Features:
    statistics = imputer.statistics_
    if not is_missing(imputer.missing_values):
        features = never_missing(features)
    kept = [
        feature.then(Fill(_plain(value), _plain(imputer.missing_values)))
        for feature, value in zip(features, statistics, strict=True)
        if imputer.keep_empty_features or not is_missing(value)
    ]
    if imputer.indicator_ is None:
        return kept
    absent = _plain(imputer.missing_values)
    tells = Lookup((), (), 0.0, 1.0) if is_missing(absent) else Lookup((absent,), (1.0,), 0.0, 0.0)
    return kept + [features[j].then(tells) for j in imputer.indicator_.features_]


def _standard(scaler: StandardScaler, features: Features) -> Features:
    parts = ((Minus, scaler.mean_ if scaler.with_mean else None), (Over, scaler.scale_))
    return _each(features, *parts)


def _min_max(scaler: MinMaxScaler, features: Features) -> Features:
    found = _each(features, (Times, scaler.scale_), (Plus, scaler.min_))
    bounds = Clip(*map(float, scaler.feature_range))
    return [feature.then(bounds) for feature in found] if scaler.clip else found


def _max_abs(scaler: MaxAbsScaler, features: Features) -> Features:
    found = _each(features, (Over, scaler.scale_))
    clips = getattr(scaler, "clip", False)
    return [feature.then(Clip(-1.0, 1.0)) for feature in found] if clips else found


def _robust(scaler: RobustScaler, features: Features) -> Features:
    return _each(features, (Minus, scaler.center_), (Over, scaler.scale_))


def _each(features: Features, *parts: tuple[Callable[[float], Any], Any]) -> Features:
    """Let steps follow, each with its number of the column; None leaves a step out."""
    for make, numbers in parts:
        if numbers is not None:
            features = [f.then(make(float(v))) for f, v in zip(features, numbers, strict=True)]
    return features


def _bins(transformer: KBinsDiscretizer, features: Features) -> Features:
    made, features = [], never_missing(features)
    edges = transformer.bin_edges_
    for feature, own, n_bins in zip(features, edges, transformer.n_bins_, strict=True):
        binned = feature.then(Bin(tuple(own[1:-1].tolist())))
        if transformer.encode == "ordinal":
            made.append(binned)
            continue
        made += [binned.then(Lookup((float(k),), (1.0,), 0.0, None)) for k in range(n_bins)]
    return made


# ---- categories ------------------------------------------------------------------------------


def _encoder(encoder: Any, features: Features) -> Features:
    """Ask an encoder about each category, one it does not know and none: so it tells all it does.

    Its outputs are then known whatever its options for rare, unknown and missing ones.
    """
    for feature, categories in zip(features, encoder.categories_, strict=True):
        _check_gaps(feature, [c for c in categories if is_missing(c)])
        check_categories([c for c in categories if not is_missing(c)], feature.column)
    answers = [_Probe(encoder, j) for j in range(len(features))]
    n_outputs = len(encoder.get_feature_names_out())
    made = []
    for output in range(n_outputs):
        owners = [j for j, answer in enumerate(answers) if answer.varies(output)]
        j = owners[0] if owners else 0
        made.append(features[j].then(answers[j].lookup(output)))
    return made


def _check_gaps(feature: Feature, gaps: Sequence[Any]) -> None:
    """Refuse an encoder that tells missing values apart, which are all NaN to a program."""
    if len(gaps) > 1:
        raise UnknownCategoryError(
            feature.column,
            f"has {' and '.join(map(repr, gaps))} among its categories, which no file tells apart: "
            "put one in the place of the other before the model is fitted.",
        )
    if gaps and not _stays_missing(feature):
        raise UnknownCategoryError(
            feature.column,
            f"has {gaps[0]!r} among its categories, which its SimpleImputer leaves alone and a "
            f"file would fill: let it fill that (missing_values={gaps[0]!r}), or put what it fills "
            "in its place before the model is fitted.",
        )


def check_categories(categories: Iterable[Any], column: int) -> None:
    """Refuse categories of a column that are neither text nor doubles."""
    for category in categories:
        value = category.item() if isinstance(category, np.generic) else category
        # A date of NumPy may say that it is a whole number.
        is_time = isinstance(category, np.datetime64 | np.timedelta64)
        if is_time or not isinstance(value, str | int | float):
            raise UnknownCategoryError(
                column,
                f"has categories that are neither text nor plain numbers, such as {category!r}: "
                "make them text before the model is fitted.",
            )
        if isinstance(value, int) and float(value) != value:
            raise UnknownCategoryError(
                column,
                f"has whole numbers as categories that a double rounds, such as {value}: make "
                "them text before the model is fitted.",
            )


class _Probe:
    """What an encoder answers where a column takes on each of its categories in turn."""

    def __init__(self, encoder: Any, column: int) -> None:
        self.encoder, self.column = encoder, column
        categories = encoder.categories_[column]
        self.keys = [_plain(c) for c in categories if not is_missing(c)]
        missing = next((c for c in categories if is_missing(c)), np.nan)
        self.known = self._ask(self.keys)
        self.unknown = self._try(another(self.keys))
        self.missing = self._try(missing)

    def _ask(self, values: Sequence[Any]) -> NDArray[Any]:
        first = [c[0] for c in self.encoder.categories_]
        is_text = any(c.dtype.kind in "OUS" for c in self.encoder.categories_)
        rows = np.array([first] * len(values), dtype=object if is_text else np.float64)
        rows = rows.reshape(len(values), len(first))
        rows[:, self.column] = values
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of names, and of what is unknown
            answer = self.encoder.transform(rows)
        answer = answer.toarray() if hasattr(answer, "toarray") else answer
        return np.asarray(answer, dtype=np.float64)

    def _try(self, value: Any) -> NDArray[Any] | None:
        try:
            return self._ask([value])[0]
        except (ValueError, TypeError):  # a category that it refuses
            return None

    def varies(self, output: int) -> bool:
        """Whether an output depends on the column."""
        told = [*self.known[:, output]]
        told += [a[output] for a in (self.unknown, self.missing) if a is not None]
        return any(not _same(value, told[0]) for value in told)

    def lookup(self, output: int) -> Lookup:
        """Return how an output follows from the column."""
        other, missing = (
            None if answer is None else _plain(answer[output])
            for answer in (self.unknown, self.missing)
        )
        values = tuple(np.nan if v != v else v for v in self.known[:, output].tolist())
        return Lookup(tuple(self.keys), values, other, missing)


def another(keys: Sequence[Any]) -> Any:
    """Return a value that is not among some."""
    if any(isinstance(key, str) for key in keys):
        return "_".join(["other", *map(str, keys)])
    most = max(map(float, keys), default=0.0)
    # From 2**53 on, 1 more may be the same number.
    return max(most + 1.0, float(np.nextafter(most, np.inf)))


def keys_of(features: Iterable[Feature]) -> list[Any]:
    """Return what steps look for."""
    steps = [step for feature in features for step in feature.steps]
    return [key for step in steps if isinstance(step, Lookup) for key in step.keys]


def is_missing(value: Any) -> bool:
    """Whether a value stands for none; pandas' NA cannot say whether it is equal to anything."""
    return value is None or type(value).__name__ == "NAType" or value != value


def _plain(value: Any) -> Any:
    """Return a number or text as Python's own; whatever stands for missing as NaN."""
    if is_missing(value):
        return np.nan
    value = value.item() if isinstance(value, np.generic) else value
    return float(value) if isinstance(value, bool | int) else value


def _same(a: float, b: float) -> bool:
    return bool(a == b or (a != a and b != b))


READERS: dict[type, Callable[[Any, Features], Features]] = {
    Pipeline: _pipeline,
    FeatureUnion: _union,
    ColumnTransformer: _by_columns,
    FunctionTransformer: _as_it_is,
    SimpleImputer: _imputer,
    StandardScaler: _standard,
    MinMaxScaler: _min_max,
    MaxAbsScaler: _max_abs,
    RobustScaler: _robust,
    KBinsDiscretizer: _bins,
    OneHotEncoder: _encoder,
    OrdinalEncoder: _encoder,
}
