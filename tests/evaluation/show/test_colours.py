"""Methods keep their colours."""

from skdistill.evaluation.methods import METHODS, TEACHER
from skdistill.evaluation.show.colours import COLOURS, OTHER_COLOURS, colours


def test_every_method_has_a_colour_of_its_own():
    assert {*COLOURS} == {TEACHER, *METHODS}
    assert len({*COLOURS.values(), *OTHER_COLOURS}) == len(COLOURS) + len(OTHER_COLOURS)


def test_methods_keep_their_colours():
    found = colours(["teacher", 0.3, "cross_fit", ("fast", 0.1)])
    assert found["cross_fit"] == COLOURS["cross_fit"]
    assert len(set(found.values())) == 4
    assert colours([0.3, "teacher", 0.3, ("fast", 0.1)])[0.3] == found[0.3]
