"""From a distiller's `correction` and `c` to a rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._utils.validation import is_number
from . import classes, numbers
from .checks import check_c, check_returned, check_share

Array = NDArray[np.float64]
Rule = Callable[..., Array]

# All but `orthogonal` take a c.
RULES: dict[str, Rule] = {
    "orthogonal": classes.orthogonal,
    "fast": classes.fast,
    "slow": classes.slow,
    "fast_realized": partial(classes.fast, variance="realized"),
    "slow_realized": partial(classes.slow, variance="realized"),
    "relative": classes.relative,
    "absolute": classes.absolute,
    "power": classes.power,
}
# Those that mean something for numbers.
RULES_OF_NUMBERS: dict[str, Rule] = {
    "orthogonal": numbers.orthogonal,
    "fast": numbers.fast,
    "relative": numbers.relative,
    "absolute": numbers.absolute,
}


def resolve(correction: Any, c: float | None = None) -> Rule:
    """Turn a distiller's `correction` and `c` into one function ``rule(proba, y, *, link)`` for γ.

    A number g in [0, 1] is a fixed share, γ = g φ'(p̂); a string the name of a rule; a callable
    returns γ itself, and is checked at each call. c is always checked, but used by rules alone.

    >>> resolve(0.5)([0.25], [1], link="log")
    array([2.])
    >>> resolve("fast", c=0.25)([0.5], [1], link="identity")
    array([0.5])
    """
    return _resolve(correction, c, RULES)


def resolve_for_numbers(correction: Any, c: float | None = None) -> Rule:
    """Turn a regressor's `correction` and `c` into ``rule(prediction, y, *, link, noise)`` for γ.

    As :func:`resolve`; `noise` is the mean squared residual of the teacher.

    >>> import numpy as np
    >>> m, y = np.array([0.0, 2.0]), np.array([1.0, 2.0])
    >>> resolve_for_numbers("fast", c=0.25)(m, y, link="identity", noise=1.0)
    array([0.2, 0.2])
    >>> resolve_for_numbers("relative", c=0.5)(m, y, link="identity", noise=1.0)
    array([0. , 0.5])
    """
    return _resolve(correction, c, RULES_OF_NUMBERS)


def _resolve(correction: Any, c: float | None, rules: Mapping[str, Rule]) -> Rule:
    """Return one of some rules, a share of the full correction, or the user's own."""
    if c is not None:
        c = check_c(c)
    if isinstance(correction, str) and correction in rules:
        rule = rules[correction]
        return rule if correction == "orthogonal" else partial(rule, c=c)
    if is_number(correction):
        return partial(_share_of, rule=rules["orthogonal"], share=check_share(correction))
    if callable(correction):
        return partial(_call_users, rule=correction)
    raise ValueError(
        "correction must be 'residual', a share in [0, 1], a function, or a rule of "
        f"{list(rules)}, found {correction!r}."
    )


def _share_of(answers: ArrayLike, y: ArrayLike, *, rule: Rule, share: float, **known: Any) -> Array:
    return share * rule(answers, y, **known)


def _call_users(
    answers: ArrayLike, y: ArrayLike, *, rule: Rule, link: str, noise: float | None = None
) -> Array:
    """Call the user's rule, which knows nothing of the noise, and check what it returns."""
    return check_returned(rule(answers, y, link=link), np.shape(answers))
