"""Distillation of numbers that chooses its targets by honest cross-validation."""

from __future__ import annotations

from typing import Any

from .._utils.means import takes_only
from ..rows import Rows
from ..students.kinds import is_one_tree
from ..targets import Strategy, corrected_by
from ..targets.residual import DEFAULT_SHARE
from .faces import NumberDistiller, who_answers_no_mean
from .searched import Searched


class LossCorrectedDistillerRegressorCV(Searched, NumberDistiller):
    """Distillation of numbers that chooses its targets by honest cross-validation.

    Whether distillation helps, hurts or needs correcting depends on the table, the teacher and the
    student. This distiller tries candidates: in each fold the targets of the training rows come
    from teachers (and a residual model) fitted on training rows alone, a student learns them, and
    is judged on the fold's validation rows. The winner is then fitted on all rows. All candidates
    share the teachers' answers; none fits a teacher of its own.

    Parameters
    ----------
    teacher : regressor or None
        Any regressor whose answer is a mean. It is cloned, never modified. With
        `teacher_cv="unseen"` a :class:`~sklearn.frozen.FrozenEstimator`, or None where
        `teacher_prediction` is given to `fit`.
    student : regressor
        What learns, by a loss whose answer is a mean: squared error, or a deviance such as that of
        Poisson, Gamma or Tweedie, which take no negative targets. It is cloned, never modified.
    candidates : "auto" or list, default="auto"
        What is tried:

        - `"labels"`: no distillation.
        - `"in_sample"`: plain distillation.
        - `"cross_fit"`: the student learns out-of-fold (or out-of-bag) predictions.
        - `"residual"`: the same with the learned correction, see
          :class:`LossCorrectedDistillerRegressor`; `("residual", g)` with another share than 0.2.
        - `"transfer"`: `"residual"`, and rows besides that are made of those there are, see
          `transfer`; `("transfer", g)` with another share.
        - `"blend"`: one student of the weighted mean of the other named candidates' targets, with
          weights on the simplex that give their out-of-fold students' mean prediction the least
          squared error. It learns from rows with labels alone.
        - a share g in [0, 1], or a pair (rule, c) of
          :class:`LossCorrectedDistillerRegressor`'s `correction` and `c`.

        `"auto"` is the named ones, without `"blend"` for a tree or forest (without `monotonic_cst`)
        or scikit-learn's network as student, unless `transfer=None`, and without `"transfer"` for
        any other; with `X_transfer` also the shares .1, .2, .3, .5 and .7. For a student of
        positive numbers, such as one of the deviance of Poisson or Gamma, the share .2 stands for
        `"residual"` and `"transfer"`, whose targets may be negative.
    scoring : str, callable or None, default=None
        What candidates are judged by; None is the squared error, row by row and as rows are
        weighed. Another score gets weights where metadata routing says so, as in scikit-learn's
        searches.
    cv : int, splitter or iterable, default=5
        Folds of the selection, each row validated once: their number, shuffled by `random_state`
        and keeping `groups` together; an object with `split`; or pairs of training and test rows.
    teacher_cv : None, int, splitter, "oob" or "unseen", default=None
        Where teacher predictions inside each training part come from.

        - None: the same folds. The teachers without folds j and k serve fold j while k validates,
          and fold k while j does: K (K + 1) / 2 teachers for K folds, of which K serve the final
          student. At least three folds.
        - `"oob"`: a bagging teacher's out-of-bag answers: one teacher for each fold and one for
          all rows.
        - int or splitter: folds of its own within each training part and within all rows.
        - `"unseen"`: the teacher is frozen, or `teacher_prediction` is given, and you state that it
          never saw any of these numbers. Without that statement only `"labels"` would be judged
          honestly, so everything else is refused.
    min_gain_se : float, default=0.5
        By how many paired standard errors (over rows for the squared error, over folds for
        another score) a candidate must be better to be chosen than `"transfer"`, if the student
        is one tree and that is a candidate, and otherwise than the best of labels, in-sample and
        cross-fit; at least 0. Without any of these the best mean wins.
    shrinkage : "auto" or float, default="auto"
        How strongly a tree or forest as student is shrunk: each node's answer is pulled towards
        its parent's as by λ rows of weight 1, see :ref:`shrunken_trees`. With "auto" each
        candidate gets what its students do best with on the rows that they have not
        seen, of 0, 1, 3, 10, 30 and 100 times the mean weight, at no further fit; other students
        stay as they are.
    transfer : None, "nodes" or sampler, default="nodes"
        How the candidate `"transfer"` makes rows, within each fold of training rows alone.
        `"nodes"`: values change places within the nodes of the teacher's own trees, or of a small
        forest on the labels where it has none, see :class:`NodeSampler`; one to six further rows
        for each, 60,000 in all if that is enough. A sampler is any object with `fit(X)` and
        `sample(n_samples)`.
    transfer_weight : float, default=1.0
        Weight of a row without a label, made or from `X_transfer`, beside one that has one; above
        0.
    n_jobs : int, default=None
        Number of teachers, and of students, fitted at the same time.
    random_state : int, RandomState instance or None, default=None
        Seeds the folds, those of the learned correction too, and the rows that `transfer` makes;
        teacher and student have their own.
    memory : None, str, Path or joblib.Memory, default=None
        Where to keep the teachers' answers, for a further search with the same teacher, rows,
        numbers, weights and folds.
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
        Its mean score.
    cv_results_ : dict of ndarray
        For each candidate its name in `candidate` and `params`, its `shrinkage`, `mean_test_score`,
        `se_test_score`, `std_test_score` and `split<k>_test_score` over folds,
        `rank_test_score`, and `mean_fit_time` of a student in seconds. The default score is minus
        the mean squared error.
    blend_weights_ : dict
        The weight of each candidate in the blend, in thousandths, where that was a candidate.
    shrinkage_ : float
        How strongly the student is shrunk; 0 where it is not.
    overfit_share_ : float
        How much of the surprise of y the teacher remembers: 0 for nothing, 1 for a teacher that
        repeats y; about .63 for an unpruned forest. Where in-sample answers were at hand.
    student_ : estimator
        The fitted student, a plain scikit-learn estimator.
    regressor_ : DistilledRegressor
        The student on its own: this is what one pickles and ships.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features seen during `fit`, where X had names that are all strings.

    See Also
    --------
    LossCorrectedDistillerRegressor : One candidate, without a search.

    References
    ----------
    .. [1] Dao, Kamath, Syrgkanis, Mackey, "Knowledge Distillation as Semiparametric
       Inference", ICLR 2021. Its search over `c` uses probabilities that saw the validation
       labels; this one does not.
    .. [2] van der Laan, Polley, Hubbard, "Super Learner", 2007 (the blend's weights).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import RandomForestRegressor
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import LossCorrectedDistillerRegressorCV
    >>> X, y = load_diabetes(return_X_y=True)
    >>> teacher = RandomForestRegressor(n_estimators=50, random_state=0)
    >>> student = DecisionTreeRegressor(max_leaf_nodes=8, random_state=0)
    >>> model = LossCorrectedDistillerRegressorCV(
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
        shrinkage: float | str = "auto",
        transfer: Any = "nodes",
        transfer_weight: float = 1.0,
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
        self.shrinkage = shrinkage
        self.transfer = transfer
        self.transfer_weight = transfer_weight
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.memory = memory
        self.rehearse = rehearse
        self.verbose = verbose

    def _strategies(self, rows: Rows, X_transfer: Any) -> list[Strategy]:
        """Choose "auto" such that a student of positive numbers can learn all of it."""
        strategies = super()._strategies(rows, X_transfer)
        is_auto = isinstance(self.candidates, str)
        if not is_auto or takes_only(self.student) is None:
            return strategies
        kept = [strategy for strategy in strategies if strategy.stays_between]
        shares = {strategy.name for strategy in kept}
        share = corrected_by(DEFAULT_SHARE, None, DEFAULT_SHARE, resolve=rows.outcome.rule)
        return kept if DEFAULT_SHARE in shares else [*kept, share]

    def _made_rows_stand(self) -> bool:
        """Return whether the student is one tree.

        Squared errors are decided by the few largest, and folds of 2,000 rows often prefer what is
        worse. On 14 tables, in other splits than those of benchmarks/regression, trees of 64 leaves
        gained .0020 ± .0006 of R² so, trees of 256 .0007 ± .0005, and none lost; forests of ten
        gained nothing.
        """
        return is_one_tree(self.student)

    def _check_members(self, rows: Rows, strategies: list[Strategy], *, given: bool) -> None:
        super()._check_members(rows, strategies, given=given)
        found = who_answers_no_mean(self.teacher, self.student, given=given)
        if self.scoring is None and found is not None:
            raise ValueError(
                f"{found} answers no mean, and scoring=None judges by the squared error, which is "
                "least for a mean: hand over the loss that is meant, such as "
                "make_scorer(mean_pinball_loss, alpha=0.9, greater_is_better=False)."
            )
