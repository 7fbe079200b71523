"""Mutants are small mistakes in code, never in words, and the draw of them can be repeated."""

import ast
from pathlib import Path

import pytest

from benchmarks.mutants.changes import draw, mutants_of
from benchmarks.mutants.trial import _around

ROOT = Path(__file__).parents[2]

SOURCE = '''"""A page − with letters of more than one byte: γ."""
__all__ = ["rise"]
LIMIT = 3

@decorated(4)
def rise(γ: int = 5, *, strict: bool | None = None) -> "int | None":
    """Rise by 6."""
    if γ < LIMIT and strict:
        raise ValueError("at least 7", 8)
    warn("nine", 9)
    return min(γ[1:], key=strict)
'''


@pytest.fixture
def found(tmp_path):
    path = tmp_path / "rise.py"
    path.write_text(SOURCE, encoding="utf-8")
    return mutants_of(path, tmp_path)


def test_each_mutant_changes_what_the_code_does(found):
    trees = {ast.dump(ast.parse(source)) for _, source in found.values()}
    assert len(trees) == len(found)
    assert ast.dump(ast.parse(SOURCE)) not in trees


def test_mistakes_are_those_that_a_person_could_make(found):
    made = {(m.before, m.after.strip("()")) for m in found}
    expected = {
        ("3", "4"),
        ("5", "6"),
        ("γ < LIMIT", "γ <= LIMIT"),
        ("γ < LIMIT", "γ >= LIMIT"),
        ("γ < LIMIT and strict", "γ < LIMIT or strict"),
        ("γ < LIMIT and strict", "not (γ < LIMIT and strict"),
        ('raise ValueError("at least 7", 8)', "pass"),
        ('warn("nine", 9)', "pass"),
        ("return min(γ[1:], key=strict)", "return None"),
        ("min(γ[1:], key=strict)", "max(γ[1:], key=strict"),
        ("min(γ[1:], key=strict)", "min(γ[1:]"),
        ("1:", ":"),
        ("1", "2"),
    }
    assert made == expected


def test_draw_is_repeated_and_gives_each_file_its_share():
    mutants = draw(ROOT, 100, seed=0)
    assert len(mutants) == 100
    assert list(mutants) == list(draw(ROOT, 100, seed=0))
    assert set(mutants) != set(draw(ROOT, 100, seed=1))
    counts = [sum(m.file == file for m in mutants) for file in {m.file for m in mutants}]
    assert max(counts) < 10


def test_tests_of_a_line_are_those_of_its_statement_then_of_its_function():
    line = SOURCE.splitlines().index("    return min(γ[1:], key=strict)") + 1
    assert _around(SOURCE, line) == [(line, line), (line - 4, line)]
    # A default is no line of the body, and what stands outside runs at import.
    assert _around(SOURCE, 6) == [(7, line)]
    assert _around(SOURCE, 3) == [(1, line + 1)]
