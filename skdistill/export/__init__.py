"""A student as a file, and the proof that it is the same."""

from .c import CSource, to_c
from .verify import Verification, verify

__all__ = ["CSource", "Verification", "to_c", "verify"]
