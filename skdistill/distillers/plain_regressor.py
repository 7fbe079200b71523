"""Plain distillation of numbers."""

from __future__ import annotations

from typing import Any

from .faces import NumberDistiller
from .ways import Plain


class DistillerRegressor(Plain, NumberDistiller):
    """Plain distillation of numbers: the teacher is asked about the rows it was fitted on.

    The teacher is fitted on all rows, the student learns what the teacher predicts for the same
    rows. A teacher that overfits hands its memorised noise on (:class:`CrossFitDistillerRegressor`
    cures that), one that underfits its bias (:class:`LossCorrectedDistillerRegressor` cures both).
    A student of low variance, such as a boosted ensemble, may gain more from what a teacher
    remembers than from what it foresees: :class:`LossCorrectedDistillerRegressorCV` finds out.

    A teacher of a quantile or a median teaches that, and one that learns logarithms a geometric
    mean.

    Parameters
    ----------
    teacher : regressor or None
        Any regressor; a Pipeline, a search or a
        :class:`~sklearn.compose.TransformedTargetRegressor` are regressors too. It is cloned,
        never modified. A :class:`~sklearn.frozen.FrozenEstimator` is asked and not fitted. None
        where `teacher_prediction` is given to `fit`.
    student : regressor
        What learns the teacher's predictions, by its own loss. It is cloned, never modified. One
        that minimises the deviance of Poisson, Gamma or Tweedie learns the same mean as one of
        squared error, and needs predictions that are positive (or not negative).
    shrinkage : float or None, default=None
        How strongly a fitted tree or forest as student is shrunk: each node's answer is pulled
        towards its parent's as by λ rows of weight 1, see :ref:`shrunken_trees`. 0 leaves the
        student as it is; other students take no other number. None is 0.
    transfer : None, "nodes" or sampler, default=None
        How further rows are made for the student, which teachers label that have not seen the row
        that one was made of. `"nodes"`: values change places within the nodes of the teacher's own
        trees, or of a small forest on the labels where it has none, see :class:`NodeSampler`; one
        to six further rows for each, 60,000 in all if that is enough. A sampler is any object with
        `fit(X)` and `sample(n_samples)`.
    transfer_weight : float, default=1.0
        Weight of a row without a label, made or from `X_transfer`, beside one that has one; above
        0.
    random_state : int, RandomState instance or None, default=None
        Seeds the rows that `transfer` makes; teacher and student have their own.
    memory : None, str, Path or joblib.Memory, default=None
        Where to keep the teacher's predictions for further fits with the same teacher, rows,
        numbers and weights, such as those of a search over parameters of the student. Not used with
        `store_teachers=True`.
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
        Whether to keep the fitted teacher in `teachers_`.
    store_teacher_prediction : bool, default=False
        Whether to keep the teacher's predictions in `teacher_prediction_`.

    Attributes
    ----------
    student_ : estimator
        The fitted student, a plain scikit-learn estimator.
    regressor_ : DistilledRegressor
        The student on its own, without the teacher: this is what one pickles and ships.
    teachers_ : list of regressor
        The fitted teacher, with `store_teachers=True`.
    teacher_prediction_ : ndarray of shape (n_samples,)
        What the student learned from, with `store_teacher_prediction=True`.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features seen during `fit`, where X had names that are all strings.

    See Also
    --------
    CrossFitDistillerRegressor : The student learns from teachers that did not see the row.
    LossCorrectedDistillerRegressor : Corrects the teacher's bias by y besides.

    References
    ----------
    .. [1] Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", 2015.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import RandomForestRegressor
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import DistillerRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> teacher = RandomForestRegressor(n_estimators=50, random_state=0)
    >>> student = DecisionTreeRegressor(max_leaf_nodes=8, random_state=0)
    >>> model = DistillerRegressor(teacher, student).fit(X, y)
    >>> model.predict(X[:2]).shape
    (2,)
    """

    def __init__(
        self,
        teacher: Any,
        student: Any,
        *,
        shrinkage: float | None = None,
        transfer: Any = None,
        transfer_weight: float = 1.0,
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
        self.random_state = random_state
        self.memory = memory
        self.rehearse = rehearse
        self.verbose = verbose
        self.store_teachers = store_teachers
        self.store_teacher_prediction = store_teacher_prediction
