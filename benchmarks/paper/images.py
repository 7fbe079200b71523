"""Figure "images": a small convolutional student, taught by networks from too small to too large.

Image sets: scikit-learn's digits, and CIFAR-10 where it is on hand; each as it is, and with a share
of its training labels flipped. It needs PyTorch and skorch: `pip install skorch torch`.
"""

from collections.abc import Callable, Iterator
from functools import cached_property, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from lightgbm import LGBMClassifier

from skdistill import CrossFitDistiller, Distiller, LossCorrectedDistiller, teacher_probabilities

from ..ours import floor_proba, overfit_share
from ..scores import PROBA_FLOOR
from .cell import Cell
from .image_sets import (
    FLIPPED,
    N_CLASSES,
    NAMES,
    Images,
    ImagesNotFoundError,
    find_cifar,
    load_images,
)

NAME = "images"
TABLES = NAMES
N_SEEDS = 3
SETTINGS: dict[str, Any] = {
    "temperature": 1,
    "share": 0.2,
    "folds": 5,
    "flips": 0.2,
    "repeats": 1,
    "digits": {"student": 4, "epochs": 40, "batch": 64, "rate": 0.01},
    "cifar10": {"student": 8, "epochs": 60, "batch": 128, "rate": 0.002},
}
WIDTHS = {"digits": (1, 2, 4, 8, 16, 32), "cifar10": (4, 8, 16, 32, 64)}
# As those of the correction `residual`.
TREES = {
    "n_estimators": 80,
    "num_leaves": 7,
    "learning_rate": 0.05,
    "min_child_samples": 40,
    "reg_lambda": 5.0,
    "n_jobs": 1,
    "verbose": -1,
}
OTHER_TEMPERATURES = (2, 4)
# Where teachers are sure and wrong, the usual floor lets a correction count single labels often.
HIGH_FLOOR = 0.02
PACKAGES = ("torch", "skorch")

# ---- the lessons -----------------------------------------------------------------------------


class Softness(NamedTuple):
    """How soft the soft labels of cross-entropy are."""

    temperature: float
    proba_floor: float = PROBA_FLOOR

    @classmethod
    def read(cls, text: str, usual: float) -> Self:
        """Read what follows "@" in the name of a curve: a temperature, and perhaps a floor."""
        temperature, _, floor = text.partition("/")
        return cls(float(temperature or usual), float(floor or PROBA_FLOOR))


class Gallery:
    """What all cells of a split share: images, networks, and where teachers' answers are kept."""

    def __init__(self, table: str, seed: int, settings: dict[str, Any], folder: Path) -> None:
        self.settings = settings
        self.own = settings[set_of(table)]
        self.seed = seed
        self.folder = str(folder)
        self.flips = settings["flips"] if table.endswith(FLIPPED) else 0.0
        self.images: Images = load_images(table, seed, flips=self.flips)

    @cached_property
    def _make(self) -> Callable[..., Any]:
        from .networks import make_network

        how = {name: self.own[name] for name in ("epochs", "batch", "rate")}
        return partial(make_network, shape=self.images.shape, n_classes=N_CLASSES, how=how)

    def teacher(self, width: int) -> Any:
        """Return a teacher that has learned nothing."""
        return self._make(width, self.seed)

    def students(self) -> list[Any]:
        """Return students that differ in their seed."""
        seeds = [1000 * self.seed + repeat for repeat in range(self.settings["repeats"])]
        return [self._make(self.own["student"], seed) for seed in seeds]

    def distil(self, make: Callable[..., Any], teacher: Any, softness: Softness) -> dict[str, Any]:
        """Teach all students, and score them."""
        how = {"loss": "cross_entropy", "memory": self.folder}
        distillers = [
            make(teacher, student, **how, **softness._asdict()) for student in self.students()
        ]
        return self.score(distillers)

    def score(self, models: list[Any]) -> dict[str, Any]:
        """Fit models, and compare what they say about test images with the labels."""
        X, X_test, y, y_test, _ = self.images
        answers = [model.fit(X, y).predict_proba(X_test) for model in models]
        return {
            "accuracy": [round(float((a.argmax(axis=1) == y_test).mean()), 6) for a in answers],
            "log_loss": [round(flipped_log_loss(a, y_test, self.flips), 6) for a in answers],
            "log_loss_unflipped": [round(flipped_log_loss(a, y_test, 0.0), 6) for a in answers],
        }

    def answers(self, width: int, cv: Any) -> np.ndarray:
        """Return what teachers say about the training rows."""
        how = {"cv": cv, "random_state": self.seed, "memory": self.folder}
        return teacher_probabilities(self.teacher(width), self.images.X, self.images.y, **how)


def flipped_log_loss(proba: np.ndarray, y: np.ndarray, flips: float) -> float:
    """Return the expected log loss, if a share of the labels were flipped as in training.

    It is what probabilities learned from flipped labels should be judged by; for no flips it is
    the log loss.
    """
    losses = -np.log(floor_proba(proba, PROBA_FLOOR))
    own = losses[np.arange(len(y)), y]
    others = (losses.sum(axis=1) - own) / (losses.shape[1] - 1)
    return float(((1 - flips) * own + flips * others).mean())


def cross_fitted(room: Gallery, distiller: type, **further: Any) -> Callable[..., Any]:
    """Return a distiller without its members, whose folds are those of all others."""
    return partial(distiller, cv=room.settings["folds"], random_state=room.seed, **further)


def teacher_itself(room: Gallery, width: int) -> dict[str, Any]:
    """Score the teacher, and find how many labels, and how much of a label, it knows by heart."""
    from .networks import count_weights

    teacher = room.teacher(width)
    scores = room.score([teacher])
    inside = room.answers(width, "in_sample")
    outside = room.answers(width, room.settings["folds"])
    y = room.images.y
    return scores | {
        "train_accuracy": round(float((inside.argmax(axis=1) == y).mean()), 4),
        "fold_accuracy": round(float((outside.argmax(axis=1) == y).mean()), 4),
        "overfit_share": round(overfit_share(np.eye(N_CLASSES)[y], inside, outside), 4),
        "weights": count_weights(teacher),
    }


def labels(room: Gallery, width: int) -> dict[str, Any]:
    """Learn from labels, without a teacher."""
    return room.score(room.students())


def trees(room: Gallery, width: int) -> dict[str, Any]:
    """Learn from what `residual` corrects networks by, boosted trees on pixels, without a network.

    It tells how much of the correction is knowledge of its own.
    """
    make = cross_fitted(room, CrossFitDistiller)
    return room.distil(make, LGBMClassifier(**TREES), Softness(room.settings["temperature"]))


def _distilled(distiller: type, *, folds: bool = True, share: bool = False) -> Callable[..., Any]:
    def lesson(room: Gallery, width: int, softness: Softness) -> dict[str, Any]:
        correction = {"correction": room.settings["share"]} if share else {}
        make = cross_fitted(room, distiller, **correction) if folds else distiller
        return room.distil(make, room.teacher(width), softness)

    return lesson


ALONE = {"labels": labels, "trees": trees}
DISTILLED: dict[str, Callable[..., dict[str, Any]]] = {
    # What the teacher says about images that it has seen, and that it has not.
    "in_sample": _distilled(Distiller, folds=False),
    "cross_fit": _distilled(CrossFitDistiller),
    # Corrected towards the label by a fixed share, and by what a model of its errors has learned.
    "share": _distilled(LossCorrectedDistiller, share=True),
    "residual": _distilled(LossCorrectedDistiller),
}

# ---- the figure ------------------------------------------------------------------------------


def set_of(table: str) -> str:
    """Return the image set that a table is made of."""
    return table.removesuffix(FLIPPED)


def curves_on(table: str) -> list[str]:
    """Return the ways of distilling; trees on single pixels see little in photographs."""
    return [c for c in DISTILLED if c != "residual" or set_of(table) == "digits"]


def plan(table: str, seed: int, *, quick: bool = False) -> list[Cell]:
    """Return the cells of a split, one width of the teacher after the other."""
    widths = WIDTHS[set_of(table)]
    widths = widths[:: len(widths) - 1] if quick else widths
    curves = ["teacher", *curves_on(table)]
    alone = [c for c in ALONE if c == "labels" or "residual" in curves]
    cells = [Cell(NAME, table, seed, 0, curve) for curve in alone]
    cells += [Cell(NAME, table, seed, width, curve) for width in widths for curve in curves]
    if quick:
        return cells
    softer = [f"@{t:g}" for t in OTHER_TEMPERATURES]
    softer += [f"@{t:g}/{HIGH_FLOOR:g}" for t in (SETTINGS["temperature"], *OTHER_TEMPERATURES)]
    return cells + [
        Cell(NAME, table, seed, widths[-1], curve + how)
        for how in softer
        for curve in curves_on(table)
    ]


def effort(cell: Cell) -> float:
    """Return roughly how long a cell takes, in seconds of one core."""
    each = 1 if set_of(cell.table) == "digits" else 2_000
    return each * (10 + 2 * cell.size if cell.curve == "teacher" else 4)


def measure(cells: list[Cell], settings: dict[str, Any], folder: Path) -> Iterator[tuple]:
    """Yield cells of one split and their values."""
    import torch

    torch.set_num_threads(1)
    table, seed = cells[0].table, cells[0].seed
    room = Gallery(table, seed, settings, folder)
    for cell in cells:
        curve, _, how = cell.curve.partition("@")
        if curve == "teacher":
            values = teacher_itself(room, cell.size)
        elif curve in ALONE:
            values = ALONE[curve](room, cell.size)
        else:
            values = DISTILLED[curve](room, cell.size, Softness.read(how, settings["temperature"]))
        yield cell, values | {"torch": torch.__version__}


def why_absent(table: str) -> str:
    """Say why an image set cannot be measured here, an empty string if it can."""
    lacking = [name for name in PACKAGES if find_spec(name) is None]
    if lacking:
        return (
            f"Images need {' and '.join(PACKAGES)}, not all of which are installed: "
            f"pip install {' '.join(lacking)}"
        )
    if set_of(table) == "cifar10":
        try:
            find_cifar()
        except ImagesNotFoundError as error:
            return str(error)
    return ""
