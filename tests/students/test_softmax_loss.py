"""The loss of softmax regression has the gradient that it says."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import approx_fprime

from skdistill.students.softmax_loss import pose

from .test_softmax import FORMATS, draw, sign


def posed(n_classes, fit_intercept=True, as_format="dense"):
    X, P, weight = draw(n_classes, n_samples=40, n_features=3)
    return pose(FORMATS[as_format](X), sign(P), weight, 2.0, fit_intercept)


def point(problem, seed=3):
    rng = np.random.default_rng(seed)
    shape = (problem.n_outputs, problem.X.shape[1])
    return rng.normal(size=shape), rng.normal(size=problem.n_outputs)


@pytest.mark.parametrize("as_format", ["dense", "csr"])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_gradient_of_the_loss_is_its_finite_difference(n_classes, as_format):
    problem = posed(n_classes, as_format=as_format)
    coef, intercept = point(problem)

    def value(flat):
        return problem.loss(flat[: coef.size].reshape(coef.shape), flat[coef.size :])[0]

    _, coef_slope, intercept_slope = problem.loss(coef, intercept)
    numeric = approx_fprime(np.append(coef, intercept), value, 1e-7)
    assert_allclose(np.append(coef_slope, intercept_slope), numeric, atol=1e-6)
