"""Loss corrections: how far a student's target moves from the teacher towards the label.

A student that learns from a teacher's probabilities p̂ inherits the teacher's errors. A corrected
loss uses the labels y to take part of these errors out. For a squared loss on the scale φ of the
link (φ(p) is p, log p, or log p − log(1 − p)) this is a change of the target from φ(p̂) to

    t = φ(p̂) + γ (y − p̂).

γ = 0 trusts the teacher alone. γ = φ'(p̂) makes the target insensitive, to first order, to the
teacher's errors, and on the probability scale gives back the raw labels. What lies between trades
the teacher's bias, which γ shrinks, against the noise of the labels, which γ lets in. The functions
here are rules for γ. They come from

    T. Dao, G. Kamath, V. Syrgkanis, L. Mackey, "Knowledge Distillation as Semiparametric
    Inference", ICLR 2021.

All rules work elementwise: row i and class j of the result depend on row i and class j of the
arguments alone. On the logit scale of two classes, log p − log(1 − p), every rule is the sum of its
values on the log scale for the two classes, so γ(p̂, y) = γ_log(p̂, y) + γ_log(1 − p̂, 1 − y).
"""

from .choice import RULES as RULES
from .choice import resolve as resolve
from .choice import resolve_for_numbers as resolve_for_numbers
from .classes import absolute, fast, orthogonal, power, relative, slow

__all__ = ["absolute", "fast", "orthogonal", "power", "relative", "slow"]
