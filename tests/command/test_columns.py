"""What the columns become."""

import numpy as np
from numpy.testing import assert_array_equal

from .running import run, two_columns


def test_numbers_that_trees_cannot_hold_are_missing_and_counted(learned, capsys, write):
    cells = ["1", "1e39", "-inf", "3.4e38", "1e400"]
    out = run(capsys, write(two_columns(cells, "ab")), "--target", "y")
    assert "Took 24 numbers for missing, infinite or beyond ±3.4e+38" in out
    assert "in 'a'" in out
    found = learned["X"]
    assert np.isnan(found).sum() == 24
    assert np.isfinite(found[~np.isnan(found)].astype(np.float32)).all()


def test_numbers_of_many_digits_are_no_text(learned, capsys, write):
    run(capsys, write(two_columns(["3", "1" * 25, ""], "ab")), "--target", "y")
    assert_array_equal(np.unique(learned["X"]), [3, float("1" * 25), np.nan])


def test_columns_may_have_any_name(learned, capsys, write):
    cells = ["1,x,1", "2,z,2", "3,x,3"]
    path = write(two_columns(cells, "ab", names="self,self,self.2,y"))
    assert "3 features" in run(capsys, path, "--target", "y")
