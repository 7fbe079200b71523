"""The order of examples in the gallery."""

EXAMPLES = [
    "forest_to_tree",
    "compare_students",
    "distillation_curve",
    "overfitting_teacher",
    "underfitting_teacher",
    "boosting_to_lightgbm",
    "many_classes",
    "grid_search",
    "honest_search",
    "transfer_rows",
    "pipeline_columns",
    "different_columns",
    "house_prices",
    "treatment_effects",
    "median_forest",
    "rules",
    "ship_a_student",
    "xgboost_own_interface",
    "pytorch_loop",
]


class InReadingOrder:
    """Sort key of sphinx-gallery: an example that is not listed is an error."""

    def __init__(self, src_dir: str) -> None:
        pass

    def __repr__(self) -> str:
        return "in reading order"

    def __call__(self, filename: str) -> int:
        """Return the place of an example."""
        return EXAMPLES.index(filename.removeprefix("plot_").removesuffix(".py"))
