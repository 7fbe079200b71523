"""Tables that the benchmarks run on, looked up, brought into one form and split.

A table is read from `NAME.csv.gz` in the folder that the environment variable SKDISTILL_DATA
names: comma-separated, with a header, features first, the last column called `target`, an empty
cell where a value is missing. Tables without such a file are fetched from OpenML, where they are
there in the form the benchmarks use.

    X, y = load("adult")  # as they are; load_numbers gives floats without gaps, and codes
    X, X_test, y, y_test = split("adult", seed=0)
"""

import os
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import fetch_openml
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OrdinalEncoder

from . import NAMES

FOLDER_VARIABLE = "SKDISTILL_DATA"
FIRST_SEED = 2357  # the paper's, for its only split; ours goes on to 2358, 2359, ...
TEST_SHARE = 0.3

OPENML, ORIGINS = NAMES["openml"], NAMES["origins"]


class TableNotFoundError(Exception):
    """A table is neither in the data folder nor to be had from OpenML."""

    def __init__(self, name: str, reason: str) -> None:
        where = ORIGINS.get(name, "OpenML, from where it is fetched when there is a network")
        super().__init__(
            f"The table {name!r} was not found: {reason}. To have it, put it as {name}.csv.gz "
            "(comma-separated, header, features first, last column 'target', empty cell = "
            f"missing) in a folder, and set {FOLDER_VARIABLE} to that folder. "
            f"It comes from {where}."
        )


def load(name: str) -> tuple[pd.DataFrame, pd.Series]:
    """Return features and labels of a table, prepared as its users in the literature do.

    Raises TableNotFoundError if the table is not on hand and cannot be fetched.
    """
    if name not in names():
        raise ValueError(f"name must be one of {', '.join(names())}; found {name!r}.")
    source, as_two_classes = TWO_CLASSES.get(name, (name, None))
    table = read(source)
    table = PREPARE.get(source, lambda table: table)(table).reset_index(drop=True)
    X, y = table.drop(columns="target"), table["target"]
    return X, y if as_two_classes is None else as_two_classes(y).rename("target")


def names() -> list[str]:
    """Return all names that `load` knows."""
    return [*OPENML, *TWO_CLASSES]


def as_numbers(X: pd.DataFrame) -> np.ndarray:
    """Return features as floats: codes in the place of words, column means in that of gaps.

    This is what trees in the paper's experiments are given. Codes follow the alphabet; a missing
    word becomes the mean code of its column. Codes and means come from the whole table, before any
    split: they never look at labels, so a test row learns nothing that matters from them.
    """
    words = X.select_dtypes(exclude="number").columns
    if len(words):
        X = X.assign(**dict(zip(words, OrdinalEncoder().fit_transform(X[words]).T, strict=True)))
    return SimpleImputer().fit_transform(X.to_numpy(dtype=np.float64))


@cache
def load_numbers(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return a table as most benchmarks want it: features as floats, labels as codes."""
    X, y = load(name)
    return as_numbers(X), np.unique(y, return_inverse=True)[1]


def split(
    name: str,
    seed: int,
    rows: int | None = None,
    test_rows: int | None = None,
    *,
    stratified: bool = True,
) -> list[np.ndarray]:
    """Return training rows, test rows and their labels: 70/30, or capped numbers of rows."""
    X, y = load_numbers(name)
    sizes: dict[str, Any] = {"test_size": TEST_SHARE}
    if rows is not None:
        n_train = min(rows, int((1 - TEST_SHARE) * len(y)))
        n_test = min(test_rows or len(y), len(y) - n_train)
        sizes = {"train_size": n_train, "test_size": n_test}
    return train_test_split(X, y, stratify=y if stratified else None, random_state=seed, **sizes)


def paper_split(name: str, seed: int) -> list[np.ndarray]:
    """Split as the paper does: 70/30, without an eye to the labels."""
    return split(name, seed, stratified=False)


@cache
def why_absent(name: str) -> str:
    """Say why a table cannot be had, an empty string if it can."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="A network error occurred")
            load_numbers(name)
    except TableNotFoundError as error:
        return str(error)
    return ""


# ---- one table in one form ------------------------------------------------------------------


def read(name: str) -> pd.DataFrame:
    """Return a table as it is on hand or fetched."""
    folder = os.environ.get(FOLDER_VARIABLE)
    path = Path(folder or ".") / f"{name}.csv.gz"
    if folder and path.exists():
        return pd.read_csv(path)
    missing = f"there is no {path}" if folder else f"{FOLDER_VARIABLE} is not set"
    return _fetch(name, missing)


def _fetch(name: str, missing: str) -> pd.DataFrame:
    if not OPENML[name]:
        raise TableNotFoundError(name, missing)
    title, version = OPENML[name]
    try:
        X, y = fetch_openml(title, version=version, as_frame=True, return_X_y=True)
    except Exception as cause:  # no network, no such table, a broken download, ...
        reason = f"{missing}, and fetching it failed ({type(cause).__name__})"
        raise TableNotFoundError(name, reason) from cause
    categories = X.select_dtypes("category").columns
    return X.astype(dict.fromkeys(categories, object)).assign(target=y.astype(object))


def _prepare_fico(table: pd.DataFrame) -> pd.DataFrame:
    """Let all special codes be -9, and leave out applicants of whom nothing is known."""
    X = table.drop(columns="target").replace([-7, -8], -9)
    known = (X != -9).any(axis=1)
    return X.assign(target=table["target"])[known]


def _prepare_bank(table: pd.DataFrame) -> pd.DataFrame:
    """Leave out the length of the call: it is known only once the answer is."""
    return table.drop(columns="duration")


PREPARE: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "fico_heloc": _prepare_fico,
    "bank_additional": _prepare_bank,
}


def _late_letter(y: pd.Series) -> pd.Series:
    """0 for A to M, 1 for N to Z."""
    return (y.astype(str) > "M").astype(int)


def _odd_digit(y: pd.Series) -> pd.Series:
    """0 for even digits, 1 for odd ones."""
    return y.astype(int) % 2


# Tables of many classes as hard problems of two: name, the table it is made of, its labels.
TWO_CLASSES: dict[str, tuple[str, Callable[[pd.Series], pd.Series]]] = {
    "letter_two": ("letter", _late_letter),
    "optdigits_odd": ("optdigits", _odd_digit),
}
