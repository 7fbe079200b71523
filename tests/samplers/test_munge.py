"""Rows made by exchanges between nearest neighbours."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.spatial.distance import cdist
from sklearn.preprocessing import StandardScaler

from skdistill import MungeSampler
from skdistill.samplers.munge import exchange, in_rounds, nearest

from .tables import DRAWN, NUMBERS, SPARSE, TABLES, N, assert_equal, columns, mixed


def rng():
    return np.random.default_rng(0)


def brute_force(points):
    distances = cdist(points, points)
    np.fill_diagonal(distances, np.inf)
    return distances.argmin(axis=1)


# ---- neighbours ------------------------------------------------------------------------------


def test_neighbours_are_those_of_standardised_columns():
    X = NUMBERS * [1, 1e6, 1e-6, 1e200] + [5, 0, 0, 0]
    assert_array_equal(nearest(X, rng()), brute_force(StandardScaler().fit_transform(NUMBERS)))


@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csr_array, sparse.csc_array])
def test_neighbours_of_sparse_rows_are_those_of_dense_ones(container):
    found = nearest(container(SPARSE), rng())
    points = StandardScaler().fit_transform(SPARSE.toarray())
    distances = cdist(points, points)
    np.fill_diagonal(distances, np.inf)
    assert (found != np.arange(N)).all()
    assert_allclose(distances[np.arange(N), found], distances.min(axis=1), atol=1e-9)


def test_words_are_near_where_they_are_equal_and_their_order_means_nothing():
    words = pd.DataFrame({"word": np.resize(list("abcd"), N), "number": NUMBERS[:, 0] / 1e3})
    found = nearest(words, rng())
    assert (words["word"].to_numpy()[found] == words["word"]).all()


def test_one_of_those_that_are_equally_near_is_drawn():
    found = nearest(np.zeros((200, 2)), rng())
    assert (found != np.arange(200)).all()
    # Not the same one for all: an exchange with it would take as many rounds as rows.
    assert np.bincount(found).max() < 10


def test_missing_and_infinite_numbers_lie_in_the_mean():
    X = np.array([[-1.0], [-0.9], [np.nan], [np.inf], [0.9], [1.0]])
    assert_array_equal(nearest(X, rng()), [1, 0, 3, 2, 5, 4])


def test_setting_for_all_transformers_does_no_harm():
    with sklearn.config_context(transform_output="pandas"):
        MungeSampler(random_state=0).fit(mixed()).sample(9)


# ---- exchanges -------------------------------------------------------------------------------


def one_after_the_other(partner, order):
    values = np.arange(len(partner))
    for row in order:
        values[[row, partner[row]]] = values[[partner[row], row]]
    return values


def test_rounds_do_what_one_pair_after_the_other_does():
    partner, order = brute_force(NUMBERS), rng().permutation(N)
    rounds = in_rounds(partner, order)
    for first, second in rounds:
        assert len({*first, *second}) == 2 * len(first)
    assert sum(len(first) for first, _ in rounds) == N
    moved = exchange(rounds, rng(), 1.0, 0.0, None, N)
    assert_array_equal(moved.pick, one_after_the_other(partner, order))


def test_drawn_numbers_lie_around_those_of_the_other():
    n = 20_000
    values = np.repeat([1.0, 3.0], n)
    pairs = [(np.arange(n), np.arange(n, 2 * n))]
    moved = exchange(pairs, rng(), 1.0, 0.25, values, 2 * n)
    assert_array_equal(moved.rows, np.arange(2 * n))
    for mean, part in zip((3.0, 1.0), np.split(moved.values, 2), strict=True):
        # Of a normal distribution with standard deviation .25 · |1 − 3|, five standard errors.
        assert part.mean() == pytest.approx(mean, abs=5 * 0.5 / n**0.5)
        assert part.std() == pytest.approx(0.5, abs=5 * 0.5 / (2 * n) ** 0.5)


@pytest.mark.parametrize("pair", [(np.nan, 1.5), (np.inf, 1.5), (-1e308, 1e308), (2.5, 2.5)])
def test_pairs_between_which_nothing_can_be_drawn_change_places(pair):
    pairs = [(np.array([0]), np.array([1]))]
    moved = exchange(pairs, rng(), 1.0, 0.5, np.array(pair), 2)
    assert_array_equal(moved.pick, [1, 0])
    assert len(moved.rows) == 0


def test_a_share_of_the_pairs_changes_places():
    n = 10_000
    pairs = [(np.arange(n), np.arange(n, 2 * n))]
    moved = exchange(pairs, rng(), 0.3, 0.5, None, 2 * n)
    assert (moved.pick != np.arange(2 * n)).mean() == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize("name", TABLES)
def test_without_spread_a_copy_keeps_the_margins(name):
    X = TABLES[name]
    made = MungeSampler(share=1, spread=0, random_state=0).fit(X).sample(N)
    for old, new in zip(columns(X), columns(made), strict=True):
        assert sorted(map(str, new)) == sorted(map(str, old))
        assert new != old or len(set(old)) < N / 2


def test_numbers_with_fractions_are_drawn_and_others_are_not():
    frame = mixed()
    made = MungeSampler(random_state=0).fit(frame).sample(N)
    for name in frame.columns:
        new = set(made[name].dropna()) - set(frame[name].dropna())
        assert bool(new) == (name in DRAWN)


def test_sparse_and_dense_rows_keep_whole_numbers_whole():
    counts = np.random.default_rng(0).poisson(0.4, size=(N, 3)).astype(float)
    for X in (counts, sparse.csr_array(counts)):
        made = MungeSampler(random_state=0).fit(X).sample(2 * N)
        assert set(np.unique(made if X is counts else made.toarray())) <= set(np.unique(counts))


def test_sparse_rows_stay_sparse_where_neighbours_are():
    made = MungeSampler(random_state=0).fit(SPARSE).sample(N)
    zero = (SPARSE.toarray() == 0).mean()
    assert (made.toarray() == 0).mean() > zero / 2
    assert made.nnz == np.count_nonzero(made.toarray())


def test_rows_stay_near_their_parents_and_in_the_shape_of_the_cloud():
    angle = np.random.default_rng(0).uniform(0, 2 * np.pi, 1000)
    X = np.column_stack([np.cos(angle), np.sin(angle)])
    sampler = MungeSampler(random_state=0).fit(X)
    made = sampler.sample(3000)
    assert np.abs(np.hypot(*made.T) - 1).max() < 0.2
    assert np.hypot(*(made - X[sampler.parents_]).T).mean() < 0.05


def test_labels_change_nothing():
    X, y = NUMBERS, np.arange(N) % 2
    alone, beside = (MungeSampler(random_state=0).fit(X, labels) for labels in (None, y))
    assert_equal(alone.sample(N), beside.sample(N))


def test_one_row_has_no_neighbour():
    with pytest.raises(ValueError, match="X must hold at least 2 rows"):
        MungeSampler().fit(NUMBERS[:1])
    assert MungeSampler(random_state=0).fit(NUMBERS[:2]).sample(5).shape == (5, 4)


@pytest.mark.parametrize(
    ("params", "name"), [({"share": 1.5}, "share"), ({"spread": -1}, "spread")]
)
def test_parameters_out_of_range_are_refused(params, name):
    with pytest.raises(ValueError, match=f"'{name}' parameter of MungeSampler"):
        MungeSampler(**params).fit(NUMBERS)
