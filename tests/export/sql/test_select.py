"""The whole SELECT."""

import numpy as np
from numpy.testing import assert_array_equal

from skdistill.export.program import Trees, tree_of

from ..databases import run
from .programs import program_of, select


def test_a_student_that_reads_nothing(dialect):
    tree = tree_of([0], [0.0], -1, -1, np.array([[0.2, 0.8]]))
    program = program_of(Trees([tree], np.zeros(2)), [], 2)
    labels, proba = run(select(program, dialect), program.columns, np.ones((3, 3)))
    assert_array_equal(proba, [[0.2, 0.8]] * 3)
    assert_array_equal(labels, [1, 1, 1])
