"""Knowledge distillation for tabular data, with the interface of scikit-learn."""

from typing import TYPE_CHECKING

from ._utils.lazy import lazily

__version__ = "0.1.0"

# What ships needs few of the rooms, and a process that predicts waits for none of the others.
__getattr__, __dir__ = lazily(
    __name__,
    {
        ".corrections": (),
        ".distillers": (
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
        ),
        ".evaluation": ("compare_students", "diagnose_teacher", "distillation_curve"),
        ".evaluation.show.displays": ("DistillationCurveDisplay",),
        ".samplers": ("MungeSampler", "NodeSampler"),
        ".students": (
            "DistilledClassifier",
            "DistilledRegressor",
            "LGBMSoftClassifier",
            "SoftLabelClassifier",
            "SoftmaxRegression",
        ),
    },
)

if TYPE_CHECKING:
    from . import corrections
    from .distillers import (
        CrossFitDistiller,
        CrossFitDistillerRegressor,
        Distiller,
        DistillerRegressor,
        LossCorrectedDistiller,
        LossCorrectedDistillerCV,
        LossCorrectedDistillerRegressor,
        LossCorrectedDistillerRegressorCV,
        distillation_targets,
        teacher_probabilities,
    )
    from .evaluation import compare_students, diagnose_teacher, distillation_curve
    from .evaluation.show.displays import DistillationCurveDisplay
    from .samplers import MungeSampler, NodeSampler
    from .students import (
        DistilledClassifier,
        DistilledRegressor,
        LGBMSoftClassifier,
        SoftLabelClassifier,
        SoftmaxRegression,
    )

__all__ = [
    "CrossFitDistiller",
    "CrossFitDistillerRegressor",
    "DistillationCurveDisplay",
    "DistilledClassifier",
    "DistilledRegressor",
    "Distiller",
    "DistillerRegressor",
    "LGBMSoftClassifier",
    "LossCorrectedDistiller",
    "LossCorrectedDistillerCV",
    "LossCorrectedDistillerRegressor",
    "LossCorrectedDistillerRegressorCV",
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
