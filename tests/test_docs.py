"""What the pages of the documentation show at a prompt is what one gets."""

from __future__ import annotations

import doctest
from pathlib import Path

import numpy as np
import pytest

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(path for path in DOCS.glob("**/*.rst") if ">>> " in path.read_text("utf-8"))
GENERATED = ("_build", "gallery", "generated", "backreferences")
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def written_by_hand(path: Path) -> bool:
    return not set(GENERATED) & set(path.relative_to(DOCS).parts)


@pytest.mark.skipif(np.__version__ < "2", reason="numpy 1 prints numbers in another way")
@pytest.mark.parametrize("page", filter(written_by_hand, PAGES), ids=lambda path: path.stem)
def test_page_shows_what_one_gets(page):
    failed, tried = doctest.testfile(str(page), module_relative=False, optionflags=FLAGS)
    assert tried > 0
    assert failed == 0
