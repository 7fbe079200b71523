"""Synthetic rows: more of them than were ever labelled, for a student to learn from.

A sampler has `fit(X)` and `sample(n_samples)`; any object with these two will do. Those here also
say which row each of theirs was made of (`parents_`), so that teachers answer about it that have
not seen the label of that row.
"""

from .munge import MungeSampler
from .nodes import NodeSampler

__all__ = ["MungeSampler", "NodeSampler"]
