"""Does a teacher over- or underfit, does it lead its student, and which distiller follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import rows as rows_
from .._utils import parameters
from .._utils.estimators import is_frozen
from .._utils.parallel import blame, run
from .._utils.progress import Progress
from ..rehearsal import rehearse as rehearse_members
from ..rows import Rows
from ..sources import Folds, Source, Splits, Teacher, fall_at_random
from ..sources.answers import say
from ..sources.overfit import overfit_share
from ..targets import Labels, Lesson
from ..targets.residual import ResidualModel
from .advice import Difference, advise, leads
from .explanation import explain_shift
from .kinds import FOR_CLASSES, FOR_NUMBERS, kind_of
from .measure.scores import (
    Reliability,
    floored,
    log_losses,
    mean_and_error,
    onehot,
    reliability,
)
from .methods import LABELS, Pupil
from .numbers_diagnosis import NumbersDiagnosis, diagnose_numbers
from .show.findings import Findings
from .show.tables import format_score
from .teaching import as_answers, as_seed, ask_outside, outside_source, teach

Array = NDArray[np.float64]

FOLDS_BESIDE_A_BAG = 5


@dataclass(frozen=True)
class Diagnosis(Findings):
    """What :func:`~skdistill.diagnose_teacher` found. It prints, and shows itself in notebooks.

    Attributes
    ----------
    recommendation : {"Distiller", "CrossFitDistiller", "LossCorrectedDistiller", \
"LossCorrectedDistillerCV"}
        Which distiller to use.
    advice : str
        The same in one sentence, with the reason.
    overfit_share : float
        How much of its labels' surprise the teacher remembers: 0 for nothing, 1 for a teacher
        that repeats the labels; see :ref:`mathematics`.
    in_sample_log_loss, out_of_fold_log_loss : float
        Log loss of the teacher for rows that it has, and has not, seen.
    corrected_log_loss : float
        Out-of-fold log loss of the teacher after the learned correction of
        :class:`~skdistill.LossCorrectedDistiller`.
    correction_gain : Difference
        What the correction gains, with its standard error.
    squared_bias, squared_bias_se : float
        Estimate of the teacher's mean squared bias, and its standard error: the mean of
        (p̃ − p̂)(y − p̂), with p̂ the out-of-fold and p̃ the corrected probabilities. The noise of
        labels averages out. It is a lower bound as far as the correction finds the bias.
    correction_columns : dict of {str: float}
        The columns on which the correction depends, and their shares in that, greatest first.
        Empty where it found nothing.
    calibration : Reliability
        Reliability curve of the out-of-fold answers; `calibration.error` is their calibration
        error.
    in_sample_calibration, corrected_calibration : Reliability
        Those of the answers for seen rows and after the correction.
    student_log_loss : float, default=None
        Out-of-fold log loss of the student trained on labels, if one was given.
    lead, corrected_lead : Difference, default=None
        By how much the teacher, and the corrected teacher, lead it; negative where they trail.
    n_classes : int, default=2
        Number of classes.
    """

    recommendation: str
    advice: str
    overfit_share: float
    in_sample_log_loss: float
    out_of_fold_log_loss: float
    corrected_log_loss: float
    correction_gain: Difference
    squared_bias: float
    squared_bias_se: float
    correction_columns: dict[str, float]
    calibration: Reliability = field(repr=False)
    in_sample_calibration: Reliability = field(repr=False)
    corrected_calibration: Reliability = field(repr=False)
    student_log_loss: float | None = None
    lead: Difference | None = None
    corrected_lead: Difference | None = None
    n_classes: int = 2

    @property
    def _n_classes(self) -> int:
        return self.n_classes

    def _lines(self) -> dict[str, str]:
        lines = {
            "overfit share": format_score(self.overfit_share),
            "log loss, rows it has seen": format_score(self.in_sample_log_loss),
            "log loss, rows it has not seen": format_score(self.out_of_fold_log_loss),
            "log loss, the same corrected": format_score(self.corrected_log_loss),
            "gained by the correction": str(self.correction_gain),
            "squared bias that it finds": f"{self.squared_bias:.4f} ± {self.squared_bias_se:.4f}",
            "where it acts": self._where(),
            "calibration error": format_score(self.calibration.error),
        }
        if self.lead is not None and self.corrected_lead is not None:
            lines |= {
                "log loss of the student on labels": format_score(self.student_log_loss or 0.0),
                "lead of the teacher": str(self.lead),
                "lead of the corrected teacher": str(self.corrected_lead),
            }
        return lines


def diagnose_teacher(
    teacher: Any,
    X: Any,
    y: ArrayLike,
    *,
    student: Any = None,
    groups: ArrayLike | None = None,
    cv: Any = 5,
    n_jobs: int | None = None,
    random_state: Any = None,
    rehearse: bool = True,
    verbose: int = 0,
) -> Diagnosis | NumbersDiagnosis:
    """Say whether a teacher over- or underfits, and which distiller to use.

    The teacher is fitted once on all rows and once in each fold; a student, if given, once in
    each fold, on labels.

    Parameters
    ----------
    teacher : classifier or regressor
        Any classifier with `predict_proba`, which teaches classes, or any regressor whose answer is
        a mean, which teaches numbers. It is cloned, never modified.
    X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
        Rows.
    y : array-like of shape (n_samples,)
        Labels, or numbers for a regressor as teacher.
    student : regressor or classifier, default=None
        What is to learn from the teacher. Without it nobody can say whether the teacher has
        anything to teach. It is cloned, never modified.
    groups : array-like of shape (n_samples,), default=None
        Group of each row, for a splitter; standard errors then count groups and not rows.
    cv : int, splitter, iterable or "oob", default=5
        Which teacher answers about a row that it has not seen; see
        :class:`~skdistill.CrossFitDistiller`.
    n_jobs : int, default=None
        Number of folds that are fitted at the same time.
    random_state : int, RandomState instance or None, default=None
        Seeds the folds; teacher and student have their own.
    rehearse : bool, default=True
        Whether clones of teacher and student are tried on a few rows, before any teacher is
        fitted; see :class:`~skdistill.Distiller`.
    verbose : int, default=0
        1 prints on the stream of errors what has been fitted, and about how long the rest of it
        will take.

    Returns
    -------
    Diagnosis or NumbersDiagnosis
        It prints as a table and one sentence of advice.

    Raises
    ------
    ValueError
        If the teacher is frozen, or anything else cannot be used; nothing has been fitted then.

    See Also
    --------
    compare_students : Trains the students, and measures instead of advising.

    Notes
    -----
    The advice follows these rules, the first that applies:

    1. Where a student is given, and neither the teacher nor the corrected teacher leads it by
       more than two standard errors (paired over rows, out-of-fold log loss):
       `LossCorrectedDistillerCV`, which tries labels alone as well.
    2. Where the learned correction lowers the out-of-fold log loss by more than two standard
       errors: `LossCorrectedDistiller`. The teacher is biased.
    3. Where the overfit share is 0.1 or more: `CrossFitDistiller`.
    4. Otherwise plain distillation is as good as cross-fitted: `Distiller`.

    For a regressor the rules name the siblings, such as `DistillerRegressor`, R² takes the place of
    the log loss, and the third names `LossCorrectedDistillerRegressor`, which was better on 13 of
    15 real and simulated tables by 0.010 ± 0.003 of R². The thresholds were chosen on classes. On
    tables of numbers (benchmarks/results/regression/diagnosis.md, 72 cells) the advised distiller's
    R² is in the mean 0.004 below that of the best in hindsight; always correcting costs 0.009,
    always distilling in-sample 0.054.

    Log loss floors probabilities at 1/500. It is advice from the teacher's answers, and from the
    student on labels; `LossCorrectedDistillerCV` tries distilled students, and costs more.
    Measured (benchmarks/results/diagnosis.md, 48 cells of a table, a teacher and a student), the
    advised distiller's log loss is in the mean 0.004 above that of the best, in hindsight, of
    labels and the three distillers without a search; always correcting costs 0.009, always
    distilling in-sample 0.059. It errs most where labels have hardly any noise: there they are
    worth more than it thinks.

    References
    ----------
    .. [1] Dao, Kamath, Syrgkanis, Mackey, "Knowledge Distillation as Semiparametric
       Inference", ICLR 2021, on what over- and underfitting teachers do to students.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import diagnose_teacher
    >>> from skdistill.evaluation import make_noisy_table
    >>> X, y, _ = make_noisy_table(500, random_state=0)
    >>> forest = RandomForestClassifier(100, random_state=0)
    >>> tree = DecisionTreeRegressor(random_state=0)
    >>> diagnosis = diagnose_teacher(forest, X, y, student=tree, cv="oob", random_state=0)
    >>> diagnosis.recommendation
    'CrossFitDistiller'
    >>> round(diagnosis.overfit_share, 1)
    0.6

    A forest of stumps is another matter:

    >>> stumps = RandomForestClassifier(100, max_depth=1, random_state=0)
    >>> diagnose_teacher(stumps, X, y, student=tree, cv="oob", random_state=0).recommendation
    'LossCorrectedDistiller'

    A regressor teaches numbers:

    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import RandomForestRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> forest = RandomForestRegressor(100, random_state=0)
    >>> diagnose_teacher(forest, X, y, student=tree, cv="oob", random_state=0).recommendation
    'LossCorrectedDistillerRegressor'
    """
    parameters.check("diagnose_teacher", locals())
    kind = kind_of(teacher)
    kind.check_teacher(teacher)
    kind.check_judged(teacher, [student], "diagnose_teacher")
    rows = rows_.check(X, y, None, groups, read=kind.read)
    seed = as_seed(random_state)
    source, folds = _check(teacher, rows, cv, seed, n_jobs)
    pupil = None if student is None else kind.prepare(teacher, student, rows)
    with Progress.of_call("diagnose_teacher", verbose) as progress:
        if rehearse:
            members = [] if pupil is None else [pupil.student]
            with progress.part("rehearsal"):
                rehearse_members(rows, Teacher(teacher), *members)
        # First the folds: they find what is wrong with the rows.
        asked = ask_outside(teacher, rows, source, folds, progress)
        taught = teach(teacher, rows, source, progress)
        answers = as_answers(taught, asked).out
        with progress.part("correction"):
            are_drawn = fall_at_random(rows, cv)
            corrected = ResidualModel().fit(rows, answers, folds, are_drawn=are_drawn).corrected
        said = {"inside": taught.inside, "outside": answers, "corrected": corrected}
        if pupil is not None:
            said["student"] = _on_labels(pupil, rows, folds, n_jobs, progress)
    return _DIAGNOSE[kind](rows, said)


def _check(
    teacher: Any, rows: Rows, cv: Any, seed: int, n_jobs: int | None
) -> tuple[Source, Splits]:
    """Find what is wrong before anything is fitted; return the source, and its folds or others."""
    if is_frozen(teacher):
        raise ValueError(
            "A frozen teacher cannot be diagnosed: what it says about rows that it has not seen "
            "is known only of a teacher that can be fitted."
        )
    source = outside_source(cv, seed=seed, n_jobs=n_jobs)
    source.check(teacher)
    folded = source if source.splitter is not None else Folds(FOLDS_BESIDE_A_BAG, seed)
    if rows.groups is not None:
        source.split(rows)
    return source, folded.split(rows) or []


# ---- the student on labels -------------------------------------------------------------------


def _on_labels(
    pupil: Pupil, rows: Rows, folds: Splits, n_jobs: int | None, progress: Progress
) -> Array:
    """Return out-of-fold answers of the student trained on labels."""
    calls = [
        (pupil, rows, fold, f"{number} of {len(folds)}")
        for number, fold in enumerate(folds, start=1)
    ]
    found = run(_on_labels_of_fold, calls, n_jobs, progress, "students")
    answers = np.empty((rows.n_samples, rows.n_columns))
    for (_, test), answer in zip(folds, found, strict=True):
        answers[test] = answer
    return answers


def _on_labels_of_fold(pupil: Pupil, rows: Rows, fold: Any, name: str) -> Array:
    train, test = fold
    part = rows.take(train)
    with blame(f"The student failed in fold {name}"):
        target = Labels(LABELS).target(Lesson(part, None), pupil.on_labels.loss)
        return say(pupil.learn(part, pupil.on_labels, target), rows, test)


# ---- what all that was said shows -------------------------------------------------------------


def _diagnose(rows: Rows, said: dict[str, Array]) -> Diagnosis:
    truth = onehot(rows.y, rows.classes)
    losses = {who: log_losses(truth, proba) for who, proba in said.items()}
    means = {who: float(loss.mean()) for who, loss in losses.items()}
    inside, outside, corrected = (said[who] for who in ("inside", "outside", "corrected"))
    facts: dict[str, Any] = {
        "overfit_share": overfit_share(truth, inside, outside),
        "correction_columns": explain_shift(rows.X, outside, corrected),
        **leads(losses, rows.groups),
    }
    recommendation, advice = advise(**facts)
    bias, bias_se = squared_bias(truth, floored(outside), corrected, rows.groups)
    return Diagnosis(
        recommendation=recommendation,
        advice=advice,
        in_sample_log_loss=means["inside"],
        out_of_fold_log_loss=means["outside"],
        corrected_log_loss=means["corrected"],
        squared_bias=bias,
        squared_bias_se=bias_se,
        calibration=reliability(truth, outside),
        in_sample_calibration=reliability(truth, inside),
        corrected_calibration=reliability(truth, corrected),
        student_log_loss=means.get("student"),
        n_classes=len(rows.classes),
        **facts,
    )


def squared_bias(
    truth: Array, proba: Array, corrected: Array, groups: ArrayLike | None = None
) -> tuple[float, float]:
    """Estimate E[(p₀ − p̂)²] by the mean of (p̃ − p̂)(y − p̂), summed over classes.

    p̃ has not seen the row's label y, so that E[(p̃ − p̂)(y − p̂)] = E[(p̃ − p̂)(p₀ − p̂)]. For two
    classes it is about one of them.
    """
    found = ((corrected - proba) * (truth - proba)).sum(axis=1)
    return mean_and_error(found / 2 if truth.shape[1] == 2 else found, groups)


_DIAGNOSE: dict[Any, Callable[..., Any]] = {FOR_CLASSES: _diagnose, FOR_NUMBERS: diagnose_numbers}
