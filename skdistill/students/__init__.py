"""How a student learns targets, and how it is shipped.

Public is what `skdistill` exports; the rest is internal and may move.
"""

from typing import TYPE_CHECKING

from .._utils.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        ".distilled": ("DistilledClassifier",),
        ".lgbm": ("LGBMSoftClassifier",),
        ".soft_labels": ("SoftLabelClassifier",),
        ".softmax": ("SoftmaxRegression",),
        ".student": ("Student", "prepare_student"),
    },
)

if TYPE_CHECKING:
    from .distilled import DistilledClassifier
    from .lgbm import LGBMSoftClassifier
    from .soft_labels import SoftLabelClassifier
    from .softmax import SoftmaxRegression
    from .student import Student, prepare_student

__all__ = [
    "DistilledClassifier",
    "LGBMSoftClassifier",
    "SoftLabelClassifier",
    "SoftmaxRegression",
    "Student",
    "prepare_student",
]
