"""Names of columns."""

import numpy as np
import pytest

from skdistill.rows import compare_names


@pytest.mark.parametrize(("n_names", "more"), [(5, False), (6, True)])
def test_of_columns_that_are_missing_five_are_named(n_names, more):
    fitted = np.array([f"c{k}" for k in range(n_names)], dtype=object)
    with pytest.raises(ValueError, match="yet now missing") as told:
        compare_names(fitted, fitted[:0], all_needed=True, others_welcome=False)
    assert str(told.value).count("- c") == 5
    assert ("- ..." in str(told.value)) == more
