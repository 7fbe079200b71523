"""Tables as files, whole and broken."""

import os
import sys
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from skdistill.command.reading import find_separator

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
    assert "needs pandas: pip install pandas\n" in message


# ---- other files -----------------------------------------------------------------------------


def typed():
    """Return a table whose cells have types, also those that text would not keep."""
    import pandas as pd

    rows = range(60)
    return pd.DataFrame(
        {
            "n": pd.array([None if row == 3 else row % 7 for row in rows], dtype="Int64"),
            "kind": pd.Categorical([("a", "b", "c")[row * 3 % 17 % 3] for row in rows]),
            "when": pd.date_range("2024-01-01", periods=60, freq="25h"),
            "flag": [row * 3 % 11 % 2 == 0 for row in rows],
            "y": [(7, 8, 9)[row % 3] for row in rows],
        }
    )


@pytest.mark.parametrize(("ending", "package"), [(".parquet", "pyarrow"), (".xlsx", "openpyxl")])
def test_tables_of_types_are_read_as_text_is(learned, capsys, tmp_path, ending, package):
    pytest.importorskip(package)
    path, frame = tmp_path / f"t{ending}", typed()
    frame.to_parquet(path) if ending == ".parquet" else frame.to_excel(path, index=False)
    out = run(capsys, str(path), "--target", "y")
    assert "Columns: 2 numbers, 1 text, 1 date." in out
    assert set(learned["y"].tolist()) == {7, 8, 9}
    # n, kind, flag, and of the date month, day, weekday and hour.
    assert learned["X"].shape == (60, 7)


def test_words_for_missing_values_in_a_typed_target(learned, capsys, tmp_path):
    pytest.importorskip("pyarrow")
    path, frame = str(tmp_path / "t.parquet"), typed()
    frame["y"] = ["NA", "x", "z"] * 20
    frame.to_parquet(path)
    assert "3 classes" in run(capsys, path, "--target", "y")
    assert "2 classes" in run(capsys, path, "--target", "y", "--na")


def test_lists_are_text_and_spans_of_time_are_numbers(learned, capsys, tmp_path):
    pytest.importorskip("pyarrow")
    import pandas as pd

    path = str(tmp_path / "t.parquet")
    lists = [[row % 3] if row % 7 else None for row in range(60)]
    spans = pd.to_timedelta([row % 5 for row in range(60)], unit="min")
    typed()[["y"]].assign(lists=lists, span=spans).to_parquet(path)
    assert "Columns: 1 number, 1 text." in run(capsys, path, "--target", "y")
    assert set(learned["X"][:, 0]) >= {"[0]", "[1]", "[2]"}
    assert set(learned["X"][:, 1]) == {60.0 * minutes for minutes in range(5)}


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("t.parquet", "pyarrow"),
        ("t.xlsx", "openpyxl"),
        ("t.ods", "odfpy"),
        ("t.csv.zst", "zstandard"),
    ],
)
def test_a_package_that_pandas_lacks_is_named(monkeypatch, capsys, write, name, package):
    import pandas as pd

    def lacking(*_, **__):
        raise ImportError("Missing optional dependency.")

    for reader in ("read_csv", "read_excel", "read_parquet"):
        monkeypatch.setattr(pd, reader, lacking)
    message = refusal(capsys, write("a", name), "--target", "y")
    assert message.endswith(f"needs {package}: pip install {package}\n")


def test_a_pipe_is_read_once(learned, capsys, tmp_path):
    path = str(tmp_path / "pipe")
    os.mkfifo(path)
    text = two_columns("123", "ab").replace(",", ";").encode()
    writer = Thread(target=lambda: Path(path).write_bytes(text))
    writer.start()
    out = run(capsys, path, "--target", "y")
    writer.join()
    assert "pipe: 28 rows to train" in out
    assert "Separated by semicolons." in out


def test_what_is_missing_in_the_target_is_missing_in_other_columns(learned, capsys, write):
    run(capsys, write(two_columns(["NA", "1", "2"], ["NA", "b"])), "--target", "y")
    assert np.isnan(learned["X"]).sum() == 14
    assert set(learned["y"].tolist()) == {"NA", "b"}


@pytest.mark.parametrize(
    ("lines", "separator"),
    [
        (["a,b", "1,2"], ","),
        (["a;b", "1,5;2,5"], ";"),
        (["a,b;c", "1,2;3"], ","),
        (["a|b|c,d", "1|2|3,4"], "|"),
        (["a\tb", "1 x\t2 y"], "\t"),
        (["a  b", "1 2"], r"\s+"),
        (['"a;b";c', '"1;2";3'], ";"),
        (["a", "1"], ","),
        ([], ","),
        (["a;b;c", "1;2;3", "no table"] + ["1;2;3"] * 20, ";"),
        # Names of rows have no name.
        (["a;b", "r1;1;2", "r2;3;4"], ";"),
    ],
)
def test_the_separator_makes_the_most_columns(lines, separator):
    assert find_separator(lines) == separator


def test_the_separator_leaves_the_target_whole():
    lines = ["a|b|c,d,e", "1|2|3,4,5"]
    assert find_separator(lines) == ","
    assert find_separator(lines, "b") == "|"
