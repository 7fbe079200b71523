"""What turns outputs into answers is computed in the database as in Python."""

import numpy as np
import pytest

from skdistill.export.program import (
    Calibrated,
    Clipped,
    Exp,
    Layer,
    Layers,
    Logistic,
    Normalised,
    Sharpened,
    Sigmoid,
    Softmax,
    Spread,
    TwoColumns,
)

from .programs import assert_agrees, layers, program_of, values_for


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
        (1, [], 0),
        (1, [Exp()], 0),
        (1, [Logistic()], 0),
    ],
)
def test_all_ends(dialect, n_outputs, ends, n_classes):
    rng = np.random.default_rng(0)
    program = program_of(layers(rng, [3, n_outputs], ["identity"], 2.0), ends, n_classes)
    if Sharpened(3.0) in ends:  # all outputs clipped to 0 have no powers
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
