"""What is predicted, classes or numbers: the one room that knows which of the two it is.

The street carries labels and answers as columns: a column for each class, or one of numbers. What
else differs is asked of an outcome: what labels may be, who can teach and how one asks, how rows
are split, what an answer costs. In what it is asked, `y` are labels, `codes` the places of their
classes, and `target` what a model of them learns: codes, or numbers. A new outcome is a class here.

Nothing here is public, and all of it may move.
"""

from .base import Boosting, View
from .classes import Classes, check_labels, read_classes
from .numbers import Numbers

Outcome = Classes | Numbers

__all__ = [
    "Boosting",
    "Classes",
    "Numbers",
    "Outcome",
    "View",
    "check_labels",
    "read_classes",
]
