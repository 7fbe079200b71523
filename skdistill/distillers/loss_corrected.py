"""Cross-fitted distillation with a corrected loss."""

from __future__ import annotations

from typing import Any

from .._utils.probabilities import PROBA_FLOOR
from .cross_fit import CrossFitDistiller
from .ways import Corrected


class LossCorrectedDistiller(Corrected, CrossFitDistiller):
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
        What learns the corrected probabilities. It is cloned, never modified. A regressor
        learns one output for two classes, and for more classes one output each, by its own
        support for several outputs or by one regressor per class. A classifier needs
        `sample_weight` in `fit` (see :class:`SoftLabelClassifier`), or an attribute
        `accepts_soft_labels` that is True: then it gets the probabilities, of shape
        (n_samples, n_classes), as y. With `"cross_entropy"` and more than two classes corrected
        soft labels can be slightly negative; :class:`SoftLabelClassifier` clips them at 0, a
        student that accepts soft labels gets them as they are.
    correction : str, float or callable, default="residual"
        How γ is chosen; see :mod:`skdistill.corrections`.

        - `"residual"`: a small LightGBM model learns, cross-fitted, where the teacher is wrong;
          its probabilities take the teacher's place, and the share `c` of the orthogonal
          correction is applied to them. No further teacher fit. Columns that are not numeric are
          read as ordinal codes. This is our own; the other rules are the paper's.
        - `"fast"`, `"slow"`: least error by the bound for a student that learns fast, if the
          teacher's squared bias is `c`, or slowly, if the fourth power of its bias is `c`.
        - `"fast_realized"`, `"slow_realized"`: the same with the squared residual in the place
          of the variance of a label, as in the paper's program; this biases the target even
          for a perfect teacher.
        - `"relative"`, `"absolute"`, `"power"`: least error in the worst case, if the true
          probability lies within a factor, a distance or a power `c` of the teacher's. With
          two classes and `"squared_error"`, that of the second of the sorted labels, which matters
          for `"relative"` and `"power"`.
        - `"orthogonal"`: no first-order influence of the teacher's errors, at the price of the
          full noise of the labels; with `"squared_error"` it is training on labels.
        - a number in [0, 1]: this share of the orthogonal correction. With `"squared_error"`,
          and `"cross_entropy"` at temperature 1, it is the mix of hard and soft labels of
          Hinton et al.
        - a callable `f(proba, y, *, link)` that returns γ for arrays of one shape, with `link`
          one of `"identity"`, `"log"`, `"logit"`.
    c : float or None, default=None
        Positive constant of the rule; None is the rule's own default (`fast`, `slow` and
        `absolute` 0.1, `relative` 0.5, `power` 2). For `"residual"` a share in [0, 1], 0.2 by
        default. Not used by `"orthogonal"`, a number or a callable.
    loss : {"auto", "squared_error", "squared_error_logit", "cross_entropy"}, default="auto"
        What the student minimises.

        - `"squared_error"`: squared error on probabilities. For regressors.
        - `"squared_error_logit"`: squared error on log-odds (two classes) or centred
          log-probabilities. For regressors. A regressor that averages, averages logits then,
          and the mean of logits is not the logit of the mean.
          The slope of the link is up to 1 / `proba_floor`, so that one sure mistake of the
          teacher moves a target far: take a small share or `c` there, or the bounded `"relative"`.
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
    cv : int, splitter, iterable, "oob" or "in_sample", default=5
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
        - `"in_sample"`: the teacher is fitted on all rows, unless it is frozen, and asked about the
          same rows.

        A class that is missing from a fold's training part has probability 0 in that fold.
    n_jobs : int, default=None
        Number of folds that are fitted at the same time, as everywhere in scikit-learn. Leave it
        at None (one after the other) for a teacher that uses all cores by itself, and give -1
        for one that uses a single core.
    random_state : int, RandomState instance or None, default=None
        Seeds the folds, those of the learned correction too, and the rows that `transfer` makes;
        teacher and student have their own.
    memory : None, str, Path or joblib.Memory, default=None
        Where to keep the teacher's probabilities for further fits with the same teacher, rows,
        labels, weights and folds, such as those of a search over parameters of the student or
        the correction. Nothing can be reused where folds are shuffled without a
        seed: give `random_state` an int. Not used with `store_teachers=True`.
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

    def __init__(
        self,
        teacher: Any,
        student: Any,
        *,
        correction: Any = "residual",
        c: float | None = None,
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
        super().__init__(
            teacher,
            student,
            loss=loss,
            temperature=temperature,
            proba_floor=proba_floor,
            shrinkage=shrinkage,
            transfer=transfer,
            transfer_weight=transfer_weight,
            cv=cv,
            n_jobs=n_jobs,
            random_state=random_state,
            memory=memory,
            rehearse=rehearse,
            verbose=verbose,
            store_teachers=store_teachers,
            store_teacher_proba=store_teacher_proba,
        )
        self.correction = correction
        self.c = c
