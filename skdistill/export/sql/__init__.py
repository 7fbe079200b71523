"""A student as a SELECT: for SQLite, DuckDB and PostgreSQL."""

from .dialects import DIALECTS
from .query import SQLQuery, to_sql
from .running import run_sql

__all__ = ["DIALECTS", "SQLQuery", "run_sql", "to_sql"]
