"""A student as an ONNX file: the file, what runs it, and converters for skl2onnx."""

from .converters import register_converters
from .model import to_onnx
from .running import ask_session, open_session, run_onnx

__all__ = ["ask_session", "open_session", "register_converters", "run_onnx", "to_onnx"]
