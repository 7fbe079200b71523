"""What the pages of the documentation show can be pasted, runs, and prints what they say."""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
import re
import runpy
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text("utf-8")
GENERATED = ("_build", "gallery", "generated", "backreferences")
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
# Too large for the tests; all else that a block imports must be there.
LEFT_OUT = ("torch", "skorch")

# A comment of reStructuredText, with all that is indented below it: no reader sees it.
HIDDEN = re.compile(r"^( *)\.\. (?!_|\[|\||[\w:+.-]+::).*\n(?:\1 +.*\n|[ \t]*\n)*", re.MULTILINE)
INDENTED = r"\n\n((?:\1 +.*\n|\n)+)"
PROMPTS = re.compile(r"^( *)(?=>>> )((?:.*\S.*\n)+)", re.MULTILINE)
PLAIN = re.compile(
    r"^( *)(?:\.\. code-block:: python|(?<! )(?! *\.\.).*\S::)" + INDENTED, re.MULTILINE
)
PRINTED = re.compile(r"( *)\.\. code-block:: text" + INDENTED)
NUMBER = re.compile(r"(?<![\w.])\d*\.?\d+\b")
FENCED = re.compile(r"```python\n(.*?)```\n+(?:```text\n(.*?)```)?", re.DOTALL)


# ---- what a reader sees ----------------------------------------------------------------------


def rendered(path):
    """Return the text of a page without what only its source shows."""
    return HIDDEN.sub("", path.read_text("utf-8") + "\n")


def blocks_of(text):
    """Return the blocks of a page in their order: code, and the text that it prints, if shown."""
    found = [(match.start(), dedent(match[1] + match[2]), None) for match in PROMPTS.finditer(text)]
    for match in PLAIN.finditer(text):
        printed = PRINTED.match(text, match.end())
        found.append((match.start(), dedent(match[2]), printed and dedent(printed[2]).rstrip()))
    return [(code.rstrip() + "\n", printed) for _, code, printed in sorted(found)]


def pasted(code):
    """Return what a copy button copies: without prompts, and without what was printed."""
    lines = re.findall(r"^(?:>>>|\.\.\.) ?(.*)$", code, re.MULTILINE)
    return "\n".join(lines) + "\n" if code.startswith(">>> ") else code


PAGES = [
    path
    for path in sorted(DOCS.glob("**/*.rst"))
    if not set(GENERATED) & set(path.relative_to(DOCS).parts) and blocks_of(rendered(path))
]


def test_hidden_set_up_is_no_part_of_a_page(tmp_path):
    page = tmp_path / "page.rst"
    page.write_text(
        ".. What it needs.\n\n   >>> x = 1\n\n.. _here:\n\nSee\n\n>>> x\n1\n\n"
        "  >>> class A:\n  ...     pass\n\nand::\n\n    y = 2\n\n    print(y)\n\n"
        ".. code-block:: text\n\n   2\n\n"
        ".. only:: html\n\n  .. note::\n\n     z\n\n  .. math::\n\n     z\n"
    )
    blocks = blocks_of(rendered(page))
    assert blocks == [
        (">>> x\n1\n", None),
        (">>> class A:\n...     pass\n", None),
        ("y = 2\n\nprint(y)\n", "2"),
    ]
    assert pasted(blocks[1][0]) == "class A:\n    pass\n"


def test_what_a_block_prints_is_compared_word_by_word_and_roughly_as_numbers():
    assert_prints("x1: 0.5 [0.118] -2", "x1:  0.505 [0.11] -2\n")
    for other in ("x1: 0.53 [0.118] -2", "x2: 0.5 [0.118] -2", "x1: 0.5 [0.118] 2", "x1: 0.5"):
        with pytest.raises(AssertionError):
            assert_prints(other, "x1: 0.5 [0.118] -2")


# ---- it runs ---------------------------------------------------------------------------------


def missing_for(code):
    """Return what a block imports that the tests go without."""
    imports = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Import)]
    names = {alias.name.split(".")[0] for node in imports for alias in node.names}
    return sorted(name for name in names & set(LEFT_OUT) if find_spec(name) is None)


def run_prompts(code, names, where):
    """Run a block with prompts, and compare what it shows."""
    test = doctest.DocTestParser().get_doctest(code, names, where, where, 0)
    said = io.StringIO()
    failed, _ = doctest.DocTestRunner(optionflags=FLAGS).run(
        test, out=said.write, clear_globs=False
    )
    assert not failed, said.getvalue()
    names.update(test.globs)


def run_plain(code, names, printed, where):
    """Run a block without prompts, and compare what it prints where that stands below it."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, where, "exec"), names)
    if printed is not None:
        assert_prints(said.getvalue(), printed)


def assert_prints(got, shown, abs=0.01):
    assert NUMBER.sub("#", got).split() == NUMBER.sub("#", shown).split()
    # The last digits depend on the versions of what draws and sums.
    assert numbers(got) == pytest.approx(numbers(shown), rel=0.02, abs=abs)


def numbers(text):
    return [float(number) for number in NUMBER.findall(text)]


@pytest.mark.skipif(np.__version__ < "2", reason="numpy 1 prints numbers in another way")
@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_all_blocks_of_a_page_run_from_its_top(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names, missing = {"__name__": "__main__"}, set()
    for number, (code, printed) in enumerate(blocks_of(rendered(page)), 1):
        where = f"{page.stem}, block {number}"
        absent = missing_for(pasted(code))
        if absent:
            missing.update(absent)
        elif code.startswith(">>> "):
            run_prompts(code, names, where)
        else:
            run_plain(code, names, printed, where)
    if missing:
        pytest.skip(f"all ran but a block that needs {', '.join(sorted(missing))}")


def test_readme_shows_the_example_of_the_landing_page_which_prints_numbers():
    in_readme = [(code, printed.rstrip()) for code, printed in FENCED.findall(README)]
    assert in_readme == blocks_of(rendered(DOCS / "index.rst"))
    assert [len(printed.splitlines()) for _, printed in in_readme] == [3]


def test_loop_in_pytorch_prints_what_its_page_says(capsys):
    pytest.importorskip("torch")
    script = DOCS / "examples" / "pytorch_loop.py"
    copied = re.search(r"code-block:: text\n#\n((?:#    .*\n)+)", script.read_text("utf-8"))[1]
    runpy.run_path(str(script))
    shown = re.sub("^#", "", copied, flags=re.MULTILINE)
    # Other processors round otherwise, and training drifts apart.
    assert_prints(capsys.readouterr().out, shown, abs=0.03)


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


def test_cases_of_the_guide_are_as_measured():
    """The search of the page on the honest choice sees and chooses what the benchmark says."""
    page = (ROOT / "benchmarks" / "results" / "worked_cases.md").read_text("utf-8")
    guide = (DOCS / "user_guide" / "honest_choice.rst").read_text("utf-8")
    lines = re.findall(r"^\| (\**)(\w+)\1 \| ([\d.]+ ± [\d.]+) \| ([\d.]*) *\|", page, re.MULTILINE)
    shown = re.findall(
        r"^   \* - (.+)\n     - ([\d.]+ ± [\d.]+)\n     - ([\d.]*|–)$", guide, re.MULTILINE
    )

    def told(mark, name, seen, tested):
        name = name.replace("_", "-")
        name = f"**{name}** (chosen)" if mark else name
        return name, re.sub(r"\b0\.", ".", seen), re.sub(r"\b0\.", ".", tested) or "–"

    assert len(lines) == 15
    assert shown == [told(*line) for line in lines]
