"""Knowledge distillation for tabular data, with the interface of scikit-learn."""

from . import corrections
from .distillers import (
    CrossFitDistiller,
    Distiller,
    LossCorrectedDistiller,
    LossCorrectedDistillerCV,
)
from .students import SoftLabelClassifier

__version__ = "0.1.0"

__all__ = [
    "CrossFitDistiller",
    "Distiller",
    "LossCorrectedDistiller",
    "LossCorrectedDistillerCV",
    "SoftLabelClassifier",
    "corrections",
]
