"""What is said where a package is missing."""

import re
from pathlib import Path

import pytest

import skdistill
from skdistill._utils.packages import needs

ROOT = Path(skdistill.__file__).parents[1]
OURS = re.compile(r"install\s+[\"'`]?skdistill")


def test_several_packages_are_all_named():
    assert needs("It", "onnx", "onnxruntime") == (
        "It needs onnx and onnxruntime: pip install onnx onnxruntime"
    )


@pytest.mark.parametrize("room", ["skdistill", "docs", "benchmarks"])
def test_nobody_is_told_to_install_what_a_checkout_does_not_find(room):
    if not (ROOT / room).exists():
        pytest.skip("installed without its repository")
    files = [p for p in (ROOT / room).rglob("*") if p.suffix in (".py", ".rst", ".md")]
    found = [p for p in files if "_build" not in p.parts and OURS.search(p.read_text())]
    assert files
    assert found == []
