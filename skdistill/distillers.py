"""The distillers: classifiers that teach a small student the probabilities of a large teacher.

One street from rows to student: ask the teacher (:mod:`skdistill.teachers`), make targets
(:mod:`skdistill.losses`, :mod:`skdistill.corrections`), fit the student
(:mod:`skdistill.students`).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import partial
from numbers import Integral
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import (
    UNUSED,
    MetadataRouter,
    MethodMapping,
    process_routing,
)

from . import corrections
from ._compat import n_rows, routing_enabled
from ._memory import fingerprint, open_memory, reuse
from ._validation import (
    check_labels,
    check_loss,
    check_proba_floor,
    check_rows,
    check_student,
    check_teacher,
    check_teacher_proba,
    check_temperature,
    check_weights,
    check_weights_taken,
    refuse_extra_params,
)
from .losses import Correction, Loss, make_loss
from .overfit import warn_if_in_sample
from .students import DistilledClassifier, fit_student
from .students.adapters import check_student_weights
from .students.distilled import holds_no_nan
from .teachers import Source, ask, check_out_of_bag, in_sample, make_splits, make_splitter

Array = NDArray[np.float64]


class _Rows(NamedTuple):
    """What `fit` was given, validated."""

    X: Any
    y: NDArray[Any]
    classes: NDArray[Any]
    codes: NDArray[np.intp]
    sample_weight: Array | None
    groups: Any


class _Routed(NamedTuple):
    """Parameters for the teacher's fit, the student's fit and the splitter's split."""

    teacher: dict[str, Any]
    student: dict[str, Any]
    splitter: dict[str, Any]


class _BaseDistiller(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """Validation, routing, tags and prediction of all distillers."""

    # What fit takes but only hands on; asking for it is the members' business.
    __metadata_request__fit = {"sample_weight": UNUSED, "groups": UNUSED}  # noqa: RUF012

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        teacher_proba: ArrayLike | None = None,
        **fit_params: Any,
    ) -> Self:
        """Ask the teacher, and fit the student to what it says.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Training rows. Frames, arrays and sparse matrices reach teacher and student as they
            are.
        y : array-like of shape (n_samples,)
            Class labels of any type.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights of the rows, for teacher and student.
        groups : array-like of shape (n_samples,), default=None
            Group of each row, for the splitter.
        teacher_proba : array-like of shape (n_samples, n_classes), default=None
            Probabilities made elsewhere, columns in the order of `classes_`; no teacher is
            fitted then, and `teacher` may be None. They should be out-of-fold or out-of-bag;
            a warning is given if they look like those of a teacher that saw the labels.
            Out-of-fold probabilities made beforehand must not be used to tune `correction`,
            `c` or the student, because the teachers that gave them saw the validation labels
            of the search.
        **fit_params : dict
            With metadata routing: what teacher, student and splitter request.

        Returns
        -------
        _BaseDistiller
            The fitted distiller itself.

        Raises
        ------
        ValueError
            If a parameter or the data cannot be used; nothing has been fitted then. If the
            teacher fails in a fold, with the fold's name and the cause.
        """
        rows = self._check_data(X, y, sample_weight, groups)
        loss = self._check_parameters(rows, given=teacher_proba is not None)
        correction = self._correction()
        routed = self._route(rows, fit_params, given=teacher_proba is not None)
        proba, teachers = self._teacher_proba(rows, routed, teacher_proba)
        target = loss.target(proba, np.eye(len(rows.classes))[rows.codes], correction)
        self.student_ = fit_student(self.student, rows.X, target, rows.classes, routed.student)
        self.classes_ = rows.classes
        self.classifier_ = self._classifier(rows, loss)
        self._store("teachers_", teachers if self.store_teachers and teachers else None)
        self._store("teacher_proba_", proba if self.store_teacher_proba else None)
        return self

    # ---- validation --------------------------------------------------------------------------

    def _check_data(self, X: Any, y: Any, sample_weight: Any, groups: Any) -> _Rows:
        X = check_rows(self, X, y)
        labels, classes, codes = check_labels(y)
        weights = check_weights(sample_weight, n_rows(X))
        return _Rows(X, labels, classes, codes, weights, groups)

    def _check_parameters(self, rows: _Rows, *, given: bool) -> Loss:
        if not given:
            check_teacher(self.teacher)
        check_student(self.student)
        open_memory(self.memory)
        name = check_loss(self.loss, self.student)
        n_classes = len(rows.classes)
        return make_loss(
            name,
            n_classes,
            temperature=check_temperature(self.temperature, name),
            proba_floor=check_proba_floor(self.proba_floor, n_classes),
        )

    def _store(self, name: str, value: Any) -> None:
        """Set a fitted attribute, or let none of an earlier fit survive."""
        self.__dict__.pop(name, None)
        if value is not None:
            setattr(self, name, value)

    # ---- what subclasses decide ---------------------------------------------------------------

    def _correction(self) -> Correction | None:
        return None

    def _splitter(self) -> Any:
        """Return what splits rows in folds, None without folds."""
        return None

    def _source(self, rows: _Rows, routed: _Routed) -> Source:
        """Return which teacher answers about a row."""
        return "in_sample"

    def _random_state(self) -> Any:
        return getattr(self, "random_state", None)

    def _teacher_proba(
        self, rows: _Rows, routed: _Routed, teacher_proba: Any
    ) -> tuple[Array, list[Any]]:
        if teacher_proba is not None:
            proba = check_teacher_proba(teacher_proba, len(rows.y), len(rows.classes))
            warn_if_in_sample(rows.X, rows.codes, proba)
            return proba, []
        if isinstance(self.teacher, FrozenEstimator):
            proba, teachers = in_sample(self.teacher, rows.X, rows.y, rows.classes, {})
            warn_if_in_sample(rows.X, rows.codes, proba)
            return proba, teachers
        source = self._source(rows, routed)
        question = (self.teacher, rows.X, rows.y, rows.classes, routed.teacher, source)
        ask_now = partial(
            ask,
            *question,
            n_jobs=getattr(self, "n_jobs", None),
            random_state=self._random_state(),
            keep_teachers=self.store_teachers,
        )
        if self.memory is None or self.store_teachers:
            return ask_now()
        seed = self._random_state() if source == "oob" else None
        labels = (rows.classes.tolist(), rows.codes)
        key = fingerprint(self.teacher, rows.X, labels, routed.teacher, source, seed)
        return reuse(open_memory(self.memory), key, lambda: ask_now()[0]), []

    # ---- metadata routing ---------------------------------------------------------------------

    def _route(self, rows: _Rows, fit_params: dict[str, Any], *, given: bool) -> _Routed:
        metadata = {"sample_weight": rows.sample_weight, "groups": rows.groups}
        metadata = {key: value for key, value in metadata.items() if value is not None}
        if not routing_enabled():
            refuse_extra_params(self, fit_params)
            return self._route_by_hand(metadata, len(rows.classes), given=given)
        routed = process_routing(self, "fit", **metadata, **fit_params)
        return _Routed(
            *(
                dict(routed.get(member, {}).get(method, {}))
                for member, method in (
                    ("teacher", "fit"),
                    ("student", "fit"),
                    ("splitter", "split"),
                )
            )
        )

    def _route_by_hand(self, metadata: dict[str, Any], n_classes: int, *, given: bool) -> _Routed:
        groups = {key: metadata[key] for key in metadata if key == "groups"}
        weights = {key: metadata[key] for key in metadata if key == "sample_weight"}
        if groups and self._splitter() is None:
            raise ValueError(
                f"groups was given, but {type(self).__name__} splits no rows here (bags ignore "
                "groups): leave it out, or use folds, such as cv=GroupKFold()."
            )
        if weights:
            check_weights_taken(None if given else self.teacher, "teacher")
            check_student_weights(self.student, n_classes)
        return _Routed(weights, dict(weights), groups)

    def get_metadata_routing(self) -> MetadataRouter:
        """Say which metadata go where: to the fits of teacher and student, and to the splitter.

        Returns
        -------
        MetadataRouter
            The routing of this distiller.
        """
        to_fit = MethodMapping().add(caller="fit", callee="fit")
        router = MetadataRouter(owner=type(self).__name__).add_self_request(self)
        if self.teacher is not None:
            router.add(teacher=self.teacher, method_mapping=to_fit)
        router.add(student=self.student, method_mapping=to_fit)
        if self._splitter() is not None:
            router.add(
                splitter=self._splitter(),
                method_mapping=MethodMapping().add(caller="fit", callee="split"),
            )
        return router

    # ---- prediction ---------------------------------------------------------------------------

    def _classifier(self, rows: _Rows, loss: Loss) -> DistilledClassifier:
        return DistilledClassifier(
            self.student_,
            rows.classes,
            loss,
            n_features=getattr(self, "n_features_in_", None),
            feature_names=getattr(self, "feature_names_in_", None),
            refuse_nan=self._nan_is_new(rows.X),
        )

    def _nan_is_new(self, X: Any) -> bool:
        """Whether missing values at prediction are something that only the student would take.

        The tag of a Pipeline or ColumnTransformer says no where the truth is yes, so training
        rows with missing values that both have learned from count for more.
        """
        takes_nan = get_tags(self.student).input_tags.allow_nan
        return takes_nan and not get_tags(self).input_tags.allow_nan and holds_no_nan(X)

    def _fitted(self) -> DistilledClassifier:
        # check_is_fitted composes our tags, which costs more than a small tree's prediction.
        classifier: DistilledClassifier | None = vars(self).get("classifier_")
        if classifier is None:
            raise NotFittedError(
                f"This {type(self).__name__} instance is not fitted yet. Call 'fit' with "
                "appropriate arguments before using this estimator."
            )
        return classifier

    def predict_proba(self, X: Any) -> Array:
        """Predict class probabilities, at the cost of the student.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Rows to predict. A frame must have its columns in the order seen in `fit`; where the
            student selects columns by name, those it selects suffice.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities in the order of `classes_`.
        """
        return self._fitted().predict_proba(X)

    def predict_log_proba(self, X: Any) -> Array:
        """Predict the logarithm of class probabilities, −inf where a probability is 0.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Log-probabilities in the order of `classes_`.
        """
        return self._fitted().predict_log_proba(X)

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
        return self._fitted().predict(X)

    def __sklearn_is_fitted__(self) -> bool:
        return "classifier_" in vars(self)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        members = [
            get_tags(member)
            for member in (self.teacher, self.student)
            if hasattr(member, "__sklearn_tags__") and not isinstance(member, type)
        ]
        inputs = tags.input_tags
        inputs.sparse = all(member.input_tags.sparse for member in members)
        inputs.allow_nan = all(member.input_tags.allow_nan for member in members)
        inputs.positive_only = any(member.input_tags.positive_only for member in members)
        tags.non_deterministic = any(member.non_deterministic for member in members)
        tags.classifier_tags.multi_class = all(
            member.classifier_tags.multi_class for member in members if member.classifier_tags
        )
        return tags


class Distiller(_BaseDistiller):
    """Plain knowledge distillation: the teacher is asked about the rows it was fitted on.

    The teacher is fitted on all rows, the student learns the class probabilities that the
    teacher gives for the same rows. This is the baseline: a teacher that overfits hands its
    memorised labels on (:class:`CrossFitDistiller` cures that), one that underfits its bias
    (:class:`LossCorrectedDistiller` cures both).

    Parameters
    ----------
    teacher : classifier or None
        Any classifier with `predict_proba`; a Pipeline or a search are classifiers too. It is
        cloned, never modified. A :class:`~sklearn.frozen.FrozenEstimator` is asked and not
        fitted. None where `teacher_proba` is given to `fit`.
    student : regressor or classifier
        What learns the teacher's probabilities. It is cloned, never modified. A regressor
        learns one output for two classes, and for more classes one output each, by its own
        support for several outputs or by one regressor per class. A classifier needs
        `sample_weight` in `fit` (see :class:`SoftLabelClassifier`), or an attribute
        `accepts_soft_labels` that is True: then it gets the probabilities, of shape
        (n_samples, n_classes), as y.
    loss : {"auto", "squared_error", "squared_error_logit", "cross_entropy"}, default="auto"
        What the student minimises.

        - `"squared_error"`: squared error on probabilities. For regressors.
        - `"squared_error_logit"`: squared error on log-odds (two classes) or centred
          log-probabilities. For regressors. A regressor that averages, averages logits then,
          and the mean of logits is not the logit of the mean.
        - `"cross_entropy"`: the teacher's probabilities as soft labels. For classifiers.
        - `"auto"`: `"squared_error"` for a regressor, `"cross_entropy"` for a classifier.
    temperature : float, default=1.0
        Positive temperature T of `"cross_entropy"`: the soft labels are softmax(log p / T), and
        the student's probabilities are raised to the power T and normalised again.
    proba_floor : float, default=0.002
        Teacher probabilities are raised to at least this, and normalised, where a logarithm is
        taken (`"squared_error_logit"` and `"cross_entropy"`). Between 0 and 1 / n_classes.
    memory : None, str, Path or joblib.Memory, default=None
        Where to keep the teacher's probabilities for further fits with the same teacher, rows,
        labels, weights and folds, such as those of a search over parameters of the student or
        the correction. Not used with `store_teachers=True`.
    store_teachers : bool, default=False
        Whether to keep the fitted teacher in `teachers_`.
    store_teacher_proba : bool, default=False
        Whether to keep the teacher's probabilities in `teacher_proba_`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    student_ : estimator
        The fitted student, a plain scikit-learn estimator.
    classifier_ : DistilledClassifier
        The student as a classifier on its own, without the teacher: this is what one pickles
        and ships.
    teachers_ : list of classifier
        The fitted teacher, with `store_teachers=True`.
    teacher_proba_ : ndarray of shape (n_samples, n_classes)
        What the student learned from, with `store_teacher_proba=True`.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features seen during `fit`, where X had names that are all strings.

    See Also
    --------
    CrossFitDistiller : The student learns from teachers that did not see the row.
    LossCorrectedDistiller : Corrects the teacher's bias by the labels besides.

    References
    ----------
    .. [1] Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", 2015.
    .. [2] Dao, Kamath, Syrgkanis, Mackey, "Knowledge Distillation as Semiparametric
       Inference", ICLR 2021, section 2.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import Distiller
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> teacher = RandomForestClassifier(n_estimators=50, random_state=0)
    >>> student = DecisionTreeRegressor(max_leaf_nodes=8, random_state=0)
    >>> model = Distiller(teacher, student).fit(X, y)
    >>> model.predict_proba(X[:2]).shape
    (2, 2)
    """

    def __init__(
        self,
        teacher: Any,
        student: Any,
        *,
        loss: str = "auto",
        temperature: float = 1.0,
        proba_floor: float = 1 / 500,
        memory: Any = None,
        store_teachers: bool = False,
        store_teacher_proba: bool = False,
    ) -> None:
        self.teacher = teacher
        self.student = student
        self.loss = loss
        self.temperature = temperature
        self.proba_floor = proba_floor
        self.memory = memory
        self.store_teachers = store_teachers
        self.store_teacher_proba = store_teacher_proba


class CrossFitDistiller(_BaseDistiller):
    """Cross-fitted knowledge distillation: no teacher is asked about a row it has seen.

    The rows are split in folds, and each row's class probabilities come from a teacher that was
    fitted without the row's fold. So a teacher that memorises its labels cannot hand them on to
    the student.

    Parameters
    ----------
    teacher : classifier or None
        Any classifier with `predict_proba`; a Pipeline or a search are classifiers too. It is
        cloned for each fold, never modified. None where `teacher_proba` is given to `fit`.
    student : regressor or classifier
        What learns the teacher's probabilities; see :class:`Distiller`.
    loss : {"auto", "squared_error", "squared_error_logit", "cross_entropy"}, default="auto"
        What the student minimises; see :class:`Distiller`.
    temperature : float, default=1.0
        Temperature of `"cross_entropy"`; see :class:`Distiller`.
    proba_floor : float, default=0.002
        Lowest teacher probability where a logarithm is taken; see :class:`Distiller`.
    cv : int, splitter, iterable or "oob", default=5
        Which teacher answers about a row. Each row must be predicted exactly once.

        - int: number of stratified folds, shuffled by `random_state`. Elsewhere in
          scikit-learn an int does not shuffle.
        - splitter: an object with `split`, such as :class:`~sklearn.model_selection.GroupKFold`.
        - iterable: pairs of training and test rows.
        - `"oob"`: no folds; of a bagging teacher the members that have not seen the row. That is
          :class:`~sklearn.ensemble.RandomForestClassifier`,
          :class:`~sklearn.ensemble.BaggingClassifier`, or
          :class:`~sklearn.ensemble.ExtraTreesClassifier` with `bootstrap=True`. One fit, for as
          good a student. The teacher may end a Pipeline whose other steps do not learn from y.
          Rows with fewer than 5 such members are predicted by teachers of 5 folds, with a
          warning that counts them.

        A class that is missing from a fold's training part has probability 0 in that fold.
    n_jobs : int, default=None
        Number of folds that are fitted at the same time, as everywhere in scikit-learn.
    random_state : int, RandomState instance or None, default=None
        Seeds the folds; teacher and student have their own.
    memory : None, str, Path or joblib.Memory, default=None
        Where to keep the teacher's probabilities for further fits with the same teacher, rows,
        labels, weights and folds, such as those of a search over parameters of the student or
        the correction. Nothing can be reused where folds are shuffled without a
        seed: give `random_state` an int. Not used with `store_teachers=True`.
    store_teachers : bool, default=False
        Whether to keep the folds' fitted teachers in `teachers_`.
    store_teacher_proba : bool, default=False
        Whether to keep the out-of-fold probabilities in `teacher_proba_`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    student_ : estimator
        The fitted student, a plain scikit-learn estimator.
    classifier_ : DistilledClassifier
        The student as a classifier on its own, without the teacher: this is what one pickles
        and ships.
    teachers_ : list of classifier
        The fitted teacher of each fold, with `store_teachers=True`.
    teacher_proba_ : ndarray of shape (n_samples, n_classes)
        The out-of-fold probabilities, with `store_teacher_proba=True`.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features seen during `fit`, where X had names that are all strings.

    See Also
    --------
    Distiller : The teacher is asked about the rows it was fitted on.
    LossCorrectedDistiller : Corrects the teacher's bias by the labels besides.

    References
    ----------
    .. [1] Dao, Kamath, Syrgkanis, Mackey, "Knowledge Distillation as Semiparametric
       Inference", ICLR 2021, section 4 (cross-fitting).

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import CrossFitDistiller
    >>> X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> teacher = RandomForestClassifier(n_estimators=50, random_state=0)
    >>> student = DecisionTreeRegressor(max_leaf_nodes=8, random_state=0)
    >>> model = CrossFitDistiller(teacher, student, random_state=0).fit(X_train, y_train)
    >>> model.score(X_test, y_test) > 0.9
    True

    The student alone is what one ships:

    >>> model.classifier_.predict(X_test).shape
    (143,)
    """

    def __init__(
        self,
        teacher: Any,
        student: Any,
        *,
        loss: str = "auto",
        temperature: float = 1.0,
        proba_floor: float = 1 / 500,
        cv: Any = 5,
        n_jobs: int | None = None,
        random_state: Any = None,
        memory: Any = None,
        store_teachers: bool = False,
        store_teacher_proba: bool = False,
    ) -> None:
        self.teacher = teacher
        self.student = student
        self.loss = loss
        self.temperature = temperature
        self.proba_floor = proba_floor
        self.cv = cv
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.memory = memory
        self.store_teachers = store_teachers
        self.store_teacher_proba = store_teacher_proba

    def _check_parameters(self, rows: _Rows, *, given: bool) -> Loss:
        loss = super()._check_parameters(rows, given=given)
        if isinstance(self.cv, Iterator):
            # A generator is used up by one fit, and the next one must find the same folds.
            self.cv = list(self.cv)
        splitter = self._splitter()
        if given:
            return loss
        if self._is_out_of_bag():
            check_out_of_bag(self.teacher)
        if self.memory is not None:
            self._warn_of_unseeded_folds(splitter)
        if splitter is not None and isinstance(self.teacher, FrozenEstimator):
            raise ValueError(
                "A frozen teacher cannot be cross-fitted: use Distiller, or "
                "LossCorrectedDistiller(cv='in_sample'), which ask it as it is."
            )
        return loss

    def _warn_of_unseeded_folds(self, splitter: Any) -> None:
        shuffles = getattr(splitter, "shuffle", False)
        if shuffles and not isinstance(splitter.random_state, Integral):
            warnings.warn(
                "memory has no effect, because the folds are shuffled anew in every fit: give "
                "random_state an int.",
                UserWarning,
                stacklevel=3,
            )

    def _is_out_of_bag(self) -> bool:
        return isinstance(self.cv, str) and self.cv == "oob"

    def _splitter(self) -> Any:
        return None if self._is_out_of_bag() else make_splitter(self.cv, self.random_state)

    def _source(self, rows: _Rows, routed: _Routed) -> Source:
        if self._is_out_of_bag():
            return "oob"
        return make_splits(
            self.cv,
            rows.X,
            rows.y,
            rows.classes,
            rows.codes,
            random_state=self.random_state,
            split_params=routed.splitter,
        )


class LossCorrectedDistiller(CrossFitDistiller):
    """Cross-fitted distillation whose loss is corrected by the labels.

    A teacher that underfits hands its bias on to the student. The corrected loss subtracts
    (y − p̂) · (γ ∘ f) from the plain one, where f is the student and p̂ the teacher's
    probabilities: the target moves towards the label by γ (y − p̂), which trades the teacher's
    bias against the noise of the labels. With cross-fitting this is the enhanced student of the
    paper [1]_.

    Parameters
    ----------
    teacher : classifier or None
        Any classifier with `predict_proba`; a Pipeline or a search are classifiers too. It is
        cloned, never modified. A :class:`~sklearn.frozen.FrozenEstimator` needs
        `cv="in_sample"`. None where `teacher_proba` is given to `fit`.
    student : regressor or classifier
        What learns the corrected probabilities; see :class:`Distiller`. With
        `"cross_entropy"` and more than two classes corrected soft labels can be slightly
        negative; :class:`SoftLabelClassifier` clips them at 0, a student that
        accepts soft labels gets them as they are.
    correction : str, float or callable, default="fast"
        How γ is chosen; see :mod:`skdistill.corrections`.

        - `"fast"`, `"slow"`: least error if the teacher's squared bias is `c`, by two bounds.
        - `"fast_realized"`, `"slow_realized"`: the same with the squared residual in the place
          of the variance of a label, as in the paper's program; this biases the target even
          for a perfect teacher.
        - `"relative"`, `"absolute"`, `"power"`: least error in the worst case, if the true
          probability lies within a factor, a distance or a power `c` of the teacher's.
        - `"orthogonal"`: no first-order influence of the teacher's errors, at the price of the
          full noise of the labels; with `"squared_error"` it is training on labels.
        - a number in [0, 1]: this share of the orthogonal correction. With `"squared_error"`,
          and `"cross_entropy"` at temperature 1, it is the mix of hard and soft labels of
          Hinton et al.
        - a callable `f(proba, y, *, link)` that returns γ for arrays of one shape, with `link`
          one of `"identity"`, `"log"`, `"logit"`.
    c : float, default=None
        Positive constant of the rule; None is the rule's own default (`fast`, `slow` and
        `absolute` 0.1, `relative` 0.5, `power` 2). Not used by `"orthogonal"`, a number or a
        callable.
    loss : {"auto", "squared_error", "squared_error_logit", "cross_entropy"}, default="auto"
        What the student minimises; see :class:`Distiller`. With `"squared_error_logit"` the
        slope of the link is up to 1 / `proba_floor`, so that one sure mistake of the teacher
        moves a target far: take a small share or `c` there, or the bounded `"relative"`.
    temperature : float, default=1.0
        Temperature of `"cross_entropy"`; see :class:`Distiller`.
    proba_floor : float, default=0.002
        Lowest teacher probability where a logarithm is taken; see :class:`Distiller`.
    cv : int, splitter, iterable, "oob" or "in_sample", default=5
        Which teacher answers about a row; see :class:`CrossFitDistiller`. With `"in_sample"`
        the teacher is fitted on all rows, unless it is frozen, and asked about the same rows.
    n_jobs : int, default=None
        Number of folds that are fitted at the same time.
    random_state : int, RandomState instance or None, default=None
        Seeds the folds; teacher and student have their own.
    memory : None, str, Path or joblib.Memory, default=None
        Where to keep the teacher's probabilities for further fits with the same teacher, rows,
        labels, weights and folds, such as those of a search over parameters of the student or
        the correction. Nothing can be reused where folds are shuffled without a
        seed: give `random_state` an int. Not used with `store_teachers=True`.
    store_teachers : bool, default=False
        Whether to keep the fitted teachers in `teachers_`.
    store_teacher_proba : bool, default=False
        Whether to keep the teacher's probabilities in `teacher_proba_`, before correction.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    student_ : estimator
        The fitted student, a plain scikit-learn estimator.
    classifier_ : DistilledClassifier
        The student as a classifier on its own, without the teacher: this is what one pickles
        and ships.
    teachers_ : list of classifier
        The fitted teachers, with `store_teachers=True`.
    teacher_proba_ : ndarray of shape (n_samples, n_classes)
        The teacher's probabilities, with `store_teacher_proba=True`.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features seen during `fit`, where X had names that are all strings.

    See Also
    --------
    CrossFitDistiller : The same without correction.

    References
    ----------
    .. [1] Dao, Kamath, Syrgkanis, Mackey, "Knowledge Distillation as Semiparametric
       Inference", ICLR 2021, section 5 (loss correction).

    Examples
    --------
    A teacher that is too small, and a student that the labels put right:

    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import LossCorrectedDistiller
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> teacher = RandomForestClassifier(n_estimators=50, max_depth=1, random_state=0)
    >>> student = DecisionTreeRegressor(max_leaf_nodes=8, random_state=0)
    >>> model = LossCorrectedDistiller(teacher, student, correction="fast", c=1.0, random_state=0)
    >>> model.fit(X, y).predict(X[:3])
    array([0, 0, 0])
    """

    def __init__(
        self,
        teacher: Any,
        student: Any,
        *,
        correction: Any = "fast",
        c: float | None = None,
        loss: str = "auto",
        temperature: float = 1.0,
        proba_floor: float = 1 / 500,
        cv: Any = 5,
        n_jobs: int | None = None,
        random_state: Any = None,
        memory: Any = None,
        store_teachers: bool = False,
        store_teacher_proba: bool = False,
    ) -> None:
        super().__init__(
            teacher,
            student,
            loss=loss,
            temperature=temperature,
            proba_floor=proba_floor,
            cv=cv,
            n_jobs=n_jobs,
            random_state=random_state,
            memory=memory,
            store_teachers=store_teachers,
            store_teacher_proba=store_teacher_proba,
        )
        self.correction = correction
        self.c = c

    def _correction(self) -> Correction | None:
        return corrections.resolve(self.correction, self.c)

    def _is_in_sample(self) -> bool:
        return isinstance(self.cv, str) and self.cv == "in_sample"

    def _splitter(self) -> Any:
        return None if self._is_in_sample() else super()._splitter()

    def _source(self, rows: _Rows, routed: _Routed) -> Source:
        return "in_sample" if self._is_in_sample() else super()._source(rows, routed)
