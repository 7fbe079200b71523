"""The distillers: classifiers that teach a small student the probabilities of a large teacher.

One street from rows to student: ask the teacher (:mod:`skdistill.sources.folds`), make targets
(:mod:`skdistill.targets.losses`, :mod:`skdistill.corrections`), fit the student
(:mod:`skdistill.students`). What they share is in :mod:`skdistill.distillers.base`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import get_scorer

from .. import corrections, selection
from ..targets import residual
from .base import BaseDistiller, Routed, Rows
from .._utils.compat import index_rows
from .._utils.memory import warn_of_unseeded_folds
from .._utils.numeric import as_table
from .._utils.estimators import is_frozen
from .._utils.progress import Progress
from .._utils.validation import check_scorer, is_fold_count, is_number
from ..students.calibration import Calibration, fit_calibration
from ..targets.losses import Correction, Loss
from ..sources.overfit import overfit_share
from ..selection import Candidate, Found, Task
from ..sources.folds import (
    Answers,
    Source,
    Splits,
    ask_parts,
    check_out_of_bag,
    in_sample,
    leave_two_out,
    make_splits,
    make_splitter,
    part_splits,
    quiet_folds,
    splits_within,
)

Array = NDArray[np.float64]


class Distiller(BaseDistiller):
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
    verbose : int, default=0
        1 prints a line when a step of the fit ends. With scikit-learn 1.9 or newer
        `set_callbacks(ProgressBar())` shows more.
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
        verbose: int = 0,
        store_teachers: bool = False,
        store_teacher_proba: bool = False,
    ) -> None:
        self.teacher = teacher
        self.student = student
        self.loss = loss
        self.temperature = temperature
        self.proba_floor = proba_floor
        self.memory = memory
        self.verbose = verbose
        self.store_teachers = store_teachers
        self.store_teacher_proba = store_teacher_proba


class CrossFitDistiller(BaseDistiller):
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
        Number of folds that are fitted at the same time, as everywhere in scikit-learn. Leave it
        at None (one after the other) for a teacher that uses all cores by itself, and give -1
        for one that uses a single core.
    random_state : int, RandomState instance or None, default=None
        Seeds the folds; teacher and student have their own.
    memory : None, str, Path or joblib.Memory, default=None
        Where to keep the teacher's probabilities for further fits with the same teacher, rows,
        labels, weights and folds, such as those of a search over parameters of the student or
        the correction. Nothing can be reused where folds are shuffled without a
        seed: give `random_state` an int. Not used with `store_teachers=True`.
    verbose : int, default=0
        1 prints a line when a step of the fit ends. With scikit-learn 1.9 or newer
        `set_callbacks(ProgressBar())` shows more.
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
        verbose: int = 0,
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
        self.verbose = verbose
        self.store_teachers = store_teachers
        self.store_teacher_proba = store_teacher_proba

    def _check_parameters(self, rows: Rows, *, given: bool) -> Loss:
        loss = super()._check_parameters(rows, given=given)
        if isinstance(self.cv, Iterator):
            # A generator is used up by one fit, and the next one must find the same folds.
            self.cv = list(self.cv)
        splitter = self._splitter()
        if given:
            return loss
        if self._is_out_of_bag():
            check_out_of_bag(self.teacher)
        warn_of_unseeded_folds(self.memory, splitter)
        if splitter is not None and is_frozen(self.teacher):
            raise ValueError(
                "A frozen teacher cannot be cross-fitted: use Distiller, or "
                "LossCorrectedDistiller(cv='in_sample'), which ask it as it is."
            )
        return loss

    def _is_out_of_bag(self) -> bool:
        return isinstance(self.cv, str) and self.cv == "oob"

    def _splitter(self) -> Any:
        return None if self._is_out_of_bag() else make_splitter(self.cv, self.random_state)

    def _source(self, rows: Rows, routed: Routed) -> Source:
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
    correction : str, float or callable, default="residual"
        How γ is chosen; see :mod:`skdistill.corrections`.

        - `"residual"`: a small LightGBM model learns, cross-fitted, where the teacher is wrong;
          its probabilities take the teacher's place, and the share `c` of the orthogonal
          correction is applied to them. No further teacher fit. Columns that are not numeric are
          read as ordinal codes. This is our own; the other rules are the paper's.
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
        `absolute` 0.1, `relative` 0.5, `power` 2). For `"residual"` a share in [0, 1], 0.2 by
        default. Not used by `"orthogonal"`, a number or a callable.
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
    verbose : int, default=0
        1 prints a line when a step of the fit ends. With scikit-learn 1.9 or newer
        `set_callbacks(ProgressBar())` shows more.
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
    >>> model = LossCorrectedDistiller(teacher, student, random_state=0)
    >>> model.fit(X, y).predict(X[:3])
    array([0, 0, 0])
    """

    # Teachers, correction, student.
    _n_steps = 3

    def __init__(
        self,
        teacher: Any,
        student: Any,
        *,
        correction: Any = "residual",
        c: float | None = None,
        loss: str = "auto",
        temperature: float = 1.0,
        proba_floor: float = 1 / 500,
        cv: Any = 5,
        n_jobs: int | None = None,
        random_state: Any = None,
        memory: Any = None,
        verbose: int = 0,
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
            verbose=verbose,
            store_teachers=store_teachers,
            store_teacher_proba=store_teacher_proba,
        )
        self.correction = correction
        self.c = c

    def _check_parameters(self, rows: Rows, *, given: bool) -> Loss:
        loss = super()._check_parameters(rows, given=given)
        if self._learns_correction():
            as_table(rows.X)
        correction = self._correction()
        if callable(self.correction):
            # What a user's function returns is known to fit before a teacher is.
            even = np.full((len(rows.y), len(rows.classes)), 1 / len(rows.classes))
            loss.target(even, np.eye(len(rows.classes))[rows.codes], correction)
        return loss

    def _learns_correction(self) -> bool:
        return isinstance(self.correction, str) and self.correction == "residual"

    def _correction(self) -> Correction | None:
        if self._learns_correction():
            return residual.share(self.c)
        return corrections.resolve(self.correction, self.c)

    def _better_proba(
        self, rows: Rows, proba: Array, splits: Splits | None, progress: Progress
    ) -> Array:
        if not self._learns_correction():
            return proba
        splits = splits or quiet_folds(rows.codes, self.random_state)
        with progress.part("correction"):
            return residual.correct_proba(
                rows.X, rows.codes, proba, splits, sample_weight=rows.sample_weight
            )

    def _is_in_sample(self) -> bool:
        return isinstance(self.cv, str) and self.cv == "in_sample"

    def _splitter(self) -> Any:
        return None if self._is_in_sample() else super()._splitter()

    def _source(self, rows: Rows, routed: Routed) -> Source:
        return "in_sample" if self._is_in_sample() else super()._source(rows, routed)


class LossCorrectedDistillerCV(BaseDistiller):
    """Distillation that chooses its targets by honest cross-validation.

    Whether distillation helps, hurts or needs correcting depends on the table, the teacher and the
    student. This distiller tries candidates: in each fold the targets of the training rows come
    from teachers (and a residual model) fitted on training rows alone, a student learns them, and
    is judged on the fold's validation labels. The winner is then fitted on all rows. All candidates
    share the teachers' answers; none fits a teacher of its own.

    Parameters
    ----------
    teacher : classifier
        Any classifier with `predict_proba`. It is cloned, never modified.
    student : regressor or classifier
        What learns; see :class:`Distiller`.
    candidates : "auto" or list, default="auto"
        What is tried:

        - `"labels"`: no distillation.
        - `"in_sample"`: plain distillation.
        - `"cross_fit"`: the student learns out-of-fold (or out-of-bag) probabilities.
        - `"residual"`: the same with the learned correction, see
          :class:`LossCorrectedDistiller`; `("residual", g)` with another share than 0.2.
        - `"blend"`: one student of the weighted mean of the other named candidates' targets, with
          weights on the simplex that give their out-of-fold students' mean prediction the least
          log loss.
        - a share g in [0, 1], or a pair (rule, c) of
          :class:`LossCorrectedDistiller`'s `correction` and `c`.

        `"auto"` is the five named ones for two classes; for more classes also the shares .1, .2,
        .3, .5 and .7.
    scoring : str, callable or None, default=None
        What candidates are judged by; None is the log loss with probabilities floored at
        `proba_floor`.
    cv : int, splitter or iterable, default=5
        Folds of the selection, each row validated once; see :class:`CrossFitDistiller`.
    teacher_cv : None, int, splitter, "oob" or "unseen", default=None
        Where teacher probabilities inside each training part come from.

        - None: the same folds. The teachers without folds j and k serve fold j while k validates,
          and fold k while j does: K (K + 1) / 2 teachers for K folds, of which K serve the final
          student. At least three folds.
        - `"oob"`: a bagging teacher's out-of-bag answers: one teacher for each fold and one for
          all rows.
        - int or splitter: folds of its own within each training part and within all rows.
        - `"unseen"`: the teacher is frozen, or `teacher_proba` is given, and you state that it
          never saw any of these labels. Without that statement only `"labels"` would be judged
          honestly, so everything else is refused.
    min_gain_se : float, default=0.5
        By how many paired standard errors (over rows for the log loss, over folds for another
        score) a candidate must beat the best of labels, in-sample and cross-fit to be chosen
        before it. Without one of these three the best mean wins.
    calibrate : "auto" or bool, default="auto"
        Whether a sigmoid, fitted to the chosen candidate's out-of-fold predictions, is applied to
        the student's probabilities, also in `classifier_`. It must prove itself like a candidate
        with "auto": sigmoids fitted without a fold must gain more than `min_gain_se` paired
        standard errors of log loss there. With a `scoring` of your own "auto" means no. For two
        classes the order of rows, and so the AUC, stays as it is.
    loss : {"auto", "squared_error", "squared_error_logit", "cross_entropy"}, default="auto"
        What the student minimises; see :class:`Distiller`.
    temperature : float, default=1.0
        Temperature of `"cross_entropy"`; see :class:`Distiller`.
    proba_floor : float, default=0.002
        Lowest teacher probability where a logarithm is taken, and lowest student probability in
        the default score.
    n_jobs : int, default=None
        Number of teachers, and of students, fitted at the same time.
    random_state : int, RandomState instance or None, default=None
        Seeds the folds; teacher and student have their own.
    memory : None, str, Path or joblib.Memory, default=None
        Where to keep the teachers' answers, for a further search with the same teacher, rows,
        labels, weights and folds.
    verbose : int, default=0
        1 prints a line when a step of the fit ends. With scikit-learn 1.9 or newer
        `set_callbacks(ProgressBar())` shows more.

    Attributes
    ----------
    best_candidate_ : object
        The chosen candidate, as it was given.
    best_index_ : int
        Its place in `cv_results_`.
    best_score_ : float
        Its mean score, before calibration.
    cv_results_ : dict of ndarray
        For each candidate its name in `candidate` and `params`, `mean_test_score`,
        `se_test_score`, `std_test_score` and `split<k>_test_score` over folds,
        `rank_test_score`, and `mean_fit_time` of a student in seconds. The default score is minus
        the log loss.
    blend_weights_ : dict
        The weight of each candidate in the blend, where that was a candidate.
    calibration_ : Calibration or None
        The sigmoid that `predict_proba` applies, with its `slope` and `shift`; None for none.
    overfit_share_ : float
        How much of the labels' surprise the teacher remembers: 0 for nothing, 1 for a teacher that
        repeats the labels; about .63 for an unpruned forest. Where in-sample answers were at hand.
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    student_ : estimator
        The fitted student, a plain scikit-learn estimator.
    classifier_ : DistilledClassifier
        The student as a classifier on its own.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features seen during `fit`, where X had names that are all strings.

    See Also
    --------
    LossCorrectedDistiller : One candidate, without a search.

    References
    ----------
    .. [1] Dao, Kamath, Syrgkanis, Mackey, "Knowledge Distillation as Semiparametric
       Inference", ICLR 2021. Its search over `c` uses probabilities that saw the validation
       labels; this one does not.
    .. [2] van der Laan, Polley, Hubbard, "Super Learner", 2007 (the blend's weights).

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import LossCorrectedDistillerCV
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> teacher = RandomForestClassifier(n_estimators=50, random_state=0)
    >>> student = DecisionTreeRegressor(max_leaf_nodes=8, random_state=0)
    >>> model = LossCorrectedDistillerCV(
    ...     teacher, student, cv=3, teacher_cv="oob", random_state=0
    ... ).fit(X, y)
    >>> model.best_candidate_ in ["labels", "in_sample", "cross_fit", "residual", "blend"]
    True
    >>> sorted(model.cv_results_)[:3]
    ['candidate', 'mean_fit_time', 'mean_test_score']
    """

    # Teachers, targets, candidates, blend, a last teacher where in-sample wins, student.
    _n_steps = 6

    # The search needs no teacher afterwards.
    store_teachers = False
    store_teacher_proba = False

    def __init__(
        self,
        teacher: Any,
        student: Any,
        *,
        candidates: Any = "auto",
        scoring: Any = None,
        cv: Any = 5,
        teacher_cv: Any = None,
        min_gain_se: float = 0.5,
        calibrate: bool | str = "auto",
        loss: str = "auto",
        temperature: float = 1.0,
        proba_floor: float = 1 / 500,
        n_jobs: int | None = None,
        random_state: Any = None,
        memory: Any = None,
        verbose: int = 0,
    ) -> None:
        self.teacher = teacher
        self.student = student
        self.candidates = candidates
        self.scoring = scoring
        self.cv = cv
        self.teacher_cv = teacher_cv
        self.min_gain_se = min_gain_se
        self.calibrate = calibrate
        self.loss = loss
        self.temperature = temperature
        self.proba_floor = proba_floor
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.memory = memory
        self.verbose = verbose

    # ---- validation --------------------------------------------------------------------------

    def _check_parameters(self, rows: Rows, *, given: bool) -> Loss:
        loss = super()._check_parameters(rows, given=given)
        if isinstance(self.cv, Iterator):
            # A generator is used up by one fit, and the next one must find the same folds.
            self.cv = list(self.cv)
        candidates = selection.parse_candidates(self.candidates, len(rows.classes))
        if not is_number(self.min_gain_se) or not self.min_gain_se >= 0:
            raise ValueError(f"min_gain_se must be a number >= 0, found {self.min_gain_se!r}.")
        if any(c.kind == "residual" for c in candidates):
            as_table(rows.X)
        if not (isinstance(self.calibrate, bool | np.bool_) or self.calibrate == "auto"):
            raise ValueError(f"calibrate must be 'auto', True or False, found {self.calibrate!r}.")
        check_scorer(self.scoring, rows.X, rows.y)
        self._check_teacher_cv(candidates, given=given)
        warn_of_unseeded_folds(self.memory, self._splitter())
        return loss

    def _check_teacher_cv(self, candidates: list[Candidate], *, given: bool) -> None:
        source = self.teacher_cv
        fixed = given or is_frozen(self.teacher)
        if fixed and not self._is("unseen") and {c.kind for c in candidates} != {"labels"}:
            raise ValueError(
                "A frozen teacher and given probabilities may have seen the validation labels, so "
                "only the candidate 'labels' would be judged honestly: hand over a teacher that "
                "can be fitted, or state teacher_cv='unseen' if its teacher never saw any of "
                "these labels; candidates but 'in_sample' are honest then."
            )
        if fixed and any(c.kind == "in_sample" for c in candidates):
            raise ValueError(
                "candidates must not hold 'in_sample' for a frozen teacher or given "
                "probabilities, which know one kind of answer only: list the others, such as "
                "['labels', 'cross_fit', 'residual', 'blend']."
            )
        if self._is("unseen") and not fixed:
            raise ValueError(
                "teacher_cv='unseen' is for a frozen teacher or given probabilities; this teacher "
                "is fitted: use None, 'oob', or folds."
            )
        if self._is("oob") and not fixed:
            check_out_of_bag(self.teacher)
        if not (source is None or is_fold_count(source) or isinstance(source, str)) and not hasattr(
            source, "split"
        ):
            raise ValueError(
                "teacher_cv must be None, 'oob', a number of folds or a splitter: an iterable of "
                f"rows does not fit the training part of each fold, found {source!r}."
            )
        if isinstance(source, str) and source not in ("oob", "unseen"):
            raise ValueError(
                "teacher_cv must be None, 'oob', 'unseen', a number of folds or a splitter, found "
                f"{source!r}."
            )

    def _is(self, name: str) -> bool:
        return isinstance(self.teacher_cv, str) and self.teacher_cv == name

    def _splitter(self) -> Any:
        return make_splitter(self.cv, self.random_state)

    # ---- the search --------------------------------------------------------------------------

    def _fit(
        self, rows: Rows, loss: Loss, routed: Routed, teacher_proba: Any, progress: Progress
    ) -> None:
        candidates = selection.parse_candidates(self.candidates, len(rows.classes))
        task = selection.Task(
            rows.X,
            rows.y,
            rows.classes,
            rows.codes,
            rows.sample_weight,
            self.student,
            loss,
            routed.student,
            self._folds(rows, routed),
            self.proba_floor,
            None if self.scoring is None else get_scorer(self.scoring),
            self.n_jobs,
            self.random_state,
            progress,
        )
        *parts, whole = self._answers(task, routed, candidates, rows, teacher_proba)
        found = selection.search(task, candidates, parts, self.min_gain_se)
        winner = candidates[found.best]
        target = self._final_target(task, candidates, whole, found, routed)
        self.calibration_ = self._calibration(task, found.proba)
        self._teach(rows, loss, routed, target, progress, self.calibration_)
        self.best_candidate_, self.best_index_ = winner.name, found.best
        self.cv_results_ = found.results
        self.best_score_ = float(found.results["mean_test_score"][found.best])
        self._store("blend_weights_", found.blend)
        self._store("overfit_share_", self._overfit_share(rows, whole))

    def _calibration(self, task: Task, proba: Array) -> Calibration | None:
        if self.calibrate == "auto":
            judged = task.scorer is None
            return selection.calibrate(task, proba, self.min_gain_se) if judged else None
        if self.calibrate:
            return fit_calibration(proba, task.codes, task.sample_weight)
        return None

    def _folds(self, rows: Rows, routed: Routed) -> Splits:
        folds = make_splits(
            self.cv,
            rows.X,
            rows.y,
            rows.classes,
            rows.codes,
            random_state=self.random_state,
            split_params=routed.splitter,
        )
        if len(folds) < (3 if self.teacher_cv is None else 2):
            raise ValueError(
                f"cv must give at least 3 folds with teacher_cv=None, and 2 otherwise, found "
                f"{len(folds)}: use more folds, or another teacher_cv."
            )
        return folds

    def _answers(
        self,
        task: Task,
        routed: Routed,
        candidates: list[Candidate],
        rows: Rows,
        teacher_proba: Any,
    ) -> list[Answers]:
        """Return what teachers say about each fold's training rows, and about all rows."""
        n_samples = len(rows.y)
        parts = [*(train for train, _ in task.folds), np.arange(n_samples)]
        if all(c.kind == "labels" for c in candidates):
            # Labels need no teacher.
            nothing = np.full((n_samples, len(rows.classes)), 1 / len(rows.classes))
            return [Answers(part, nothing[part], None, None) for part in parts]
        if self._is("unseen"):
            proba, _, _ = self._teacher_proba(rows, routed, teacher_proba, task.progress)
            return [Answers(part, proba[part], None, None) for part in parts]
        inside = any(c.kind == "in_sample" for c in candidates)
        sources, splits = self._sources(task, rows, parts)
        ask_now = partial(
            ask_parts if sources else leave_two_out,
            self.teacher,
            rows.X,
            rows.y,
            rows.classes,
            routed.teacher,
            *((parts, sources) if sources else (task.folds,)),
            inside=inside,
            n_jobs=self.n_jobs,
            progress=task.progress,
            **({"random_state": self.random_state} if sources else {}),
        )
        how = ("selection", task.folds, sources, inside, self.random_state if sources else None)
        answers = self._remember(rows, routed, how, ask_now)
        return [
            Answers(part, out, knows, within)
            for part, (out, knows), within in zip(parts, answers, splits, strict=True)
        ]

    def _sources(
        self, task: Task, rows: Rows, parts: list[NDArray[np.intp]]
    ) -> tuple[list[Source], list[Splits | None]]:
        """Return where each part's teachers answer from, if not from leaving out folds, and folds.

        The folds are those of the teachers, in numbers of the part, for the residual model.
        """
        if self._is("oob"):
            return ["oob"] * len(parts), [None] * len(parts)
        if self.teacher_cv is None:
            n_samples = len(rows.y)
            return [], [splits_within(task.folds, part, n_samples) for part in parts]
        splits = [
            part_splits(
                self.teacher_cv,
                index_rows(rows.X, part),
                rows.y[part],
                groups=None if rows.groups is None else np.asarray(rows.groups)[part],
                random_state=self.random_state,
            )
            for part in parts
        ]
        return list(splits), list(splits)

    def _final_target(
        self,
        task: Task,
        candidates: list[Candidate],
        whole: Answers,
        found: Found,
        routed: Routed,
    ) -> Array:
        """Make the winner's target for all rows, by one more teacher if only that is in-sample."""
        winner = candidates[found.best]
        weights = found.blend if winner.kind == "blend" and found.blend else {winner.name: 1.0}
        members = [c for c in candidates if weights.get(c.name, 0) > 0]
        if self.teacher_cv is None and any(c.kind == "in_sample" for c in members):
            with task.progress.part("teacher"):
                knows, _ = in_sample(self.teacher, task.X, task.y, task.classes, routed.teacher)
            whole = whole._replace(inside=knows)
        targets = selection.targets_of(task, members, whole)
        return selection.mix(targets, {c.name: weights[c.name] for c in members})

    def _overfit_share(self, rows: Rows, whole: Answers) -> float | None:
        if whole.inside is None:
            return None
        onehot = np.eye(len(rows.classes))[rows.codes]
        return overfit_share(onehot, whole.inside, whole.out, rows.sample_weight)
