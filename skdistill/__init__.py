"""Knowledge distillation for tabular data, with the interface of scikit-learn."""

__version__ = "0.1.0"

from . import corrections
from .distillers import (
    CrossFitDistiller,
    Distiller,
    LossCorrectedDistiller,
    LossCorrectedDistillerCV,
    distillation_targets,
    teacher_probabilities,
)
from .evaluation import compare_students, diagnose_teacher, distillation_curve
from .evaluation.show.displays import DistillationCurveDisplay
from .samplers import MungeSampler, NodeSampler
from .students import (
    DistilledClassifier,
    LGBMSoftClassifier,
    SoftLabelClassifier,
    SoftmaxRegression,
)

__all__ = [
    "CrossFitDistiller",
    "DistillationCurveDisplay",
    "DistilledClassifier",
    "Distiller",
    "LGBMSoftClassifier",
    "LossCorrectedDistiller",
    "LossCorrectedDistillerCV",
    "MungeSampler",
    "NodeSampler",
    "SoftLabelClassifier",
    "SoftmaxRegression",
    "compare_students",
    "corrections",
    "diagnose_teacher",
    "distillation_curve",
    "distillation_targets",
    "teacher_probabilities",
]
