"""A method has the same colour in the pictures of benchmarks as in those of the package."""

import pytest

from benchmarks import NAMES
from benchmarks.colours import COLOURS
from benchmarks.paper import depth, simulated, tabular
from skdistill.evaluation.show.colours import COLOURS as OF_METHODS

CURVES = {
    "tabular": {curve.removesuffix("_log") for curve in tabular.TITLES},
    "depth": {*depth.TITLES},
    "simulated": {*simulated.METHODS},
    "images": {*NAMES["images"]},
}


@pytest.mark.parametrize("figure", CURVES)
def test_curves_of_a_figure_differ(figure):
    drawn = [COLOURS[curve] for curve in CURVES[figure]]
    assert len(set(drawn)) == len(drawn)


@pytest.mark.parametrize(
    ("curve", "method"),
    [("none", "labels"), ("in_sample", "in_sample"), ("residual", "corrected"), ("ours", "tuned")],
)
def test_curve_has_the_colour_of_its_method(curve, method):
    assert COLOURS[curve] == OF_METHODS[method]


def test_marks_of_peers_differ():
    marks = [(shape, COLOURS[colour]) for shape, colour in NAMES["peers"]["marks"].values()]
    assert len(set(marks)) == len(marks)
