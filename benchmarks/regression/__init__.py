"""Distillation of numbers beside what people use: `python -m benchmarks.regression`."""
