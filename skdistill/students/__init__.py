"""How a student learns targets, and how it is shipped."""

from .adapters import fit_student, student_kind
from .distilled import DistilledClassifier
from .soft_labels import SoftLabelClassifier

__all__ = ["DistilledClassifier", "SoftLabelClassifier", "fit_student", "student_kind"]
