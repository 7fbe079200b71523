"""Tables as files, whole and broken."""

import sys

import pytest

from ..odd_tables import BROKEN_FILES
from .running import refusal, run, two_columns


def test_of_many_columns_the_first_are_named(capsys, write):
    names = ",".join(f"c{k}" for k in range(1000))
    message = refusal(capsys, write(f"{names}\n{names}"))
    assert message.endswith("c28, c29, …\n")


def test_names_of_rows_are_no_column_and_it_is_said(learned, capsys, write):
    path = write(two_columns(["r1,5", "r2,6", "r3,7"], "ab"))
    assert "the first are names of rows, not used" in run(capsys, path, "--target", "y")
    assert set(learned["X"].ravel()) == {5, 6, 7}


def test_a_file_that_is_not_there(capsys):
    message = refusal(capsys, "nowhere.csv", "--target", "target")
    assert "There is no file 'nowhere.csv'" in message


@pytest.mark.parametrize("text", ["", '"unfinished', "a,b\n1,2\n1,2,3,4\n"])
def test_a_file_that_is_no_table(capsys, write, text):
    assert "as CSV" in refusal(capsys, write(text), "--target", "target")


def test_a_file_that_is_not_compressed_though_it_says_so(capsys, write):
    assert "as CSV" in refusal(capsys, write("a,b\n1,2", "t.csv.gz"), "--target", "a")


def test_a_folder(capsys, tmp_path):
    assert "as CSV" in refusal(capsys, str(tmp_path), "--target", "target")


@pytest.mark.parametrize("name", BROKEN_FILES)
def test_an_archive_that_is_none_or_broken(capsys, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(BROKEN_FILES[name](two_columns("123", "ab").encode()))
    message = refusal(capsys, str(path), "--target", "y")
    assert "as CSV" in message or "pip install zstandard" in message


@pytest.mark.parametrize("url", ["http://h.invalid/t.csv", "s3://b/t.csv", "a::FILE:///t.csv"])
def test_a_url_is_fetched_only_where_that_is_asked_for(monkeypatch, capsys, url):
    import pandas as pd

    asked = []

    def read_csv(place, **_):
        asked.append(place)
        raise OSError("no network")

    monkeypatch.setattr(pd, "read_csv", read_csv)
    assert "nothing is fetched unless --fetch" in refusal(capsys, url, "--target", "y")
    assert asked == []
    assert "no network" in refusal(capsys, url, "--target", "y", "--fetch")
    assert asked == [url]


def test_a_file_whose_name_looks_like_a_url_is_read(learned, monkeypatch, capsys, tmp_path, write):
    write(two_columns("123", "ab"), "http:t.csv")
    monkeypatch.chdir(tmp_path)
    assert "http:t.csv: 28 rows" in run(capsys, "http:t.csv", "--target", "y")


def test_a_target_that_is_there_twice(capsys, write):
    path = write("y,a,y\n1,2,3\n")
    assert "several columns 'y'" in refusal(capsys, path, "--target", "y")


def test_a_target_beside_one_of_a_like_name(learned, capsys, write):
    run(capsys, write(two_columns("123", "ab", names="y.1,y")), "--target", "y")


@pytest.mark.parametrize("argv", [[], ["--target", "nope"]])
def test_a_target_that_is_missing_or_unknown_lists_the_columns(capsys, write, argv):
    assert "there are: a, b" in refusal(capsys, write("a,b\n1,2"), *argv)


def test_no_pandas(capsys, write, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    message = refusal(capsys, write("a,b\n1,2"), "--target", "b")
    assert "pip install skdistill[table]" in message
