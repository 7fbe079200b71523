"""Cross-fitted distillation."""

from __future__ import annotations

from typing import Any

from .._utils.probabilities import PROBA_FLOOR
from .faces import ClassDistiller
from .ways import CrossFitted


class CrossFitDistiller(CrossFitted, ClassDistiller):
    """Cross-fitted knowledge distillation: no teacher is asked about a row it has seen.

    The rows are split in folds, and each row's class probabilities come from a teacher that was
    fitted without the row's fold. So a teacher that memorises its labels cannot hand them on to
    the student.

    Parameters
    ----------
    teacher : classifier or None
        Any classifier with `predict_proba`; a Pipeline or a search are classifiers too. It is
        cloned for each fold, never modified; one that is frozen cannot be, and is for
        :class:`Distiller`. None where `teacher_proba` is given to `fit`.
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
        student as it is; other students take no other number. None is 0, but with `cv="oob"` it
        is 3 divided by the number of trees, for a tree or forest: answers out of the bag differ
        from row to row, as each row has trees of its own, and a single tree learns that. On nine
        tables of two classes one tree and five trees reach the test AUC of ten folds within .003
        so; left as they are they lose up to .01.
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

        - int: number of stratified folds, shuffled by `random_state`; with `groups` they keep
          these together. Elsewhere in scikit-learn an int does not shuffle.
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
        Seeds the folds and the rows that `transfer` makes; teacher and student have their own.
    memory : None, str, Path or joblib.Memory, default=None
        Where to keep the teacher's probabilities for further fits with the same teacher, rows,
        labels, weights and folds, such as those of a search over parameters of the student.
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
        proba_floor: float = PROBA_FLOOR,
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
        self.cv = cv
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.memory = memory
        self.rehearse = rehearse
        self.verbose = verbose
        self.store_teachers = store_teachers
        self.store_teacher_proba = store_teacher_proba
