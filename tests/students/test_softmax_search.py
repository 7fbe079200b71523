"""Coordinates that suit the loss, and what they save."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import approx_fprime
from sklearn.datasets import load_breast_cancer

from skdistill import SoftmaxRegression
from skdistill.students import softmax_search
from skdistill.students.softmax_search import Coordinates

from .test_softmax import FORMATS, draw
from .test_softmax_loss import point, posed


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_gradient_in_coordinates_is_its_finite_difference(n_classes, fit_intercept):
    problem = posed(n_classes, fit_intercept)
    coef, intercept = point(problem)
    here = Coordinates.around(problem, coef, intercept)

    def value(u):
        step, intercept_step = here.step(u)
        return problem.loss(coef + step, intercept + fit_intercept * intercept_step)[0]

    u = 0.1 * np.random.default_rng(4).normal(size=here.scale.size + problem.n_outputs)
    step, intercept_step = here.step(u)
    _, *slopes = problem.loss(coef + step, intercept + fit_intercept * intercept_step)
    assert_allclose(here.slope(*slopes), approx_fprime(u, value, 1e-7), atol=1e-6)


@pytest.mark.parametrize("as_format", ["dense", "csr", "csc"])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_curvature_is_one_in_all_coordinates_at_the_start(n_classes, as_format):
    """With coefficients of 0 all rows bend alike, and the approximation H ⊗ S is exact."""
    problem = posed(n_classes, as_format=as_format)
    coef, intercept = point(problem)
    coef *= 0
    here = Coordinates.around(problem, coef, intercept)

    def gradient(u):
        step, intercept_step = here.step(u)
        return here.slope(*problem.loss(coef + step, intercept + intercept_step)[1:])

    size, h = here.scale.size + problem.n_outputs, 1e-5
    hessian = [(gradient(h * e) - gradient(-h * e)) / (2 * h) for e in np.eye(size)]
    # Equal shifts of the scores of all classes bend nothing: the first of the axes of H.
    bent = np.ones(size)
    bent[here.scale.size :][: n_classes > 2] = 0
    assert_allclose(hessian, np.diag(bent), atol=1e-6)


def test_measuring_the_curvature_anew_saves_iterations(monkeypatch):
    X, y = load_breast_cancer(return_X_y=True)
    renewed = SoftmaxRegression(C=1e4).fit(X, y)
    monkeypatch.setattr(softmax_search, "FIRST_ROUND", 1000)
    once = SoftmaxRegression(C=1e4).fit(X, y)
    assert renewed.n_iter_ < once.n_iter_ / 2


@pytest.mark.parametrize("as_format", ["dense", "csr"])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_columns_left_alone_end_at_the_same_place(n_classes, fit_intercept, as_format, monkeypatch):
    X, P, _ = draw(n_classes)
    X = FORMATS[as_format](X * [1, 10, 100, 1000])
    rotated = SoftmaxRegression(fit_intercept=fit_intercept).fit(X, P)
    monkeypatch.setattr(softmax_search, "MAX_ROTATED_FEATURES", 0)
    alone = SoftmaxRegression(fit_intercept=fit_intercept).fit(X, P)
    assert_allclose(alone.coef_, rotated.coef_, atol=1e-5)
    assert alone.n_iter_ != rotated.n_iter_
