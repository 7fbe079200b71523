"""What travels down the street: validated rows, their labels, weights and groups.

Nothing here is public, and all of it may move.
"""

from .categories import category_dtypes, dtypes_of, plain_dtypes, restore_categories
from .checks import check_groups, check_table, check_weights, mean_weight
from .names import column_names, compare_names
from .rows import Rows, check
from .tables import as_rows, check_alike, pick_by_column, stack

__all__ = [
    "Rows",
    "as_rows",
    "category_dtypes",
    "check",
    "check_alike",
    "check_groups",
    "check_table",
    "check_weights",
    "column_names",
    "compare_names",
    "dtypes_of",
    "mean_weight",
    "pick_by_column",
    "plain_dtypes",
    "restore_categories",
    "stack",
]
