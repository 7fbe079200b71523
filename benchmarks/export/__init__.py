"""Students as files: `python -m benchmarks.export` and `python -m benchmarks.export.exactness`."""
