"""Programs of plain numbers, and the comparison of each with its SELECT."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from skdistill.export.kinds import OfClasses, OfNumbers
from skdistill.export.program import Column, Feature, Layer, Layers, Program, tree_of
from skdistill.export.sql import SQLQuery
from skdistill.export.sql.dialects import DIALECTS
from skdistill.export.sql.select import write_select

from ..databases import run

NAN = float("nan")


def select(program, dialect):
    names = tuple(column.name for column in program.columns)
    query = SQLQuery(write_select(program, names, DIALECTS[dialect], "rows", ()))
    query.dialect, query.columns, query.classes = dialect, names, program.kind.classes
    query.table, query.keep, query.program = "rows", (), program
    return query


def assert_agrees(program, values, dialect):
    labels, proba = run(select(program, dialect), program.columns, values)
    expected = program(values)
    assert_allclose(proba, expected, rtol=1e-12, atol=1e-12)
    if program.kind.labels:
        assert_array_equal(labels, program.kind.classes[expected.argmax(axis=1)])
    else:
        assert labels is None


def numbers(n_columns, **takes):
    return tuple(Column(f"x{j}", **takes) for j in range(n_columns))


def raw(n_features):
    return tuple(Feature(j) for j in range(n_features))


def program_of(learner, ends, n_classes, n_columns=3):
    learners = learner if isinstance(learner, tuple) else (learner,)
    columns = numbers(n_columns, takes_missing=learners[0].takes_missing)
    kind = OfClasses(np.arange(n_classes)) if n_classes else OfNumbers()
    return Program(columns, raw(n_columns), learners, tuple(ends), kind)


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
