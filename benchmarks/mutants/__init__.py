"""Do the tests notice a mistake? Small ones are made on purpose: `python -m benchmarks.mutants`."""
