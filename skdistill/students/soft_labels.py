"""Let any classifier that takes sample weights learn class probabilities."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from .._utils.compat import n_rows, routing_enabled
from .._utils.estimators import predicts_proba, weight_keyword
from .._utils.validation import class_columns, refuse_extra_params
from ..rows import (
    as_rows,
    category_dtypes,
    check_table,
    check_weights,
    dtypes_of,
    plain_dtypes,
    restore_categories,
)
from .copies import check_copies, fit_soft_labels
from .soft_label_checks import check_soft_labels

Array = NDArray[np.float64]


class SoftLabelClassifier(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """Adapter with which any classifier that takes `sample_weight` learns class probabilities.

    Each row is shown to the classifier once per class to which it has a positive probability,
    labelled with that class and weighted by the probability. For a classifier that minimises a
    weighted sum of losses over rows this is exactly the expected loss under the soft labels.

    A Pipeline is taken apart: its transformers are fitted once, on the rows as they are, and
    only its last step sees copies.

    Parameters
    ----------
    estimator : classifier
        A classifier, or a Pipeline that ends in one, whose `fit` takes `sample_weight`.
        It is cloned, never modified.

    Attributes
    ----------
    estimator_ : classifier
        The fitted classifier (or Pipeline).
    classes_ : ndarray of shape (n_classes,)
        The class labels; ``0 .. n_classes - 1`` after fitting on probabilities.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features seen during `fit`, where X had names that are all strings.

    See Also
    --------
    skdistill.CrossFitDistiller : Applies this adapter by itself to a classifier as student.

    Notes
    -----
    Signed soft labels, which a loss correction can produce, are clipped at 0: a negative weight
    means nothing to most classifiers. The other entries of the row stay as they are, so (1.2,
    −0.2) becomes a copy of weight 1.2; a student that takes signed labels, such as
    `SoftmaxRegression`, learns what was meant. Rows need not sum to 1: a sum says how much its
    row counts, as `sample_weight` does.

    No copy is made for a class of probability 0 or a row of weight 0: one-hot labels show each
    row once. What counts rows, such as `min_samples_leaf` of a tree, counts copies; for
    `class_weight="balanced"` the weights of copies are counted instead. A classifier that splits
    rows inside its fit, such as a search or early stopping, would have copies of one row on both
    sides: it is refused, but for `CalibratedClassifierCV` and `StackingClassifier`, whose folds are
    made to keep copies together. Transformers of a Pipeline that look at y get each row's most
    probable class.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skdistill import SoftLabelClassifier
    >>> X = np.array([[-1.0], [0.0], [1.0]])
    >>> P = np.array([[0.9, 0.1], [0.5, 0.5], [0.1, 0.9]])
    >>> student = SoftLabelClassifier(LogisticRegression(C=1e6)).fit(X, P)
    >>> student.predict_proba(X).round(3)
    array([[0.9, 0.1],
           [0.5, 0.5],
           [0.1, 0.9]])
    """

    accepts_soft_labels = True

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def fit(
        self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None, **fit_params: Any
    ) -> Self:
        """Fit the classifier to soft or hard labels.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Training rows, handed to the classifier as they are.
        y : array-like of shape (n_samples, n_classes) or (n_samples,)
            Class probabilities, one column per class, or class labels. A single column is taken
            for a column of class labels, with scikit-learn's DataConversionWarning.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weight of each row.
        **fit_params : dict
            Further parameters of the classifier's `fit`; those with one entry per row are
            repeated with the rows.

        Returns
        -------
        SoftLabelClassifier
            The fitted adapter itself.

        Raises
        ------
        ValueError
            If `y` holds NaN or rows without a positive sum, or `sample_weight` is not usable,
            or the classifier takes no `sample_weight`, or splits or resamples rows inside its
            fit.
        """
        if weight_keyword(self.estimator) is None:
            raise ValueError(
                "estimator must be a classifier whose fit takes sample_weight; "
                f"{type(self.estimator).__name__}.fit does not."
            )
        X = check_table(self, X, y)
        labels, self.classes_, is_soft = check_soft_labels(y, signed=True, sums_to_one=False)
        if is_soft:
            check_copies(self.estimator)
        self._dtypes = category_dtypes(X)
        weights = check_weights(sample_weight, n_rows(X))
        metadata = {} if weights is None else {"sample_weight": weights}
        if routing_enabled():
            routed = process_routing(self, "fit", **metadata, **fit_params)
            metadata = dict(routed.estimator.fit)
        else:
            refuse_extra_params(self, fit_params)
        estimator = clone(self.estimator)
        self.estimator_ = fit_soft_labels(estimator, X, labels, self.classes_, metadata)
        return self

    @available_if(lambda self: predicts_proba(self.estimator))
    def predict_proba(self, X: Any) -> Array:
        """Predict class probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities in the order of `classes_`.
        """
        check_is_fitted(self)
        X = self._rows(X)
        return class_columns(self.classes_, self.estimator_, self.estimator_.predict_proba(X))

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the most probable class.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        ndarray of shape (n_samples,)
            Class labels.
        """
        check_is_fitted(self)
        return np.asarray(self.estimator_.predict(self._rows(X)))

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        return {**state, "_dtypes": plain_dtypes(state.get("_dtypes"))}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__({**state, "_dtypes": dtypes_of(state["_dtypes"])})

    def _rows(self, X: Any) -> Any:
        return restore_categories(as_rows(X), self._dtypes)

    def get_metadata_routing(self) -> Any:
        """Hand every request of the classifier on.

        Returns
        -------
        MetadataRouter
            The routing of this adapter.
        """
        return MetadataRouter(owner=type(self).__name__).add(
            estimator=self.estimator,
            method_mapping=MethodMapping().add(caller="fit", callee="fit"),
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        tags.classifier_tags = inner.classifier_tags
        tags.classifier_tags.multi_label = False
        return tags
