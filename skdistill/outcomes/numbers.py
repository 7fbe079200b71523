"""Numbers: answers are predictions of their mean, in one column."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import GroupKFold, KFold
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import check_array

from .. import corrections
from .._utils.estimators import is_classifier, is_regressor, last_step
from .._utils.rounding import to_digits
from .._utils.simplex import least_squares
from .._utils.validation import refuse_half_frozen, refuse_pairwise, refuse_uncloned
from .._utils.warn import warn
from .base import Boosting, View, flat

Array = NDArray[np.float64]
Indices = NDArray[np.intp]


#: Numbers of so few different values, each so often, may be classes.
_FEW_VALUES, _OFTEN = 3, 10
_LARGEST = 1e100
# The least spread, also as a share of the mean, that trees of scikit-learn see: they take variances
# below 2e-16 for none, and compute them from sums of squares.
_LEAST_SPREAD = 1e-6


@dataclass(frozen=True, eq=False)
class Numbers:
    """A number; answers are predictions of its mean, in one column.

    `sibling` is the distiller that teaches classes.
    """

    sibling: str = "LossCorrectedDistiller"
    classes: NDArray[Any] = field(default_factory=lambda: np.empty(0))

    method: ClassVar[str] = "predict"
    given: ClassVar[str] = "teacher_prediction"
    answers: ClassVar[str] = "predictions"
    forest: ClassVar[Any] = RandomForestRegressor
    n_columns: ClassVar[int] = 1

    def read(self, y: ArrayLike) -> tuple[NDArray[Any], Numbers, Indices]:
        """Return numbers, what they are, and codes that say that they are of one kind."""
        numbers = _check_numbers(y, self.sibling)
        return numbers, self, np.zeros(len(numbers), dtype=np.intp)

    def columns(self, y: NDArray[Any], codes: Indices) -> Array:
        """Return the numbers as a column."""
        return np.asarray(y[:, None])

    def target(self, y: NDArray[Any], codes: Indices) -> NDArray[Any]:
        """Return the numbers."""
        return y

    @staticmethod
    def as_target(target: ArrayLike) -> NDArray[Any]:
        """Return numbers as an array."""
        return np.asarray(target, dtype=np.float64)

    def pretend(self, n_rows: int) -> tuple[NDArray[Any], Indices]:
        """Return positive numbers, and their codes."""
        return 1.0 + np.arange(n_rows) / max(n_rows, 1), np.zeros(n_rows, dtype=np.intp)

    def soften(self, columns: Array, sure: float) -> Array:
        """Return answers that a teacher may give: nearer to their mean."""
        return sure * columns + (1 - sure) * columns.mean(axis=0)

    def spread(self, y: NDArray[Any], codes: Indices, rows: Indices) -> Indices:
        """Return the rows such that the first ones hold small and large numbers, if any."""
        if not len(y):
            return rows
        by_size = rows[np.argsort(y[rows], kind="stable")]
        # The golden section visits the sorted rows evenly, however many are taken.
        return by_size[np.argsort(np.arange(len(rows)) * 0.6180339887498949 % 1, kind="stable")]

    # Who teaches, and what is said.

    def check_teacher(self, teacher: Any) -> None:
        """Refuse what is no regressor."""
        if teacher is None:
            raise ValueError("teacher is None: pass a regressor, or teacher_prediction to fit.")
        if isinstance(teacher, type) or not hasattr(teacher, "fit"):
            raise ValueError(f"teacher must be a regressor instance, found {teacher!r}.")
        self.refuse_classifier(teacher, "teacher")
        refuse_pairwise(teacher, "teacher")
        refuse_uncloned(teacher, "teacher")
        refuse_half_frozen(teacher)

    def refuse_classifier(self, member: Any, role: str) -> None:
        """Refuse a member that is no regressor."""
        name = type(last_step(member)).__name__
        if is_classifier(member):
            raise ValueError(
                f"{role} must be a regressor, and {name} is a classifier: use {self.sibling}, or "
                "a regressor."
            )
        if not is_regressor(member):
            raise ValueError(f"{role} must be a regressor; {name} is not one.")

    def say(self, fitted: Any, X: Any) -> Any:
        """Ask a fitted estimator."""
        said = np.asarray(fitted.predict(X))
        return said[:, None] if said.ndim == 1 else said

    def arrange(self, fitted: Any, said: Any) -> Array:
        """Refuse what is no column of finite numbers."""
        name = f"{type(fitted).__name__}.predict"
        try:
            column = np.array(said, dtype=np.float64)  # it may be overwritten by the next answer
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name} returned what are no numbers: {error}") from error
        if column.ndim != 2 or column.shape[1] != 1:
            raise ValueError(f"{name} returned shape {column.shape}, expected one number a row.")
        if not np.isfinite(column).all():
            raise ValueError(f"{name} returned NaN or infinite numbers.")
        return column

    def check_said(self, answer: Array, name: str) -> Array:
        """Take any number."""
        return answer

    def guess(self, fitted: Any, X: Any) -> NDArray[Any]:
        """Return what a teacher takes for the target of rows without labels."""
        return np.asarray(self.say(fitted, X)[:, 0])

    def width(self, fitted: Any) -> int:
        """Return how many columns a fitted estimator answers."""
        return 1

    def places(self, member: Any) -> Indices:
        """Return the places of a bag's member's columns among those of the bag."""
        return np.zeros(1, dtype=np.intp)

    def out_of_bag(self, bag: Any) -> Array:
        """Return what a bag remembers of its answers out of the bag."""
        return np.array(bag.oob_prediction_, dtype=np.float64).reshape(-1, 1)

    def are_empty(self, answers: Array) -> NDArray[np.bool_]:
        """Mark rows about which nothing was said."""
        return np.asarray(~np.isfinite(answers).all(axis=1))

    def check_given(self, given: Any, n_rows: int, name: str) -> Array:
        """Return given predictions as a column, if they are finite numbers of the right shape."""
        try:
            values = check_array(given, dtype=np.float64, ensure_2d=False, input_name=name)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name} must hold numbers, finite ones: {error}") from error
        if values.shape not in ((n_rows,), (n_rows, 1)):
            raise ValueError(
                f"{name} must hold one number per sample, shape ({n_rows},), found shape "
                f"{values.shape}."
            )
        return np.array(values.reshape(-1, 1))

    # How rows are split.

    @staticmethod
    def splitter(n_folds: int, random_state: Any, *, grouped: bool = False) -> Any:
        """Return shuffled folds."""
        kind = GroupKFold if grouped else KFold
        return kind(n_folds, shuffle=True, random_state=random_state)

    def check_fold_count(self, n_folds: int, codes: Indices, name: str) -> None:
        """Refuse more folds than rows."""
        if len(codes) < n_folds:
            raise ValueError(
                f"{name}={n_folds} folds need at least {n_folds} rows, found {len(codes)}: use "
                "fewer folds."
            )

    def warn_of_missing(self, codes: Indices, trains: list[Indices]) -> None:
        """Say nothing: there are no classes that a fold may lack."""

    # What labels say about answers.

    def rule(self, correction: Any, c: float | None = None) -> Any:
        """Return the γ rule that a user's `correction` and `c` mean."""
        return corrections.resolve_for_numbers(correction, c)

    def settle(self, rule: Any, answers: Array, truth: Array, weights: Array) -> Any:
        """Return a rule that knows the mean squared residual of these rows."""
        noise = float(np.average((truth - answers)[:, 0] ** 2, weights=weights))
        return lambda prediction, y, *, link: rule(prediction, y, link=link, noise=noise)

    def neutral(self, y: NDArray[Any], n_rows: int) -> Array:
        """Return answers that say nothing."""
        return np.full((n_rows, 1), y.mean())

    def row_scores(self, answers: Array, target: NDArray[Any], floor: float) -> Array:
        """Return for each row how good its answer is: less its squared error."""
        return np.asarray(-((target - answers[:, 0]) ** 2))

    def blend_weights(
        self, members: list[Array], target: NDArray[Any], weight: Array | None, floor: float
    ) -> Array:
        """Return the weights of the members' answers whose mean has the least squared error."""
        return least_squares(np.hstack(members), target, weight)

    def warn_of_shift(self, off: Array, weight: Array) -> None:
        """Say nothing: who asks teachers of quantiles, or of logarithms, wants what they answer."""

    # Scores, to which a model of the residual adds.

    def to_scores(self, answers: Array) -> Array:
        """Return predictions without what rounding adds: LightGBM's bins depend on ties."""
        return to_digits(answers)

    def from_scores(self, scores: Array) -> Array:
        """Return predictions as they are."""
        return np.array(scores)

    def risk(self, scores: Array, target: NDArray[Any], weight: Array | None) -> float:
        """Return the mean squared error of scores."""
        return float(np.average((target - scores[:, 0]) ** 2, weights=weight))

    def boosting(self, scores: Array, target: NDArray[Any]) -> Boosting:
        """Return how LightGBM learns what to add to scores: residuals, in a unit of their size.

        It computes in float32, and knows absolute thresholds. Units are powers of two, by which
        nothing is rounded.
        """
        residual = target - scores[:, 0]
        size = float(np.sqrt(np.mean(residual**2)))
        unit = float(2.0 ** np.round(np.log2(size))) if size > 0 else 1.0
        return Boosting(residual / unit, None, {"objective": "regression"}, unit)

    # Whether answers have seen their labels.

    objective: ClassVar[str] = "regression"

    def views(self, target: NDArray[Any], answers: Array, least: int) -> list[View]:
        """Return numbers and predictions, in standard deviations of the numbers."""
        spread = target.std()
        if not spread > 0:
            return []
        return [View((target - target.mean()) / spread, (answers[:, 0] - target.mean()) / spread)]

    def fit_scale(self, answer: Array, y: NDArray[Any]) -> Any:
        """Return what puts answers on the scale of the numbers: the best line."""
        centred = answer - answer.mean()
        slope = float((centred * y).sum() / max((centred**2).sum(), np.finfo(float).tiny))

        def to_scale(other: Array) -> Array:
            return np.asarray(y.mean() + max(slope, 0.0) * (other - answer.mean()))

        return to_scale

    def variance(self, mean: Array) -> Array:
        """Return ones: no number is known to vary more than another."""
        return np.ones_like(mean)

    # Scorers.

    judged: ClassVar[str] = "a regressor by its predict"

    def refuse_scorer(self, scoring: Any) -> None:
        """Let any scorer try: those of classes fail on numbers by themselves."""

    def prior(self) -> Any:
        """Return who knows nothing but the mean, not fitted."""
        return DummyRegressor()


def _check_numbers(y: ArrayLike, sibling: str) -> Array:
    """Return numbers to learn from, or say what is wrong with them."""
    shape = np.asarray(y).shape
    if len(shape) > 1 and shape[1:] != (1,):
        raise ValueError(
            f"y must hold one number a row, found shape {shape}: for several outcomes wrap the "
            "distiller in sklearn.multioutput.MultiOutputRegressor."
        )
    numbers = _as_floats(flat(y, "numbers"), sibling)
    try:
        assert_all_finite(numbers, input_name="y")
    except ValueError as error:
        raise ValueError(
            f"y must hold finite numbers, and none missing (rows without one go to X_transfer): "
            f"{error}"
        ) from error
    if np.abs(numbers).max() > _LARGEST:
        raise ValueError(
            f"y must hold numbers up to {_LARGEST:g}, whose squares can be added up, found "
            f"{numbers[np.abs(numbers).argmax()]:.3g}: divide them by a unit."
        )
    if len(numbers) == 1:
        raise ValueError("y must hold more than one sample to learn from, found 1 sample.")
    if (numbers == numbers[0]).all():
        raise ValueError(
            f"y must hold different numbers to learn from, found one alone: {numbers[0]:.6g}."
        )
    values = np.unique(numbers)
    if len(values) <= _FEW_VALUES and len(numbers) >= _OFTEN * len(values):
        warn(
            f"y holds {len(values)} different numbers only, {values.tolist()}: if these are "
            f"classes, use {sibling}, which learns their probabilities."
        )
    _warn_of_small_spread(numbers)
    return numbers


def _warn_of_small_spread(numbers: Array) -> None:
    mean, spread = float(numbers.mean()), float(numbers.std())
    if spread < _LEAST_SPREAD * max(1.0, abs(mean)):
        warn(
            f"y varies by {spread:.2g} about {mean:.6g}: trees of scikit-learn take that for "
            "nothing, or nearly so. Learn y in another unit, and without its mean."
        )


def _as_floats(values: NDArray[Any], sibling: str) -> Array:
    kind = values.dtype.kind
    is_text = kind in "UST" or (kind == "O" and any(isinstance(v, str | bytes) for v in values))
    if is_text or kind not in "biufO":
        raise ValueError(
            f"y must hold numbers, found {'text' if is_text else values.dtype}: "
            f"{values[:5].tolist()} ... Classes are for {sibling}."
        )
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"y must hold numbers, and none missing (rows without one go to X_transfer), found "
            f"{values[:5].tolist()} ...: {error}"
        ) from error
