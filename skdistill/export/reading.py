"""Reads a fitted distiller, or what it ships, as a `Program`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import Pipeline

from .._utils.compat import own_preprocessor_of
from .._utils.probabilities import floor_of
from ..students.distilled import DistilledClassifier, Shipped
from ..students.distilled_regressor import DistilledRegressor
from ..students.soft_labels import SoftLabelClassifier
from ..targets.losses import LOSSES, SquaredError, SquaredErrorLogit
from .columns import (
    UnknownCategoryError,
    UnknownPartError,
    another,
    answers_sparse,
    check_categories,
    keys_of,
    never_missing,
    read_transformer,
)
from .kinds import Kind, OfClasses, OfNumbers
from .learners import known_students, read_learner
from .program import (
    UNKNOWN,
    Calibrated,
    Clipped,
    Column,
    End,
    Feature,
    Fill,
    Layers,
    Lookup,
    Normalised,
    Program,
    Sharpened,
    Sigmoid,
    Softmax,
    Spread,
    Trees,
    TwoColumns,
)

Parts = tuple[list[Feature], list[Trees | Layers], list[End]]
Distilled = DistilledClassifier | DistilledRegressor


def what_ships(model: Any) -> Distilled:
    """Return what a distiller ships, or that itself."""
    found = _shipped_by(model)
    if found is not None:
        return found
    if hasattr(model, "fit") and hasattr(model, "student"):
        raise NotFittedError(f"model must be fitted: call {type(model).__name__}.fit first.")
    raise ValueError(
        "model must be a fitted distiller, or its classifier_ or regressor_, found "
        f"{type(model).__name__}."
    )


def _shipped_by(model: Any) -> Distilled | None:
    held = (getattr(model, name, None) for name in ("classifier_", "regressor_"))
    return next((one for one in (model, *held) if isinstance(one, Distilled)), None)


def kind_of(shipped: Distilled) -> Kind:
    """Return what is answered."""
    return OfNumbers() if isinstance(shipped, DistilledRegressor) else OfClasses(shipped.classes)


def read_program(model: Any) -> Program:
    """Return what a fitted distiller, or what it ships, computes.

    A part of the student that cannot be exported is refused by an `UnknownPartError`.
    """
    shipped = what_ships(model)
    names = _column_names(shipped)
    ends = _way_back(shipped) if isinstance(shipped, DistilledClassifier) else []
    kinds, kind = _categories(shipped, names), kind_of(shipped)
    return _read_columns(shipped.student, names, kinds, ends, kind, shipped.refuse_nan)


def read_estimator(estimator: Any) -> Program:
    """Return what anything of ours, or a student of numbers on its own, computes."""
    if _shipped_by(estimator) is not None:
        return read_program(estimator)
    nameless = [f"x{j}" for j in range(estimator.n_features_in_)]
    names = [*map(str, getattr(estimator, "feature_names_in_", nameless))]
    classes = getattr(estimator, "classes_", None)
    kind = OfNumbers() if classes is None else OfClasses(np.asarray(classes))
    return _read_columns(estimator, names, {}, [], kind, refuse_nan=False)


def _read_columns(
    student: Any,
    names: list[str],
    kinds: dict[int, tuple[Any, ...]],
    way_back: list[End],
    kind: Kind,
    refuse_nan: bool,
) -> Program:
    """Return what a student computes of columns, before a way back."""
    try:
        features = [Feature(j) for j in range(len(names))]
        features, learners, ends = _read(student, features, kinds)
        columns, made = _finish(names, kinds, features, learners, refuse_nan)
    except UnknownCategoryError as error:
        raise UnknownPartError(f"The column {names[error.column]!r} {error}") from None
    return Program(columns, made, tuple(learners), (*ends, *way_back), kind)


def _column_names(shipped: Shipped) -> list[str]:
    if shipped.feature_names is not None:
        return [str(name) for name in shipped.feature_names]
    return [f"x{j}" for j in range(shipped.n_features_in_)]


def _categories(shipped: Shipped, names: list[str]) -> dict[int, tuple[Any, ...]]:
    """Return the categories of columns that had some in fit, by position."""
    return {
        names.index(str(name)): tuple(dtype.categories)
        for name, dtype in (shipped.dtypes or {}).items()
        if str(dtype) == "category" and str(name) in names
    }


# ---- the student -----------------------------------------------------------------------------


def _read(student: Any, features: list[Feature], kinds: dict[int, tuple[Any, ...]]) -> Parts:
    """Return the features that a student reads, what it computes of them, and what follows."""
    if isinstance(student, Pipeline):
        for _, step in student.steps[:-1]:
            features = read_transformer(step, features)
        features, learners, ends = _read(student.steps[-1][1], features, kinds)
        if any(one.reads_float32 for one in learners) and answers_sparse(student[:-1], False):
            # Trees of scikit-learn take gaps of dense rows alone.
            features = never_missing(features)
        return features, learners, ends
    if isinstance(student, SoftLabelClassifier):
        features, learners, ends = _read(student.estimator_, features, kinds)
        return features, learners, ends + _spread(student.estimator_.classes_, student.classes_)
    if isinstance(student, GridSearchCV | RandomizedSearchCV):
        return _read(student.best_estimator_, features, kinds)
    if isinstance(student, FrozenEstimator):
        return _read(student.estimator, features, kinds)
    if isinstance(student, MultiOutputRegressor):
        return _read_each(student.estimators_, features, kinds)
    features = _as_read_by(student, features, kinds)
    learner, own_ends = read_learner(student)
    return features, [learner], list(own_ends)


def _read_each(
    students: list[Any], features: list[Feature], kinds: dict[int, tuple[Any, ...]]
) -> Parts:
    """Return one learner for each output, all of the same features."""
    parts = [_read(student, features, kinds) for student in students]
    first_features, _, first_ends = parts[0]
    if any((own, ends) != (first_features, first_ends) for own, _, ends in parts):
        raise UnknownPartError(
            "A MultiOutputRegressor around a Pipeline cannot be exported: put it at the end of one."
        )
    return first_features, [learner for _, each, _ in parts for learner in each], first_ends


def _as_read_by(
    learner: Any, features: list[Feature], kinds: dict[int, tuple[Any, ...]]
) -> list[Feature]:
    """Let categories become the codes that a learner makes of them by itself."""
    if isinstance(learner, HistGradientBoostingClassifier | HistGradientBoostingRegressor):
        own = own_preprocessor_of(learner)
        return features if own is None else read_transformer(own, features)
    if not hasattr(learner, "booster_"):
        return features
    if learner.booster_.pandas_categorical and not kinds:
        raise UnknownPartError(
            f"{type(learner).__name__} on its own cannot be exported with categories of a frame: "
            "export the distiller that taught it."
        )
    return [
        feature.then(_codes(kinds[feature.column]))
        if not feature.steps and feature.column in kinds
        else feature
        for feature in features
    ]


def _codes(categories: tuple[Any, ...]) -> Lookup:
    return Lookup(categories, tuple(map(float, range(len(categories)))), np.nan, np.nan)


# ---- the way back ----------------------------------------------------------------------------


def _way_back(classifier: DistilledClassifier) -> list[End]:
    """Return what turns answers of the student into probabilities."""
    n_classes = len(classifier.classes)
    ends: list[End] = []
    if classifier.adapter == "WeightedCopies":
        known = getattr(classifier.student, "classes_", classifier.classes)
        is_coded = np.array_equal(known, np.arange(n_classes))
        ends += [] if is_coded else _spread(known, classifier.classes)
    loss = LOSSES[classifier.loss]
    if loss is SquaredError:
        ends += [Clipped(), TwoColumns() if n_classes == 2 else Normalised()]
    elif loss is SquaredErrorLogit:
        ends += [Sigmoid() if n_classes == 2 else Softmax()]
    elif classifier.temperature != 1:
        ends += [Sharpened(classifier.temperature)]
    if classifier.calibration is not None:
        slope, shift = classifier.calibration["slope"], classifier.calibration["shift"]
        ends += [Calibrated(slope, tuple(shift), floor_of(n_classes))]
    return ends


def _spread(known: NDArray[Any], classes: NDArray[Any]) -> list[End]:
    """Return what puts the probabilities of some classes in the columns of all."""
    if np.array_equal(known, classes):
        return []
    return [Spread(tuple(np.searchsorted(classes, known).tolist()), len(classes))]


# ---- columns ---------------------------------------------------------------------------------


def _finish(
    names: list[str],
    kinds: dict[int, tuple[Any, ...]],
    features: list[Feature],
    learners: list[Trees | Layers],
    refuse_nan: bool,
) -> tuple[tuple[Column, ...], tuple[Feature, ...]]:
    """Say what each column holds, and let text in steps become its codes."""
    learner_takes = all(learner.takes_missing for learner in learners)
    columns, made = [], list(features)
    for j, name in enumerate(names):
        own = [k for k, feature in enumerate(features) if feature.column == j]
        check_categories(kinds.get(j, ()) if own else (), j)
        texts = _texts([features[k] for k in own], kinds.get(j, ()))
        for k in own:
            made[k] = _with_codes(made[k], texts, kinds.get(j))
        unknown = UNKNOWN if texts is not None else another(keys_of(made[k] for k in own))
        takes = {
            word: all(_takes(made[k], value, learner_takes) for k in own)
            for word, value in (("takes_missing", np.nan), ("takes_unknown", unknown))
        }
        takes["takes_missing"] &= not (refuse_nan and texts is None)
        takes["takes_missing"] &= not any(made[k].refuses_missing for k in own)
        columns.append(Column(name, texts, **takes))
    return tuple(columns), tuple(made)


def _texts(features: list[Feature], categories: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """Return the categories of a column that holds text, None where it holds numbers."""
    found = list(categories)
    for feature in features:
        for step in feature.steps:
            if isinstance(step, Lookup):
                found += step.keys
            elif isinstance(step, Fill):
                found += [v for v in (step.value, step.place) if isinstance(v, str)]
    if not any(isinstance(value, str) for value in found):
        return None
    return tuple(dict.fromkeys(found))


def _with_codes(
    feature: Feature, texts: tuple[Any, ...] | None, of_fit: tuple[Any, ...] | None
) -> Feature:
    """Put codes in the place of text.

    Where fit knew the categories of a column, any other value of it counts as missing.
    """
    steps = feature.steps
    if texts is None:
        return replace(feature, steps=steps if of_fit is None else (_known(of_fit), *steps))
    code = {text: float(k) for k, text in enumerate(texts)}
    made: list[Any] = [] if of_fit is None else [Fill(np.nan, UNKNOWN)]
    for step in steps:
        if isinstance(step, Lookup):
            step = replace(step, keys=tuple(code.get(key, key) for key in step.keys))
        elif isinstance(step, Fill):
            step = Fill(*(code[v] if isinstance(v, str) else v for v in (step.value, step.place)))
        made.append(step)
    return replace(feature, steps=tuple(made))


def _known(categories: tuple[Any, ...]) -> Lookup:
    """Return what keeps numbers that are categories, and no others."""
    numbers = tuple(map(float, categories))
    return Lookup(numbers, numbers, np.nan, np.nan)


def _takes(feature: Feature, value: float, learner_takes_missing: bool) -> bool:
    """Whether a learner can be asked about a column's value, missing or unknown."""
    for step in feature.steps:
        if isinstance(step, Lookup) and _refuses(step, value):
            return False
        value = float(step(np.array([value]))[0])
    return learner_takes_missing or value == value


def _refuses(step: Lookup, value: float) -> bool:
    if value != value:
        return step.missing is None
    return step.otherwise is None and value not in step.keys


__all__ = [
    "Distilled",
    "UnknownPartError",
    "kind_of",
    "known_students",
    "read_estimator",
    "read_program",
    "what_ships",
]
