"""A shipped student as a file of skops, which is read without unpickling anything."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from types import ModuleType
from typing import Any

from .._utils.compat import Tree
from .._utils.packages import needs
from ..students import (
    DistilledClassifier,
    DistilledRegressor,
    LGBMSoftClassifier,
    SoftLabelClassifier,
    SoftmaxRegression,
)
from .files import refuse_existing, write_new
from .reading import Distilled, what_ships
from .sound_trees import check_trees

_OURS = (
    DistilledClassifier,
    DistilledRegressor,
    LGBMSoftClassifier,
    SoftLabelClassifier,
    SoftmaxRegression,
)
# A list that every ColumnTransformer of scikit-learn 1.6 holds.
_COLUMNS = "sklearn.compose._column_transformer._RemainderColsList"


def to_skops(model: Any, path: str | PathLike[str], *, overwrite: bool = False) -> None:
    """Write what a distiller ships to a file that is read without pickle.

    Parameters
    ----------
    model : estimator
        A fitted distiller, whose `classifier_` or `regressor_` is written, or that itself.
    path : str or path-like
        The file, commonly with the suffix ``.skops``.
    overwrite : bool, default=False
        Whether a file that is there may be replaced.

    Raises
    ------
    ImportError
        If skops is not installed: ``pip install skops``.
    FileExistsError
        If there is such a file, and `overwrite` is False.
    sklearn.exceptions.NotFittedError
        If the distiller is not fitted.
    ValueError
        If `model` is something else, or its student cannot be written.

    See Also
    --------
    load_skops : Reads the file.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import CrossFitDistiller
    >>> from skdistill.export import load_skops, to_skops
    >>> X, y = load_iris(return_X_y=True)
    >>> model = CrossFitDistiller(GaussianNB(), DecisionTreeRegressor(max_depth=3)).fit(X, y)
    >>> with TemporaryDirectory() as folder:
    ...     to_skops(model, Path(folder) / "iris.skops")
    ...     shipped = load_skops(Path(folder) / "iris.skops")
    >>> bool((shipped.predict_proba(X) == model.predict_proba(X)).all())
    True
    """
    skops = _skops()
    shipped = what_ships(model)
    refuse_existing([Path(path)], overwrite=overwrite)
    try:
        content = skops.dumps(shipped)
    except Exception as error:
        raise ValueError(
            f"skops cannot write this {type(shipped.student).__name__} and its columns: {error}"
        ) from error
    write_new({Path(path): content}, overwrite=overwrite)


def load_skops(path: str | PathLike[str], *, trusted: Iterable[str] = ()) -> Distilled:
    """Read what :func:`to_skops` has written, if it holds nothing but types that are trusted.

    No code of the file is run. Trusted are what skops trusts, our own estimators, and the trees of
    scikit-learn, whose nodes are checked: one that leads out of its tree is refused. The text of a
    boosted student is read by LightGBM, which checks less; take such a file from whom you know.

    Parameters
    ----------
    path : str or path-like
        The file.
    trusted : list of str, default=()
        Full names of further types that the file may hold, such as those of a student of your own.
        The message that refuses a file names them.

    Returns
    -------
    DistilledClassifier or DistilledRegressor
        What ships. One that another major version of skdistill made comes with a warning.

    Raises
    ------
    ImportError
        If skops is not installed: ``pip install skops``.
    ValueError
        If the file holds a type that is not trusted, a damaged tree, or nothing that ships.

    See Also
    --------
    to_skops : Writes the file, and shows both in an example.

    Examples
    --------
    >>> from skdistill.export import load_skops
    >>> load_skops("student.skops")  # doctest: +SKIP
    """
    skops = _skops()
    if isinstance(trusted, str):
        raise ValueError(f"trusted must be a list of names of types, found {trusted!r}.")
    allowed = {_full_name(kind) for kind in (*_OURS, Tree)} | {_COLUMNS, *trusted}
    content = Path(path).read_bytes()
    untrusted = sorted(set(skops.get_untrusted_types(data=content)) - allowed)
    if untrusted:
        raise ValueError(
            f"{path} holds types that are not trusted: {untrusted}. If you know where the file "
            "comes from, and these types, name them in trusted."
        )
    found = skops.loads(content, trusted=sorted(allowed))
    if not isinstance(found, Distilled):
        raise ValueError(
            f"{path} holds a {type(found).__name__}, no DistilledClassifier or DistilledRegressor."
        )
    try:
        check_trees(found)
    except ValueError as error:
        raise ValueError(f"{path} is damaged: {error}") from None
    return found


def _skops() -> ModuleType:
    try:
        import skops.io
    except ImportError as error:
        raise ImportError(needs("A .skops file", "skops")) from error
    return skops.io


def _full_name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
