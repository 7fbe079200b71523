"""What both samplers promise, for tables of every kind."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks

from skdistill import MungeSampler, NodeSampler

from .tables import DRAWN, NUMBERS, TABLES, N, Y, assert_equal, columns, differ, kind_of, mixed

BOTH = [NodeSampler, MungeSampler]


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("n_samples", [1, N, 2 * N + 7])
def test_rows_are_of_the_kind_that_went_in(kind, name, n_samples):
    X = TABLES[name]
    sampler = kind(random_state=0).fit(X, Y)
    made = sampler.sample(n_samples)
    assert made.shape == (n_samples, X.shape[1])
    assert kind_of(made) == kind_of(X)
    assert sampler.parents_.shape == (n_samples,)
    assert set(sampler.parents_) <= set(range(N))
    assert sampler.n_features_in_ == X.shape[1]


@pytest.mark.parametrize("kind", BOTH)
def test_each_row_is_the_parent_of_as_many(kind):
    sampler = kind(random_state=0).fit(NUMBERS, Y)
    sampler.sample(2 * N + 7)
    assert_array_equal(sampler.parents_[: 2 * N], np.tile(np.arange(N), 2))
    assert len(set(sampler.parents_[2 * N :])) == 7


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("name", TABLES)
def test_without_a_share_a_row_is_its_parent(kind, name):
    X = TABLES[name]
    sampler = kind(share=0, random_state=0).fit(X, Y)
    made = sampler.sample(N + 5)
    parents = sampler.parents_
    expected = [[column[parent] for parent in parents] for column in columns(X)]
    assert columns(made) == expected


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("name", ["pandas", "polars", "missing", "objects", "csr_matrix"])
def test_neither_rows_nor_labels_are_modified_and_later_changes_do_no_harm(kind, name):
    given, labels = copy.deepcopy(TABLES[name]), Y.copy()
    sampler = kind(random_state=0).fit(given, labels)
    expected = kind(random_state=0).fit(TABLES[name], Y).sample(N)
    if name == "missing":
        given[:] = 0
    if name == "pandas":
        given["number"] = 0.0
    if name == "csr_matrix":
        given.data[:] = 0
    assert_equal(sampler.sample(N), expected)
    assert_array_equal(labels, Y)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("name", TABLES)
def test_sampling_modifies_nothing(kind, name):
    given = copy.deepcopy(TABLES[name])
    kind(random_state=0).fit(given, Y).sample(2 * N)
    assert_equal(given, TABLES[name])


@pytest.mark.parametrize("kind", BOTH)
def test_a_seed_repeats_what_no_seed_does_not(kind):
    def made(seed):
        return kind(random_state=seed).fit(NUMBERS, Y).sample(50)

    assert_array_equal(made(3), made(3))
    assert differ([made(3), made(4)])
    assert differ([made(None), made(None)])
    assert_array_equal(made(np.random.RandomState(5)), made(np.random.RandomState(5)))


@pytest.mark.parametrize("kind", BOTH)
def test_calls_differ_and_a_further_fit_begins_again(kind):
    sampler = kind(random_state=0).fit(NUMBERS, Y)
    first, second = sampler.sample(N), sampler.sample(N)
    assert differ([first, second])
    assert_array_equal(sampler.fit(NUMBERS, Y).sample(N), first)


@pytest.mark.parametrize("kind", BOTH)
def test_samplers_are_cloned_and_pickled_as_estimators(kind):
    sampler = kind(share=0.3, random_state=1)
    params = sampler.get_params()
    assert params["share"] == 0.3
    assert clone(sampler).get_params() == params
    assert sampler.set_params(share=0.4).share == 0.4
    sampler.fit(NUMBERS, Y)
    again = pickle.loads(pickle.dumps(sampler))
    assert_array_equal(again.sample(9), sampler.sample(9))
    with pytest.raises(NotFittedError):
        clone(sampler).sample(9)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("n_samples", [0, -1, 1.5, True, "ten", None])
def test_a_number_of_rows_that_is_none_is_refused(kind, n_samples):
    sampler = kind(random_state=0).fit(NUMBERS, Y)
    with pytest.raises(ValueError, match=r"n_samples must be a positive whole number, found"):
        sampler.sample(n_samples)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(
    ("X", "message"),
    [
        (NUMBERS[:, 0], "X must be a table of shape"),
        (Y, "X must have two dimensions"),
        (NUMBERS[:0], "minimum of 1 is required"),
        (NUMBERS + 1j, "Complex data not supported"),
    ],
)
def test_what_is_no_table_is_refused(kind, X, message):
    with pytest.raises(ValueError, match=message):
        kind().fit(X, Y[: len(X)])


@pytest.mark.parametrize("kind", BOTH)
def test_a_fit_that_fails_leaves_the_sampler_as_it_was(kind):
    sampler = kind(random_state=0).fit(NUMBERS, Y)
    with pytest.raises(ValueError, match="two dimensions"):
        sampler.fit(Y, Y)
    assert sampler.sample(5).shape == (5, 4)


@pytest.mark.parametrize("kind", BOTH)
def test_lists_are_tables(kind):
    rows = [[1, "a"], [2, "b"], [3, "a"], [4, "b"]] * 10
    made = kind(random_state=0).fit(rows, [0, 1] * 20).sample(50)
    assert made.shape == (50, 2)
    assert made.dtype == object
    assert set(made[:, 1]) <= {"a", "b"}


@pytest.mark.parametrize("kind", BOTH)
def test_missing_values_are_neither_lost_nor_found(kind):
    frame = mixed()
    made = kind(share=1, random_state=0).fit(frame, Y).sample(N)
    assert_array_equal(frame.isna().sum(), made.isna().sum())


@pytest.mark.parametrize("kind", BOTH)
def test_no_value_of_a_code_a_word_or_a_time_is_new(kind):
    frame = mixed()
    made = kind(random_state=0).fit(frame, Y).sample(3 * N)
    for name in frame.columns.difference(DRAWN):
        assert set(made[name].dropna()) <= set(frame[name].dropna())
    assert isinstance(made.index, pd.RangeIndex)


@parametrize_with_checks([NodeSampler(random_state=0), MungeSampler(random_state=0)])
def test_scikit_learn_s_own_checks(estimator, check):
    check(estimator)
