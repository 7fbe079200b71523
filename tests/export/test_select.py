"""What a program of plain numbers answers, a SELECT answers too."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skdistill.export.dialects import DIALECTS
from skdistill.export.program import (
    Bin,
    Calibrated,
    Clip,
    Clipped,
    Column,
    Exp,
    Feature,
    Fill,
    Layer,
    Layers,
    Logistic,
    Lookup,
    Minus,
    Normalised,
    Over,
    Plus,
    Program,
    Sharpened,
    Sigmoid,
    Softmax,
    Spread,
    Times,
    Trees,
    TwoColumns,
    tree_of,
)
from skdistill.export.select import write_select
from skdistill.export.sql import SQLQuery

from .databases import run

NAN = float("nan")


def select(program, dialect):
    names = tuple(column.name for column in program.columns)
    query = SQLQuery(write_select(program, names, DIALECTS[dialect], "rows", ()))
    query.dialect, query.columns, query.classes = dialect, names, program.classes
    query.table, query.keep = "rows", ()
    return query


def assert_agrees(program, values, dialect):
    labels, proba = run(select(program, dialect), program.columns, values)
    expected = program.predict_proba(values)
    assert_allclose(proba, expected, rtol=1e-12, atol=1e-12)
    assert_array_equal(labels, program.classes[expected.argmax(axis=1)])


def numbers(n_columns, **takes):
    return tuple(Column(f"x{j}", **takes) for j in range(n_columns))


def raw(n_features):
    return tuple(Feature(j) for j in range(n_features))


def program_of(learner, ends, n_classes, n_columns=3):
    learners = learner if isinstance(learner, tuple) else (learner,)
    columns = numbers(n_columns, takes_missing=learners[0].takes_missing)
    return Program(columns, raw(n_columns), learners, tuple(ends), np.arange(n_classes))


def layers(rng, sizes, activations, scale=1.0):
    pairs = zip(sizes[:-1], sizes[1:], activations, strict=True)
    return Layers(
        [Layer(rng.normal(size=(a, b)) * scale, rng.normal(size=b), word) for a, b, word in pairs]
    )


def random_tree(rng, n_leaves, n_features, n_outputs=1, output=None, groups=()):
    """Grow a tree, a random leaf at a time."""
    left, right = [-1], [-1]
    while left.count(-1) < n_leaves:
        node = rng.choice([k for k, child in enumerate(left) if child < 0])
        left[node], right[node] = len(left), len(left) + 1
        left += [-1, -1]
        right += [-1, -1]
    n = len(left)
    return tree_of(
        rng.integers(0, n_features, n),
        rng.normal(size=n).round(1),
        left,
        right,
        rng.normal(size=(n, n_outputs)),
        missing_left=rng.random(n) < 0.5,
        group=rng.integers(-1, len(groups), n),
        groups=list(groups),
        output=output,
    )


def values_for(rng, n_rows, n_columns, gaps=True):
    values = rng.normal(size=(n_rows, n_columns)).round(1)
    if gaps:
        values[rng.random(values.shape) < 0.2] = NAN
    return values


# ---- what turns outputs into probabilities ---------------------------------------------------


@pytest.mark.parametrize(
    ("n_outputs", "ends", "n_classes"),
    [
        (1, [Sigmoid()], 2),
        (1, [Clipped(), TwoColumns()], 2),
        (1, [Exp(), Clipped(), TwoColumns()], 2),
        (1, [Logistic(), Clipped(), TwoColumns()], 2),
        (3, [Logistic(), Clipped(), Normalised()], 3),
        (3, [Softmax()], 3),
        (3, [Clipped(), Normalised()], 3),
        (3, [Exp(), Normalised()], 3),
        (2, [Softmax(), Spread((2, 0), 4)], 4),
        (3, [Softmax(), Sharpened(0.5)], 3),
        (3, [Clipped(), Normalised(), Sharpened(3.0)], 3),
        (1, [Sigmoid(), Calibrated(1.7, (0.0, -0.4), 0.002)], 2),
        (3, [Softmax(), Calibrated(0.6, (0.0, 0.5, -1.0), 0.002)], 3),
        (150, [Softmax()], 150),
    ],
)
def test_all_ends(dialect, n_outputs, ends, n_classes):
    rng = np.random.default_rng(0)
    program = program_of(layers(rng, [3, n_outputs], ["identity"], 2.0), ends, n_classes)
    if ends[-1] == Sharpened(3.0):  # all outputs clipped to 0 have no powers
        program.learners[0].layers[0].bias[0] += 20
    assert_agrees(program, values_for(rng, 300, 3, gaps=False), dialect)


@pytest.mark.parametrize("end", [Sigmoid(), Softmax()])
@pytest.mark.parametrize("size", [1e3, 1e6, 1e300])
def test_scores_may_be_as_large_as_they_like(dialect, end, size):
    n_outputs = 1 if isinstance(end, Sigmoid) else 3
    weights = np.zeros((1, n_outputs))
    weights[0, 0] = size
    learner = Layers([Layer(weights, np.zeros(n_outputs))])
    program = program_of(learner, [end], max(n_outputs, 2), n_columns=1)
    values = np.array([[-1.0], [-1e-3], [0.0], [1e-3], [1.0]])
    assert_agrees(program, values, dialect)


# ---- learners --------------------------------------------------------------------------------


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


def test_rows_at_thresholds_and_beside_them_go_where_they_went(dialect):
    rng = np.random.default_rng(6)
    threshold = rng.normal(size=64)
    tree = random_tree(rng, 65, 1)
    tree.threshold[~tree.is_leaf] = threshold
    near = threshold.astype(np.float32)
    middles = [
        (near.astype(float) + np.nextafter(near, np.float32(s * np.inf))) / 2 for s in (-1, 1)
    ]
    at = np.concatenate([threshold, near, *middles])
    values = np.concatenate([at, np.nextafter(at, -np.inf), np.nextafter(at, np.inf)])
    for reads_float32 in (True, False):
        learner = Trees([tree], np.zeros(1), 1.0, reads_float32)
        assert_agrees(program_of(learner, [Sigmoid()], 2, 1), values[:, None], dialect)


# ---- what is large ---------------------------------------------------------------------------


def complete_tree(depth):
    inner, n = 2**depth - 1, 2 ** (depth + 1) - 1
    at = np.arange(n)
    left, right = (np.where(at < inner, 2 * at + k, -1) for k in (1, 2))
    rng = np.random.default_rng(depth)
    return tree_of(rng.integers(0, 3, n), rng.normal(size=n), left, right, rng.normal(size=n))


def chain_tree(n_leaves):
    """Return a tree as deep as it has leaves, now to one side and now to the other."""
    inner = n_leaves - 1
    at, is_inner = np.arange(2 * inner + 1), np.arange(2 * inner + 1) % 2 == 0
    is_inner[-1] = False
    ways = np.where(is_inner, at + 1, -1), np.where(is_inner, at + 2, -1)
    swap = at % 4 == 0
    left, right = np.where(swap, ways[1], ways[0]), np.where(swap, ways[0], ways[1])
    rng = np.random.default_rng(0)
    threshold = np.where(swap, -1, 1) * (2.0 + rng.random(len(at)))
    return tree_of(rng.integers(0, 3, len(at)), threshold, left, right, rng.normal(size=len(at)))


@pytest.mark.parametrize("tree", [complete_tree(6), complete_tree(10), chain_tree(500)])
def test_trees_however_deep(dialect, tree):
    program = program_of(Trees([tree], np.zeros(1)), [Sigmoid()], 2)
    values = 2 * values_for(np.random.default_rng(0), 500, 3)
    assert_agrees(program, values, dialect)


def test_the_largest_tree_for_sqlite_works_in_a_view_and_one_more_level_is_refused():
    import sqlite3

    query = select(program_of(Trees([complete_tree(12)], np.zeros(1)), [Sigmoid()], 2), "sqlite")
    base = sqlite3.connect(":memory:")
    base.execute("CREATE TABLE rows (x0, x1, x2)")
    base.execute("INSERT INTO rows VALUES (0.1, 0.2, 0.3)")
    base.execute(f"CREATE VIEW v AS SELECT * FROM (SELECT * FROM ({query}))")
    assert base.execute("SELECT label FROM v WHERE label IN (0, 1)").fetchone()[0] in (0, 1)
    base.close()
    larger = program_of(Trees([complete_tree(13)], np.zeros(1)), [Sigmoid()], 2)
    with pytest.raises(ValueError, match="8192 leaves .* 13 CASEs .* and 12 may, since SQLite's"):
        select(larger, "sqlite")
    assert select(larger, "duckdb")


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


# ---- features --------------------------------------------------------------------------------

STEPS = {
    "nothing": (),
    "scaled": (Minus(0.5), Over(2.0), Times(-3.0), Plus(1.0)),
    "filled": (Fill(0.7),),
    "filled by place": (Fill(0.7, 0.5), Plus(1.0)),
    "both": (Fill(0.7), Fill(-9.0, 0.7), Over(3.0)),
    "clipped": (Minus(0.1), Clip(-0.5, 0.5), Times(2.0)),
    "binned": (Bin((-0.5, 0.0, 0.5)),),
    "one bin": (Bin(()),),
    "one-hot bin": (Over(2.0), Bin((-0.5, 0.0, 0.5)), Lookup((1.0,), (1.0,), 0.0, None)),
    "looked up": (Lookup((0.0, 0.5), (1.0, 2.0), 3.0, 4.0), Minus(1.0)),
    "missing told": (Lookup((), (), 0.0, 1.0),),
    "others missing": (Lookup((0.0, 0.5), (1.0, 2.0), NAN, NAN), Fill(5.0)),
    "missing stays": (Lookup((0.0, 0.5), (1.0, NAN), 3.0, NAN),),
}


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
def test_steps(dialect, steps):
    rng = np.random.default_rng(8)
    features = (Feature(0, steps), Feature(1), Feature(1, steps))
    learner = Trees([random_tree(rng, 12, 3) for _ in range(5)], np.zeros(1))
    program = Program(numbers(2), features, (learner,), (Sigmoid(),), np.array([0, 1]))
    values = values_for(rng, 300, 2)
    values[:100, 0] = rng.choice([0.0, 0.5, 0.7], 100)
    if steps and steps[-1] == Lookup((1.0,), (1.0,), 0.0, None):
        values = np.nan_to_num(values)
    assert_agrees(program, values, dialect)


TEXT_STEPS = {
    "one-hot": (Lookup((1.0,), (1.0,), 0.0, 0.0),),
    "codes": (Lookup((0.0, 1.0, 2.0), (2.0, 1.0, 0.0), -1.0, NAN),),
    "filled": (Fill(1.0), Lookup((0.0, 1.0), (5.0, 6.0), 7.0, 8.0), Over(2.0)),
    "another place": (Fill(1.0, 2.0), Lookup((0.0, 1.0, 2.0), (5.0, 6.0, 9.0), 7.0, 8.0)),
}


@pytest.mark.parametrize("steps", TEXT_STEPS.values(), ids=TEXT_STEPS)
def test_steps_of_text(dialect, steps):
    rng = np.random.default_rng(9)
    columns = (Column('na"me', ("it's", "b\n  c", "")), Column("output_0"))
    features = (Feature(0, steps), Feature(1))
    tree = random_tree(rng, 12, 2)
    tree.threshold[:] = rng.integers(-1, 8, len(tree.threshold)) + 0.5
    learner = Trees([tree], np.zeros(1))
    program = Program(columns, features, (learner,), (Sigmoid(),), np.array([0, 1]))
    values = np.column_stack([rng.choice([0.0, 1.0, 2.0, -1.0, NAN], 300), rng.normal(size=300)])
    assert_agrees(program, values, dialect)


def test_steps_of_the_same_number_are_not_mistaken_for_one_another(dialect):
    steps = [
        (kind(2.0), *rest) for kind in (Minus, Over, Times, Plus) for rest in ((), (Bin((0,)),))
    ]
    features = tuple(Feature(0, each) for each in steps)
    linear = layers(np.random.default_rng(0), [8, 1], ["identity"])
    columns = numbers(1, takes_missing=False)
    program = Program(columns, features, (linear,), (Sigmoid(),), np.array([0, 1]))
    assert_agrees(program, np.linspace(-3, 3, 50)[:, None], dialect)


def test_what_is_made_once_is_written_once():
    bins = (Over(2.0), Bin((-0.5, 0.0, 0.5)))
    features = tuple(Feature(0, (*bins, Lookup((float(k),), (1.0,), 0.0, None))) for k in range(4))
    linear = Layers([Layer(np.ones((4, 1)), np.zeros(1))])
    columns = numbers(1, takes_missing=False)
    program = Program(columns, features, (linear,), (Sigmoid(),), np.array([0, 1]))
    assert select(program, "sqlite").count("< -0.5") == 1


# ---- rows that are refused -------------------------------------------------------------------


def test_rows_that_the_model_refuses_have_null(dialect):
    rng = np.random.default_rng(10)
    columns = (Column("a", ("x", "y"), False, False), Column("b"), Column("c", None, False))
    known = Lookup((0.0, 1.0), (3.0, 4.0), None, None)
    features = (Feature(0, (known,)), Feature(1), Feature(2))
    values = np.array(
        [[0, 1, 1], [1, NAN, 1], [-1, 1, 1], [NAN, 1, 1], [0, 1, NAN], [1, 1, 1]], dtype=float
    )
    fine = np.array([True, True, False, False, False, True])
    for n_outputs, end in ((1, Sigmoid()), (3, Softmax()), (3, Spread((0, 1, 3), 4))):
        trees = Trees([random_tree(rng, 9, 3, n_outputs)], np.zeros(n_outputs))
        classes = np.array(["p", "q", "r", "s"])[: 4 if isinstance(end, Spread) else 3]
        classes = classes[:2] if n_outputs == 1 else classes
        program = Program(columns, features, (trees,), (end,), classes)
        labels, proba = run(select(program, dialect), columns, values)
        assert np.isnan(proba[~fine]).all()
        assert labels[~fine].tolist() == [None] * 3
        assert_allclose(proba[fine], program.predict_proba(values[fine]), atol=1e-12)


def test_an_encoder_may_refuse_what_is_unknown_and_take_what_is_missing(dialect):
    columns = (Column("a", ("x", "y"), True, False),)
    features = (Feature(0, (Lookup((0.0, 1.0), (3.0, 4.0), None, NAN),)),)
    tree = tree_of([0, 0, 0], [3.5, 0, 0], [1, -1, -1], [2, -1, -1], np.array([0, 1, 2]))
    trees = Trees([tree], np.zeros(1))
    program = Program(columns, features, (trees,), (Sigmoid(),), np.array([0, 1]))
    _, proba = run(select(program, dialect), columns, np.array([[0.0], [1.0], [NAN], [-1.0]]))
    assert_array_equal(np.isnan(proba[:, 0]), [False, False, False, True])


def test_a_student_that_reads_nothing(dialect):
    tree = tree_of([0], [0.0], -1, -1, np.array([[0.2, 0.8]]))
    program = program_of(Trees([tree], np.zeros(2)), [], 2)
    labels, proba = run(select(program, dialect), program.columns, np.ones((3, 3)))
    assert_array_equal(proba, [[0.2, 0.8]] * 3)
    assert_array_equal(labels, [1, 1, 1])
