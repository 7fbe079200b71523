"""Say what a fit is doing: to scikit-learn's callbacks, and with `verbose` in print.

A fit is a tree of tasks. Each function that fits something makes a part of the task it is handed,
so that teachers, candidates and students show up wherever they are fitted.
"""

from __future__ import annotations

from contextlib import suppress
from time import perf_counter
from typing import Any, Self

from .compat import callback_context


class Progress:
    """A task of a fit, in at most `n_parts` parts, 0 for a single fit; a context manager.

    `context` is scikit-learn's notion of it, None where no callback listens. A `loud` task prints
    a line when it ends; the parts of one with `loud_parts` are loud.
    """

    def __init__(
        self,
        name: str = "",
        n_parts: int = 0,
        *,
        owner: str = "",
        estimator: Any = None,
        context: Any = None,
        loud: bool = False,
        loud_parts: bool = False,
    ) -> None:
        self.name = name
        self.n_parts = n_parts
        self.owner = owner
        self.estimator = estimator
        self.context = context
        self.loud = loud
        self.loud_parts = loud_parts

    @classmethod
    def of_fit(cls, estimator: Any, n_parts: int) -> Self:
        """Return the whole fit of an estimator; its parts are printed if it is verbose."""
        context = callback_context(estimator, n_parts)
        return cls(
            "fit",
            n_parts,
            owner=type(estimator).__name__,
            # What an earlier fit stored is sent to no worker for nothing.
            estimator=context and estimator,
            context=context,
            loud_parts=bool(estimator.verbose),
        )

    def part(self, name: str, n_parts: int = 0) -> Progress:
        """Return a part of this task. Make it in the parent process, whatever process runs it."""
        return Progress(
            name,
            n_parts,
            owner=self.owner,
            estimator=self.estimator,
            context=self.context and self.context.subcontext(name, max_subtasks=n_parts),
            loud=self.loud_parts,
        )

    def __enter__(self) -> Self:
        self.start = perf_counter()
        if self.context:
            self.context.call_on_fit_task_begin(estimator=self.estimator)
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if error is not None:
            return
        if self.context:
            self.context.call_on_fit_task_end(estimator=self.estimator)
        if self.loud:
            fits = f" ({self.n_parts} fits)" if self.n_parts else ""
            seconds = perf_counter() - self.start
            with suppress(OSError, ValueError):  # no reader is no reason to fail
                print(f"[{self.owner}] {self.name}{fits}: {seconds:.1f} s")


SILENT = Progress()
