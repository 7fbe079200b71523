"""Run the fits of folds and candidates side by side, on whatever backend the user chose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from joblib.parallel import get_active_backend
from sklearn.utils.parallel import Parallel


def run(tasks: Iterable[Any], n_jobs: int | None) -> list[Any]:
    """Run delayed calls and return their results in order.

    Parameters
    ----------
    tasks : iterable of delayed calls
        Made by :func:`sklearn.utils.parallel.delayed`.
    n_jobs : int or None
        How many run at the same time; None leaves it to `joblib.parallel_config`.

    Returns
    -------
    list
        What the calls returned.

    Raises
    ------
    RuntimeError
        If a worker of a dask cluster is lost meanwhile, with its address.
    """
    with _lost_workers_named():
        return list(Parallel(n_jobs=n_jobs)(tasks))


@contextmanager
def _lost_workers_named() -> Iterator[None]:
    """Say which dask worker was lost, where dask only says that something was cancelled."""
    client = getattr(get_active_backend()[0], "client", None)
    before = set(client.ncores()) if client is not None else set()
    try:
        yield
    except Exception as error:
        lost = sorted(before - set(client.ncores())) if client is not None else []
        if not lost:
            raise
        raise RuntimeError(
            f"The fit lost dask worker {', '.join(lost)}, and with it rows or a fold's teacher. "
            "Workers are killed most often for want of memory: see the worker's log, then fit "
            "again."
        ) from error
