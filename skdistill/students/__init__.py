"""How a student learns targets, and how it is shipped.

Public is what `skdistill` exports; the rest is internal and may move.
"""

from typing import TYPE_CHECKING

from .._utils.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        ".distilled": ("DistilledClassifier",),
        ".distilled_regressor": ("DistilledRegressor",),
        ".lgbm": ("LGBMSoftClassifier",),
        ".soft_labels": ("SoftLabelClassifier",),
        ".softmax": ("SoftmaxRegression",),
        ".student": ("Student", "prepare_regressor", "prepare_student"),
    },
)

if TYPE_CHECKING:
    from .distilled import DistilledClassifier
    from .distilled_regressor import DistilledRegressor
    from .lgbm import LGBMSoftClassifier
    from .soft_labels import SoftLabelClassifier
    from .softmax import SoftmaxRegression
    from .student import Student, prepare_regressor, prepare_student

__all__ = [
    "DistilledClassifier",
    "DistilledRegressor",
    "LGBMSoftClassifier",
    "SoftLabelClassifier",
    "SoftmaxRegression",
    "Student",
    "prepare_regressor",
    "prepare_student",
]
