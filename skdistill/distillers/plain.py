"""Plain distillation."""

from __future__ import annotations

from typing import Any

from .._utils.probabilities import PROBA_FLOOR
from .faces import ClassDistiller
from .ways import Plain


class Distiller(Plain, ClassDistiller):
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
        Temperature T of `"cross_entropy"`, from 1e-4 to 1e4: the soft labels are
        softmax(log p / T), and the student's probabilities are raised to the power T and
        normalised again. Another loss takes 1 alone.
    proba_floor : float, default=0.002
        Teacher probabilities are raised to at least this, and normalised, where a logarithm is
        taken (`"squared_error_logit"` and `"cross_entropy"`). Between 0 and 1 / n_classes.
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
        Where to keep the teacher's probabilities for further fits with the same teacher, rows,
        labels and weights, such as those of a search over parameters of the student. Not used with
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
        proba_floor: float = PROBA_FLOOR,
        shrinkage: float | None = None,
        transfer: Any = None,
        transfer_weight: float = 1.0,
        random_state: Any = None,
        memory: Any = None,
        rehearse: bool = True,
        verbose: int = 0,
        store_teachers: bool = False,
        store_teacher_proba: bool = False,
    ) -> None:
        self.teacher = teacher
        self.student = student
        self.loss = loss
        self.temperature = temperature
        self.proba_floor = proba_floor
        self.shrinkage = shrinkage
        self.transfer = transfer
        self.transfer_weight = transfer_weight
        self.random_state = random_state
        self.memory = memory
        self.rehearse = rehearse
        self.verbose = verbose
        self.store_teachers = store_teachers
        self.store_teacher_proba = store_teacher_proba
