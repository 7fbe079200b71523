"""Run the fits of folds and candidates side by side, on whatever backend the user chose."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from joblib.parallel import get_active_backend
from sklearn.utils.parallel import Parallel, delayed

from .progress import SILENT, Progress

_SECONDS_BETWEEN_LOOKS = 0.2


def run(
    function: Callable[..., Any],
    calls: Iterable[tuple[Any, ...]],
    n_jobs: int | None,
    progress: Progress = SILENT,
    name: str = "",
) -> list[Any]:
    """Return what a function returns for the arguments of each of `calls`, in order.

    `n_jobs` None leaves it to `joblib.parallel_config`. The calls are the part `name` of
    `progress`. A lost worker of a dask cluster raises RuntimeError with its address.
    """
    calls = list(calls)
    with _lost_workers_named(), progress.part(name, len(calls)) as part:
        return list(
            Parallel(n_jobs=n_jobs)(
                # One by one, as joblib's dask backend shares large arguments among workers, but
                # does not look for them inside a tuple.
                delayed(_call)(part.part(name), function, *arguments)
                for arguments in calls
            )
        )


def _call(task: Progress, function: Callable[..., Any], *arguments: Any) -> Any:
    with task:
        return function(*arguments)


@contextmanager
def _lost_workers_named() -> Iterator[None]:
    """Say which dask worker was lost, where dask says only that something was cancelled."""
    backend = get_active_backend()[0]
    client = getattr(backend, "client", None)
    if client is None:
        yield
        return
    before = set(client.ncores())
    over = Event()
    Thread(target=_cancel_when_lost, args=(backend, before, over), daemon=True).start()
    try:
        yield
    except Exception as error:
        lost = sorted(before - set(client.ncores()))
        if not lost:
            raise
        raise RuntimeError(
            f"The fit lost dask worker {', '.join(lost)}, and with it rows or a fold's teacher. "
            "Workers are killed most often for want of memory: see the worker's log, then fit "
            "again."
        ) from error
    finally:
        over.set()


def _cancel_when_lost(backend: Any, workers: set[str], over: Event) -> None:
    """Cancel all calls once a worker is gone.

    dask would try a call on one worker after the other, and kill them all if it is the call that
    kills; when it gives up at last, joblib waits for its answer for ever.
    """
    while not over.wait(_SECONDS_BETWEEN_LOOKS):
        if workers - set(backend.client.ncores()):
            backend.client.cancel(list(backend.waiting_futures.futures))
            return
