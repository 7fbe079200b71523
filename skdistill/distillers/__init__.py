"""The distillers: classifiers that teach a small student the probabilities of a large teacher."""

from .cross_fit import CrossFitDistiller
from .loss_corrected import LossCorrectedDistiller
from .plain import Distiller
from .search import LossCorrectedDistillerCV

__all__ = [
    "CrossFitDistiller",
    "Distiller",
    "LossCorrectedDistiller",
    "LossCorrectedDistillerCV",
]
