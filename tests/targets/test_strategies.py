"""What is made of answers and labels for a student to learn."""

import re
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skdistill.outcomes import Classes
from skdistill.rows import Rows
from skdistill.sources import Answers, Further
from skdistill.targets import STRATEGIES, Blend, Lesson, parse_strategy
from skdistill.targets.losses import make_loss
from skdistill.targets.residual import ResidualModel
from skdistill.targets.strategies import corrected_by

from ..conftest import noisy

LOSS = make_loss("squared_error", 2, temperature=1.0, proba_floor=1 / 500)
NAMES = np.array(["no", "yes"])


def rows_of(codes, sample_weight=None, X=None):
    codes = np.asarray(codes)
    X = np.zeros((len(codes), 1)) if X is None else X
    return Rows(X, NAMES[codes], Classes(NAMES), codes, sample_weight)


def answers(p):
    p = np.asarray(p, dtype=float)
    return Answers(np.column_stack([1 - p, p]))


def cross_fit(rows, p, **params):
    return parse_strategy("cross_fit").target(Lesson(rows, answers(p), **params), LOSS)


# ---- what strategies say of themselves -------------------------------------------------------


@pytest.mark.parametrize(
    ("candidate", "pure", "blended", "needs_answers", "needs_inside", "uses_groups"),
    [
        ("labels", True, True, False, False, False),
        ("in_sample", True, True, True, True, False),
        ("cross_fit", True, True, True, False, False),
        ("residual", False, True, True, False, True),
        ("blend", False, False, True, False, False),
        (0.3, False, False, True, False, False),
        (("fast", 0.1), False, False, True, False, False),
        (("residual", 0.5), False, True, True, False, True),
    ],
)
def test_needs(candidate, pure, blended, needs_answers, needs_inside, uses_groups):
    found = parse_strategy(candidate)
    assert found.name == candidate
    assert (found.is_pure, found.is_blended) == (pure, blended)
    assert (found.needs_answers, found.needs_inside) == (needs_answers, needs_inside)
    assert found.uses_groups == uses_groups


@pytest.mark.parametrize(("weights", "inside"), [((0.5, 0.5), True), ((1, 0), False)])
def test_blend_needs_what_its_members_with_weight_need(weights, inside):
    members = [parse_strategy("cross_fit"), parse_strategy("in_sample")]
    blend = parse_strategy("blend").weighed(members, weights)
    assert blend.weights == dict(zip(["cross_fit", "in_sample"], weights, strict=True))
    assert blend.needs_inside == inside
    assert len(blend.members) == sum(w > 0 for w in weights)


def test_blend_learns_the_weighted_mean_of_its_members():
    codes, p, known = [0, 1, 1], [0.2, 0.6, 0.9], [0.1, 0.7, 1.0]
    lesson = Lesson(rows_of(codes), Answers(answers(p).out, answers(known).out))
    members = [parse_strategy(name) for name in ("labels", "cross_fit", "in_sample", 0.5)]
    blend = Blend("blend").weighed(members, [0.1, 0.2, 0.3, 0.4])
    y, p, known = map(np.array, (codes, p, known))
    expected = 0.1 * y + 0.2 * p + 0.3 * known + 0.4 * (p + 0.5 * (y - p))
    assert_allclose(blend.target(lesson, LOSS), expected)


def test_blend_learns_from_rows_that_stand_for_themselves():
    """No further row stands beside them that they could carry the correction of."""
    codes, p = np.array([0, 1, 1]), np.array([0.2, 0.6, 0.9])
    more = Further(np.zeros((6, 1)), answers([0.3] * 6).out)
    lesson = Lesson(rows_of(codes), Answers(answers(p).out, further=(more,)))
    blend = Blend("blend").weighed([parse_strategy(0.5), parse_strategy(0.1)], [0.5, 0.5])
    found = blend.targets(lesson, LOSS)
    assert_allclose(found.own, p + 0.3 * (codes - p))
    assert not found.further


@pytest.mark.parametrize(
    ("stays_between", "gammas"),
    [(False, [0.6, 1.5, 3.0, 6.0]), (True, [0.6, 1.0, 1.0, 2.0])],
    ids=["a student of any number", "a student of probabilities"],
)
@pytest.mark.parametrize("name", ["squared_error", "cross_entropy"])
def test_rows_with_labels_carry_others_as_far_as_a_student_can_learn(name, stays_between, gammas):
    """Three rows in all for each with a label: t = p̂ + 3 γ (y − p̂), γ not raised beyond 1."""
    codes, p = np.array([0, 1, 1, 0]), np.array([0.2, 0.6, 0.9, 0.5])
    more = Further(np.zeros((8, 1)), answers([0.3] * 8).out)
    lesson = Lesson(
        rows_of(codes), Answers(answers(p).out, further=(more,)), stays_between=stays_between
    )

    def rule(proba, y, link):
        gamma = np.array([0.2, 0.5, 1.0, 2.0])
        return gamma if np.ndim(proba) == 1 else np.column_stack([gamma, gamma])

    loss = make_loss(name, 2, temperature=1.0, proba_floor=1 / 500)
    found = corrected_by(rule).targets(lesson, loss).own
    expected = p + gammas * (codes - p)
    assert_allclose(found if found.ndim == 1 else found[:, 1], expected)
    assert_allclose(corrected_by(rule).target(lesson, LOSS), p + [0.2, 0.5, 1, 2] * (codes - p))


@pytest.mark.parametrize("name", ["in_sample", "cross_fit"])
def test_answers_that_are_missing_are_a_mistake_of_ours(name):
    out = None if name == "cross_fit" else answers([0.5, 0.5])
    with pytest.raises(AssertionError, match="did not say that it needs answers"):
        STRATEGIES[name](name).target(Lesson(rows_of([0, 1]), out), LOSS)


# ---- targets ---------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [None, 0, 0.6])
def test_residual_moves_the_corrected_answers_towards_the_label_by_a_share(share):
    """By .2 unless told: t = p̃ + g (y − p̃)."""
    X, y, _ = noisy(300, seed=0)
    splits = [(np.arange(150), np.arange(150, 300)), (np.arange(150, 300), np.arange(150))]
    given = Answers(np.full((300, 2), 0.5), splits=splits)
    lesson = Lesson(rows_of(y, X=X), given)
    better = ResidualModel().fit(rows_of(y, X=X), given.out, splits).corrected[:, 1]
    g = 0.2 if share is None else share
    strategy = parse_strategy("residual" if share is None else ("residual", share))
    assert_allclose(strategy.target(lesson, LOSS), better + g * (y - better))
    assert lesson.corrected is lesson.corrected


def test_a_part_of_the_rows_has_its_own_labels_and_model():
    X, y, _ = noisy(300, seed=0)
    part = np.arange(1, 300, 2)
    whole, alone = rows_of(y, X=X), rows_of(y[part], X=X[part])
    given = Answers(np.full((150, 2), 0.5))
    lesson, own = (
        Lesson(whole, given, part=part, random_state=0),
        Lesson(alone, given, random_state=0),
    )
    assert_array_equal(lesson.truth[:, 1], y[part])
    assert_array_equal(lesson.corrected, own.corrected)


# ---- the warning of answers that miss the share of a class -----------------------------------


def shifted(by, n_samples=400):
    """Return rows of two classes in equal parts, and answers that are off by so much."""
    return rows_of(np.arange(n_samples) % 2), np.full(n_samples, 0.5 + by)


@pytest.mark.parametrize(
    ("by", "words"),
    [(0.2, "'no' a mean probability that is 0.20 below"), (-0.3, "'no' .* 0.30 above")],
)
def test_answers_that_miss_the_share_of_a_class_are_told(by, words):
    with pytest.warns(UserWarning, match=words):
        cross_fit(*shifted(by))


@pytest.mark.parametrize(
    ("by", "n_samples"),
    [
        (0.09, 400),
        # The standard error is about .5 / √n: .2 is 5 of them for some 156 rows.
        (0.2, 100),
        (0.0, 400),
    ],
)
def test_answers_that_are_off_by_little_or_by_chance_are_not(by, n_samples):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cross_fit(*shifted(by, n_samples))


def test_answers_off_by_more_than_five_standard_errors_are_told():
    with pytest.warns(UserWarning, match=re.escape("0.20 below")):
        cross_fit(*shifted(0.2, 240))


@pytest.mark.parametrize("judged", [True, False])
def test_weights_decide_what_the_share_of_a_class_is(judged):
    rows, p = shifted(0.0)
    # Class "yes" weighs nine times as much: its share is .9, and .5 is .4 below.
    rows = rows_of(rows.codes, np.where(rows.codes == 1, 9.0, 1.0))
    if judged:
        cross_fit(rows, p, is_judged=True)
    else:
        with pytest.warns(UserWarning, match="'no' .* 0.40 above"):
            cross_fit(rows, p)


def test_a_part_of_the_rows_is_weighed_by_its_own_weights():
    codes = np.arange(800) % 2
    weight = np.where(np.arange(800) < 400, 1.0, np.where(codes == 1, 9.0, 1.0))
    rows = rows_of(codes, weight)
    cross_fit(rows, np.full(400, 0.5), part=np.arange(400))
    with pytest.warns(UserWarning, match="'no' .* 0.40 above"):
        cross_fit(rows, np.full(400, 0.5), part=np.arange(400, 800))
