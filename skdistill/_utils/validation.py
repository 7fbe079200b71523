"""What bad input is told, before anything is fitted."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.base import is_classifier, is_regressor
from sklearn.dummy import DummyClassifier
from sklearn.metrics import get_scorer
from sklearn.utils import assert_all_finite, get_tags
from sklearn.utils.metadata_routing import MetadataRouter, get_routing_for_object
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    check_array,
    column_or_1d,
    indexable,
    validate_data,
)

from .compat import routing_enabled
from ..students.objectives import check_objective, learns_one_probability
from .estimators import is_frozen, last_step, predicts_proba, weight_keyword
from ..targets.losses import LOSSES

Array = NDArray[np.float64]

# ---- rows, labels and weights ----------------------------------------------------------------


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


def check_rows(estimator: Any, X: Any, y: Any) -> Any:
    """Make X indexable, leave frames, arrays and sparse matrices otherwise alone.

    Sets `n_features_in_` and `feature_names_in_` of `estimator`.
    """
    is_table = hasattr(X, "columns") or sparse.issparse(X) or isinstance(X, np.ndarray)
    if not is_table:
        X = np.asarray(X)
    validate_data(estimator, X, y, skip_check_array=True)
    names = column_names(X)
    if names is not None:
        # scikit-learn 1.6 does not see the names of polars 2.
        estimator.feature_names_in_ = names
    X, _ = indexable(X, y)
    return X


def check_labels(y: ArrayLike) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.intp]]:
    """Return labels as an array, the sorted classes, and each label's place among them."""
    labels = column_or_1d(y, warn=True)
    assert_all_finite(labels, input_name="y")
    try:
        check_classification_targets(labels)
        classes, codes = np.unique(labels, return_inverse=True)
    except TypeError as error:
        raise ValueError(
            f"y must hold labels of one kind, and none missing, found {labels[:5].tolist()} ...: "
            f"{error}"
        ) from error
    if len(classes) < 2:
        raise ValueError(
            f"y must hold at least 2 classes to learn from, found one class: {classes.tolist()}."
        )
    return labels, classes, codes


def check_weights(sample_weight: ArrayLike | None, n_samples: int) -> Array | None:
    """Return usable sample weights, or None."""
    if sample_weight is None:
        return None
    weights = np.asarray(sample_weight, dtype=np.float64)
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


def check_teacher_proba(proba: Any, n_samples: int, classes: NDArray[Any]) -> Array:
    """Return given probabilities as an array, if they are probabilities of the right shape.

    A frame whose columns bear the classes' names is put in the order of the classes.
    """
    name, n_classes = "teacher_proba", len(classes)
    if hasattr(proba, "columns"):
        proba = _in_order(proba, classes)
    values = check_array(proba, dtype=np.float64, ensure_2d=False, input_name=name)
    if values.shape != (n_samples, n_classes):
        raise ValueError(
            f"{name} must have one row per sample and one column per class in the order of "
            f"classes_, shape ({n_samples}, {n_classes}), found shape {values.shape}."
        )
    if values.min() < 0:
        raise ValueError(f"{name} must not be negative, found {values.min():.3g}.")
    off = np.abs(values.sum(axis=1) - 1.0).max()
    # Probabilities stored as float32 by another tool miss 1 by up to about 1e-6 per class.
    if off > 1e-3:
        raise ValueError(f"The rows of {name} must sum to 1, found one that is off by {off:.3g}.")
    return np.asarray(values)


def _in_order(proba: Any, classes: NDArray[Any]) -> Any:
    """Put the columns of a frame in the order of the classes, if they bear their names."""
    columns, labels = list(proba.columns), classes.tolist()
    for name in (lambda value: value, str):  # 1.0 names the class 1, and so does "1"
        by_label = {name(column): column for column in columns}
        known = [label for label in labels if name(label) in by_label]
        if len(known) == len(labels) == len(columns):
            return proba[[by_label[name(label)] for label in labels]]
        if known and not all(is_number(column) for column in columns):
            raise ValueError(
                f"The columns of teacher_proba name some classes of y, but not all: found "
                f"{columns}, y holds {labels}."
            )
    return proba


def class_columns(classes: NDArray[Any], estimator: Any, proba: Any) -> Array:
    """Arrange an estimator's probabilities in the columns of `classes`.

    A class that the estimator does not know has probability 0. Probabilities that are not
    finite, not one column per class or of a class outside `classes` are refused.
    """
    name = type(estimator).__name__
    proba = np.asarray(proba, dtype=np.float64)
    known = np.asarray(getattr(estimator, "classes_", classes))
    if proba.ndim != 2 or proba.shape[1] != len(known):
        raise ValueError(
            f"{name}.predict_proba returned shape {proba.shape}, expected one column for each "
            f"of its {len(known)} classes."
        )
    if not np.isfinite(proba).all():
        raise ValueError(f"{name}.predict_proba returned NaN or infinite probabilities.")
    if len(known) == len(classes) and (known == classes).all():
        return proba
    unknown = [label for label in known.tolist() if label not in classes.tolist()]
    if unknown:
        raise ValueError(
            f"{name} knows classes that y does not hold: {unknown}; y holds {classes.tolist()}."
        )
    aligned = np.zeros((len(proba), len(classes)))
    aligned[:, np.searchsorted(classes, known)] = proba
    return aligned


# ---- teacher and student ---------------------------------------------------------------------


def check_weights_taken(estimator: Any, role: str) -> None:
    """Refuse weights for an estimator that would drop them."""
    if estimator is None or is_frozen(estimator):
        return
    if weight_keyword(estimator) is None:
        raise ValueError(
            f"sample_weight was given, but the {role} {type(last_step(estimator)).__name__} "
            f"takes none in fit: leave sample_weight out, or choose a {role} that takes it."
        )


def refuse_extra_params(estimator: Any, params: dict[str, Any]) -> None:
    """Without metadata routing nobody knows where a further fit parameter should go."""
    if params:
        raise ValueError(
            f"{type(estimator).__name__}.fit got {sorted(params)}: further fit parameters need "
            "metadata routing, sklearn.set_config(enable_metadata_routing=True), and a request "
            "by the estimator they are meant for, such as set_fit_request."
        )


def check_teacher(teacher: Any) -> None:
    """Refuse what cannot give class probabilities."""
    if teacher is None:
        raise ValueError("teacher is None: pass a classifier, or teacher_proba to fit.")
    if isinstance(teacher, type) or not hasattr(teacher, "fit"):
        raise ValueError(f"teacher must be a classifier instance, found {teacher!r}.")
    if not predicts_proba(teacher):
        raise ValueError(
            f"teacher must have predict_proba; {type(last_step(teacher)).__name__} has none. "
            "Wrap it, for instance in CalibratedClassifierCV."
        )
    _refuse_pairwise(teacher, "teacher")


def check_student(student: Any) -> None:
    """Refuse what is neither a regressor nor a classifier."""
    if isinstance(student, type) or not hasattr(student, "fit"):
        raise ValueError(f"student must be an estimator instance, found {student!r}.")
    if is_frozen(student):
        raise ValueError("student must not be frozen: a FrozenEstimator cannot learn.")
    if not (accepts_soft_labels(student) or is_regressor(student) or is_classifier(student)):
        raise ValueError(
            f"student must be a regressor or a classifier; {type(last_step(student)).__name__} "
            "is neither."
        )
    if not is_regressor(student) and not predicts_proba(student):
        raise ValueError(
            f"A classifier as student must have predict_proba; {type(last_step(student)).__name__} "
            "has none: use one that has it, or a regressor."
        )
    _refuse_pairwise(student, "student")


def _refuse_pairwise(estimator: Any, role: str) -> None:
    if hasattr(estimator, "__sklearn_tags__") and get_tags(estimator).input_tags.pairwise:
        raise ValueError(
            f"The {role} {type(last_step(estimator)).__name__} wants a matrix of distances or "
            f"kernel values between rows; the {role} must take the rows themselves."
        )


def accepts_soft_labels(student: Any) -> bool:
    """Whether a student, or what a Pipeline ends in, says that it learns class probabilities."""
    last = last_step(student)
    return bool(getattr(last, "accepts_soft_labels", False)) or learns_one_probability(last)


# ---- parameters ------------------------------------------------------------------------------


def check_loss(loss: Any, student: Any) -> str:
    """Return the loss's name for a student, or say why the two do not go together."""
    learns_labels = accepts_soft_labels(student) or is_classifier(student)
    name = type(last_step(student)).__name__
    if not isinstance(loss, str) or loss not in ("auto", *LOSSES):
        raise ValueError(f"loss must be 'auto' or one of {list(LOSSES)}, found {loss!r}.")
    if loss == "auto":
        loss = "cross_entropy" if learns_labels else "squared_error"
    if loss == "cross_entropy" and not learns_labels:
        raise ValueError(
            f"loss='cross_entropy' needs a classifier as student, {name} is a regressor: use a "
            "classifier, or loss='squared_error' or 'squared_error_logit'."
        )
    if loss != "cross_entropy" and learns_labels:
        raise ValueError(
            f"loss={loss!r} needs a regressor as student, {name} learns labels: use a regressor, "
            "or loss='cross_entropy'."
        )
    if learns_labels and not _takes_label_weights(student):
        raise ValueError(
            f"The student {name} takes no sample_weight in fit, so it cannot learn class "
            "probabilities: use a classifier that does, or a regressor."
        )
    check_objective(student, loss)
    return loss


def _takes_label_weights(student: Any) -> bool:
    """Whether soft labels can reach a classifier as weights, where it does not take them as y."""
    if not accepts_soft_labels(student):
        return weight_keyword(student) is not None
    adapted = getattr(last_step(student), "estimator", None)
    return adapted is None or weight_keyword(adapted) is not None


def check_label_weights_routed(student: Any) -> None:
    """Refuse, with metadata routing, a wrapped classifier that does not ask for weights."""
    last = last_step(student)
    if not routing_enabled() or is_regressor(student):
        return
    last = getattr(last, "estimator", last) if accepts_soft_labels(last) else last
    routing = get_routing_for_object(last)
    if isinstance(routing, MetadataRouter) and not routing.consumes("fit", ["sample_weight"]):
        raise ValueError(
            f"The student {type(last).__name__} learns class probabilities by weights, and with "
            "metadata routing what it wraps must ask for them: set_fit_request(sample_weight=True)."
        )


def check_temperature(temperature: Any, loss: str) -> float:
    """Return the temperature, which only cross-entropy knows."""
    if not is_number(temperature) or not temperature > 0 or not np.isfinite(temperature):
        raise ValueError(f"temperature must be a positive number, found {temperature!r}.")
    if temperature != 1 and loss != "cross_entropy":
        raise ValueError(
            f"temperature must be 1 with loss={loss!r}, found {temperature!r}: only "
            "'cross_entropy' has a temperature."
        )
    return float(temperature)


def check_proba_floor(proba_floor: Any, n_classes: int, loss: str) -> float:
    """Return the floor of probabilities, which must leave room for every class."""
    if is_number(proba_floor) and loss == "squared_error" and 0 < proba_floor < 1:
        # It takes no logarithm, and the default must not refuse 500 classes.
        return float(proba_floor)
    if not is_number(proba_floor) or not 0 < proba_floor < 1 / n_classes:
        raise ValueError(
            f"proba_floor must lie between 0 and 1 / n_classes = {1 / n_classes:.3g}, both "
            f"excluded, found {proba_floor!r}."
        )
    return float(proba_floor)


def is_number(value: Any) -> bool:
    """Whether a parameter is a real number, which a boolean is not."""
    return isinstance(value, Real) and not isinstance(value, bool | np.bool_)


def check_scorer(scoring: Any, X: Any, y: NDArray[Any]) -> None:
    """Refuse a scorer that cannot judge a classifier by its labels or probabilities."""
    if scoring is None:
        return
    try:
        # It never looks at rows, but the scorer may.
        prior = DummyClassifier(strategy="prior").fit(np.zeros((len(y), 1)), y)
        if not np.isfinite(float(get_scorer(scoring)(prior, X, y))):
            raise ValueError("it gives no finite score.")
    except Exception as error:
        raise ValueError(
            f"scoring={scoring!r} cannot judge a classifier by its predict or predict_proba: "
            f"{error}"
        ) from error


def check_fold_count(cv: int, classes: NDArray[Any], codes: NDArray[np.intp]) -> None:
    """Refuse a number of folds that stratification cannot serve."""
    if cv < 2:
        raise ValueError(f"cv must be at least 2 folds, found {cv}.")
    counts = np.bincount(codes, minlength=len(classes))
    rarest = int(counts.argmin())
    if counts[rarest] < cv:
        raise ValueError(
            f"cv={cv} folds need at least {cv} rows of each class, but class "
            f"{classes.tolist()[rarest]!r} has {counts[rarest]}: use fewer folds, or a splitter."
        )


def is_fold_count(cv: Any) -> bool:
    """Whether `cv` is a number of folds."""
    return isinstance(cv, Integral) and not isinstance(cv, bool | np.bool_)


def check_splits(splits: list[tuple[Any, Any]], n_samples: int) -> list[tuple[Any, Any]]:
    """Return splits as index arrays that predict every row once, from other rows."""
    checked = []
    for split in splits:
        try:
            train, test = split
        except (TypeError, ValueError):
            raise ValueError(
                f"cv must give pairs of training and test rows, found {split!r}."
            ) from None
        checked.append((_as_indices(train, n_samples), _as_indices(test, n_samples)))
    tests = [test for _, test in checked]
    times = np.bincount(np.concatenate([np.empty(0, int), *tests]), minlength=n_samples)
    if (times != 1).any():
        raise ValueError(
            "cv must predict every row exactly once: "
            f"{int((times == 0).sum())} rows are never predicted, "
            f"{int((times > 1).sum())} more than once."
        )
    for fold, (train, test) in enumerate(checked, start=1):
        if not len(train) or np.isin(test, train).any():
            raise ValueError(f"cv must train on other rows than it predicts; fold {fold} does not.")
    return checked


def _as_indices(rows: Any, n_samples: int) -> NDArray[np.intp]:
    rows = np.asarray(rows)
    if rows.dtype == bool:
        rows = np.flatnonzero(rows)
    if rows.ndim != 1 or (len(rows) and rows.dtype.kind not in "iu"):
        raise ValueError("cv must give row numbers, one array each for training and test rows.")
    if len(rows) and not (rows.min() >= 0 and rows.max() < n_samples):
        raise ValueError(f"cv must give row numbers from 0 to {n_samples - 1}.")
    return rows.astype(np.intp, copy=False)
