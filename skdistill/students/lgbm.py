"""LightGBM as a student that learns soft labels by its own loss."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, log_expit, log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from .._utils.compat import Hidden, Interval, StrOptions
from ..rows import (
    as_rows,
    category_dtypes,
    check_table,
    check_weights,
    column_names,
    compare_names,
    dtypes_of,
    plain_dtypes,
    restore_categories,
)
from .boosting import Part, boost, from_text, is_native
from .lgbm_parameters import (
    as_lightgbm_wants,
    by_main_name,
    check_parameters,
    n_threads,
    named_errors,
)
from .lgbm_rows import as_lightgbm_reads, positions
from .soft_label_checks import check_soft_labels

Array = NDArray[np.float64]

# LightGBM reads integers of 32 bits, and takes what is left of a larger one.
_LARGEST = 2**31 - 1


class LGBMSoftClassifier(ClassifierMixin, BaseEstimator):
    """LightGBM classifier that learns class probabilities natively, signed ones too.

    It minimises the cross-entropy between soft labels and the predicted probabilities. Fitted on
    class labels it is LightGBM's own classifier. As the student of a distiller it gets the
    targets as they are.

    Two classes with labels in [0, 1] are learned by LightGBM's `cross_entropy` objective, signed
    ones by one logistic output of the same form, and more classes by a softmax objective with
    exact gradients and the Hessian of LightGBM's own `multiclass`. All start from the mean.

    Parameters
    ----------
    boosting_type : {'gbdt', 'dart'}, default='gbdt'
        How rounds are combined.
    num_leaves : int, default=31
        Most leaves of a tree.
    max_depth : int, default=-1
        Greatest depth of a tree; no limit if not positive.
    learning_rate : float, default=0.1
        What each tree is multiplied by.
    n_estimators : int, default=100
        Boosting rounds: trees for two classes, trees of each class for more.
    subsample_for_bin : int, default=200000
        Rows from which bins are made.
    min_split_gain : float, default=0.0
        Least gain of a split.
    min_child_weight : float, default=1e-3
        Least sum of Hessians in a leaf.
    min_child_samples : int, default=20
        Least number of rows in a leaf, whatever their weights.
    subsample : float, default=1.0
        Share of rows drawn for a tree, where `subsample_freq` is positive.
    subsample_freq : int, default=0
        Rows are drawn anew every so many rounds; 0 means never.
    colsample_bytree : float, default=1.0
        Share of columns drawn for a tree.
    reg_alpha : float, default=0.0
        L1 penalty on leaf values.
    reg_lambda : float, default=0.0
        L2 penalty on leaf values. The loss of signed labels has no lower bound where leaves can
        isolate rows with a negative entry: there it, or large leaves, are needed.
    categorical_feature : 'auto' or list of {str, int}, default='auto'
        Names or positions of columns whose values are categories; 'auto' are the columns of a
        pandas frame with unordered `category` dtype.
    early_stopping_rounds : int or None, default=None
        Stop when the log loss of a held-out share of the rows has not improved for so many
        rounds, and keep the best number of rounds. None means that all rows are learned from,
        in all rounds.
    validation_fraction : float, default=0.1
        The share that is held out for early stopping, drawn at random by `random_state`. It is
        not learned from afterwards.
    importance_type : {'split', 'gain'}, default='split'
        Whether `feature_importances_` counts splits or adds up their gains.
    random_state : int, RandomState or None, default=None
        Seeds the drawing of rows and columns. None leaves LightGBM its fixed seeds, and draws
        the held-out share from numpy's global generator.
    n_jobs : int or None, default=None
        Threads. None follows OpenMP's own limits, such as OMP_NUM_THREADS or the one that joblib
        sets in its workers; -1 uses all cores.
    verbose : int, default=-1
        LightGBM's messages; negative means fatal ones only.
    **kwargs : dict
        Further parameters of LightGBM, under any of its names for them; they win over those
        above. `deterministic` is True unless set here: with equal parameters and seeds every fit
        gives the same model to the last bit.

    Attributes
    ----------
    booster_ : lightgbm.Booster
        The fitted booster. It knows columns by position, as `Column_0` and so on; their names are
        in `feature_names_in_`. It needs no starting scores, and names LightGBM's own objective
        `binary` or `multiclass`: what it predicts, also when saved and loaded or read by other
        tools, are probabilities, for two classes those of the second.
    classes_ : ndarray of shape (n_classes,)
        The class labels; ``0 .. n_classes - 1`` after fitting on soft labels.
    best_iteration_ : int
        Number of rounds of `booster_`.
    validation_loss_ : ndarray of shape (n_rounds,)
        Log loss of the held-out rows after each round; only with early stopping.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features seen during `fit`, where X had names that are all strings.

    See Also
    --------
    skdistill.SoftLabelClassifier : Lets other classifiers learn soft labels, by weighted copies.

    Notes
    -----
    It is not a subclass of `lightgbm.LGBMClassifier`, whose `fit` wants one label per row: it
    holds the parameters and calls `lightgbm.train`.

    The Hessian of more than two classes is K/(K − 1) p(1 − p), the factor that LightGBM has from
    J. Friedman, Greedy function approximation: a gradient boosting machine, Annals of Statistics
    29 (2001), algorithm 6.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill import LGBMSoftClassifier
    >>> X = np.arange(100.0)[:, None]
    >>> P = np.where(X < 50, [[0.7, 0.2, 0.1]], [[0.2, 0.2, 0.6]])
    >>> model = LGBMSoftClassifier(n_estimators=200).fit(X, P)
    >>> model.predict_proba([[10.0], [90.0]]).round(3)
    array([[0.7, 0.2, 0.1],
           [0.2, 0.2, 0.6]])
    """

    accepts_soft_labels = True

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        # LightGBM's other words for the two still work.
        "boosting_type": [StrOptions({"gbdt", "dart"}), Hidden(StrOptions({"gbrt", "goss"}))],
        "num_leaves": [Interval(Integral, 2, 131072, closed="both")],
        "max_depth": [Interval(Integral, -_LARGEST, _LARGEST, closed="both")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "n_estimators": [Interval(Integral, 1, _LARGEST, closed="both")],
        "subsample_for_bin": [Interval(Integral, 1, _LARGEST, closed="both")],
        "min_split_gain": [Interval(Real, 0, None, closed="left")],
        "min_child_weight": [Interval(Real, 0, None, closed="left")],
        "min_child_samples": [Interval(Integral, 0, _LARGEST, closed="both")],
        "subsample": [Interval(Real, 0, 1, closed="right")],
        "subsample_freq": [Interval(Integral, 0, _LARGEST, closed="both")],
        "colsample_bytree": [Interval(Real, 0, 1, closed="right")],
        "reg_alpha": [Interval(Real, 0, None, closed="left")],
        "reg_lambda": [Interval(Real, 0, None, closed="left")],
        "categorical_feature": "no_validation",  # needs the columns, see lgbm_rows
        "early_stopping_rounds": [Interval(Integral, 1, _LARGEST, closed="both"), None],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "importance_type": [StrOptions({"split", "gain"})],
        "random_state": ["random_state"],
        "n_jobs": [Interval(Integral, -_LARGEST, _LARGEST, closed="both"), None],
        "verbose": [Interval(Integral, -_LARGEST, _LARGEST, closed="both")],
    }

    def __init__(
        self,
        *,
        boosting_type: str = "gbdt",
        num_leaves: int = 31,
        max_depth: int = -1,
        learning_rate: float = 0.1,
        n_estimators: int = 100,
        subsample_for_bin: int = 200000,
        min_split_gain: float = 0.0,
        min_child_weight: float = 1e-3,
        min_child_samples: int = 20,
        subsample: float = 1.0,
        subsample_freq: int = 0,
        colsample_bytree: float = 1.0,
        reg_alpha: float = 0.0,
        reg_lambda: float = 0.0,
        categorical_feature: Any = "auto",
        early_stopping_rounds: int | None = None,
        validation_fraction: float = 0.1,
        importance_type: str = "split",
        random_state: Any = None,
        n_jobs: int | None = None,
        verbose: int = -1,
        **kwargs: Any,
    ) -> None:
        self.boosting_type = boosting_type
        self.num_leaves = num_leaves
        self.max_depth = max_depth
        self.learning_rate = learning_rate
        self.n_estimators = n_estimators
        self.subsample_for_bin = subsample_for_bin
        self.min_split_gain = min_split_gain
        self.min_child_weight = min_child_weight
        self.min_child_samples = min_child_samples
        self.subsample = subsample
        self.subsample_freq = subsample_freq
        self.colsample_bytree = colsample_bytree
        self.reg_alpha = reg_alpha
        self.reg_lambda = reg_lambda
        self.categorical_feature = categorical_feature
        self.early_stopping_rounds = early_stopping_rounds
        self.validation_fraction = validation_fraction
        self.importance_type = importance_type
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self._kwargs = kwargs

    # ---- parameters ---------------------------------------------------------------------------

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return all parameters, those of `**kwargs` among them.

        Parameters
        ----------
        deep : bool, default=True
            Has no effect: no parameter is an estimator.

        Returns
        -------
        dict
            Values by names.
        """
        return {**super().get_params(deep=deep), **self._kwargs}

    def set_params(self, **params: Any) -> Self:
        """Set parameters, any of LightGBM's among them.

        Parameters
        ----------
        **params : dict
            Values by names.

        Returns
        -------
        LGBMSoftClassifier
            The estimator itself.
        """
        own = set(self._get_param_names())
        for name in own & params.keys():
            setattr(self, name, params[name])
        self._kwargs = self._kwargs | {k: v for k, v in params.items() if k not in own}
        return self

    # ---- fit ----------------------------------------------------------------------------------

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the booster to soft or hard labels.

        Parameters
        ----------
        X : {array-like, sparse matrix, pandas frame} of shape (n_samples, n_features)
            Training rows; NaN means missing.
        y : array-like of shape (n_samples, n_classes) or (n_samples,)
            Soft labels, one column per class, or class labels of any type. Soft labels may be
            negative or above 1, and each row must sum to 1; what float32 rounds away is put right.
            A single column is taken for a column of class labels, with a warning.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weight of each row.

        Returns
        -------
        LGBMSoftClassifier
            The fitted estimator itself.

        Raises
        ------
        ValueError
            If `y` holds NaN, one class or rows that do not sum to 1, or `sample_weight` is not
            usable, or a frame has columns that hold text, or a parameter is out of its range,
            unknown to LightGBM or not the user's to set.
        """
        check_parameters(
            self._parameter_constraints, self.get_params(), self._kwargs, type(self).__name__
        )
        X = check_table(self, X, y)
        labels, self.classes_, _ = check_soft_labels(y, signed=True)
        self._dtypes = category_dtypes(X)
        rows = as_lightgbm_reads(X)
        params = as_lightgbm_wants(self.get_params())
        if params.get("linear_tree") and not is_native(labels):
            raise ValueError(
                "linear_tree must be False for signed labels and more than two classes: leaves "
                "that hold linear models cannot take in the mean from which boosting starts."
            )
        whole = Part(rows, labels, check_weights(sample_weight, len(labels))).with_weight()
        part, held_out = self._hold_out(whole, params)
        n_rounds = params.pop("num_iterations")
        columns = positions(params.pop("categorical_feature"), X, rows.shape[1])
        with named_errors(self._kwargs):
            self.booster_, history = boost(part, held_out, params, n_rounds, columns)
        self.best_iteration_ = self.booster_.current_iteration()
        self.__dict__.pop("validation_loss_", None)
        if held_out is not None:
            self.validation_loss_ = np.array(history)
        return self

    def _hold_out(self, whole: Part, params: dict[str, Any]) -> tuple[Part, Part | None]:
        """Divide the rows in those to learn from and those that say when to stop."""
        if "early_stopping_round" not in params:
            return whole, None
        n_samples, share = len(whole.labels), self.validation_fraction
        n_held_out = int(np.ceil(share * n_samples))
        if n_held_out == n_samples:
            raise ValueError(
                f"validation_fraction={share} leaves none of {n_samples} rows to learn from: use "
                "more rows, or early_stopping_rounds=None."
            )
        order = check_random_state(params.get("seed")).permutation(n_samples)
        held_out, learned = np.sort(order[:n_held_out]), np.sort(order[n_held_out:])
        return whole.take(learned), whole.take(held_out)

    # ---- prediction ---------------------------------------------------------------------------

    def predict_proba(self, X: Any) -> Array:
        """Predict class probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix, pandas frame} of shape (n_samples, n_features)
            Rows to predict. A frame must have the columns seen in `fit`, in the same order;
            categories that were not there in `fit` count as missing.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities in the order of `classes_`.
        """
        scores = self._scores(X)
        if scores.ndim == 2:
            return np.asarray(softmax(scores, axis=1))
        proba = np.empty((len(scores), 2))
        expit(scores, out=proba[:, 1])
        np.subtract(1.0, proba[:, 1], out=proba[:, 0])
        return proba

    def predict_log_proba(self, X: Any) -> Array:
        """Predict the logarithm of class probabilities, finite also where they round to 0.

        Parameters
        ----------
        X : {array-like, sparse matrix, pandas frame} of shape (n_samples, n_features)
            Rows to predict, as for `predict_proba`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Log-probabilities in the order of `classes_`.
        """
        scores = self._scores(X)
        if scores.ndim == 2:
            return np.asarray(log_softmax(scores, axis=1))
        return np.asarray(log_expit(np.column_stack([-scores, scores])))

    def _scores(self, X: Any) -> Array:
        check_is_fitted(self)
        X = restore_categories(as_rows(X), self._dtypes)
        rows = as_lightgbm_reads(X)
        self._check_columns(X)
        scores = self.booster_.predict(rows, raw_score=True, num_threads=self._threads())
        return np.asarray(scores)

    def _threads(self) -> int:
        """Return the threads as they are set now; all parameters are many, and rows may be few."""
        n_jobs = self.n_jobs
        if self._kwargs:
            n_jobs = by_main_name(self.get_params(deep=False)).get("num_threads")
        return n_threads(n_jobs)

    def _check_columns(self, X: Any) -> None:
        # LightGBM looks at positions only, and would answer wrongly without a word.
        names = column_names(X)
        if names is None or not hasattr(self, "feature_names_in_"):
            validate_data(self, X, reset=False, skip_check_array=True)
        else:
            fitted = self.feature_names_in_
            compare_names(fitted, names, all_needed=True, others_welcome=False)

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the most probable class.

        Parameters
        ----------
        X : {array-like, sparse matrix, pandas frame} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        ndarray of shape (n_samples,)
            Class labels.
        """
        proba = self.predict_proba(X)
        return np.asarray(self.classes_[proba.argmax(axis=1)])

    @property
    def feature_importances_(self) -> NDArray[Any]:
        """Number or total gain of the splits on each feature, ndarray of shape (n_features,)."""
        check_is_fitted(self)
        return np.asarray(self.booster_.feature_importance(self.importance_type))

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        # Plain text, so that formats other than pickle can hold it.
        booster = state.get("booster_")
        text = None if booster is None else booster.model_to_string()
        return {**state, "booster_": text, "_dtypes": plain_dtypes(state.get("_dtypes"))}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = {**state, "_dtypes": dtypes_of(state["_dtypes"])}
        text = state.pop("booster_")
        if text is not None:
            state["booster_"] = from_text(text)
        super().__setstate__(state)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        return tags
