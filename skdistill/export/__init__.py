"""A student as a file, and the proof that it is the same.

What is listed here is public; the rest is internal and may move.
"""

from typing import TYPE_CHECKING

from .._utils.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        ".c": ("CSource", "CompilerError", "to_c"),
        ".compiled": ("CompiledClassifier",),
        ".onnx": ("register_converters", "to_onnx"),
        ".verify": ("Verification", "verify"),
    },
)

if TYPE_CHECKING:
    from .c import CompilerError, CSource, to_c
    from .compiled import CompiledClassifier
    from .onnx import register_converters, to_onnx
    from .verify import Verification, verify

__all__ = [
    "CSource",
    "CompiledClassifier",
    "CompilerError",
    "Verification",
    "register_converters",
    "to_c",
    "to_onnx",
    "verify",
]
