"""Measure what distillation gains: curves, comparisons, a diagnosis of the teacher.

Public are the names in `__all__`; the modules are internal and may move.
"""

from .comparison import compare_students
from .curves import distillation_curve
from .diagnosis import Diagnosis, diagnose_teacher
from .measure.scores import neg_log_loss_floored
from .methods import student_on_labels
from .numbers_diagnosis import NumbersDiagnosis
from .show.results import Comparison
from .simulated import make_noisy_numbers, make_noisy_table

__all__ = [
    "Comparison",
    "Diagnosis",
    "NumbersDiagnosis",
    "compare_students",
    "diagnose_teacher",
    "distillation_curve",
    "make_noisy_numbers",
    "make_noisy_table",
    "neg_log_loss_floored",
    "student_on_labels",
]
