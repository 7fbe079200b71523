"""Further rows: who answers about them, and what a student learns of them."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin, clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import (
    CrossFitDistiller,
    Distiller,
    DistillerRegressor,
    LossCorrectedDistiller,
    LossCorrectedDistillerCV,
    LossCorrectedDistillerRegressor,
    MungeSampler,
    NodeSampler,
    SoftLabelClassifier,
    selection,
)
from skdistill.rows import check
from skdistill.sources import Folds, Frozen, InSample, OutOfBag, Teacher, Wanted, ask_parts
from skdistill.sources.search import LeaveTwoOut, Unseen, WithinParts
from skdistill.sources.transfer import n_further
from skdistill.targets.residual import ResidualModel

from ..conftest import noisy

N = 90
X, Y, P0 = noisy(N, seed=0)
FOLDS = list(KFold(3).split(X))
SAMPLERS = ["nodes", NodeSampler(random_state=0), MungeSampler(random_state=0)]


def tree():
    return DecisionTreeRegressor(min_samples_leaf=3, random_state=0)


class Copies(BaseEstimator):
    """A sampler whose rows are those of fit, again and again."""

    def fit(self, X):
        self.X_ = X
        return self

    def sample(self, n_samples):
        self.parents_ = np.arange(n_samples) % len(self.X_)
        return self.X_[self.parents_]


class Witness(ClassifierMixin, BaseEstimator):
    """A teacher that is sure of class 1 of a row that it has seen, and of class 0 of another."""

    def fit(self, X, y):
        self.classes_, self.seen_ = np.array([0, 1]), set(map(tuple, X))
        return self

    def predict_proba(self, X):
        seen = np.array([tuple(row) in self.seen_ for row in X], dtype=float)
        return np.column_stack([1 - seen, seen])


class Pupil(RegressorMixin, BaseEstimator):
    """A student that remembers what it was given."""

    lessons: list = []  # noqa: RUF012

    def fit(self, X, y, sample_weight=None):
        Pupil.lessons.append((X, np.asarray(y), sample_weight))
        return self

    def predict(self, X):
        return np.full(X.shape[0], 0.5)


def taught(distiller, *args, **how):
    """Return what the student of a distiller is given."""
    Pupil.lessons.clear()
    distiller.set_params(rehearse=False, student=Pupil()).fit(*args, **how)
    (lesson,) = Pupil.lessons
    return lesson


# ---- who answers -----------------------------------------------------------------------------


def test_no_teacher_of_folds_answers_about_a_row_whose_parent_it_has_seen():
    wanted, rows = Wanted(sampler=Copies()), check(X, Y)
    answers = Folds(FOLDS).ask(Teacher(Witness()), rows, FOLDS, wanted=wanted)
    (made,) = answers.further
    assert made.is_made
    assert_array_equal(made.X, X[made.parents])
    assert_array_equal(made.out[:, 1], np.zeros(6 * N))
    assert_array_equal(np.bincount(made.parents), np.full(N, 6))
    # The witness tells: of its own rows it has seen all.
    assert InSample().ask(Teacher(Witness()), rows, wanted=wanted).further[0].out[:, 1].all()


def test_no_teacher_of_a_search_answers_about_a_row_whose_parent_it_has_seen():
    wanted, rows = Wanted(sampler=Copies()), check(X, Y)
    found = ask_parts(LeaveTwoOut(), Teacher(Witness()), rows, FOLDS, wanted=wanted)
    for answers, part in zip(found, [*(train for train, _ in FOLDS), np.arange(N)], strict=True):
        (made,) = answers.further
        assert_array_equal(made.X, X[part][made.parents])
        assert_array_equal(np.bincount(made.parents), np.full(len(part), 6))
        assert not made.out[:, 1].any()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_teacher_of_the_parents_fold_answers(sampler):
    wanted = Wanted(sampler=sampler, seed=0)
    answers = Folds(FOLDS).ask(Teacher(GaussianNB()), check(X, Y), FOLDS, wanted=wanted)
    (made,) = answers.further
    assert len(made.X) == len(made.out) == len(made.parents) == 6 * N
    for train, test in FOLDS:
        own = np.isin(made.parents, test)
        by_hand = GaussianNB().fit(X[train], Y[train]).predict_proba(made.X[own])
        assert_allclose(made.out[own], by_hand)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_teachers_without_two_folds_answer_in_a_search(sampler):
    wanted = Wanted(sampler=sampler, seed=0)
    found = ask_parts(LeaveTwoOut(), Teacher(GaussianNB()), check(X, Y), FOLDS, wanted=wanted)
    for (part, _), answers in zip(FOLDS, found, strict=False):
        (made,) = answers.further
        assert len(made.parents) == 6 * len(part)
        for train, test in FOLDS:
            own = np.isin(part[made.parents], test)
            seen = np.intersect1d(train, part)
            if own.any():
                teacher = GaussianNB().fit(X[seen], Y[seen])
                assert_allclose(made.out[own], teacher.predict_proba(made.X[own]))


BAGS = [
    RandomForestClassifier(60, random_state=0),
    ExtraTreesClassifier(60, bootstrap=True, random_state=0),
    BaggingClassifier(n_estimators=60, random_state=0),
    BaggingClassifier(GaussianNB(), n_estimators=60, max_features=3, random_state=0),
    make_pipeline(StandardScaler(), RandomForestClassifier(60, random_state=0)),
]


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("bag", BAGS)
def test_members_of_a_bag_answer_whose_bag_lacks_the_parent(bag, sampler):
    wanted = Wanted(sampler=sampler, seed=0)
    answers = OutOfBag().ask(Teacher(bag), check(X, Y), keep=True, wanted=wanted)
    (made,), (fitted,) = answers.further, answers.teachers
    rows = made.X
    if hasattr(fitted, "steps"):
        rows, fitted = fitted[0].transform(rows), fitted[-1]
    total, votes = np.zeros((len(rows), 2)), np.zeros(len(rows))
    columns = getattr(fitted, "estimators_features_", [np.arange(5)] * 60)
    members = zip(fitted.estimators_, fitted.estimators_samples_, columns, strict=True)
    for member, samples, own in members:
        unseen = ~np.isin(made.parents, samples)
        total[unseen] += member.predict_proba(rows[unseen][:, own])
        votes[unseen] += 1
    assert votes.min() >= 5
    assert_allclose(made.out, total / votes[:, None])
    assert len(made.out) > 5 * N


def test_rows_are_left_out_of_whose_parent_too_few_members_know_nothing():
    bag = RandomForestClassifier(9, random_state=0)
    with pytest.warns(UserWarning, match="fewer than 5 out-of-bag votes"):
        answers = OutOfBag().ask(
            Teacher(bag), check(X, Y), keep=True, wanted=Wanted(sampler=Copies())
        )
    samples = answers.teachers[0].estimators_samples_
    votes = np.sum([~np.isin(np.arange(N), own) for own in samples], axis=0)
    (made,) = answers.further
    assert_array_equal(np.unique(made.parents), np.flatnonzero(votes >= 5))


@pytest.mark.parametrize("source", [Folds(FOLDS), OutOfBag()])
def test_all_teachers_answer_about_rows_without_parents(source):
    bag, unseen = RandomForestClassifier(60, random_state=0), X + 0.1
    splits = FOLDS if isinstance(source, Folds) else None
    rows = check(X, Y)
    answers = source.ask(Teacher(bag), rows, splits, keep=True, wanted=Wanted(unseen))
    (further,) = answers.further
    assert further.parents is None
    assert not further.is_made
    by_hand = [teacher.predict_proba(unseen) for teacher in answers.teachers]
    assert len(by_hand) == (3 if splits else 1)
    assert_allclose(further.out, np.mean(by_hand, axis=0))


def test_rows_of_a_sampler_without_parents_are_answered_by_all():
    wanted = Wanted(sampler=KernelDensity())
    answers = Folds(FOLDS).ask(Teacher(GaussianNB()), check(X, Y), FOLDS, keep=True, wanted=wanted)
    (made,) = answers.further
    by_hand = [teacher.predict_proba(made.X) for teacher in answers.teachers]
    assert_allclose(made.out, np.mean(by_hand, axis=0))
    assert made.is_made
    assert made.parents is None


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("source", [Folds(FOLDS), OutOfBag(), InSample()])
def test_rows_of_weight_0_are_neither_parents_nor_donors(sampler, source):
    weights = np.ones(N)
    weights[::3] = 0
    numbered = np.column_stack([np.arange(N), X]).astype(int)  # nothing is drawn
    splits = FOLDS if isinstance(source, Folds) else None
    answers = source.ask(
        Teacher(RandomForestClassifier(40, random_state=0)),
        check(numbered, Y, weights),
        splits,
        wanted=Wanted(sampler=sampler),
    )
    (made,) = answers.further
    assert (weights[made.parents] > 0).all()
    assert (weights[made.X[:, 0]] > 0).all()
    assert len(made.X) > 5 * (2 * N // 3)


@pytest.mark.parametrize(
    ("n_rows", "n_wanted"),
    [
        (1, 6),
        (100, 600),
        (10_000, 60_000),
        (25_000, 60_000),
        (59_999, 60_000),
        (60_000, 60_000),
        (80_001, 80_001),
    ],
)
def test_how_many_rows_are_made(n_rows, n_wanted):
    assert n_further(n_rows) == n_wanted


# ---- what a student learns -------------------------------------------------------------------


def test_a_student_learns_answers_about_made_rows_below_its_own():
    model = CrossFitDistiller(GaussianNB(), tree(), cv=FOLDS, transfer=Copies())
    rows, target, weights = taught(model, X, Y)
    assert weights is None
    assert_array_equal(rows[:N], X)
    plain = taught(CrossFitDistiller(GaussianNB(), tree(), cv=FOLDS), X, Y)[1]
    assert_array_equal(target[:N], plain)
    place = {tuple(row): k for k, row in enumerate(X)}
    parents = [place[tuple(row)] for row in rows[N:]]
    assert_array_equal(target[N:], plain[parents])


def test_the_learned_correction_of_a_made_row_has_not_seen_its_parent():
    model = LossCorrectedDistiller(GaussianNB(), tree(), c=0.0, cv=FOLDS, transfer=Copies())
    rows, target, _ = taught(model, X, Y)
    place = {tuple(row): k for k, row in enumerate(X)}
    parents = [place[tuple(row)] for row in rows[N:]]
    # A copy of a row is answered and corrected as the row itself is.
    assert_allclose(target[N:], target[:N][parents], atol=1e-9)


def test_unlabelled_rows_are_corrected_by_the_mean_of_the_models():
    X, y, _ = noisy(600, seed=2)
    folds, unseen = list(KFold(3).split(X)), X[:50] + 0.1
    teacher = DecisionTreeClassifier(max_depth=1)
    rows = check(X, y)
    answers = Folds(folds).ask(Teacher(teacher), rows, folds, wanted=Wanted(unseen))
    model = ResidualModel().fit(rows, answers.out, folds)
    assert model.rounds > 0
    expected = model.apply(unseen, answers.further[0].out)[:, 1]
    distiller = LossCorrectedDistiller(teacher, tree(), cv=folds)
    found = taught(distiller, X, y, X_transfer=unseen)[1]
    assert_allclose(found[600:], expected, atol=1e-9)


def test_only_rows_of_ones_own_are_moved_towards_a_label():
    model = LossCorrectedDistiller(GaussianNB(), tree(), correction=1, cv=FOLDS, transfer=Copies())
    target = taught(model, X, Y)[1]
    assert_array_equal(target[:N], Y)
    assert ((target[N:] > 0) & (target[N:] < 1)).any()


@pytest.mark.parametrize("transfer_weight", [1.0, 0.25])
def test_copies_keep_the_weights_of_their_parents(transfer_weight):
    weights = np.random.default_rng(0).uniform(0.5, 2, N)
    model = CrossFitDistiller(
        GaussianNB(), tree(), cv=FOLDS, transfer=Copies(), transfer_weight=transfer_weight
    )
    rows, _, found = taught(model, X, Y, sample_weight=weights, X_transfer=X[:7] + 1)
    place = {tuple(row): k for k, row in enumerate(X)}
    expected = [
        transfer_weight * (weights[place[tuple(row)]] if tuple(row) in place else weights.mean())
        for row in rows[N:]
    ]
    assert_allclose(found, [*weights, *expected])
    assert len(rows) == N + 7 + 6 * N


@pytest.mark.parametrize("kind", [Distiller, CrossFitDistiller, LossCorrectedDistiller])
def test_rows_of_weight_0_are_not_there_beside_those_without_labels(kind):
    weight = np.repeat([1.0, 0.0], [30, N - 30])

    def proba(part):
        folds = [(np.flatnonzero(part % 3 != k), np.flatnonzero(part % 3 == k)) for k in range(3)]
        how = {} if kind is Distiller else {"cv": folds}
        how |= {"correction": 0.3} if kind is LossCorrectedDistiller else {}
        model = kind(GaussianNB(), LinearRegression(), **how)
        own = {"sample_weight": weight[part], "X_transfer": X[:20] + 1}
        return model.fit(X[part], Y[part], **own).predict_proba(X)

    assert_allclose(proba(np.arange(N)), proba(np.arange(30)), atol=1e-9)


@pytest.mark.parametrize(
    "student",
    [
        make_pipeline(StandardScaler(), tree()),
        make_pipeline(StandardScaler(), DecisionTreeClassifier()),
        SoftLabelClassifier(DecisionTreeClassifier()),
    ],
)
def test_with_routing_a_student_must_ask_for_the_weight_of_further_rows(student):
    model = CrossFitDistiller(Counted(), student, cv=FOLDS, transfer_weight=2.0, rehearse=False)
    Counted.fits = 0
    with sklearn.config_context(enable_metadata_routing=True):
        with pytest.raises(ValueError, match=r"transfer_weight=2 .* set_fit_request"):
            model.fit(X, Y, X_transfer=X + 1)
        assert Counted.fits == 0
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        asks = make_pipeline(scaler, tree().set_fit_request(sample_weight=True))
        heavy, light = (
            clone(model)
            .set_params(student=asks, transfer_weight=weight)
            .fit(X, Y, X_transfer=X + 1)
            .predict_proba(X)
            for weight in (100, 0.01)
        )
    assert not np.array_equal(heavy, light)


def test_a_regressor_that_learns_one_class_at_a_time_must_ask_too():
    X, y = load_iris(return_X_y=True)
    student = GradientBoostingRegressor(n_estimators=2)
    with sklearn.config_context(enable_metadata_routing=True):
        with pytest.raises(ValueError, match="transfer_weight=2"):
            CrossFitDistiller(GaussianNB(), student, transfer_weight=2.0).fit(X, y, X_transfer=X)
        CrossFitDistiller(
            GaussianNB(), student.set_fit_request(sample_weight=True), transfer_weight=2.0
        ).fit(X, y, X_transfer=X)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_bags_answer_about_rows_of_frames(sampler):
    frame = pd.DataFrame(X, columns=[f"x{k}" for k in range(X.shape[1])])
    bag = BaggingClassifier(DecisionTreeClassifier(max_depth=3), 40, random_state=0)
    model = CrossFitDistiller(bag, tree(), cv="oob", transfer=sampler, random_state=0)
    expected = model.fit(X, Y).predict_proba(X)
    assert_array_equal(model.fit(frame, Y).predict_proba(frame), expected)


def test_members_without_probabilities_vote_about_made_rows():
    bag = BaggingClassifier(RidgeClassifier(), 40, random_state=0)
    model = CrossFitDistiller(bag, tree(), cv="oob", transfer=Copies(), shrinkage=0)
    target = taught(model, X, Y)[1]
    # A copy is its parent, and the votes of those that have not seen it are the same.
    assert_allclose(target[N : 2 * N], target[:N])


def test_members_that_have_seen_all_parents_are_not_asked():
    weight = np.zeros(N)
    weight[[np.flatnonzero(k == Y)[0] for k in (0, 1)]] = 1
    weight[[np.flatnonzero(k == Y)[1] for k in (0, 1)]] = 1
    forest = RandomForestClassifier(60, random_state=0)
    model = CrossFitDistiller(forest, tree(), cv="oob", transfer="nodes", random_state=0)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* fewer than 5 out-of-bag votes")
        assert model.fit(X, Y, sample_weight=weight).predict_proba(X).shape == (N, 2)


def test_node_samplers_know_that_whole_numbers_are_numbers():
    counts = np.random.default_rng(0).poisson(50 * P0)
    model = LossCorrectedDistillerRegressor(
        LinearRegression(), tree(), transfer=NodeSampler(random_state=0), random_state=0
    )
    assert model.fit(X, counts).score(X, counts) > 0.5


def test_rows_without_columns_are_refused_only_where_rows_are_made():
    texts = np.array([f"word{label} and {k}" for k, label in enumerate(Y)])
    words = CountVectorizer()
    members = make_pipeline(words, BernoulliNB()), make_pipeline(words, DecisionTreeClassifier())
    search = LossCorrectedDistillerCV(*members, candidates=["labels", "cross_fit"], random_state=0)
    assert search.fit(texts, Y).score(texts, Y) > 0.5
    with pytest.raises(ValueError, match="transfer needs rows with columns"):
        CrossFitDistiller(*members, transfer="nodes").fit(texts, Y)


def test_a_weight_of_further_rows_alone_is_a_weight_too():
    model = CrossFitDistiller(GaussianNB(), tree(), cv=FOLDS, transfer_weight=3.0)
    _, _, weights = taught(model, X, Y, X_transfer=X[:7] + 1)
    assert_array_equal(weights, [1.0] * N + [3.0] * 7)
    assert taught(model, X, Y)[2] is None


def test_a_student_that_takes_no_weights_is_refused_before_any_teacher_is_fitted():
    class Plain(Pupil):
        def fit(self, X, y):
            return super().fit(X, y)

    model = CrossFitDistiller(
        Counted(), Plain(), transfer="nodes", transfer_weight=2.0, rehearse=False
    )
    Counted.fits = 0
    with pytest.raises(ValueError, match=r"takes none in fit|sample_weight"):
        model.fit(X, Y)
    assert Counted.fits == 0


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_what_is_made_does_not_depend_on_the_number_of_jobs(sampler):
    model = LossCorrectedDistiller(GaussianNB(), tree(), cv=3, random_state=0, transfer=sampler)
    one, two = (clone(model).set_params(n_jobs=k).fit(X, Y).predict_proba(X) for k in (1, 2))
    assert_array_equal(one, two)


@pytest.mark.parametrize("sampler", [Copies(), *SAMPLERS[1:]])
def test_the_sampler_is_not_modified(sampler):
    before = dict(vars(sampler))
    CrossFitDistiller(GaussianNB(), tree(), cv=FOLDS, transfer=sampler).fit(X, Y)
    assert vars(sampler) == before


def test_a_sampler_with_a_forest_of_its_own_keeps_it():
    forest = RandomForestClassifier(3, random_state=0).fit(X, Y)
    model = CrossFitDistiller(GaussianNB(), tree(), transfer=NodeSampler(forest, random_state=0))
    assert model.fit(X, Y).score(X, Y) > 0.5


# ---- tables ----------------------------------------------------------------------------------

SEEN: list = []


def kind_of(table):
    return type(table), str(getattr(table, "dtypes", getattr(table, "dtype", None)))


class Looks(ClassifierMixin, BaseEstimator):
    """A teacher that notes what kind of rows it sees, and answers the prior."""

    def fit(self, X, y):
        SEEN.append(kind_of(X))
        self.classes_, counts = np.unique(y, return_counts=True)
        self.prior_ = counts / counts.sum()
        return self

    def predict_proba(self, X):
        SEEN.append(kind_of(X))
        return np.tile(self.prior_, (X.shape[0], 1))


class LooksToo(Pupil):
    """A student that notes it."""

    def fit(self, X, y):
        SEEN.append(kind_of(X))
        return self

    def predict(self, X):
        SEEN.append(kind_of(X))
        return super().predict(X)


FRAME = pd.DataFrame(
    {
        "number": X[:, 0],
        "short": X[:, 1].astype(np.float32),
        "word": np.resize(["a", "b", None], N),
        "kind": pd.Categorical(np.resize(["x", "y"], N), categories=["z", "y", "x"]),
        "count": pd.array(np.arange(N), dtype="Int64"),
        "when": pd.date_range("2024", periods=N),
    }
)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize(
    "table",
    [
        FRAME,
        pl.from_pandas(FRAME),
        X.astype(np.float32),
        np.array(FRAME[["number", "word"]], dtype=object),
        sparse.csr_array(np.maximum(X, 0)),
        sparse.csr_matrix(np.maximum(X, 0)),
    ],
    ids=["pandas", "polars", "float32", "objects", "csr_array", "csr_matrix"],
)
def test_rows_reach_members_as_they_are(table, sampler):
    SEEN.clear()
    unseen = table[:11]
    model = CrossFitDistiller(Looks(), LooksToo(), cv=3, random_state=0, transfer=sampler)
    model.fit(table, Y, X_transfer=unseen)
    assert set(SEEN) == {kind_of(table)}


def test_frames_with_text_go_through_pipelines():
    def coded(estimator):
        coder = OneHotEncoder(handle_unknown="ignore")
        return make_pipeline(
            make_column_transformer((coder, ["word", "kind"]), ("passthrough", ["number"])),
            estimator,
        )

    for teacher in (LogisticRegression(), RandomForestClassifier(20, random_state=0)):
        model = CrossFitDistiller(coded(teacher), coded(tree()), cv=3, random_state=0)
        plain = model.fit(FRAME, Y).score(FRAME, Y)
        more = model.set_params(transfer="nodes").fit(FRAME, Y, X_transfer=FRAME)
        assert more.score(FRAME, Y) > plain - 0.1


# ---- what is refused -------------------------------------------------------------------------


class Counted(GaussianNB):
    """A teacher that counts the fits of all its clones."""

    fits = 0

    def fit(self, X, y, sample_weight=None):
        Counted.fits += 1
        return super().fit(X, y, sample_weight=sample_weight)


class Makes(BaseEstimator):
    """A sampler that makes what it is told to."""

    def __init__(self, what=None, fails=None):
        self.what = what
        self.fails = fails

    def fit(self, X):
        if self.fails is not None:
            raise self.fails
        self.X_ = X
        return self

    def sample(self, n_samples):
        return self.what(np.resize(self.X_, (n_samples, self.X_.shape[1])))


@pytest.mark.parametrize(
    ("sampler", "message"),
    [
        (Makes(lambda made: made[1:]), r"What Makes.sample returns must have 540 rows, found 539"),
        (Makes(lambda made: made[:, 1:]), r"must have \(5,\) columns, as X has, found \(4,\)"),
        (Makes(lambda made: (made, None)), "must be a table of rows, found a tuple"),
        (Makes(lambda made: made.astype(str)), "must hold numbers, as X does, found text"),
        (Makes(pd.DataFrame), "must be of the kind of X, an array, found a pandas frame"),
        (Makes(sparse.csr_array), "an array, found a sparse matrix"),
        (Makes(fails=ArithmeticError("lost")), "sampler Makes failed: ArithmeticError: lost"),
    ],
)
def test_a_sampler_that_makes_no_such_rows_is_named_before_any_teacher_is_fitted(sampler, message):
    Counted.fits = 0
    model = CrossFitDistiller(Counted(), tree(), transfer=sampler, rehearse=False)
    with pytest.raises(ValueError, match=f"transfer: .*{message}"):
        model.fit(X, Y)
    assert Counted.fits == 0


class Fits:
    def fit(self, X):
        return self


@pytest.mark.parametrize("transfer", ["leaves", 3, True, NodeSampler, Fits(), [NodeSampler()]])
@pytest.mark.parametrize("kind", [Distiller, CrossFitDistiller, LossCorrectedDistillerCV])
def test_what_is_no_sampler_is_refused(kind, transfer):
    with pytest.raises(ValueError, match="transfer must be None, 'nodes' or a sampler"):
        kind(GaussianNB(), tree(), transfer=transfer).fit(X, Y)


@pytest.mark.parametrize(
    ("unseen", "message"),
    [
        (FRAME[["number", "short"]], r"must have \(6,\) columns, as X has, found \(2,\)"),
        (FRAME[FRAME.columns[::-1]], "must have the columns of X, in their order"),
        (FRAME.rename(columns={"word": "words"}), "must have the columns of X, in their order"),
        (FRAME.assign(number="one"), "types of X, but 'number' is"),
        (FRAME.assign(kind=FRAME["kind"].astype(str)), "types of X, but 'kind' is"),
        (FRAME.assign(kind=FRAME["kind"].cat.add_categories("w")), "types of X, but 'kind' is"),
        (FRAME.assign(when=1.5), "types of X, but 'when' is float64 and not datetime64"),
        (pl.from_pandas(FRAME), "of the kind of X, a pandas frame, found a polars frame"),
        (FRAME.to_numpy(), "of the kind of X, a pandas frame, found an array"),
        (FRAME.iloc[:0], "must hold rows and columns"),
        (5, "X_transfer must be a table"),
    ],
)
@pytest.mark.parametrize("kind", [CrossFitDistiller, LossCorrectedDistillerCV])
def test_rows_that_cannot_stand_below_others_are_refused_before_any_teacher(kind, unseen, message):
    Counted.fits = 0
    with pytest.raises(ValueError, match=f"X_transfer .*{message}|{message}"):
        kind(Counted(), tree()).fit(FRAME, Y, X_transfer=unseen)
    assert Counted.fits == 0


@pytest.mark.parametrize("how", [{"X_transfer": X}, {"transfer": "nodes"}])
def test_given_probabilities_know_no_further_rows(how):
    params = {"transfer": how.pop("transfer", None)}
    proba = np.column_stack([1 - P0, P0])
    with pytest.raises(ValueError, match="teacher_proba holds no probabilities of further rows"):
        CrossFitDistiller(Counted(), tree(), **params).fit(X, Y, teacher_proba=proba, **how)


# ---- honesty ---------------------------------------------------------------------------------


def recorded_targets(monkeypatch, model, X, y, **how):
    """Fit, and return the targets of each fold."""
    seen = []
    original = selection.try_students

    def spy(task, targets, *name):
        seen.append(targets)
        return original(task, targets, *name)

    monkeypatch.setattr(selection, "try_students", spy)
    model.fit(X, y, **how)
    monkeypatch.setattr(selection, "try_students", original)
    return seen[0]


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("teacher_cv", [None, "oob", KFold(3)])
@pytest.mark.once
def test_further_rows_of_a_fold_know_nothing_of_its_validation_labels(
    monkeypatch, teacher_cv, sampler
):
    X, y, _ = noisy(150, seed=1)
    folds = list(KFold(3).split(X))
    valid, permuted = folds[1][1], y.copy()
    permuted[valid] = np.random.default_rng(0).permutation(y[valid])
    assert (permuted != y).any()
    teacher = RandomForestClassifier(60, random_state=0)
    model = LossCorrectedDistillerCV(
        teacher,
        tree(),
        candidates=["transfer", ("transfer", 0.5)],
        cv=folds,
        teacher_cv=teacher_cv,
        transfer=sampler,
        calibrate=False,
        random_state=0,
        rehearse=False,
    )
    before, after = (
        recorded_targets(monkeypatch, clone(model), X, labels, X_transfer=X[:20] + 0.1)
        for labels in (y, permuted)
    )
    for name in ("transfer", ("transfer", 0.5)):
        first, second = before[1][name], after[1][name]
        assert_array_equal(first.own, second.own)
        assert len(first.further) == 2
        for one, other in zip(first.further, second.further, strict=True):
            for left, right in zip(one, other, strict=True):
                assert_array_equal(left, right)
    (_, target, _), *_ = before[0]["transfer"].further
    assert (target != after[0]["transfer"].further[0][1]).any()


@pytest.mark.parametrize("sampler", [Copies(), *SAMPLERS])
def test_a_frozen_teacher_answers_about_rows_made_of_each_part(sampler):
    wanted, teacher = Wanted(X + 1, sampler), FrozenEstimator(GaussianNB().fit(X + 0.01, Y))
    found = ask_parts(Unseen(Frozen()), Teacher(teacher), check(X, Y), FOLDS, wanted=wanted)
    for (part, _), answers in zip(FOLDS, found, strict=False):
        for further in answers.further:
            assert_allclose(further.out, teacher.predict_proba(further.X))
        known, made = sorted(answers.further, key=lambda further: further.is_made)
        assert_array_equal(known.X, X + 1)
        assert_array_equal(np.unique(made.parents), np.arange(len(part)))


def test_rows_of_ones_own_pass_a_search_of_scikit_learn_as_they_are():
    unseen = X[:11] + 1
    search = GridSearchCV(
        CrossFitDistiller(GaussianNB(), Pupil(), cv=3, random_state=0, rehearse=False),
        {"temperature": [1.0]},
        cv=3,
    )
    Pupil.lessons.clear()
    search.fit(X, Y, X_transfer=unseen)
    assert [len(rows) for rows, _, _ in Pupil.lessons] == [60 + 11] * 3 + [90 + 11]


def test_a_search_makes_rows_for_the_candidate_that_asks_for_them_and_its_own_go_to_all(
    monkeypatch,
):
    model = LossCorrectedDistillerCV(
        GaussianNB(), tree(), candidates=["labels", "cross_fit", "transfer"], cv=FOLDS
    )
    found = recorded_targets(monkeypatch, model, X, Y, X_transfer=X[:9] + 1)
    n_rows = {name: [len(t) for _, t, _ in targets.further] for name, targets in found[0].items()}
    assert n_rows == {"labels": [], "cross_fit": [9], "transfer": [9, 6 * 60]}


def test_a_search_without_a_way_to_make_rows_says_so():
    model = LossCorrectedDistillerCV(GaussianNB(), tree(), candidates=["transfer"], transfer=None)
    with pytest.raises(ValueError, match="transfer must say how the candidate 'transfer' makes"):
        model.fit(X, Y)


def test_folds_within_parts_answer_in_numbers_of_the_part():
    wanted, source = Wanted(sampler=Copies()), WithinParts(Folds(KFold(2)))
    found = ask_parts(source, Teacher(Witness()), check(X, Y), FOLDS, wanted=wanted)
    for (part, _), answers in zip(FOLDS, found, strict=False):
        (made,) = answers.further
        assert_array_equal(made.X, X[part][made.parents])
        assert not made.out[:, 1].any()


class Doubled(TransformerMixin, BaseEstimator):
    """A step that learns nothing, and so has nothing to show for having been fitted."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return 2 * np.asarray(X)


@pytest.mark.parametrize("how", [{"cv": 3}, {"cv": "oob"}])
def test_a_step_that_learns_nothing_may_stand_before_a_forest(how):
    forest = RandomForestClassifier(60, random_state=0)
    how = {**how, "transfer": "nodes", "random_state": 0}
    taught_by = [
        CrossFitDistiller(teacher, tree(), **how).fit(X, Y).predict_proba(X)
        for teacher in (make_pipeline(Doubled(), forest), forest)
    ]
    # A forest does not mind the scale.
    assert_array_equal(*taught_by)


# ---- found again -----------------------------------------------------------------------------


class CountedForest(RandomForestClassifier):
    """A forest that counts the fits of all its clones."""

    fits = 0

    def fit(self, X, y, sample_weight=None):
        CountedForest.fits += 1
        return super().fit(X, y, sample_weight)


@pytest.mark.parametrize(
    ("kind", "how", "as_frame"),
    [
        (CrossFitDistiller, {"cv": 3, "transfer": "nodes"}, True),
        (LossCorrectedDistiller, {"cv": "oob", "transfer": "nodes"}, False),
        (Distiller, {"transfer": "nodes"}, True),
        (LossCorrectedDistillerCV, {"cv": 3, "candidates": ["cross_fit", "transfer"]}, True),
        (
            LossCorrectedDistillerCV,
            {"cv": 3, "candidates": ["in_sample", "transfer"], "teacher_cv": "oob"},
            False,
        ),
    ],
)
def test_answers_about_further_rows_are_found_again(tmp_path, kind, how, as_frame):
    rows, more = (pd.DataFrame(table) if as_frame else table for table in (X, X[:7] + 1))
    forest = CountedForest(60, random_state=0)

    def probabilities(memory, more=more):
        model = kind(forest, tree(), memory=memory, random_state=0, rehearse=False, **how)
        return model.fit(rows, Y, X_transfer=more).predict_proba(rows)

    expected, first = probabilities(None), probabilities(tmp_path)
    assert_array_equal(first, expected)
    fits = CountedForest.fits
    assert_array_equal(probabilities(tmp_path), expected)
    assert CountedForest.fits == fits
    probabilities(tmp_path, more + 1)
    assert CountedForest.fits > fits


def test_rows_of_a_sampler_are_made_anew(tmp_path):
    CountedForest.fits = 0
    model = CrossFitDistiller(
        CountedForest(5, random_state=0),
        tree(),
        cv=3,
        transfer=Copies(),
        memory=tmp_path,
        random_state=0,
        rehearse=False,
    )
    assert [model.fit(X, Y) and CountedForest.fits for _ in range(2)] == [3, 6]


def test_a_pipeline_transforms_rows_of_ones_own_too():
    scaler = StandardScaler().fit(X)
    unseen = X[:11] + 1
    with sklearn.config_context(enable_metadata_routing=True):
        model = CrossFitDistiller(GaussianNB(), Pupil(), cv=3, random_state=0, rehearse=False)
        pipeline = Pipeline(
            [("scale", StandardScaler()), ("teach", model.set_fit_request(X_transfer=True))],
            transform_input=["X_transfer"],
        )
        Pupil.lessons.clear()
        pipeline.fit(X, Y, X_transfer=unseen)
    (rows, _, _), *_ = Pupil.lessons
    assert_allclose(rows[N:], scaler.transform(unseen))


# ---- without labels --------------------------------------------------------------------------

WORDS = np.array(["no", "yes"])[Y]
PROBA = np.column_stack([1 - P0, P0])
FROZEN = {
    "forest": FrozenEstimator(RandomForestClassifier(30, random_state=0).fit(X + 0.01, WORDS)),
    "tree": FrozenEstimator(DecisionTreeClassifier(max_depth=3).fit(X + 0.01, WORDS)),
    "no trees": FrozenEstimator(GaussianNB().fit(X + 0.01, WORDS)),
}


@pytest.mark.parametrize("teacher", FROZEN)
@pytest.mark.parametrize("transfer", [None, *SAMPLERS[::2]])
def test_a_frozen_teacher_needs_no_labels(teacher, transfer):
    model = Distiller(FROZEN[teacher], tree(), transfer=transfer, store_teacher_proba=True)
    alone = model.fit(X, X_transfer=X[:9] + 1)
    assert_array_equal(alone.classes_, ["no", "yes"])
    assert set(alone.predict(X)) <= {"no", "yes"}
    assert_array_equal(alone.teacher_proba_, FROZEN[teacher].predict_proba(X))
    rows, target, weights = taught(model, X, X_transfer=X[:9] + 1)
    assert_allclose(target, FROZEN[teacher].predict_proba(rows)[:, 1], atol=1e-9)
    assert len(rows) == N + 9 + (0 if transfer is None else 6 * N)
    assert weights is None


@pytest.mark.parametrize("kind", [Distiller, CrossFitDistiller])
def test_given_probabilities_need_no_labels(kind):
    model = kind(None, tree()).fit(X, teacher_proba=PROBA)
    assert_array_equal(model.classes_, [0, 1])
    named = pd.DataFrame(PROBA[:, ::-1], columns=["yes", "no"])
    by_name = clone(model).fit(X, teacher_proba=named)
    assert_array_equal(by_name.classes_, ["no", "yes"])
    assert_array_equal(by_name.predict_proba(X), model.predict_proba(X))
    with_labels = clone(model).fit(X, WORDS, teacher_proba=PROBA)
    assert_array_equal(with_labels.predict_proba(X), model.predict_proba(X))


def test_weights_count_without_labels():
    weights = np.random.default_rng(0).uniform(0.5, 2, N)
    model = Distiller(FROZEN["forest"], tree(), transfer="nodes")
    rows, _, found = taught(model, X, sample_weight=weights)
    assert_array_equal(found[:N], weights)
    assert len(found) == len(rows) == 7 * N
    assert_array_equal(np.sort(found[N:]), np.sort(np.repeat(weights, 6)))


@pytest.mark.parametrize(
    "model",
    [
        Distiller(GaussianNB(), tree()),
        CrossFitDistiller(GaussianNB(), tree()),
        LossCorrectedDistiller(GaussianNB(), tree()),
        LossCorrectedDistiller(FROZEN["forest"], tree(), cv="in_sample"),
        LossCorrectedDistiller(FROZEN["forest"], tree(), cv="in_sample", correction=0.2),
        LossCorrectedDistillerCV(GaussianNB(), tree()),
        LossCorrectedDistillerCV(
            FROZEN["forest"], tree(), teacher_cv="unseen", candidates=["cross_fit", "residual"]
        ),
    ],
)
def test_labels_are_asked_for_where_they_are_needed(model):
    with pytest.raises(ValueError, match="requires y to be passed") as caught:
        model.fit(X)
    assert str(caught.value).count(". ") == 0


@pytest.mark.parametrize(
    ("proba", "message"),
    [
        (np.full(N, 0.5), "teacher_proba must have a column for each of at least 2 classes"),
        (np.ones((N, 1)), r"at least 2 classes, found shape \(90, 1\)"),
        (pd.DataFrame(np.full((N, 2), 0.5), columns=["a", "a"]), "names of one kind, each its own"),
        (pd.DataFrame(np.full((N, 2), 0.5), columns=["a", 1]), "names of one kind, each its own"),
    ],
)
def test_without_labels_given_probabilities_must_say_what_the_classes_are(proba, message):
    with pytest.raises(ValueError, match=message):
        Distiller(None, tree()).fit(X, teacher_proba=proba)


def test_without_labels_the_teacher_must_know_something():
    of_one = FrozenEstimator(GaussianNB().fit(X[:5], np.zeros(5)))
    with pytest.raises(ValueError, match=r"teacher must know at least 2 classes, found \[0\.0\]"):
        Distiller(of_one, tree()).fit(X)
    with pytest.raises(NotFittedError, match="The frozen teacher is not fitted yet"):
        Distiller(FrozenEstimator(GaussianNB()), tree()).fit(X)


@pytest.mark.parametrize("as_frame", [pd.DataFrame, pl.DataFrame])
def test_columns_of_given_probabilities_may_be_called_false_and_true(as_frame):
    frame = pd.DataFrame({True: P0, False: 1 - P0})
    named = frame if as_frame is pd.DataFrame else as_frame(frame.rename(columns=str))
    expected = Distiller(None, tree()).fit(X, Y == 1, teacher_proba=np.column_stack([1 - P0, P0]))
    found = Distiller(None, tree()).fit(X, Y == 1, teacher_proba=named)
    assert_array_equal(found.predict_proba(X), expected.predict_proba(X))


@pytest.mark.parametrize("kind", [Distiller, DistillerRegressor])
def test_a_pipeline_must_be_frozen_as_a_whole(kind):
    is_of_classes = kind is Distiller
    y = Y if is_of_classes else P0
    model = (GaussianNB() if is_of_classes else LinearRegression()).fit(X, y)
    scaler = StandardScaler().fit(X)
    half = make_pipeline(scaler, FrozenEstimator(model))
    with pytest.raises(ValueError, match="step StandardScaler is not frozen.*freeze the whole"):
        kind(half, tree()).fit(X, y)
    for whole in (
        FrozenEstimator(half),
        make_pipeline(FrozenEstimator(scaler), FrozenEstimator(model)),
        make_pipeline("passthrough", FunctionTransformer(), FrozenEstimator(model)),
    ):
        kind(whole, tree()).fit(X + 1, y)
