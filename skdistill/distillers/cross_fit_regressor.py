"""Cross-fitted distillation of numbers."""

from __future__ import annotations

from typing import Any

from .faces import NumberDistiller
from .ways import CrossFitted


class CrossFitDistillerRegressor(CrossFitted, NumberDistiller):
    """Cross-fitted distillation of numbers: no teacher is asked about a row it has seen.

    The rows are split in folds, and each row's prediction comes from a teacher that was fitted
    without the row's fold. So a teacher that memorises its numbers cannot hand them on to the
    student. Single trees gain most by that; where the student itself averages much noise away,
    the memory of a teacher may help it, and :class:`LossCorrectedDistillerRegressorCV` finds out.

    A teacher of a quantile or a median teaches that, and one that learns logarithms a geometric
    mean.

    Parameters
    ----------
    teacher : regressor or None
        Any regressor; a Pipeline, a search or a
        :class:`~sklearn.compose.TransformedTargetRegressor` are regressors too. It is cloned for
        each fold, never modified; one that is frozen cannot be, and is for
        :class:`DistillerRegressor`. None where `teacher_prediction` is given to `fit`.
    student : regressor
        What learns the teacher's predictions, by its own loss. It is cloned, never modified. One
        that minimises the deviance of Poisson, Gamma or Tweedie learns the same mean as one of
        squared error, and needs predictions that are positive (or not negative).
    shrinkage : float or None, default=None
        How strongly a fitted tree or forest as student is shrunk: each node's answer is pulled
        towards its parent's as by λ rows of weight 1, see :ref:`shrunken_trees`. 0 leaves the
        student as it is; other students take no other number. None is 0, but with `cv="oob"` it
        is 3 divided by the number of trees, for a tree or forest: answers out of the bag differ
        from row to row, as each row has trees of its own, and a single tree learns that.
    transfer : None, "nodes" or sampler, default=None
        How further rows are made for the student, which teachers label that have not seen the row
        that one was made of. `"nodes"`: values change places within the nodes of the teacher's own
        trees, or of a small forest on the labels where it has none, see :class:`NodeSampler`; one
        to six further rows for each, 60,000 in all if that is enough. A sampler is any object with
        `fit(X)` and `sample(n_samples)`.
    transfer_weight : float, default=1.0
        Weight of a row without a label, made or from `X_transfer`, beside one that has one; above
        0.
    cv : int, splitter, iterable or "oob", default=5
        Which teacher answers about a row. Each row must be predicted exactly once.

        - int: number of folds, shuffled by `random_state`; with `groups` they keep these together.
          Elsewhere in scikit-learn an int does not shuffle.
        - splitter: an object with `split`, such as :class:`~sklearn.model_selection.GroupKFold`.
        - iterable: pairs of training and test rows.
        - `"oob"`: no folds; of a bagging teacher the members that have not seen the row. That is
          :class:`~sklearn.ensemble.RandomForestRegressor`,
          :class:`~sklearn.ensemble.BaggingRegressor`, or
          :class:`~sklearn.ensemble.ExtraTreesRegressor` with `bootstrap=True`. One fit, for as
          good a student. The teacher may end a Pipeline whose other steps do not learn from y.
          Rows with fewer than 5 such members are predicted by teachers of 5 folds, with a
          warning that counts them.
    n_jobs : int, default=None
        Number of folds that are fitted at the same time, as everywhere in scikit-learn. Leave it
        at None (one after the other) for a teacher that uses all cores by itself, and give -1
        for one that uses a single core.
    random_state : int, RandomState instance or None, default=None
        Seeds the folds and the rows that `transfer` makes; teacher and student have their own.
    memory : None, str, Path or joblib.Memory, default=None
        Where to keep the teacher's predictions for further fits with the same teacher, rows,
        numbers, weights and folds, such as those of a search over parameters of the student.
        Nothing can be reused where folds are shuffled without a seed: give `random_state` an int.
        Not used with `store_teachers=True`.
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
    store_teachers : bool, default=False
        Whether to keep the folds' fitted teachers in `teachers_`.
    store_teacher_prediction : bool, default=False
        Whether to keep the out-of-fold predictions in `teacher_prediction_`.

    Attributes
    ----------
    student_ : estimator
        The fitted student, a plain scikit-learn estimator.
    regressor_ : DistilledRegressor
        The student on its own, without the teacher: this is what one pickles and ships.
    teachers_ : list of regressor
        The fitted teacher of each fold, with `store_teachers=True`.
    teacher_prediction_ : ndarray of shape (n_samples,)
        The out-of-fold predictions, with `store_teacher_prediction=True`.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features seen during `fit`, where X had names that are all strings.

    See Also
    --------
    DistillerRegressor : The teacher is asked about the rows it was fitted on.
    LossCorrectedDistillerRegressor : Corrects the teacher's bias by y besides.

    References
    ----------
    .. [1] Dao, Kamath, Syrgkanis, Mackey, "Knowledge Distillation as Semiparametric
       Inference", ICLR 2021, section 4 (cross-fitting).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import RandomForestRegressor
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import CrossFitDistillerRegressor
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> teacher = RandomForestRegressor(n_estimators=50, random_state=0)
    >>> student = DecisionTreeRegressor(max_leaf_nodes=8, random_state=0)
    >>> model = CrossFitDistillerRegressor(teacher, student, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.4
    True

    The student alone is what one ships:

    >>> model.regressor_.predict(X).shape
    (442,)
    """

    def __init__(
        self,
        teacher: Any,
        student: Any,
        *,
        shrinkage: float | None = None,
        transfer: Any = None,
        transfer_weight: float = 1.0,
        cv: Any = 5,
        n_jobs: int | None = None,
        random_state: Any = None,
        memory: Any = None,
        rehearse: bool = True,
        verbose: int = 0,
        store_teachers: bool = False,
        store_teacher_prediction: bool = False,
    ) -> None:
        self.teacher = teacher
        self.student = student
        self.shrinkage = shrinkage
        self.transfer = transfer
        self.transfer_weight = transfer_weight
        self.cv = cv
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.memory = memory
        self.rehearse = rehearse
        self.verbose = verbose
        self.store_teachers = store_teachers
        self.store_teacher_prediction = store_teacher_prediction
