"""A student as one file of C99: the file, what stands in it, and a compiler for it."""

from .compiler import CompiledCode, CompilerError, find_compiler
from .source import CSource, to_c, write_c

__all__ = ["CSource", "CompiledCode", "CompilerError", "find_compiler", "to_c", "write_c"]
