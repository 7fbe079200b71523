"""How a student learns targets, and how it is shipped.

Public is what `skdistill` exports; the rest is internal and may move.
"""

from .distilled import DistilledClassifier
from .lgbm import LGBMSoftClassifier
from .soft_labels import SoftLabelClassifier
from .softmax import SoftmaxRegression
from .student import Student, prepare_student

__all__ = [
    "DistilledClassifier",
    "LGBMSoftClassifier",
    "SoftLabelClassifier",
    "SoftmaxRegression",
    "Student",
    "prepare_student",
]
