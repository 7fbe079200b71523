"""What the pages of the documentation show at a prompt is what one gets."""

from __future__ import annotations

import doctest
import re
import runpy
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeRegressor

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text("utf-8")
PAGES = sorted(path for path in DOCS.glob("**/*.rst") if ">>> " in path.read_text("utf-8"))
GENERATED = ("_build", "gallery", "generated", "backreferences")
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def written_by_hand(path):
    return not set(GENERATED) & set(path.relative_to(DOCS).parts)


def python_of_readme():
    return re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]


def python_of_landing_page():
    block = re.search(r"::\n\n((?:    .*\n|\n)+)", (DOCS / "index.rst").read_text("utf-8"))
    return re.sub("^    ", "", block[1], flags=re.MULTILINE)


@pytest.mark.skipif(np.__version__ < "2", reason="numpy 1 prints numbers in another way")
@pytest.mark.parametrize("page", filter(written_by_hand, PAGES), ids=lambda path: path.stem)
def test_page_shows_what_one_gets(page, tmp_path, monkeypatch):
    if page.stem == "boosters":
        pytest.importorskip("xgboost")
        pytest.importorskip("catboost")
    monkeypatch.chdir(tmp_path)
    failed, tried = doctest.testfile(str(page), module_relative=False, optionflags=FLAGS)
    assert tried > 0
    assert failed == 0


@pytest.mark.parametrize("block", [python_of_readme, python_of_landing_page])
def test_the_lines_that_everybody_sees_first_work(block):
    X, y = load_iris(return_X_y=True)
    small = partial(RandomForestClassifier, max_depth=2, bootstrap=False)
    names = {
        "RandomForestClassifier": lambda n_estimators: small(min(n_estimators, 5)),
        "DecisionTreeRegressor": DecisionTreeRegressor,
        "X": X,
        "y": y,
        "X_new": X[:3],
    }
    exec(block(), names)
    assert names["model"].predict_proba(X[:3]).shape == (3, 3)


def test_loop_in_pytorch_prints_what_its_page_says(capsys):
    pytest.importorskip("torch")
    script = DOCS / "examples" / "pytorch_loop.py"
    copied = re.search(r"code-block:: text\n#\n((?:#    .*\n)+)", script.read_text("utf-8"))[1]
    runpy.run_path(str(script))
    shown = [re.sub("^#", "", line).split() for line in copied.splitlines()]
    got = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert words(got) == words(shown)
    # Other processors round otherwise, and training drifts apart.
    assert numbers(got) == pytest.approx(numbers(shown), abs=0.03)


def words(lines):
    return [[word for word in line if not word[0].isdigit()] for line in lines]


def numbers(lines):
    return [float(word) for line in lines for word in line if word[0].isdigit()]


def test_readme_is_short():
    text = re.sub(r"```.*?```", "", README, flags=re.DOTALL)
    words = [word for line in text.splitlines() if line[:1] != "|" for word in line.split()]
    assert len(words) <= 600


def test_readme_links_lead_somewhere():
    links = re.findall(r"\]\(([^)#]+)", README)
    assert any(link.endswith(".png") for link in links)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_readme_shows_the_table_that_was_measured():
    measured = (ROOT / "benchmarks" / "results" / "readme_table.md").read_text("utf-8")
    assert measured[measured.index("| table") :] in README
