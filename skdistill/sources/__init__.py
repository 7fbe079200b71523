"""Where teacher probabilities come from; nothing here is public, and all of it may move.

A source is asked about rows and returns :class:`Answers`. It has

* `splitter`, what splits rows in folds, None without folds;
* `check(teacher)`, which refuses a teacher that it cannot ask;
* `split(rows, params)`, which returns its folds of some rows, None without folds;
* `ask(teacher, rows, splits, *, inside, keep, wanted, progress)`, which returns the answers about
  these rows, in-sample ones too if `inside` is wanted, fitted teachers if they are to be kept, and
  answers about the further rows that are `wanted`.

:mod:`~skdistill.sources.choice` says which of the user's words means which source.
"""

from .answers import Answers, Source, Splits, Teacher, ask, ask_parts
from .bag import OutOfBag
from .choice import choose_search_source, choose_source, settle
from .fixed import Frozen, Given, InSample, known_classes
from .folds import Folds, fall_at_random, quiet_folds
from .search import check_can_be_asked
from .transfer import NODES, NOTHING, Further, Wanted, check_sampler

__all__ = [
    "NODES",
    "NOTHING",
    "Answers",
    "Folds",
    "Frozen",
    "Further",
    "Given",
    "InSample",
    "OutOfBag",
    "Source",
    "Splits",
    "Teacher",
    "Wanted",
    "ask",
    "ask_parts",
    "check_can_be_asked",
    "check_sampler",
    "choose_search_source",
    "choose_source",
    "fall_at_random",
    "known_classes",
    "quiet_folds",
    "settle",
]
