"""Distillation that chooses its targets by honest cross-validation."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import selection
from .._utils.probabilities import PROBA_FLOOR
from ..selection import Task
from ..students.calibration import Calibration, fit_calibration
from .faces import ClassDistiller
from .searched import Searched

Array = NDArray[np.float64]


class LossCorrectedDistillerCV(Searched, ClassDistiller):
    """Distillation that chooses its targets by honest cross-validation.

    Whether distillation helps, hurts or needs correcting depends on the table, the teacher and the
    student. This distiller tries candidates: in each fold the targets of the training rows come
    from teachers (and a residual model) fitted on training rows alone, a student learns them, and
    is judged on the fold's validation labels. The winner is then fitted on all rows. All candidates
    share the teachers' answers; none fits a teacher of its own.

    Parameters
    ----------
    teacher : classifier or None
        Any classifier with `predict_proba`. It is cloned, never modified. With
        `teacher_cv="unseen"` a :class:`~sklearn.frozen.FrozenEstimator`, or None where
        `teacher_proba` is given to `fit`.
    student : regressor or classifier
        What learns. It is cloned, never modified. A regressor learns one output for two classes,
        and for more classes one output each, by its own support for several outputs or by one
        regressor per class. A classifier needs `sample_weight` in `fit` (see
        :class:`SoftLabelClassifier`), or an attribute `accepts_soft_labels` that is True: then it
        gets the targets, of shape (n_samples, n_classes), as y.
    candidates : "auto" or list, default="auto"
        What is tried:

        - `"labels"`: no distillation.
        - `"in_sample"`: plain distillation.
        - `"cross_fit"`: the student learns out-of-fold (or out-of-bag) probabilities.
        - `"residual"`: the same with the learned correction, see
          :class:`LossCorrectedDistiller`; `("residual", g)` with another share than 0.2.
        - `"transfer"`: `"residual"`, and rows besides that are made of those there are, see
          `transfer`; `("transfer", g)` with another share.
        - `"blend"`: one student of the weighted mean of the other named candidates' targets, with
          weights on the simplex that give their out-of-fold students' mean prediction the least
          log loss. It learns from rows with labels alone.
        - a share g in [0, 1], or a pair (rule, c) of
          :class:`LossCorrectedDistiller`'s `correction` and `c`.

        `"auto"` is the named ones, without `"blend"` for a tree or forest (without `monotonic_cst`)
        or scikit-learn's network as student, unless `transfer=None`, and without `"transfer"` for
        any other; with `X_transfer` also the shares .1, .2, .3, .5 and .7.
    scoring : str, callable or None, default=None
        What candidates are judged by; None is the log loss with probabilities floored at
        `proba_floor`, of rows as they are weighed. Another score gets weights where metadata
        routing says so, as in scikit-learn's searches.
    cv : int, splitter or iterable, default=5
        Folds of the selection; each row must be validated exactly once. An int is a number of
        stratified folds, shuffled by `random_state`; with `groups` they keep these together.
        Elsewhere in scikit-learn an int does not shuffle. Or an object with `split`, such as
        :class:`~sklearn.model_selection.GroupKFold`, or pairs of training and test rows.
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
        before it; at least 0. Without one of these three the best mean wins.
    calibrate : "auto" or bool, default="auto"
        Whether a sigmoid, fitted to the chosen candidate's out-of-fold predictions, is applied to
        the student's probabilities, also in `classifier_`. It must prove itself like a candidate
        with "auto": sigmoids fitted without a fold must gain more than `min_gain_se` paired
        standard errors of log loss there. With a `scoring` of your own "auto" means no. For two
        classes the order of rows, and so the AUC, stays as it is.
    shrinkage : "auto" or float, default="auto"
        How strongly a fitted tree or forest as student is shrunk: each node's answer is pulled
        towards its parent's as by λ rows of weight 1, see :ref:`shrunken_trees`. With "auto"
        each candidate gets what its students do best with on the rows that they have not seen, of
        0, 1, 3, 10, 30 and 100 times the mean weight, at no further fit; other students stay as
        they are.
    transfer : None, "nodes" or sampler, default="nodes"
        How further rows are made, within each fold of training rows alone, for the candidate
        `"transfer"`; teachers label them that have not seen the row that one was made of.
        `"nodes"`: values change places within the nodes of the teacher's own trees, or of a small
        forest on the labels where it has none, see :class:`NodeSampler`; one to six further rows
        for each, 60,000 in all if that is enough. A sampler is any object with `fit(X)` and
        `sample(n_samples)`.
    transfer_weight : float, default=1.0
        Weight of a row without a label, made or from `X_transfer`, beside one that has one; above
        0.
    loss : {"auto", "squared_error", "squared_error_logit", "cross_entropy"}, default="auto"
        What the student minimises.

        - `"squared_error"`: squared error on probabilities. For regressors.
        - `"squared_error_logit"`: squared error on log-odds (two classes) or centred
          log-probabilities. For regressors. A regressor that averages, averages logits then,
          and the mean of logits is not the logit of the mean.
        - `"cross_entropy"`: the teacher's probabilities as soft labels. For classifiers.
        - `"auto"`: `"squared_error"` for a regressor, `"cross_entropy"` for a classifier.
    temperature : float, default=1.0
        Temperature T of `"cross_entropy"`, from 1e-4 to 1e4: the soft labels are
        softmax(log p / T), and the student's probabilities are raised to the power T and
        normalised again. Another loss takes 1 alone.
    proba_floor : float, default=0.002
        Teacher probabilities are raised to at least this, and normalised, where a logarithm is
        taken (`"squared_error_logit"` and `"cross_entropy"`). Between 0 and 1 / n_classes.
        Also the lowest student probability in the default score.
    n_jobs : int, default=None
        Number of teachers, and of students, fitted at the same time.
    random_state : int, RandomState instance or None, default=None
        Seeds the folds, those of the learned correction too, and the rows that `transfer` makes;
        teacher and student have their own.
    memory : None, str, Path or joblib.Memory, default=None
        Where to keep the teachers' answers, for a further search with the same teacher, rows,
        labels, weights and folds.
        Of a `joblib.Memory` only the location is used. Edited code of functions and classes that
        the teacher holds makes it another teacher; the user guide says what is not seen.
        With a sampler as `transfer` nothing is kept.
    rehearse : bool, default=True
        Whether clones of teacher and student are tried on a few rows, before any teacher is
        fitted. It costs next to nothing, unless a member is slow on 100 rows. One that fails on
        them is given 1,000, then all, before it is refused.
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
        For each candidate its name in `candidate` and `params`, its `shrinkage`, `mean_test_score`,
        `se_test_score`, `std_test_score` and `split<k>_test_score` over folds,
        `rank_test_score`, and `mean_fit_time` of a student in seconds. The default score is minus
        the log loss.
    blend_weights_ : dict
        The weight of each candidate in the blend, in thousandths, where that was a candidate.
    calibration_ : Calibration or None
        The sigmoid that `predict_proba` applies, with its `slope` and `shift`; None for none.
    shrinkage_ : float
        How strongly the student is shrunk; 0 where it is not.
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
    >>> model.best_candidate_ in ["labels", "in_sample", "cross_fit", "residual", "transfer"]
    True
    >>> sorted(model.cv_results_)[:3]
    ['candidate', 'mean_fit_time', 'mean_test_score']
    """

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
        shrinkage: float | str = "auto",
        transfer: Any = "nodes",
        transfer_weight: float = 1.0,
        loss: str = "auto",
        temperature: float = 1.0,
        proba_floor: float = PROBA_FLOOR,
        n_jobs: int | None = None,
        random_state: Any = None,
        memory: Any = None,
        rehearse: bool = True,
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
        self.shrinkage = shrinkage
        self.transfer = transfer
        self.transfer_weight = transfer_weight
        self.loss = loss
        self.temperature = temperature
        self.proba_floor = proba_floor
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.memory = memory
        self.rehearse = rehearse
        self.verbose = verbose

    @property
    def _floor(self) -> float:  # type: ignore[override]
        return self.proba_floor

    def _calibrate(self, task: Task, answers: Array) -> tuple[dict[str, Any], dict[str, Any]]:
        calibration = self._calibration(task, answers)
        shipped = None if calibration is None else calibration.as_dict()
        return {"calibration": shipped}, {"calibration_": calibration}

    def _calibration(self, task: Task, proba: Array) -> Calibration | None:
        if self.calibrate == "auto":
            judged = task.judge is None
            return selection.calibrate(task, proba, self.min_gain_se) if judged else None
        if self.calibrate:
            return fit_calibration(proba, task.rows.codes, task.rows.sample_weight)
        return None
