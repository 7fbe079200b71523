"""What parameters may be."""

import pytest

from skdistill._utils.parameters import check


@pytest.mark.parametrize("n_jobs", [None, 1, 2, -1, -2])
def test_number_of_jobs_is_any_whole_number_but_zero(n_jobs):
    check("Owner", {"n_jobs": n_jobs})
    with pytest.raises(ValueError, match="'n_jobs' parameter of Owner"):
        check("Owner", {"n_jobs": 0})
