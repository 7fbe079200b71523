"""Benchmarks of skdistill: `python -m benchmarks.NAME`."""

import tomllib
from pathlib import Path

# What things are called and how they are drawn; where tables come from.
NAMES = tomllib.loads(Path(__file__).with_name("names.toml").read_text(encoding="utf-8"))
