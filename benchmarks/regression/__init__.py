"""Distillation of numbers beside what people use: `python -m benchmarks.regression`."""

SETTINGS = {"rows": 2_000, "test_rows": 4_000, "train_share": 0.7, "trees": 200}
