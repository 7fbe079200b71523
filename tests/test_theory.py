"""What the mathematics promises, on data with known Bayes probabilities.

Notation: p0 Bayes probabilities, p̂ teacher probabilities, t the target, φ the link, γ a correction,
f the student. Tolerances of random tests are multiples of standard errors, named where used.
"""

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit, log_softmax, softmax
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeRegressor

from skdistill import (
    CrossFitDistiller,
    Distiller,
    LossCorrectedDistiller,
    SoftmaxRegression,
    corrections,
)
from skdistill.outcomes import Classes
from skdistill.rows import Rows
from skdistill.sources import Answers, Further
from skdistill.targets import Lesson, corrected_by
from skdistill.targets.losses import floor_proba, make_loss

from .conftest import noisy

LOSSES = ["squared_error", "squared_error_logit", "cross_entropy"]
FREE_OF_LABELS = ["orthogonal", "fast", "slow", "relative", "absolute", "power", 0.3]


def loss(name, n_classes, temperature=1.0):
    return make_loss(name, n_classes, temperature=temperature, proba_floor=1e-6)


def rule(name):
    return None if name is None else corrections.resolve(name, None)


def mean_target(this, proba, p0, correction):
    """E[t | x] for Y drawn from p0: the exact mean over labels."""
    n_classes = p0.shape[1]
    targets = [
        this.target(proba, np.tile(label, (len(proba), 1)), correction)
        for label in np.eye(n_classes)
    ]
    weights = p0.T if targets[0].ndim == 1 else p0.T[:, :, None]
    return (weights * np.array(targets)).sum(axis=0)


def gradient(name, this, f, target):
    """Derivative in f of the expected loss, whose target enters linearly."""
    if name == "cross_entropy":
        return (softmax(f / this.temperature, axis=1) - target) / this.temperature
    return (f if target.ndim == 2 else f[:, 1]) - target


@pytest.fixture
def p0():
    return np.random.default_rng(0).dirichlet(np.full(3, 2.0), size=20)


CASES = [
    ("squared_error", 1),
    ("squared_error_logit", 1),
    ("cross_entropy", 1),
    ("cross_entropy", 3),
]


def derivative_at_truth(name, temperature, p0, correction):
    """Largest derivative, over directions of p̂ at p0, of the gradient of the population loss."""
    rng = np.random.default_rng(1)
    this = loss(name, p0.shape[1], temperature)
    f = rng.normal(size=p0.shape)
    largest, h = 0.0, 1e-5
    for _ in range(10):
        direction = rng.normal(size=p0.shape)
        direction -= direction.mean(axis=1, keepdims=True)
        ends = [
            gradient(name, this, f, mean_target(this, p0 + s * h * direction, p0, correction))
            for s in (1, -1)
        ]
        largest = max(largest, np.abs(ends[0] - ends[1]).max() / (2 * h))
    return largest


@pytest.mark.parametrize(("name", "temperature"), CASES)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_orthogonal_correction_makes_the_loss_insensitive_to_the_teacher(
    name, temperature, n_classes
):
    p0 = np.random.default_rng(0).dirichlet(np.full(n_classes, 2.0), size=20)
    assert derivative_at_truth(name, temperature, p0, rule("orthogonal")) < 1e-4
    assert derivative_at_truth(name, temperature, p0, None) > 0.1


@pytest.mark.parametrize("n_classes", [2, 3])
def test_bias_of_the_orthogonal_target_is_of_second_order(n_classes):
    p0 = np.random.default_rng(0).dirichlet(np.full(n_classes, 5.0), size=50)
    direction = np.random.default_rng(1).normal(size=p0.shape)
    direction -= direction.mean(axis=1, keepdims=True)
    this = loss("squared_error_logit", n_classes)

    def bias(h, correction):
        target = mean_target(this, p0 + h * direction, p0, correction)
        return np.abs(target - this.target(p0, p0)).mean()

    steps = [0.004, 0.002, 0.001]
    for correction, factor in ((rule("orthogonal"), 4), (None, 2)):
        for large, small in pairwise(bias(h, correction) for h in steps):
            assert large / small == pytest.approx(factor, rel=0.1)


@pytest.mark.parametrize(("name", "temperature"), CASES)
@pytest.mark.parametrize("correction", FREE_OF_LABELS)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_perfect_teacher_stays_perfect(name, temperature, correction, n_classes):
    p0 = np.random.default_rng(0).dirichlet(np.full(n_classes, 2.0), size=20)
    this = loss(name, n_classes, temperature)
    assert_allclose(mean_target(this, p0, p0, rule(correction)), this.target(p0, p0), atol=1e-5)


@pytest.mark.parametrize(
    ("correction", "p", "expected"),
    [("fast_realized", 0.1, 0.028), ("slow_realized", 0.1, 0.053), ("fast_realized", 0.2, 0.107)],
)
def test_realized_variance_biases_the_target_of_a_perfect_teacher(correction, p, expected):
    p0 = np.array([[1 - p, p]])
    realized = corrections.resolve(correction, 0.1)
    target = mean_target(loss("squared_error", 2), p0, p0, realized)
    assert target[0] == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_student_that_learns_soft_labels_exactly_gives_the_teacher_back(p0, temperature):
    this = loss("cross_entropy", 3, temperature)
    labels = this.target(p0, p0)
    f = temperature * np.log(labels)
    assert_allclose(softmax(f / temperature, axis=1), labels)
    assert_allclose(this.probabilities(labels), p0, rtol=1e-5)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_linear_student_gives_a_linear_teacher_back_at_every_temperature(n_classes, temperature):
    """Where log p is linear in x so are the annealed labels, and SoftmaxRegression learns them."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    p = softmax(X @ rng.normal(size=(2, n_classes)) + rng.normal(size=n_classes), axis=1)
    y = (p.cumsum(axis=1) < rng.random((300, 1))).sum(axis=1)
    student = SoftmaxRegression(C=np.inf)
    model = Distiller(None, student, temperature=temperature, proba_floor=1e-6)
    model.fit(X, y, teacher_proba=p)
    assert_allclose(model.predict_proba(X), p, atol=1e-5)


def test_annealed_cross_entropy_is_least_where_the_student_is_the_teacher(p0):
    this = loss("cross_entropy", 3, 2.0)
    labels = this.target(p0, p0)

    def risk(f):
        return -(labels * log_softmax(f / 2.0, axis=1)).sum()

    best = np.log(floor_proba(p0, 1e-6))
    rng = np.random.default_rng(2)
    assert all(risk(best) < risk(best + 0.1 * rng.normal(size=p0.shape)) for _ in range(20))


# ---- students on data with known Bayes probabilities ------------------------------------------


def excess_risks(models, n_repeats, n_samples=600):
    """Mean squared distance of each student from p0 on fresh rows, for each repeat."""
    X_test, _, p_test = noisy(4000, seed=999)
    risks = np.empty((n_repeats, len(models)))
    for seed in range(n_repeats):
        X, y, _ = noisy(n_samples, seed=seed)
        for k, model in enumerate(models):
            proba = model.fit(X, y).predict_proba(X_test)[:, 1]
            risks[seed, k] = ((proba - p_test) ** 2).mean()
    return risks


def student():
    return DecisionTreeRegressor(min_samples_leaf=5, random_state=0)


def is_less(a, b):
    """Whether a lies below b by more than three paired standard errors."""
    difference = b - a
    return difference.mean() > 3 * difference.std(ddof=1) / np.sqrt(len(difference))


def test_cross_fitting_helps_where_the_teacher_interpolates():
    teacher = RandomForestClassifier(30, random_state=0)
    models = [Distiller(teacher, student()), CrossFitDistiller(teacher, student(), random_state=0)]
    in_sample, cross_fit = excess_risks(models, n_repeats=8).T
    assert is_less(cross_fit, in_sample)


def test_correction_helps_where_the_teacher_is_too_small():
    teacher = RandomForestClassifier(20, max_depth=1, random_state=0)
    models = [
        Distiller(teacher, student()),
        CrossFitDistiller(teacher, student(), random_state=0),
        LossCorrectedDistiller(teacher, student(), random_state=0),
    ]
    in_sample, cross_fit, corrected = excess_risks(models, n_repeats=8).T
    assert is_less(corrected, in_sample)
    assert is_less(corrected, cross_fit)


@pytest.mark.parametrize("kind", [CrossFitDistiller, LossCorrectedDistiller])
def test_shrinking_helps_where_a_tree_is_not_pruned(kind):
    teacher = RandomForestClassifier(20, random_state=0)
    unpruned = DecisionTreeRegressor(random_state=0)
    models = [kind(teacher, unpruned, cv=3, shrinkage=s, random_state=0) for s in (0, 10)]
    plain, shrunk = excess_risks(models, n_repeats=8).T
    assert is_less(shrunk, plain)


def test_teacher_that_is_right_is_left_alone_by_what_rows_with_labels_carry():
    """A classifier learns by copies of rows, which cannot have negative weights."""
    off = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(2000, 1))
        p0 = expit(x[:, 0] - 3)
        y = (rng.random(200) < p0[:200]).astype(int)
        model = LossCorrectedDistiller(
            LogisticRegression(),
            LogisticRegression(),
            correction="orthogonal",
            cv=3,
            random_state=0,
        ).fit(x[:200], y, X_transfer=x[200:])
        off.append((model.predict_proba(x)[:, 1] - p0).mean())
    assert abs(np.mean(off)) < 4 * np.std(off, ddof=1) / np.sqrt(len(off))


def test_rows_with_labels_carry_the_correction_of_those_without():
    """Prediction-powered: the mean target of all rows, along any function of x, is that of p0.

    The teacher is wrong everywhere, and 9 of 10 rows have no label.
    """
    rng = np.random.default_rng(0)
    n, m, repetitions = 200, 1800, 400
    off = []
    for _ in range(repetitions):
        x = rng.uniform(-1, 1, n + m)
        p0, wrong = expit(2 * x), np.clip(expit(2 * x) * 0.6 + 0.3 * (x > 0), 0.01, 0.99)
        codes = (rng.random(n) < p0[:n]).astype(int)
        out = np.column_stack([1 - wrong, wrong])
        rows = Rows(x[:n, None], codes, Classes(np.arange(2)), codes)
        answers = Answers(out[:n], further=(Further(x[n:, None], out[n:]),))
        lesson = Lesson(rows, answers)
        targets = corrected_by("orthogonal").targets(lesson, loss("squared_error", 2))
        target = np.concatenate([targets.own, targets.further[0][1]])
        off.append([((target - p0) * h).mean() for h in (np.ones(n + m), x, np.sign(x))])
    mean, error = np.mean(off, axis=0), np.std(off, axis=0) / np.sqrt(repetitions)
    assert (np.abs(mean) < 4 * error).all()
    # As seldom as they are, rows with labels that speak for themselves alone would not do.
    bias = ((wrong - p0) * np.sign(x)).mean()
    assert abs(bias) > 20 * error[2]
