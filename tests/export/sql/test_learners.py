"""Trees and layers, alone and side by side, and sums of many."""

import numpy as np
import pytest

from skdistill.export.program import Sigmoid, Softmax, Trees, TwoColumns

from .programs import assert_agrees, layers, program_of, random_tree, select, values_for


@pytest.mark.parametrize("word", ["relu", "tanh", "logistic", "identity", "exp"])
def test_networks_of_each_activation(dialect, word):
    rng = np.random.default_rng(1)
    network = layers(rng, [3, 5, 4, 2], [word, word, "identity"], 0.7)
    assert_agrees(program_of(network, [Softmax()], 2), values_for(rng, 200, 3, False), dialect)


def test_a_network_that_ends_in_probabilities(dialect):
    rng = np.random.default_rng(2)
    network = layers(rng, [3, 4, 3], ["relu", "softmax"])
    assert_agrees(program_of(network, [], 3), values_for(rng, 200, 3, False), dialect)
    one = layers(rng, [3, 4, 1], ["relu", "logistic"])
    assert_agrees(program_of(one, [TwoColumns()], 2), values_for(rng, 200, 3, False), dialect)


def test_learners_side_by_side_need_not_have_as_many_stages(dialect):
    rng = np.random.default_rng(3)
    parts = (
        layers(rng, [3, 4, 1], ["relu", "identity"]),
        layers(rng, [3, 1], ["identity"]),
        layers(rng, [3, 2, 2, 1], ["tanh", "relu", "identity"]),
    )
    assert_agrees(program_of(parts, [Softmax()], 3), values_for(rng, 200, 3, False), dialect)


@pytest.mark.parametrize("reads_float32", [True, False])
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_trees_with_gaps_and_groups(dialect, reads_float32, n_outputs):
    rng = np.random.default_rng(4)
    groups = () if reads_float32 else ((0,), (1, 2), ())
    trees = [random_tree(rng, n, 3, n_outputs, None, groups) for n in (1, 2, 3, 20, 20, 20)]
    learner = Trees(trees, rng.normal(size=n_outputs), 6.0, reads_float32)
    end = Sigmoid() if n_outputs == 1 else Softmax()
    assert_agrees(program_of(learner, [end], max(n_outputs, 2)), values_for(rng, 800, 3), dialect)


def test_each_tree_may_have_an_output_of_its_own(dialect):
    rng = np.random.default_rng(5)
    trees = [random_tree(rng, 8, 3, 1, k % 3) for k in range(9)]
    learner = Trees(trees, np.array([0.0, 0.5, 1.0]), reads_float32=False)
    assert_agrees(program_of(learner, [Softmax()], 3), values_for(rng, 500, 3), dialect)


@pytest.mark.parametrize("dialect", ["sqlite", "duckdb"], indirect=True)
def test_long_sums(dialect):
    rng = np.random.default_rng(7)
    linear = layers(rng, [1100, 1], ["identity"], 0.1)
    program = program_of(linear, [Sigmoid()], 2, 1100)
    assert_agrees(program, values_for(rng, 5, 1100, False), dialect)


def test_more_columns_than_sqlite_has():
    linear = layers(np.random.default_rng(7), [2001, 1], ["identity"])
    program = program_of(linear, [Sigmoid()], 2, 2001)
    with pytest.raises(ValueError, match="'sqlite': it has 2001 columns at once, .* most 2000"):
        select(program, "sqlite")
