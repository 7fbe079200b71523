"""The distillers: estimators that teach a small student the answers of a large teacher.

Public are the names below, which `skdistill` exports; the modules are internal and may move.
"""

from .cross_fit import CrossFitDistiller
from .cross_fit_regressor import CrossFitDistillerRegressor
from .crossings import distillation_targets, teacher_probabilities
from .loss_corrected import LossCorrectedDistiller
from .loss_corrected_regressor import LossCorrectedDistillerRegressor
from .plain import Distiller
from .plain_regressor import DistillerRegressor
from .search import LossCorrectedDistillerCV
from .search_regressor import LossCorrectedDistillerRegressorCV

__all__ = [
    "CrossFitDistiller",
    "CrossFitDistillerRegressor",
    "Distiller",
    "DistillerRegressor",
    "LossCorrectedDistiller",
    "LossCorrectedDistillerCV",
    "LossCorrectedDistillerRegressor",
    "LossCorrectedDistillerRegressorCV",
    "distillation_targets",
    "teacher_probabilities",
]
