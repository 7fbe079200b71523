"""Say what a fit is doing: to scikit-learn's callbacks, and with `verbose` in print.

A fit is a tree of tasks. Each function that fits something makes a part of the task it is handed,
so that teachers, candidates and students show up wherever they are fitted.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from threading import Event, Thread
from time import time
from typing import Any, NamedTuple, Self

# Of many quick fits one is told each time that so many seconds have passed.
SECONDS_BETWEEN_LINES = 2.0
# After so many without a line it is said what takes so long.
SECONDS_OF_SILENCE = 5.0


class Pulse:
    """Knows what is done at present, and says so every few seconds in which nothing else was said.

    It beats in the process that made it, between its two calls.
    """

    def __init__(self) -> None:
        self.thread: Thread | None = None
        self.over = Event()
        self.said = time()
        self.doing = ("", self.said)

    def __reduce__(self) -> Any:
        return Pulse, ()

    def start(self, voice: Voice) -> None:
        """Begin to beat."""
        self.thread = Thread(target=self._beat, args=(voice,), daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """Be silent."""
        self.over.set()
        if self.thread is not None:
            self.thread.join()

    def _beat(self, voice: Voice) -> None:
        while not self.over.wait(max(0.01, self.said + SECONDS_OF_SILENCE - time())):
            what, since = self.doing
            if time() - self.said >= SECONDS_OF_SILENCE:
                voice.say(f"{what or 'at work'}, {time() - since:.0f} s so far")


class Voice(NamedTuple):
    """How lines are printed: who speaks, where, and what each line begins with.

    Steps of a task are told; with a pulse single fits too, and silence is broken.
    """

    owner: str
    stream: str = "stdout"  # a name in `sys`: a stream cannot be sent to a worker
    beginning: str = ""
    pulse: Pulse | None = None

    def begin(self, what: str, since: float) -> None:
        """Note what is done from now on."""
        if self.pulse is not None:
            self.pulse.doing = ((self.beginning + what).removesuffix(": "), since)

    def say(self, text: str) -> None:
        """Print a line."""
        if self.pulse is not None:
            self.pulse.said = time()
        with suppress(OSError, ValueError):  # no reader is no reason to fail
            print(
                f"[{self.owner}] {self.beginning}{text}",
                file=getattr(sys, self.stream),
                flush=True,
            )


class Progress:
    """A task of a fit, in at most `n_parts` parts, 0 for a single fit; a context manager.

    `context` is scikit-learn's notion of it, None where no callback listens, and `voice` None
    where nothing is printed. A task that is the part of another knows its `step`, which prints a
    line when it ends, its number, and among how many.
    """

    def __init__(
        self,
        name: str = "",
        n_parts: int = 0,
        *,
        estimator: Any = None,
        context: Any = None,
        voice: Voice | None = None,
    ) -> None:
        self.name = name
        self.n_parts = n_parts
        self.estimator = estimator
        self.context = context
        self.voice = voice
        self.pulse: Pulse | None = None  # of the task that made it, not of fits that speak with it
        self.start = self.step_start = self.whole_start = time()
        self.depth = self.n_made = self.number = self.n_siblings = 0

    @classmethod
    def of_fit(cls, estimator: Any, n_parts: int) -> Self:
        """Return the whole fit of an estimator; its steps are printed if it is verbose.

        Or if something that is watches it; see `watch`.
        """
        # Imported now: who reads a table, and speaks of it, needs no scikit-learn yet.
        from .compat import callback_context

        context = callback_context(estimator, n_parts)
        own = Voice(type(estimator).__name__) if estimator.verbose else None
        return cls(
            "fit",
            n_parts,
            # What an earlier fit stored is sent to no worker for nothing.
            estimator=context and estimator,
            context=context,
            voice=getattr(estimator, "_voice", None) or own,
        )

    @classmethod
    def of_call(cls, owner: str, verbose: Any, name: str = "") -> Self:
        """Return the whole of what takes long; it speaks on the stream of errors."""
        voice = Voice(owner, "stderr", pulse=Pulse()) if verbose else None
        whole = cls(name, voice=voice)
        whole.pulse = voice and voice.pulse
        return whole

    def part(self, name: str, n_parts: int = 0) -> Progress:
        """Return a part of this task. Make it in the parent process, whatever process runs it."""
        part = Progress(
            name,
            n_parts,
            estimator=self.estimator,
            context=self.context and self.context.subcontext(name, max_subtasks=n_parts),
            voice=self.voice,
        )
        self.n_made += 1
        part.depth, part.number, part.n_siblings = self.depth + 1, self.n_made, self.n_parts
        part.whole_start = self.start
        part.step_start = self.step_start
        return part

    def within(self, what: str) -> Progress:
        """Return a task of its own whose lines begin with what it is a part of."""
        voice = self.voice
        if voice is not None:
            voice = voice._replace(beginning=f"{voice.beginning}{what}: ")
        return Progress(what, voice=voice)

    def watch(self, estimator: Any) -> None:
        """Let the fit of an estimator of ours, which is a part of this task, speak with its voice.

        A clone of it knows nothing of that.
        """
        estimator._voice = self.voice

    def begin(self, what: str) -> None:
        """Note what is done from now on and is no part of its own, to be told if it takes long."""
        if self.voice is not None:
            self.voice.begin(what, time())

    def say(self, text: str) -> None:
        """Print a line, where anything is printed."""
        if self.voice is not None:
            self.voice.say(text)

    def __enter__(self) -> Self:
        self.start = time()
        if self.depth == 1:
            self.step_start = self.start
        if self.context:
            self.context.call_on_fit_task_begin(estimator=self.estimator)
        if self.voice is not None:
            self.voice.begin(self._title, self.start)
            if self.pulse is not None:
                self.pulse.start(self.voice)
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if self.pulse is not None:
            self.pulse.stop()
        if error is not None:
            return
        if self.context:
            self.context.call_on_fit_task_end(estimator=self.estimator)
        if self.voice is not None:
            self._tell(self.voice, time())
            self.begin("")

    @property
    def _title(self) -> str:
        if self.depth < 2:
            return self.name + (f" ({self.n_parts} fits)" if self.n_parts else "")
        return f"{self.name}: {self.number} of {self.n_siblings}"

    def _tell(self, voice: Voice, now: float) -> None:
        if self.depth == 1:
            voice.say(f"{self._title}: {now - self.start:.1f} s")
        elif voice.pulse is not None and self.number < self.n_siblings and self._is_due(now):
            left = (now - self.whole_start) / self.number * (self.n_siblings - self.number)
            more = f", about {left:.0f} s left" if left >= 1 else ""
            voice.say(f"{self._title}, {now - self.start:.1f} s{more}")

    def _is_due(self, now: float) -> bool:
        """Whether this is the first of the step's fits to end for some seconds.

        It takes no word from other processes: those seconds are counted from the step's start.
        """
        began, ended = (
            (when - self.step_start) // SECONDS_BETWEEN_LINES for when in (self.start, now)
        )
        return self.depth > 1 and not self.n_parts and began < ended


SILENT = Progress()
