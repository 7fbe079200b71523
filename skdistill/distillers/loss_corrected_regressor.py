"""Cross-fitted distillation of numbers with a corrected loss."""

from __future__ import annotations

from typing import Any

from .cross_fit_regressor import CrossFitDistillerRegressor
from .ways import Corrected


class LossCorrectedDistillerRegressor(Corrected, CrossFitDistillerRegressor):
    """Cross-fitted distillation of numbers that are corrected by y.

    A teacher that underfits hands its bias on. The target m̂ + γ (y − m̂) moves from the teacher's
    prediction m̂ towards y, which trades the teacher's bias against the noise of y [1]_. It is the
    target of squared error and of every other loss whose answer is a mean.

    Parameters
    ----------
    teacher : regressor or None
        Any regressor whose answer is a mean; a Pipeline, a search or a
        :class:`~sklearn.compose.TransformedTargetRegressor` are regressors too. It is cloned, never
        modified. One of a quantile, a median or another such loss is refused: a correction by
        labels would drag it to the mean. A :class:`~sklearn.frozen.FrozenEstimator` needs
        `cv="in_sample"`. None where `teacher_prediction` is given to `fit`.
    student : regressor
        What learns the corrected predictions. It is cloned, never modified. Its loss must be one
        of means too: squared error, or a deviance such as that of Poisson, Gamma or Tweedie, which
        take no negative targets; a correction may make such of small numbers.
    correction : str, float or callable, default="residual"
        How γ in the target m̂ + γ (y − m̂) is chosen.

        - `"residual"`: a small LightGBM model learns, cross-fitted, where the teacher is wrong, of
          the residuals y − m̂; what it predicts is added to the teacher's predictions, and the share
          `c` of what is left. No further teacher fit. Columns that are not numeric are read as
          ordinal codes.
        - `"fast"`: least error if the teacher's squared bias is `c` times the mean squared
          residual: γ = c / (1 + c).
        - `"absolute"`: least error in the worst case, if the true mean lies within `c` times the
          root of the mean squared residual: γ = c² / (1 + c²).
        - `"relative"`: the same, if the true mean lies within a factor 1 + `c` of the prediction:
          γ = (c m̂)² / ((c m̂)² + v), with v the mean squared residual.
        - `"orthogonal"`: γ = 1, which is training on y.
        - a number in [0, 1]: this share of y.
        - a callable `f(prediction, y, *, link)` that returns γ for arrays of one shape, with `link`
          always `"identity"`.

        The mean squared residual is that of the teacher about rows that it has not seen, unless
        `cv="in_sample"`.
    c : float, default=None
        Positive constant of the rule; None is the rule's own default (`fast` and `absolute` 0.1,
        `relative` 0.5). For `"residual"` a share in [0, 1], 0.2 by default. Not used by
        `"orthogonal"`, a number or a callable.
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
    cv : int, splitter, iterable, "oob" or "in_sample", default=5
        Which teacher answers about a row. Each row must be predicted exactly once.

        - int: number of folds, shuffled by `random_state`; with `groups` they keep these together.
          Elsewhere in scikit-learn an int does not shuffle.
        - splitter: an object with `split`, such as :class:`~sklearn.model_selection.GroupKFold`.
        - iterable: pairs of training and test rows.
        - `"oob"`: no folds; of a bagging teacher the members that have not seen the row. Rows with
          fewer than 5 such members are predicted by teachers of 5 folds, with a warning that counts
          them.
        - `"in_sample"`: the teacher is fitted on all rows, unless it is frozen, and asked about
          the same rows.
    n_jobs : int, default=None
        Number of folds that are fitted at the same time.
    random_state : int, RandomState instance or None, default=None
        Seeds the folds, those of the learned correction too, and the rows that `transfer` makes;
        teacher and student have their own.
    memory : None, str, Path or joblib.Memory, default=None
        Where to keep the teacher's predictions for further fits with the same teacher, rows,
        numbers, weights and folds, such as those of a search over parameters of the student or
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
    store_teacher_prediction : bool, default=False
        Whether to keep the teacher's predictions in `teacher_prediction_`, before correction.

    Attributes
    ----------
    student_ : estimator
        The fitted student, a plain scikit-learn estimator.
    regressor_ : DistilledRegressor
        The student on its own, without the teacher: this is what one pickles and ships.
    teachers_ : list of regressor
        The fitted teachers, with `store_teachers=True`.
    teacher_prediction_ : ndarray of shape (n_samples,)
        The teacher's predictions, with `store_teacher_prediction=True`.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features seen during `fit`, where X had names that are all strings.

    See Also
    --------
    CrossFitDistillerRegressor : The same without correction.

    References
    ----------
    .. [1] Dao, Kamath, Syrgkanis, Mackey, "Knowledge Distillation as Semiparametric
       Inference", ICLR 2021, section 5 (loss correction).

    Examples
    --------
    A teacher that is too small, and a student that the numbers put right:

    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import RandomForestRegressor
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import LossCorrectedDistillerRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> teacher = RandomForestRegressor(n_estimators=50, max_depth=1, random_state=0)
    >>> student = DecisionTreeRegressor(max_leaf_nodes=8, random_state=0)
    >>> model = LossCorrectedDistillerRegressor(teacher, student, random_state=0)
    >>> model.fit(X, y).predict(X[:3]).shape
    (3,)
    """

    def __init__(
        self,
        teacher: Any,
        student: Any,
        *,
        correction: Any = "residual",
        c: float | None = None,
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
        super().__init__(
            teacher,
            student,
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
            store_teacher_prediction=store_teacher_prediction,
        )
        self.correction = correction
        self.c = c
