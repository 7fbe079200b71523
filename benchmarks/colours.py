"""The colours of pictures: a method has that of the package's own pictures, what is left others."""

from skdistill.evaluation.show.colours import COLOURS as OF_METHODS
from skdistill.evaluation.show.colours import OTHER_COLOURS

from . import NAMES

SKY, PURPLE, OLIVE, BROWN = OTHER_COLOURS
COLOURS = OF_METHODS | {"sky": SKY, "purple": PURPLE, "olive": OLIVE, "brown": BROWN}
# What benchmarks draw besides, under its name there.
COLOURS |= {name: COLOURS[like] for name, like in NAMES["colours"].items()}
