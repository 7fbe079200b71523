"""A student as a file, and the proof that it is the same.

What is listed here is public; the rest is internal and may move.
"""

from typing import TYPE_CHECKING

from .._utils.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        ".c": ("to_c",),
        ".onnx": ("register_converters", "to_onnx"),
        ".rule_list": ("rules",),
        ".skops": ("load_skops", "to_skops"),
        ".sql": ("to_sql",),
        ".verification": ("verify",),
    },
)

if TYPE_CHECKING:
    from .c import to_c
    from .onnx import register_converters, to_onnx
    from .rule_list import rules
    from .skops import load_skops, to_skops
    from .sql import to_sql
    from .verification import verify

__all__ = [
    "load_skops",
    "register_converters",
    "rules",
    "to_c",
    "to_onnx",
    "to_skops",
    "to_sql",
    "verify",
]
