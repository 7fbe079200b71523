"""The distillers: classifiers that teach a small student the probabilities of a large teacher.

Public are the names below, which `skdistill` exports; the modules are internal and may move.
"""

from .cross_fit import CrossFitDistiller
from .crossings import distillation_targets, teacher_probabilities
from .loss_corrected import LossCorrectedDistiller
from .plain import Distiller
from .search import LossCorrectedDistillerCV

__all__ = [
    "CrossFitDistiller",
    "Distiller",
    "LossCorrectedDistiller",
    "LossCorrectedDistillerCV",
    "distillation_targets",
    "teacher_probabilities",
]
