"""How models of our own are boosted by LightGBM."""

# In silence, and to the same bits in every process, whatever its threads: they sum in any order.
REPEATABLE = {"num_threads": 1, "deterministic": True, "force_row_wise": True, "verbosity": -1}
