"""Does a teacher over- or underfit, does it lead its student, and which distiller follows."""

from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import fill
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from .. import rows as rows_
from .._utils import parameters
from .._utils.compat import index_rows
from .._utils.estimators import is_frozen
from .._utils.numeric import as_numeric
from .._utils.parallel import blame, run
from .._utils.rounding import on_grid
from ..outcomes import Classes
from ..rehearsal import rehearse as rehearse_members
from ..rows import Rows, column_names
from ..sources import Folds, Source, Splits, Teacher
from ..sources.overfit import overfit_share
from ..targets import Labels, Lesson
from ..targets.residual import ResidualModel
from .measure.scores import (
    Reliability,
    floored,
    log_losses,
    mean_and_error,
    onehot,
    probabilities,
    reliability,
)
from .methods import CORRECTED, IN_SAMPLE, LABELS, TEACHER, Pupil, prepare_pupil
from .show import pictures
from .show.tables import NO_MATHEMATICS, as_html, format_score, html_table, printable
from .teaching import as_answers, as_seed, ask_outside, outside_source, teach

Array = NDArray[np.float64]

FOLDS_BESIDE_A_BAG = 5
# The thresholds are measured by benchmarks/diagnosis.py. A difference counts if it is more than so
# many standard errors, paired over rows.
CLEAR = 2.0
# A teacher that remembers less than this of its labels hardly differs from a cross-fitted one.
MIN_OVERFIT = 0.1
SHOWN_COLUMNS, SHOWN_SHARE = 5, 0.01
MENTIONED_COLUMNS, MENTIONED_SHARE = 2, 0.2
# What says where the correction acts: a small model of it, fitted to explain and not to predict.
_EXPLAINER = {
    "objective": "regression",
    "num_leaves": 15,
    "min_data_in_leaf": 20,
    "learning_rate": 0.2,
    "verbosity": -1,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
}
_EXPLAINER_ROUNDS = 40
_EXPLAINED_CLASSES = 5
OWN_ANSWER = "the teacher's own answer"


class Difference(NamedTuple):
    """A mean difference of log losses, paired over rows, and its standard error.

    Where there are groups the error is over them.
    """

    mean: float
    error: float

    @property
    def is_clear(self) -> bool:
        """Whether it is positive, and more than two standard errors."""
        return self.mean > CLEAR * self.error and self.mean > 0

    def __neg__(self) -> Difference:
        return Difference(-self.mean, self.error)

    def __str__(self) -> str:
        return f"{self.mean:.3f} ± {self.error:.3f}"


@dataclass(frozen=True)
class Diagnosis:
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
        that repeats the labels; see :func:`~skdistill.sources.overfit.overfit_share`.
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

    def _lines(self) -> dict[str, str]:
        columns = [
            f"{printable(name)} {_percent(share)}"
            for name, share in self.correction_columns.items()
            if share >= SHOWN_SHARE
        ][:SHOWN_COLUMNS]
        lines = {
            "overfit share": format_score(self.overfit_share),
            "log loss, rows it has seen": format_score(self.in_sample_log_loss),
            "log loss, rows it has not seen": format_score(self.out_of_fold_log_loss),
            "log loss, the same corrected": format_score(self.corrected_log_loss),
            "gained by the correction": str(self.correction_gain),
            "squared bias that it finds": f"{self.squared_bias:.4f} ± {self.squared_bias_se:.4f}",
            "where it acts": ", ".join(columns) or "–",
            "calibration error": format_score(self.calibration.error),
        }
        if self.lead is not None and self.corrected_lead is not None:
            lines |= {
                "log loss of the student on labels": format_score(self.student_log_loss or 0.0),
                "lead of the teacher": str(self.lead),
                "lead of the corrected teacher": str(self.corrected_lead),
            }
        return lines

    def __str__(self) -> str:
        lines = self._lines()
        width = max(map(len, lines))
        table = "\n".join(f"{name:<{width}}  {value}" for name, value in lines.items())
        return table + "\n\n" + fill(self.advice, width=94)

    def _repr_html_(self) -> str:
        lines = self._lines()
        table = html_table({"the teacher": list(lines), "": list(lines.values())}, left=2)
        return f"<div>{table}<p {NO_MATHEMATICS}><b>{as_html(self.advice)}</b></p></div>"

    def plot(self, ax: Any = None) -> Any:
        """Draw the teacher's reliability curves: for unseen rows, seen rows, and corrected.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        matplotlib Axes
            What was drawn on.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        return pictures.draw_reliability(
            {
                (TEACHER, "rows it has not seen"): self.calibration,
                (IN_SAMPLE, "rows it has seen"): self.in_sample_calibration,
                (CORRECTED, "not seen, corrected"): self.corrected_calibration,
            },
            ax,
            two_classes=self.n_classes == 2,
        )


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
) -> Diagnosis:
    """Say whether a teacher over- or underfits, and which distiller to use.

    The teacher is fitted once on all rows and once in each fold; a student, if given, once in
    each fold, on labels.

    Parameters
    ----------
    teacher : classifier
        Any classifier with `predict_proba`. It is cloned, never modified.
    X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
        Rows.
    y : array-like of shape (n_samples,)
        Labels.
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

    Returns
    -------
    Diagnosis
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
    """
    parameters.check("diagnose_teacher", locals())
    Classes.check_teacher(teacher)
    rows = rows_.check(X, y, None, groups)
    seed = as_seed(random_state)
    source, folds = _check(teacher, rows, cv, seed, n_jobs)
    pupil = None if student is None else prepare_pupil(teacher, student, rows.n_classes)
    if rehearse:
        rehearse_members(rows, Teacher(teacher), *([] if pupil is None else [pupil.student]))
    # First the folds: they find what is wrong with the rows.
    asked = None if source.needs_one_fit else ask_outside(teacher, rows, source, folds)
    taught = teach(teacher, rows, source)
    answers = as_answers(taught, asked).out
    corrected = ResidualModel().fit(rows, answers, folds).corrected
    on_labels = None if pupil is None else _on_labels(pupil, rows, folds, n_jobs)
    return _diagnose(rows, taught.inside, answers, corrected, on_labels)


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


def _on_labels(pupil: Pupil, rows: Rows, folds: Splits, n_jobs: int | None) -> Array:
    """Return out-of-fold probabilities of the student trained on labels."""
    calls = [
        (pupil, rows, fold, f"{number} of {len(folds)}")
        for number, fold in enumerate(folds, start=1)
    ]
    found = run(_on_labels_of_fold, calls, n_jobs, name="students")
    proba = np.empty((rows.n_samples, rows.n_classes))
    for (_, test), answer in zip(folds, found, strict=True):
        proba[test] = answer
    return proba


def _on_labels_of_fold(pupil: Pupil, rows: Rows, fold: Any, name: str) -> Array:
    train, test = fold
    part = rows.take(train)
    with blame(f"The student failed in fold {name}"):
        target = Labels(LABELS).target(Lesson(part, None), pupil.on_labels.loss)
        classifier = pupil.learn(part, pupil.on_labels, target)
        return probabilities(classifier, index_rows(rows.X, test), rows.classes)


# ---- numbers ---------------------------------------------------------------------------------


def _diagnose(
    rows: Rows, inside: Array, outside: Array, corrected: Array, on_labels: Array | None
) -> Diagnosis:
    truth = onehot(rows.y, rows.classes)
    losses = {
        name: log_losses(truth, proba)
        for name, proba in (("inside", inside), ("outside", outside), ("corrected", corrected))
    }
    gain = _difference(losses["outside"], losses["corrected"], rows.groups)
    bias, bias_se = squared_bias(truth, floored(outside), corrected, rows.groups)
    columns = _columns(rows.X, outside, corrected)
    facts: dict[str, Any] = {
        "overfit_share": overfit_share(truth, inside, outside),
        "correction_gain": gain,
        "correction_columns": columns,
    }
    student_log_loss = None
    if on_labels is not None:
        of_student = log_losses(truth, on_labels)
        student_log_loss = float(of_student.mean())
        facts |= {
            "lead": _difference(of_student, losses["outside"], rows.groups),
            "corrected_lead": _difference(of_student, losses["corrected"], rows.groups),
        }
    recommendation, advice = advise(**facts)
    return Diagnosis(
        recommendation=recommendation,
        advice=advice,
        in_sample_log_loss=float(losses["inside"].mean()),
        out_of_fold_log_loss=float(losses["outside"].mean()),
        corrected_log_loss=float(losses["corrected"].mean()),
        squared_bias=bias,
        squared_bias_se=bias_se,
        calibration=reliability(truth, outside),
        in_sample_calibration=reliability(truth, inside),
        corrected_calibration=reliability(truth, corrected),
        student_log_loss=student_log_loss,
        n_classes=len(rows.classes),
        **facts,
    )


def _difference(losses: Array, others: Array, groups: ArrayLike | None) -> Difference:
    return Difference(*mean_and_error(losses - others, groups))


def squared_bias(
    truth: Array, proba: Array, corrected: Array, groups: ArrayLike | None = None
) -> tuple[float, float]:
    """Estimate E[(p₀ − p̂)²] by the mean of (p̃ − p̂)(y − p̂), summed over classes.

    p̃ has not seen the row's label y, so that E[(p̃ − p̂)(y − p̂)] = E[(p̃ − p̂)(p₀ − p̂)]. For two
    classes it is about one of them.
    """
    found = ((corrected - proba) * (truth - proba)).sum(axis=1)
    return mean_and_error(found / 2 if truth.shape[1] == 2 else found, groups)


def _columns(X: Any, proba: Array, corrected: Array) -> dict[str, float]:
    """Return on which columns the correction depends, by the gains of a small model of it."""
    import lightgbm as lgb

    logs = np.log(floored(proba))
    shift = np.log(corrected) - logs
    shift = shift[:, 1:] - shift[:, :1] if shift.shape[1] == 2 else shift - shift.mean(1)[:, None]
    spread = shift.std(axis=0)
    if spread.max() < 1e-6:
        return {}
    numbers = as_numeric(X)
    names = column_names(X)
    if names is None:
        names = np.array([f"column {j}" for j in range(numbers.shape[1])], dtype=object)
    own = on_grid(logs[:, 1:] - logs[:, :1] if logs.shape[1] == 2 else logs)
    sparse_rows = sparse.issparse(numbers)
    table = (
        sparse.hstack([numbers, own], format="csr") if sparse_rows else np.hstack([numbers, own])
    )
    gains = np.zeros(table.shape[1])
    for k in np.argsort(-on_grid(spread), kind="stable")[:_EXPLAINED_CLASSES]:
        model = lgb.train(_EXPLAINER, lgb.Dataset(table, shift[:, k]), _EXPLAINER_ROUNDS)
        gains += model.feature_importance("gain")
    shares = gains / max(gains.sum(), 1e-300)
    n_columns = numbers.shape[1]
    found = {OWN_ANSWER: float(shares[n_columns:].sum())}
    for name, share in zip(names, shares[:n_columns], strict=True):
        found[str(name)] = found.get(str(name), 0.0) + float(share)
    ordered = sorted(found.items(), key=lambda item: -item[1])
    return {name: share for name, share in ordered if share > 0}


# ---- advice ----------------------------------------------------------------------------------


def advise(
    *,
    overfit_share: float,
    correction_gain: Difference,
    correction_columns: dict[str, float],
    lead: Difference | None = None,
    corrected_lead: Difference | None = None,
) -> tuple[str, str]:
    """Return which distiller to use, and why in one sentence, from what `Diagnosis` holds."""
    leads = [difference for difference in (lead, corrected_lead) if difference is not None]
    if leads and not any(difference.is_clear for difference in leads):
        return "LossCorrectedDistillerCV", _advice_to_choose(*leads)
    remembers = f"remembers {_percent(overfit_share)} of what it could not know of its labels"
    if correction_gain.is_clear:
        besides = f"; it cross-fits as well, for the teacher {remembers}"
        return "LossCorrectedDistiller", (
            "Use LossCorrectedDistiller: the labels show where the teacher is wrong"
            f"{_where(correction_columns)}, and putting that right lowers its log loss for rows "
            f"that it has not seen by {correction_gain}"
            f"{besides if overfit_share >= MIN_OVERFIT else ''}."
        )
    if overfit_share >= MIN_OVERFIT:
        return "CrossFitDistiller", (
            f"Use CrossFitDistiller: the teacher {remembers}, which a student that is taught "
            "in-sample learns as well, and its answers about rows that it has not seen show no "
            "bias that is worth correcting."
        )
    return "Distiller", (
        f"Use Distiller, which fits the teacher once: it {remembers}, so that CrossFitDistiller "
        "would hardly do better, and its answers show no bias that is worth correcting."
    )


def _advice_to_choose(lead: Difference, corrected_lead: Difference) -> str:
    if (-corrected_lead).is_clear:
        return (
            "Train the student on labels, or use LossCorrectedDistillerCV, which tries that too: "
            "for rows not seen, its log loss when trained on labels lies "
            f"{-lead} below the teacher's, and {-corrected_lead} below the corrected teacher's."
        )
    return (
        "Use LossCorrectedDistillerCV, which tries labels alone too: for rows not seen, neither "
        "the teacher nor the corrected teacher clearly leads the student trained on labels (by "
        f"{lead} and {corrected_lead} of log loss)."
    )


def _where(columns: dict[str, float]) -> str:
    """Name what the correction depends on most."""
    names = [printable(name) for name, share in columns.items() if share >= MENTIONED_SHARE]
    return f", mostly by {' and '.join(names[:MENTIONED_COLUMNS])}" if names else ""


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
