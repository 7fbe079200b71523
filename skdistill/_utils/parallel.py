"""Run the fits of folds and candidates side by side, on whatever backend the user chose."""

from __future__ import annotations

import inspect
import os
import pickle
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from threading import Event, Thread
from time import sleep
from typing import Any

from joblib.parallel import BACKENDS, get_active_backend
from sklearn.utils.parallel import Parallel, delayed

from .compat import dumps
from .progress import SILENT, Progress

_SECONDS_BETWEEN_LOOKS = 0.2


def run(
    function: Callable[..., Any],
    calls: Iterable[tuple[Any, ...]],
    n_jobs: int | None,
    progress: Progress = SILENT,
    name: str = "calls",
) -> list[Any]:
    """Return what a function returns for the arguments of each of `calls`, in order.

    `n_jobs` None leaves it to `joblib.parallel_config`. The calls are the part `name` of
    `progress`. What a function does within `blame` is named where it fails, on Python's own pool
    once all calls have ended; a lost worker of a dask cluster raises RuntimeError with its address.
    """
    calls = list(calls)
    # Python's own pool, ended while a worker sends its answer, waits for that worker for ever.
    in_pool = isinstance(get_active_backend()[0], BACKENDS.get("multiprocessing", ()))
    call = _call_to_its_end if in_pool else _call
    with progress.part(name, len(calls)) as part, _failures_told(name):
        answers = Parallel(n_jobs=n_jobs)(
            # One by one, as joblib's dask backend shares large arguments among workers, but
            # does not look for them inside a tuple.
            delayed(call)(os.getpid(), part.part(name), function, *arguments)
            for arguments in calls
        )
        for answer in answers:
            if isinstance(answer, _CallError):
                raise answer
        return list(answers)


def _call(caller: int, task: Progress, function: Callable[..., Any], *arguments: Any) -> Any:
    if os.getppid() == caller:
        _end_with(caller)
    with blame("A callback failed"), task:
        return function(*arguments)


def _call_to_its_end(caller: int, *call: Any) -> Any:
    """Return what fails in another process instead of raising it, which would end all workers."""
    try:
        return _call(caller, *call)
    except _CallError as failure:
        if os.getpid() == caller:
            raise
        return failure


@cache
def _end_with(caller: int) -> None:
    """Let this worker end when the process that called is gone, were it killed.

    joblib leaves a worker to finish its fit, which nobody waits for any longer.
    """

    def watch() -> None:
        while os.getppid() == caller:
            sleep(_SECONDS_BETWEEN_LOOKS)
        os._exit(1)

    Thread(target=watch, daemon=True).start()


# ---- what goes wrong -------------------------------------------------------------------------


class _CallError(Exception):
    """Carries from a call to the parent the error to raise, and its cause."""

    def __init__(self, kind: type[Exception], message: str, cause: BaseException) -> None:
        super().__init__(kind, message, cause)

    def __reduce__(self) -> Any:
        """Leave a cause behind that cannot be pickled: it would take the message with it."""
        kind, message, cause = self.args
        packed = b""
        with suppress(Exception):
            packed = bytes(dumps(cause))
        return _unpack, (kind, message, packed, "".join(traceback.format_tb(cause.__traceback__)))


def _unpack(kind: type[Exception], message: str, packed: bytes, trace: str) -> _CallError:
    try:
        cause = pickle.loads(packed)
    except Exception:  # for instance one that wants more arguments than it keeps
        cause = RuntimeError(message)
    # What another process sends back loses its traceback.
    cause.add_note(trace)
    return _CallError(kind, message, cause)


def kind_to_raise(cause: BaseException) -> type[Exception]:
    """Return the kind of error that tells a member's failure, by the cause."""
    return next((k for k in (ValueError, TypeError) if isinstance(cause, k)), RuntimeError)


def is_by_a_signal(error: BaseException) -> bool:
    """Whether the handler of a signal has raised this, amid whatever ran: no member is to blame.

    Such as a time limit, or the end of the program: it passes as it is, as everywhere else.
    """
    above: set[int] = set()
    for frame, _ in traceback.walk_tb(error.__traceback__):
        names, rest, _, values = inspect.getargvalues(frame)
        handed = [*map(values.get, names), *(values.get(rest, ()) if rest else ())]
        # Python hands a handler the frame that it interrupts.
        if not above.isdisjoint(map(id, handed)):
            return True
        above.add(id(frame))
    return False


@contextmanager
def blame(what: str) -> Iterator[None]:
    """Say within a call what failed, and where, if anything does."""
    try:
        yield
    except _CallError:
        raise
    # A member that calls sys.exit must not end the user's process without a word.
    except (Exception, SystemExit) as cause:
        if is_by_a_signal(cause):
            raise
        message = f"{what}: {type(cause).__name__}: {cause}"
        raise _CallError(kind_to_raise(cause), message, cause) from cause


@contextmanager
def _failures_told(name: str) -> Iterator[None]:
    """Raise what failed in a call, or what did between the calls and us."""
    with _lost_workers_watched() as lost:
        try:
            yield
        except _CallError as failure:
            kind, message, cause = failure.args
            raise kind(message) from cause
        except Exception as error:
            if is_by_a_signal(error):
                raise
            raise RuntimeError(
                f"The {name} did not come back from their workers: most often one was killed for "
                "want of memory, or could not pickle an object, which works with n_jobs=1. "
                f"{lost() or f'{type(error).__name__}: {error}'}"
            ) from error


@contextmanager
def _lost_workers_watched() -> Iterator[Callable[[], str]]:
    """Say which dask worker was lost, where dask says only that something was cancelled."""
    backend = get_active_backend()[0]
    client = getattr(backend, "client", None)
    if client is None:
        yield str
        return
    before = set(client.ncores())
    over = Event()
    Thread(target=_cancel_when_lost, args=(backend, before, over), daemon=True).start()

    def lost() -> str:
        workers = sorted(before - set(client.ncores()))
        return f"The fit lost dask worker {', '.join(workers)}: see its log." if workers else ""

    try:
        yield lost
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
