"""What several test files of the exporters share."""

import pytest

from .databases import AT_HAND


@pytest.fixture(params=AT_HAND)
def dialect(request):
    """Each database at hand."""
    if request.param == "duckdb":
        pytest.importorskip("duckdb")
    return request.param
