"""Steps before a learner, and the rows that one of them refuses."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skdistill.export.kinds import OfClasses
from skdistill.export.program import (
    Bin,
    Clip,
    Column,
    Feature,
    Fill,
    Layer,
    Layers,
    Lookup,
    Minus,
    Over,
    Plus,
    Program,
    Sigmoid,
    Softmax,
    Spread,
    Times,
    Trees,
    tree_of,
)

from ..databases import run
from .programs import NAN, assert_agrees, layers, numbers, random_tree, select, values_for

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
    program = Program(numbers(2), features, (learner,), (Sigmoid(),), OfClasses(np.array([0, 1])))
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
    program = Program(columns, features, (learner,), (Sigmoid(),), OfClasses(np.array([0, 1])))
    values = np.column_stack([rng.choice([0.0, 1.0, 2.0, -1.0, NAN], 300), rng.normal(size=300)])
    assert_agrees(program, values, dialect)


def test_steps_of_the_same_number_are_not_mistaken_for_one_another(dialect):
    steps = [
        (kind(2.0), *rest) for kind in (Minus, Over, Times, Plus) for rest in ((), (Bin((0,)),))
    ]
    features = tuple(Feature(0, each) for each in steps)
    linear = layers(np.random.default_rng(0), [8, 1], ["identity"])
    columns = numbers(1, takes_missing=False)
    program = Program(columns, features, (linear,), (Sigmoid(),), OfClasses(np.array([0, 1])))
    assert_agrees(program, np.linspace(-3, 3, 50)[:, None], dialect)


def test_what_is_made_once_is_written_once():
    bins = (Over(2.0), Bin((-0.5, 0.0, 0.5)))
    features = tuple(Feature(0, (*bins, Lookup((float(k),), (1.0,), 0.0, None))) for k in range(4))
    linear = Layers([Layer(np.ones((4, 1)), np.zeros(1))])
    columns = numbers(1, takes_missing=False)
    program = Program(columns, features, (linear,), (Sigmoid(),), OfClasses(np.array([0, 1])))
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
        program = Program(columns, features, (trees,), (end,), OfClasses(classes))
        labels, proba = run(select(program, dialect), columns, values)
        assert np.isnan(proba[~fine]).all()
        assert labels[~fine].tolist() == [None] * 3
        assert_allclose(proba[fine], program(values[fine]), atol=1e-12)


def test_an_encoder_may_refuse_what_is_unknown_and_take_what_is_missing(dialect):
    columns = (Column("a", ("x", "y"), True, False),)
    features = (Feature(0, (Lookup((0.0, 1.0), (3.0, 4.0), None, NAN),)),)
    tree = tree_of([0, 0, 0], [3.5, 0, 0], [1, -1, -1], [2, -1, -1], np.array([0, 1, 2]))
    trees = Trees([tree], np.zeros(1))
    program = Program(columns, features, (trees,), (Sigmoid(),), OfClasses(np.array([0, 1])))
    _, proba = run(select(program, dialect), columns, np.array([[0.0], [1.0], [NAN], [-1.0]]))
    assert_array_equal(np.isnan(proba[:, 0]), [False, False, False, True])
