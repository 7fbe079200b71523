"""Images with labels: scikit-learn's digits, and CIFAR-10 as its authors publish it.

An image set may have a share of its training labels flipped, and is then called `NAME_flipped`.
"""

import os
import pickle
import tarfile
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from ..data import FOLDER_VARIABLE

FLIPPED = "_flipped"
SETS = ("digits", "cifar10")
NAMES = tuple(name + ending for name in SETS for ending in ("", FLIPPED))
N_CLASSES = 10
CIFAR_FOLDER = "cifar-10-batches-py"
CIFAR_ARCHIVE = "cifar-10-python.tar.gz"
CIFAR_SHAPE = (3, 32, 32)
TRAIN_BATCHES = tuple(f"data_batch_{k}" for k in range(1, 6))
TEST_BATCH = "test_batch"


class ImagesNotFoundError(Exception):
    """CIFAR-10 is not on hand."""


class Images(NamedTuple):
    """Training and test images, one in a row, and their labels as codes."""

    X: np.ndarray
    X_test: np.ndarray
    y: np.ndarray
    y_test: np.ndarray
    shape: tuple[int, int, int]


def load_images(name: str, seed: int, *, flips: float) -> Images:
    """Return an image set, split and flipped by a seed; CIFAR-10 has a split of its own.

    Test labels stay as they are: `flipped_log_loss` says what flipped ones would have cost.
    """
    images = read_cifar(find_cifar()) if name.startswith("cifar10") else _digits(seed)
    if not name.endswith(FLIPPED):
        return images
    return images._replace(y=flip(images.y, flips, np.random.default_rng(seed)))


def _digits(seed: int) -> Images:
    # Half of them: with fewer test rows, their number alone would blur a per cent.
    X, y = load_digits(return_X_y=True)
    rows = train_test_split(
        (X / 16).astype(np.float32), y, test_size=0.5, stratify=y, random_state=seed
    )
    return Images(*rows, (1, 8, 8))


def flip(y: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Return labels of which a share, drawn at random, has become one of the other classes."""
    moved = rng.random(len(y)) < share
    steps = rng.integers(1, N_CLASSES, size=len(y))
    return np.where(moved, (y + steps) % N_CLASSES, y)


# ---- CIFAR-10 --------------------------------------------------------------------------------


def find_cifar() -> Path:
    """Return the folder of batches, or the archive of them, in the folder of all tables."""
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder:
        for path in (Path(folder) / CIFAR_FOLDER, Path(folder) / CIFAR_ARCHIVE):
            if path.is_file() or (path / TEST_BATCH).is_file():
                return path
    looked = f"there is none in {folder}" if folder else f"{FOLDER_VARIABLE} is not set"
    raise ImagesNotFoundError(
        f"CIFAR-10 was not found: {looked}. To have it, get the Python version that its authors "
        f"publish and put {CIFAR_ARCHIVE}, or the folder {CIFAR_FOLDER} from it, into the folder "
        f"that {FOLDER_VARIABLE} names."
    )


@cache
def read_cifar(path: Path) -> Images:
    """Read all batches; pixels are scaled by mean and deviation of each training channel."""
    batches = dict(_batches(path))
    missing = [name for name in (*TRAIN_BATCHES, TEST_BATCH) if name not in batches]
    if missing:
        raise ImagesNotFoundError(f"{path} lacks {', '.join(missing)}.")
    X = np.concatenate([batches[name][b"data"] for name in TRAIN_BATCHES])
    X_test = batches[TEST_BATCH][b"data"]
    y = np.concatenate([batches[name][b"labels"] for name in TRAIN_BATCHES])
    by_channel = X.reshape(len(X), CIFAR_SHAPE[0], -1)
    mean, deviation = by_channel.mean(axis=(0, 2)), by_channel.std(axis=(0, 2))
    n_pixels = by_channel.shape[2]
    shift, scale = (np.repeat(v, n_pixels).astype(np.float32) for v in (mean, deviation))
    scaled = [(part - shift) / scale for part in (X, X_test)]
    return Images(*scaled, y, np.asarray(batches[TEST_BATCH][b"labels"]), CIFAR_SHAPE)


def _batches(path: Path) -> Iterator[tuple[str, dict[bytes, Any]]]:
    """Yield name and content of each file of images."""
    wanted = (*TRAIN_BATCHES, TEST_BATCH)
    if path.is_dir():
        for name in wanted:
            if (path / name).is_file():
                yield name, _unpickle((path / name).read_bytes())
        return
    with tarfile.open(path) as archive:
        for member in archive:
            name = Path(member.name).name
            file = archive.extractfile(member) if name in wanted else None
            if file is not None:
                yield name, _unpickle(file.read())


class _ArraysOnly(pickle.Unpickler):
    """Reads pickled arrays: a pickle from elsewhere can otherwise run any code."""

    _KNOWN = ("_reconstruct", "ndarray", "dtype", "encode")

    def find_class(self, module: str, name: str) -> Any:
        if module.partition(".")[0] in ("numpy", "_codecs") and name in self._KNOWN:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"This is no file of CIFAR-10: it asks for {module}.{name}.")


def _unpickle(content: bytes) -> dict[bytes, Any]:
    # Python 2 wrote the files: its strings are bytes.
    return _ArraysOnly(BytesIO(content), encoding="bytes").load()
