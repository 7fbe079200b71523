"""The learned correction."""

import lightgbm
import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.special import expit, softmax
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeRegressor

from skdistill import CrossFitDistiller, LossCorrectedDistiller
from skdistill.outcomes import Classes
from skdistill.rows import Rows
from skdistill.targets import residual
from skdistill.targets.losses import floor_proba
from skdistill.targets.residual import ResidualModel

from ..conftest import noisy


def correct_proba(X, codes, proba, splits, sample_weight=None):
    classes = np.arange(proba.shape[1])
    rows = Rows(X, codes, Classes(classes), codes, sample_weight)
    return ResidualModel().fit(rows, proba, splits, are_drawn=True).corrected


def folds(y, n=5):
    return list(StratifiedKFold(n, shuffle=True, random_state=0).split(np.zeros(len(y)), y))


@pytest.fixture
def learn_from(monkeypatch):
    """Let models learn from fewer rows, as if tables were larger."""

    def limit(n_rows):
        monkeypatch.setattr(residual, "_MOST_ROWS", n_rows)
        monkeypatch.setattr(residual, "_MOST_ROWS_OF_MANY_CLASSES", n_rows)

    return limit


def prior(y):
    shares = np.bincount(y) / len(y)
    return np.tile(shares, (len(y), 1))


@pytest.mark.parametrize("n_classes", [2, 4])
def test_what_a_teacher_missed_is_found(n_classes):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 3))
    y = np.digitize(X[:, 0] + 0.3 * rng.normal(size=2000), np.linspace(-1, 1, n_classes - 1))
    better = correct_proba(X, y, prior(y), folds(y))
    assert better.shape == (2000, n_classes)
    assert_allclose(better.sum(axis=1), 1)
    assert log_loss(y, better) < 0.7 * log_loss(y, prior(y))


SMALL = {"num_leaves": 7, "learning_rate": 0.05, "min_child_samples": 40}
LARGE = {"num_leaves": 15, "learning_rate": 0.1, "min_child_samples": 20}


def corrected_by_the_recipe(X, y, proba, splits, sample_weight):
    """Return what METHOD's recipe gives for each size and number of rounds, by scikit-learn's API.

    By leaves and rounds.
    """
    two = proba.shape[1] == 2
    scores = np.log(proba[:, 1:] / proba[:, :1]) if two else np.log(proba)
    table = np.hstack([X, scores])
    corrected = {}
    sizes = [(SMALL, rounds) for rounds in (0, 10, 20, 40, 80)]
    sizes += [(LARGE, rounds) for rounds in (20, 40, 80, 160)]
    for size, rounds in sizes:
        steps = np.zeros_like(scores)
        for train, test in splits if rounds else []:
            model = LGBMClassifier(
                **size,
                reg_lambda=5,
                n_estimators=rounds,
                n_jobs=1,
                verbose=-1,
                deterministic=True,
                force_row_wise=True,
            )
            start = scores[train, 0] if two else scores[train]
            model.fit(table[train], y[train], sample_weight[train], init_score=start)
            steps[test] = model.predict(table[test], raw_score=True).reshape(len(test), -1)
        positive = expit(scores + steps)
        corrected[size["num_leaves"], rounds] = (
            np.hstack([1 - positive, positive]) if two else softmax(scores + steps, axis=1)
        )
    return corrected


@pytest.mark.parametrize(
    ("certainty", "n_samples", "n_classes", "leaves", "rounds"),
    [
        (0.9, 300, 2, 7, 0),
        (0.85, 300, 2, 7, 10),
        (0.7, 300, 2, 7, 20),
        (0.5, 300, 2, 7, 40),
        (0, 300, 2, 7, 80),
        (0, 400, 3, 15, 40),
        (0, 5000, 2, 15, 40),
    ],
)
def test_models_are_those_of_the_recipe_and_have_the_least_weighted_risk(
    certainty, n_samples, n_classes, leaves, rounds
):
    X, y, p0 = noisy(n_samples, seed=4)
    p = certainty * p0 + (1 - certainty) * 0.5
    proba = np.column_stack([1 - p, p])
    if n_classes == 3:
        y, proba = y + (y * X[:, 3] > 0), np.tile([0.5, 0.3, 0.2], (n_samples, 1))
    weight = np.random.default_rng(0).uniform(0.5, 1.5, size=n_samples)
    splits = folds(y, 3)
    model = ResidualModel().fit(
        Rows(X, y, Classes(np.arange(n_classes)), y, weight), floor_proba(proba), splits
    )
    expected = corrected_by_the_recipe(X, y, floor_proba(proba), splits, weight / weight.mean())
    risks = {
        k: log_loss(y, floor_proba(found), sample_weight=weight) for k, found in expected.items()
    }
    assert (leaves, rounds) == min(risks, key=risks.get)
    assert model.rounds == rounds
    assert_allclose(model.corrected, expected[leaves, rounds])


@pytest.mark.parametrize(
    ("weight", "moves"), [(None, False), ([1, 1, 1], False), ([4, 1, 1], True)]
)
def test_rows_are_weighed_where_rounds_are_chosen(weight, moves):
    # The second would move all rows to class 1; two of three are of class 0, but may weigh less.
    weight = None if weight is None else np.array(weight)
    stay, move = (
        Classes(np.arange(2)).risk(np.full((3, 1), score), np.array([1, 0, 0]), weight)
        for score in (0.0, 1.0)
    )
    assert residual._best([stay, move]) == int(moves)


def test_of_equal_choices_the_smallest_is_taken():
    assert residual._best([0.5, 0.3 + 1e-12, 0.3]) == 1


def sizes_tried(monkeypatch, **arguments):
    """Return the models' leaves and rounds, in the order in which they are fitted."""
    tried = []
    train = lightgbm.train

    def spy(params, data, num_boost_round):
        tried.append((params["num_leaves"], num_boost_round))
        return train(params, data, num_boost_round)

    monkeypatch.setattr(lightgbm, "train", spy)
    correct_proba(**arguments)
    return tried


def test_larger_model_is_tried_only_where_the_small_one_is_not_done(monkeypatch):
    X, y, p0 = noisy(600, seed=0)
    good, none = np.column_stack([1 - p0, p0]), prior(y)
    tried = sizes_tried(monkeypatch, X=X, codes=y, proba=good, splits=folds(y, 2))
    assert tried == [(7, 80)] * 2
    tried = sizes_tried(monkeypatch, X=X, codes=y, proba=none, splits=folds(y, 2))
    assert tried == [(7, 80)] * 2 + [(15, 160)] * 2


@pytest.mark.parametrize(
    ("n_scores", "most"), [(1, 160), (10, 160), (26, 40), (80, 20), (81, None)]
)
def test_larger_models_of_many_classes_have_fewer_rounds(n_scores, most):
    found = [size.rounds[-1] for size in residual._sizes(n_scores)]
    assert found == ([80] if most is None else [80, most])


@pytest.mark.parametrize("kind", ["numbers", "sparse", "weighted", "classes"])
def test_the_same_for_every_number_of_jobs(kind, monkeypatch):
    # Folds that judge, and folds that follow.
    monkeypatch.setattr(residual, "_ENOUGH_JUDGES", 500)
    X, y, _ = noisy(600, seed=0)
    if kind == "classes":
        y = y + (y * X[:, 3] > 0)
    weight = np.arange(600) % 4 / 2 if kind == "weighted" else None
    rows = Rows(
        sparse.csr_array(np.round(X)) if kind == "sparse" else X,
        y,
        Classes(np.arange(y.max() + 1)),
        y,
        weight,
    )
    one, other = (
        ResidualModel().fit(rows, prior(y), folds(y), n_jobs=n_jobs) for n_jobs in (None, 2)
    )
    assert one.rounds == other.rounds > 0
    assert_array_equal(one.corrected, other.corrected)
    for where in (None, np.arange(600) % 5):
        answers = (model.apply(rows.X, prior(y), where) for model in (one, other))
        assert_array_equal(*answers)


def test_rows_without_weight_are_absent_from_large_tables_too(learn_from, monkeypatch):
    monkeypatch.setattr(residual, "_ENOUGH_JUDGES", 300)
    learn_from(250)
    X, y, _ = noisy(800, seed=0)
    there = np.random.default_rng(0).random(800) < 0.8
    X[~there] *= 100  # bins would tell
    splits, place = folds(y, 4), np.cumsum(there) - 1
    remaining = [tuple(place[part[there[part]]] for part in fold) for fold in splits]
    weighted = correct_proba(X, y, prior(y), splits, sample_weight=there.astype(float))
    absent = correct_proba(
        X[there], y[there], prior(y)[there], remaining, sample_weight=np.ones(there.sum())
    )
    assert_array_equal(weighted[there], absent)


def test_large_tables_are_learned_from_a_part_and_judged_by_the_first_folds(
    learn_from, monkeypatch
):
    X, y, _ = noisy(2000, seed=0)
    full = correct_proba(X, y, prior(y), folds(y))
    monkeypatch.setattr(residual, "_ENOUGH_JUDGES", 400)
    learn_from(1000)
    part = correct_proba(X, y, prior(y), folds(y))
    assert log_loss(y, part) < log_loss(y, full) + 0.02
    # Labels of a fold that does not judge do not reach it at all.
    changed = y.copy()
    changed[folds(y)[3][1]] ^= 1
    assert_array_equal(
        correct_proba(X, changed, prior(y), folds(y))[folds(y)[3][1]], part[folds(y)[3][1]]
    )


def test_folds_of_many_rows_are_joined_to_halves(learn_from):
    learn_from(300)
    X, y, _ = noisy(750, seed=0)
    splits = folds(y)
    rows = Rows(X, y, Classes(np.arange(2)), y)
    model = ResidualModel().fit(rows, prior(y), splits, are_drawn=True)
    early, late = (np.concatenate([test for _, test in half]) for half in (splits[:3], splits[3:]))
    # In the order of the rows, as a part of those of the late folds is drawn.
    halves = [(np.sort(late), early), (np.sort(early), late)]
    expected = ResidualModel().fit(rows, prior(y), halves)
    assert len(model.boosters) == 2
    assert_array_equal(model.fold_of, [0, 0, 0, 1, 1])
    assert model.rounds == expected.rounds > 0
    assert_array_equal(model.corrected, expected.corrected)
    assert_array_equal(model.apply(X, prior(y)), expected.apply(X, prior(y)))


@pytest.mark.parametrize(
    ("n_samples", "weightless", "n_folds", "are_drawn"),
    [(740, 0, 5, True), (750, 1, 5, True), (900, 0, 2, True), (900, 0, 5, False)],
)
def test_folds_are_not_joined_where_models_would_know_less(
    n_samples, weightless, n_folds, are_drawn, learn_from
):
    learn_from(300)
    X, y, _ = noisy(n_samples, seed=0)
    splits = folds(y, n_folds)
    weight = np.ones(n_samples)
    weight[splits[-1][1][:weightless]] = 0
    rows = Rows(X, y, Classes(np.arange(2)), y, weight)
    model = ResidualModel().fit(rows, prior(y), splits, are_drawn=are_drawn)
    assert_array_equal(model.fold_of, np.arange(n_folds))
    assert len(model.boosters) == n_folds


def test_joined_folds_learn_from_no_row_that_one_of_them_may_not():
    # As where groups or times are kept apart by a gap: rows 4 and 5 are in no training part of one.
    splits = [(np.array([4, 5, 6, 7]), np.array([0, 1])), (np.array([6, 7]), np.array([2, 3]))]
    train, test = residual._joined(splits, 8)
    assert_array_equal(train, [6, 7])
    assert_array_equal(test, [0, 1, 2, 3])


@pytest.mark.parametrize(
    ("sizes", "weightless", "n_judges"),
    [([3, 3, 3], 0, 2), ([6, 3], 0, 1), ([2, 2], 0, 2), ([3, 3, 3, 3], 2, 3), ([7], 0, 1)],
)
def test_first_folds_with_enough_rows_of_weight_judge(sizes, weightless, n_judges, monkeypatch):
    monkeypatch.setattr(residual, "_ENOUGH_JUDGES", 6)
    tests = np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])
    weight = np.ones(sum(sizes))
    weight[:weightless] = 0
    splits = [(test, test) for test in tests]
    n_found = residual._n_judges(splits, weight if weightless else None)
    assert len(splits[:n_found]) == n_judges


def test_perfect_teacher_is_left_alone():
    X, y, p0 = noisy(3000, seed=0)
    proba = np.column_stack([1 - p0, p0])
    better = correct_proba(X, y, proba, folds(y))
    # Out of fold, 80 rounds of a model without a signal cost more than none.
    assert np.abs(better - proba).mean() < 0.02


def test_never_worse_out_of_fold_than_the_teacher():
    for seed in range(3):
        X, y, _ = noisy(400, seed=seed)
        proba = np.random.default_rng(seed).dirichlet([2, 2], size=400)
        better = correct_proba(X, y, proba, folds(y))
        assert log_loss(y, better) <= log_loss(y, floor_proba(proba, 1 / 500)) + 1e-12


@pytest.mark.parametrize("most_rows", [240, 100_000])
def test_row_does_not_see_its_own_label_but_through_the_number_of_rounds(most_rows, learn_from):
    learn_from(most_rows)
    X, y, p0 = noisy(600, seed=0)
    proba = np.column_stack([1 - p0, p0]) * 0.5 + 0.25
    splits = folds(y)
    before = correct_proba(X, y, proba, splits)
    changed = y.copy()
    changed[17] = 1 - y[17]
    after = correct_proba(X, changed, proba, splits)
    own_fold = next(test for _, test in splits if 17 in test)
    assert_array_equal(before[own_fold], after[own_fold])
    assert (before != after).any()


@pytest.mark.parametrize("n_classes", [2, 3])
def test_deterministic(n_classes):
    X, y, _ = noisy(500, seed=0)
    y = y + (np.arange(500) % 5 == 0) * (n_classes - 2)
    one, other = (correct_proba(X, y, prior(y), folds(y)) for _ in range(2))
    assert_array_equal(one, other)


def test_weights_count():
    X, y, _ = noisy(800, seed=0)
    weight = np.where(X[:, 1] > 0, 1.0, 1e-9)
    weighted = correct_proba(X, y, prior(y), folds(y), sample_weight=weight)
    plain = correct_proba(X, y, prior(y), folds(y))
    heavy = weight == 1
    assert not np.allclose(weighted, plain)
    assert log_loss(y[heavy], weighted[heavy]) < log_loss(y[heavy], prior(y)[heavy])


def test_tables_of_every_kind_say_the_same():
    X, y, _ = noisy(500, seed=0)
    X = np.round(X)
    expected = correct_proba(X, y, prior(y), folds(y))
    for other in (
        pd.DataFrame(X).add_prefix("c"),
        pd.DataFrame(X).add_prefix("c").assign(c4=lambda frame: frame["c4"].astype("category")),
        X.astype(object),
    ):
        assert_allclose(correct_proba(other, y, prior(y), folds(y)), expected)
    got = correct_proba(sparse.csr_array(X), y, prior(y), folds(y))
    assert log_loss(y, got) < log_loss(y, prior(y))


def test_words_and_missing_values():
    X, y, _ = noisy(600, seed=0)
    frame = pd.DataFrame({"kind": np.where(X[:, 0] > 0, "high", "low"), "x": X[:, 1]})
    frame.loc[::9, "x"] = np.nan
    frame.loc[::7, "kind"] = None
    assert log_loss(y, correct_proba(frame, y, prior(y), folds(y))) < log_loss(y, prior(y)) - 0.02


@pytest.mark.parametrize("loss", ["squared_error", "squared_error_logit"])
def test_distiller_learns_the_corrected_probabilities(loss):
    X, y, _ = noisy(500, seed=0)
    model = LossCorrectedDistiller(
        GaussianNB(),
        DecisionTreeRegressor(random_state=0),
        c=0,
        loss=loss,
        random_state=0,
        store_teacher_proba=True,
    ).fit(X, y)
    splits = folds(y)
    assert_allclose(
        model.student_.predict(X),
        CrossFitDistiller(None, DecisionTreeRegressor(random_state=0), loss=loss)
        .fit(X, y, teacher_proba=correct_proba(X, y, model.teacher_proba_, splits))
        .student_.predict(X),
    )


@pytest.mark.parametrize("cv", ["oob", "in_sample"])
def test_own_folds_where_the_teacher_has_none(cv):
    X, y, _ = noisy(500, seed=0)
    model = LossCorrectedDistiller(
        RandomForestClassifier(60, max_depth=2, random_state=0),
        DecisionTreeRegressor(max_depth=4),
        cv=cv,
        random_state=0,
    )
    assert model.fit(X, y).score(X, y) > 0.7


def test_useless_teacher_is_made_up_for():
    X, y, _ = noisy(2000, seed=0)
    student = DecisionTreeRegressor(min_samples_leaf=20, random_state=0)
    plain = CrossFitDistiller(DummyClassifier(), student, random_state=0).fit(X, y)
    learned = LossCorrectedDistiller(DummyClassifier(), student, random_state=0).fit(X, y)
    X_test, y_test, _ = noisy(2000, seed=1)
    assert log_loss(y_test, learned.predict_proba(X_test)) < 0.9 * log_loss(
        y_test, plain.predict_proba(X_test)
    )


@pytest.mark.parametrize("c", [-0.1, 1.5, "much", True])
def test_share_outside_the_unit_interval_is_refused(c):
    X, y, _ = noisy(50, seed=0)
    with pytest.raises(ValueError, match=r"c must be a share in \[0, 1\]"):
        LossCorrectedDistiller(GaussianNB(), DecisionTreeRegressor(), c=c).fit(X, y)


def test_of_many_classes_the_models_see_a_bounded_number_of_scores():
    rng = np.random.default_rng(0)
    y = np.arange(800) % 40
    X = np.column_stack([y + rng.normal(size=800), rng.normal(size=(800, 2))])
    proba = rng.dirichlet(np.ones(40), size=800)
    model = ResidualModel().fit(Rows(X, y, Classes(np.arange(40)), y), proba, folds(y, 2))
    assert [fitted.booster.num_feature() for fitted in model.boosters] == [3 + 26] * 2
    assert model.apply(X[:5], proba[:5]).shape == (5, 40)


def test_other_rows_are_corrected_by_the_mean_of_the_models():
    X, y, p0 = noisy(600, seed=0)
    proba = np.column_stack([1 - p0, p0]) * 0.5 + 0.25
    model = ResidualModel().fit(Rows(X, y, Classes(np.arange(2)), y), proba, folds(y))
    X_new, y_new, p_new = noisy(2000, seed=1)
    given = np.column_stack([1 - p_new, p_new]) * 0.5 + 0.25
    found = model.apply(X_new, given)
    assert log_loss(y_new, found) < log_loss(y_new, given) - 0.02
    each = [model.apply(X_new, given, np.full(2000, k)) for k in range(5)]
    assert_allclose(found, np.mean(each, axis=0))


@pytest.mark.parametrize("as_table", [np.asarray, sparse.csr_array, pd.DataFrame])
def test_what_no_model_has_seen_missing_is_left_to_the_teacher(as_table):
    """LightGBM would take it for a 0, of which this table knows much."""
    X, y, _ = noisy(600, seed=0)
    X[:, 0] = y + 1.0
    X[::2, 1] = np.nan
    model = ResidualModel().fit(Rows(as_table(X), y, Classes(np.arange(2)), y), prior(y), folds(y))
    assert model.rounds
    new, given = X[:100].copy(), prior(y)[:100]
    seen = model.apply(as_table(new), given)
    new[::3, 0] = np.nan
    found = model.apply(as_table(new), given)
    assert_allclose(found[::3], given[::3])
    others = np.arange(100) % 3 > 0
    assert_array_equal(found[others], seen[others])
    # What they have seen missing they know about, and do as they have learned.
    new = X[:100].copy()
    new[:, 1] = np.nan
    assert np.abs(model.apply(as_table(new), given) - given).max() > 0.1


@pytest.mark.parametrize("first", ["Aachen", "Zürich"])
def test_correction_of_a_new_category_is_none_of_an_old_ones(first):
    rng = np.random.default_rng(0)
    towns = rng.choice([first, "Köln", "Mainz", "Trier"], 2000)
    y = (rng.random(2000) < np.where(towns == first, 0.95, 0.2)).astype(int)
    model = ResidualModel().fit(
        Rows(pd.DataFrame({"town": towns}), y, Classes(np.arange(2)), y), prior(y), folds(y)
    )
    assert model.apply(pd.DataFrame({"town": [first]}), prior(y)[:1])[0, 1] > 0.8
    found = model.apply(pd.DataFrame({"town": ["Bonn"]}), prior(y)[:1])
    assert_allclose(found, prior(y)[:1])


@pytest.mark.parametrize("most_rows", [200, 100_000])
@pytest.mark.parametrize("as_table", [np.asarray, sparse.csr_array, pd.DataFrame])
def test_rows_made_of_others_are_corrected_by_the_model_that_has_not_seen_those(
    as_table, most_rows, learn_from
):
    learn_from(most_rows)
    X, y, p0 = noisy(600, seed=0)
    X, proba, splits = np.round(X, 1), np.column_stack([1 - p0, p0]) * 0.5 + 0.25, folds(y)
    rows = Rows(as_table(X), y, Classes(np.arange(2)), y)
    model = ResidualModel().fit(rows, proba, splits, are_drawn=True)
    where = np.empty(600, dtype=int)
    for k, (_, test) in enumerate(splits):
        where[test] = k
    # Copies of the rows themselves, in an order of their own, and of some folds alone.
    parents = np.random.default_rng(0).permutation(600)[:200]
    parents = parents[where[parents] != 2]
    assert_allclose(
        model.apply(as_table(X[parents]), proba[parents], where[parents]),
        model.corrected[parents],
        rtol=1e-12,
    )


@pytest.mark.parametrize("n_classes", [2, 3])
def test_rows_too_few_for_any_split(n_classes):
    # LightGBM stops before the last of the rounds, and is asked about all of them.
    y = np.arange(18) % n_classes
    X = np.random.default_rng(0).normal(size=(18, 2))
    proba = np.random.default_rng(1).dirichlet(np.ones(n_classes), size=18)
    model = ResidualModel().fit(Rows(X, y, Classes(np.arange(n_classes)), y), proba, folds(y, 3))
    assert_allclose(model.corrected, floor_proba(proba))
    assert_allclose(model.apply(X, proba), floor_proba(proba))


def test_where_nothing_is_found_other_rows_are_left_alone():
    X, y, p0 = noisy(600, seed=0)
    proba = np.column_stack([1 - p0, p0])
    model = ResidualModel().fit(Rows(X, y, Classes(np.arange(2)), y), proba, folds(y))
    assert model.rounds == 0
    for where in (None, np.zeros(600, dtype=int)):
        assert_allclose(model.apply(X, proba, where), floor_proba(proba))
    assert_allclose(model.corrected, floor_proba(proba))
