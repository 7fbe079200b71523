"""How a student learns targets, and how it is shipped."""

from .adapters import fit_student, student_kind
from .distilled import DistilledClassifier
from .lgbm import LGBMSoftClassifier
from .soft_labels import SoftLabelClassifier
from .softmax import SoftmaxRegression

__all__ = [
    "DistilledClassifier",
    "LGBMSoftClassifier",
    "SoftLabelClassifier",
    "SoftmaxRegression",
    "fit_student",
    "student_kind",
]
