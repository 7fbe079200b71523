"""Benchmarks of skdistill: `python -m benchmarks.NAME`."""
